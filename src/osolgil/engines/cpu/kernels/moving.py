"""The way back and the step in one: parameters move as soon as their gradient is known, while it is in the near cache.

Where a step needs of a parameter no more than its own gradient, nothing has to wait for the gradient of all others.
A layer's weights are taken a few inputs at a time, whose gradient never leaves the near cache; the bits are the same.
"""

from .intrinsics import njit, shifted
from .layers import bias_gradient, input_gradient, pre_activation_gradient, weight_gradient
from .layout import (
    CLIP_NORM,
    ELEMENT_SCOPE,
    INPUTS,
    L1,
    L2,
    MOMENT,
    NOISE,
    PROBING,
    SCOPE,
    STEP_STAGE,
    STRIP_SIZE,
    UNITS,
    VALUE,
    WEIGHT,
    WEIGHT_DECAY,
)
from .stepping import run_stage

_WHOLE_TILES = 24  # rows of a matrix product's tiles divide it


@njit
def moves_elements(stages, run, penalty):
    """Whether a step needs of each parameter no more than its own gradient."""
    if penalty[CLIP_NORM] > 0.0 or penalty[WEIGHT_DECAY] != 0.0 or penalty[L1] != 0.0 or penalty[L2] != 0.0:
        return False
    if run[NOISE] >= 0 or run[PROBING] != 0:
        return False
    for index in range(stages.shape[0]):
        if stages[index, MOMENT] == STEP_STAGE and stages[index, SCOPE] != ELEMENT_SCOPE:
            return False
    return True


@njit
def _move(stages, layers, blocks, theta, gradient, state, coefficients, start, stop):
    for place in range(stages.shape[0]):
        if stages[place, MOMENT] == STEP_STAGE:
            run_stage(stages[place], layers, blocks, theta, gradient, state, coefficients, start, stop)


@njit
def backward_moving(stages, layers, blocks, theta, scratch, state, space, delta, rows, coefficients, sync):
    """Backward pass and step of one thread, from the loss gradient at the outputs (in `delta`).

    `scratch` is as long as `theta`; its start holds the gradient of what moves next.
    """
    stop = theta.size
    for index in range(layers.shape[0] - 1, -1, -1):
        layer = layers[index]
        inputs, units, first = layer[INPUTS], layer[UNITS], layer[WEIGHT]
        others = first + inputs * units
        gradient = shifted(scratch, others)
        pre_activation_gradient(layer, theta, gradient, space, delta, rows, True, 0, 1, sync)
        bias_gradient(layer, gradient, space, rows, True, 0, 1)
        if index > 0:
            input_gradient(layer, theta, space, delta, rows, 0, 1)
        _move(stages, layers, blocks, theta, gradient, state, coefficients, others, stop)
        source = layers[index - 1, VALUE] if index > 0 else 0
        strip = max(STRIP_SIZE // units // _WHOLE_TILES, 1) * _WHOLE_TILES
        for start in range(0, inputs, strip):
            end, before = min(start + strip, inputs), first + start * units
            gradient = shifted(scratch, before)
            weight_gradient(layer, gradient, space, source, rows, True, start, end, 0)
            _move(stages, layers, blocks, theta, gradient, state, coefficients, before, first + end * units)
        stop = first
