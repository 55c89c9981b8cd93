"""The learning rate of every step: what was asked for, times the schedule's factor, times what a plateau left."""

from numba import carray

from .intrinsics import call_address, float64_pointer, njit
from .layout import FACTORS, LEARNING_RATE, PLATEAU, PLATEAU_RULE, PLATEAU_SCALE, STEP


@njit
def schedule(hyper, run, numbers):
    """Write the learning rate of the step that comes into the optimizer's hyperparameters, where it stands first."""
    rate = numbers[LEARNING_RATE] * numbers[PLATEAU_SCALE]
    if run[FACTORS] != 0:
        rate *= carray(float64_pointer(run[FACTORS]), run[STEP] + 1)[run[STEP]]
    hyper[0] = rate


@njit
def watch(run, numbers, loss):
    """After an epoch: let the rule for a plateau see the validation loss."""
    if run[PLATEAU_RULE] != 0:
        call_address(run[PLATEAU_RULE], (loss, numbers.ctypes.data + PLATEAU * numbers.itemsize))
