"""JAX as an engine: the same formulas traced, differentiated and compiled for CPU, GPU or TPU."""

from collections.abc import Callable
from typing import Any

from osolgil.engines._binding import bind
from osolgil.errors import MissingLibraryError


def traced(formula: Callable[..., Any]) -> Callable[..., Any]:
    """The formula as a JAX function.

    >>> from osolgil.formulas.activations import relu
    >>> float(traced(relu.formula)(-3.0))
    0.0
    """
    try:
        import jax
    except ImportError as error:
        raise MissingLibraryError("JAX is not installed; run: pip install 'osolgil[accelerator]'") from error
    numpy, special = jax.numpy, jax.scipy.special
    words = {name: getattr(numpy, name) for name in _SAME_NAME}
    words |= {"erf": special.erf, "erfc": special.erfc}
    words |= {
        "logsumexp": lambda row: special.logsumexp(row, axis=-1),
        "row_dot": lambda left, right: numpy.sum(left * right, axis=-1),
        "row_norm": lambda row: numpy.linalg.norm(row, axis=-1),
        "row_size": lambda row: numpy.full(row.shape[:-1], float(row.shape[-1]), row.dtype),
    }
    return bind(formula, words, engine="JAX")


_SAME_NAME = (
    "absolute",
    "exp",
    "expm1",
    "log",
    "log1p",
    "maximum",
    "minimum",
    "sign",
    "sqrt",
    "tanh",
    "where",
)
