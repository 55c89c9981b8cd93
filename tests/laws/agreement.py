"""How far the engines are from the truth, and so from each other, on moderate and on extreme inputs.

Each engine computes an activation's value and slope in its own way: NumPy and SciPy, our compiled loops, XLA through
JAX. The unit is that of `accuracy`; results below 64 times the smallest normal number are not counted. XLA takes
subnormal inputs for 0, so it is not asked about them.
"""

from functools import cache

import jax
import numpy as np

from laws import accuracy, compiled
from osolgil.engines import accelerator
from osolgil.formulas.catalog import Activation

ENGINES = ("NumPy", "compiled", "JAX")
SIZES = (0.0, 1e-45, 1e-38, 1e-30, 1e-7, 1.0, 17.0, 30.0, 89.0, 400.0, 1e4, 1e10, 1e19, 1e30, 1e38)


def inputs(precision: str, engine: str) -> np.ndarray:
    """±0, subnormal, tiny, moderate and huge numbers of both signs."""
    random = np.random.default_rng(11)
    spread = np.exp(random.uniform(np.log(1e-30), np.log(1e30), 40)) * random.choice([-1, 1], 40)
    moderate = random.uniform(-8.0, 8.0, 40)
    points = np.concatenate([SIZES, [-x for x in SIZES], spread, moderate]).astype(precision)
    normal = (points == 0) | (np.abs(points) >= np.finfo(precision).tiny)
    return points[normal] if engine == "JAX" else points


def results(row: Activation, engine: str, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Values and slopes of one engine, in the type of the points."""
    if engine == "compiled":
        return compiled.activation(row, points.dtype.name)(points)
    with np.errstate(over="ignore"), jax.enable_x64(points.dtype == np.float64):
        functions = (
            [_jitted(formula) for formula in (row.formula, row.slope)]
            if engine == "JAX"
            else [row, row.slope]
        )
        values, slopes = (
            np.broadcast_to(np.asarray(function(points)), points.shape) for function in functions
        )
        return values, slopes


@cache
def _jitted(formula):
    return jax.jit(accelerator.traced(formula))


def ulps(row: Activation, engine: str, precision: str) -> tuple[float, float]:
    """Largest error of an engine's values and of its slopes where these are finite."""
    points = inputs(precision, engine)
    found = results(row, engine, points)
    errors = []
    for formula, computed in zip((row.formula, row.slope), found, strict=True):
        exact = accuracy.exactly(formula)
        with accuracy.mpmath.workprec(accuracy.ULP_BITS):
            truths = [exact(accuracy.mpmath.mpf(float(x))) for x in points]
            fits = np.array([abs(truth) < float(np.finfo(precision).max) for truth in truths])

        def condition(x, exact=exact):
            step = abs(x) * accuracy.mpmath.mpf(2) ** -60
            return x * (exact(x + step) - exact(x - step)) / (2 * step) if x else 0

        assert not np.isfinite(computed[~fits]).any()
        with np.errstate(over="ignore"):
            computed = computed.astype(precision)  # NumPy's where(…, 1.0, 0.0) is float64
        errors.append(accuracy.ulps(points[fits], computed[fits], exact, precision, condition).max())
    return errors[0], errors[1]
