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
    words |= {"logsumexp": lambda row: special.logsumexp(row, axis=-1)}
    words |= _reductions(numpy, special)
    return bind(formula, words, engine="JAX")


def _reductions(numpy: Any, special: Any) -> dict[str, Any]:
    def below(row: Any) -> Any:
        return row - numpy.max(row, axis=-1, keepdims=True)

    def simplex_threshold(row: Any) -> Any:
        ordered = -numpy.sort(-numpy.maximum(below(row), -2.0), axis=-1)
        counts = numpy.arange(1, row.shape[-1] + 1)
        return numpy.max((numpy.cumsum(ordered, axis=-1) - 1.0) / counts, axis=-1)

    return {
        "logsumexp_above": lambda row: special.logsumexp(below(row), axis=-1),
        "row_maximum": lambda row: numpy.max(row, axis=-1),
        "simplex_threshold": simplex_threshold,
    }


_SAME_NAME = (
    "absolute",
    "arctan",
    "cos",
    "exp",
    "expm1",
    "log",
    "log1p",
    "maximum",
    "minimum",
    "sign",
    "sin",
    "sqrt",
    "tanh",
    "where",
)
