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
LAYER_COLUMNS = 24

ELEMENTWISE, IN_PIECES, RANDOM, LEARNING, ROW_WISE = range(5)

NO_NORMALIZATION, LAYER_NORMALIZATION, BATCH_NORMALIZATION = range(3)

# one row per run
UPDATE, COEFFICIENTS, SCOPE, BATCH, SEED, FIRST_EPOCH, LAST_EPOCH, STEP, STATUS, NEEDS_LOSS = range(10)
RUN_COLUMNS = 10

ELEMENT_SCOPE, LAYER_SCOPE, NETWORK_SCOPE = range(3)

# one row per block that an optimizer may move at once: start, rows, columns, whether it is a matrix

# one row per run, real numbers
L1, L2, WEIGHT_DECAY, CLIP_NORM, DROPOUT = range(5)
PENALTY_COLUMNS = 5

READY, FINISHED, DIVERGED, STOPPED = range(4)

# history: what is measured at the end of an epoch
TRAINING_LOSS, VALIDATION_LOSS, VALIDATION_SCORE, STEPS_DONE = range(4)
HISTORY_COLUMNS = 4

# record: what is measured of a layer on an epoch's first batch; signals and gradients as root mean squares
(
    SIGNAL_MEAN,
    SIGNAL,
    SIMILARITY,
    SLOPES,
    SATURATED,
    DEAD,
    DELTA,
    GRADIENT,
    EXAMPLES,
    WEIGHT_NORM,
    UPDATE_NORM,
) = range(11)
RECORD_COLUMNS = 11
OBSERVED_ROWS = 32

PIECE_ROWS = 512
PANEL_STEPS = 512
PANEL_SIZE = 32 * PANEL_STEPS
EVALUATION_ROWS = 128
EPSILON = 1e-5
RUNNING_SHARE = 0.1
