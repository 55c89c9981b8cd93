"""Columns of the integer tables a network is described by, for kernels and for those who fill them in."""

# one row per layer
INPUTS, OUTPUTS, WEIGHT, BIAS, GAIN, SHIFT, RUNNING, NORMALIZATION, RESIDUAL, ACTIVATION = range(10)
# where a layer's arrays start in the workspace
VALUE, SLOPE, STANDARD, SPREAD, PANEL, ZEROS, ONE = range(10, 17)
# address of the matrix product
PRODUCT = 17
# pre-activations of the layer (pieces of every output), pieces, kind of activation, address of its pullback,
# learned parameters of the activation, and the place of what backward needs besides the slope
UNITS, PIECES, KIND, PULLBACK, LEARNED, EXTRA = range(18, 24)
# where a thread looks at rows sixteen at a time, and how much room each thread has there
BLOCKS, BLOCKS_SIZE = range(24, 26)
LAYER_COLUMNS = 26

ELEMENTWISE, IN_PIECES, RANDOM, LEARNING, ROW_WISE = range(5)

NO_NORMALIZATION, LAYER_NORMALIZATION, BATCH_NORMALIZATION = range(3)

# one row per run
BATCH, SEED, FIRST_EPOCH, LAST_EPOCH, STEP, STATUS, NEEDS_LOSS = range(7)
FACTORS, PLATEAU_RULE = 7, 8
# what a probe waits for (0: there is none, 1: nothing, else 2 + a coefficient), where its random signs lie in the
# state (-1: nowhere), and where the evaluated weights do (-1: they are θ itself)
PROBING, NOISE, EVALUATED = 9, 10, 11
RUN_COLUMNS = 12

# one row per formula of a step, in their order; the addresses of coefficients stand once per part
MOMENT, RUN, COEFFICIENTS, SCOPE, STATE, SCALARS, HYPERS, CARRIED = range(8)
STAGE_COLUMNS = 8
PROBE_STAGE, RESUME_STAGE, STEP_STAGE = 1, 2, 3

ELEMENT_SCOPE, LAYER_SCOPE, NETWORK_SCOPE = range(3)

# one row per block that an optimizer may move at once: start, rows, columns, whether it is a matrix

# one row per run, real numbers
L1, L2, WEIGHT_DECAY, CLIP_NORM, DROPOUT, LEARNING_RATE, PLATEAU = range(7)
PLATEAU_SCALE = PLATEAU + 3  # the last of the plateau's four numbers of state; its five settings follow
PENALTY_COLUMNS = PLATEAU + 9

READY, FINISHED, DIVERGED, STOPPED = range(4)

# history: what is measured at the end of an epoch
TRAINING_LOSS, VALIDATION_LOSS, VALIDATION_SCORE, STEPS_DONE = range(4)
HISTORY_COLUMNS = 4

# what a score is made of: squared distances, classes, labels, squared distances of exp(output), or the loss itself
NUMBERS, CLASSES, LABELS, LOGARITHMS, LOSSES = range(5)
# a compiled loss: its address, and that of its hyperparameters
LOSS, LOSS_SETTINGS = range(2)
# places in the workspace
TARGET, DELTA, WEIGHTS = range(3)

# record: what is measured of a layer on an epoch's first batch; signals and gradients as root mean squares
(
    SIGNAL_MEAN,
    SIGNAL,
    SIMILARITY,
    SLOPES,
    SATURATED,
    DEAD,
    DELTA_SIZE,
    GRADIENT,
    EXAMPLES,
    WEIGHT_NORM,
    UPDATE_NORM,
) = range(11)
RECORD_COLUMNS = 11
OBSERVED_ROWS = 16

# rows that a loss or a row-wise activation looks at at once; most copies of them, and numbers per row beside these
FEWEST_LANES, MOST_LANES = 16, 128
BLOCKS_OF_ROWS, LANE_NUMBERS = 4, 40
# words over rows that leave the largest entry in the second of their places
FIND_THE_LARGEST = ("logsumexp", "logsumexp_above", "simplex_threshold")
PIECE_ROWS = 512
# numbers of a gradient that are moved at once
STRIP_SIZE = 49152
PANEL_STEPS = 512
PANEL_SIZE = 32 * PANEL_STEPS
EVALUATION_ROWS = 128
EPSILON = 1e-5
RUNNING_SHARE = 0.1


def lanes_of(rows, outputs):
    """How many rows make a block: all of them, or, where the near cache would not like that, equal parts of them."""
    most = max(MOST_LANES * 8 // max(outputs, 8), FEWEST_LANES) // FEWEST_LANES * FEWEST_LANES
    blocks = (max(rows, 1) + most - 1) // most
    return ((max(rows, 1) + blocks - 1) // blocks + FEWEST_LANES - 1) // FEWEST_LANES * FEWEST_LANES
