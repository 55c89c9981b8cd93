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
    words |= _reductions(numpy, special) | _array_words(jax)
    return bind(formula, words, engine="JAX")


def _reductions(numpy: Any, special: Any) -> dict[str, Any]:
    """The words over a row, the last axis."""

    def below(row: Any) -> Any:
        return row - numpy.max(row, axis=-1, keepdims=True)

    def simplex_threshold(row: Any) -> Any:
        ordered = -numpy.sort(-numpy.maximum(below(row), -2.0), axis=-1)
        counts = numpy.arange(1, row.shape[-1] + 1)
        return numpy.max((numpy.cumsum(ordered, axis=-1) - 1.0) / counts, axis=-1)

    return {
        "logsumexp": lambda row: special.logsumexp(row, axis=-1),
        "logsumexp_above": lambda row: special.logsumexp(below(row), axis=-1),
        "row_dot": lambda left, right: numpy.sum(left * right, axis=-1),
        "row_maximum": lambda row: numpy.max(row, axis=-1),
        "row_norm": lambda row: numpy.linalg.norm(row, axis=-1),
        "row_size": lambda row: numpy.full(row.shape[:-1], float(row.shape[-1]), row.dtype),
        "simplex_threshold": simplex_threshold,
    }


def _array_words(jax: Any) -> dict[str, Callable[..., Any]]:
    """The words over whole arrays; shapes are known while tracing, so `wide` chooses then."""
    numpy = jax.numpy

    def orthonormal(x: Any) -> Any:
        q, r = numpy.linalg.qr(x)
        return q * numpy.where(numpy.diagonal(r) < 0.0, -1.0, 1.0)

    def triangular_quotient(x: Any, upper: Any) -> Any:
        return jax.scipy.linalg.solve_triangular(upper, x.T, trans="T").T

    return {
        "column_maxima": lambda x: numpy.max(x, axis=0, keepdims=True),
        "column_sums": lambda x: numpy.sum(x, axis=0, keepdims=True),
        "columns": lambda x: x.shape[1],
        "dot": lambda x, y: numpy.sum(x * y),
        "identity": lambda x: numpy.eye(x.shape[0], dtype=x.dtype),
        "longest_row": lambda x: x[numpy.argmax(numpy.sum(x * x, axis=1))][None, :],
        "matmul": lambda x, y: numpy.matmul(x, y, precision="highest"),
        "member": lambda history, k: history[k],
        "norm": lambda x: numpy.sqrt(numpy.sum(x * x)),
        "orthonormal": orthonormal,
        "pushed": lambda history, x: numpy.concatenate([history[1:], numpy.reshape(x, (1, -1))]),
        "row_maxima": lambda x: numpy.max(x, axis=1, keepdims=True),
        "row_sums": lambda x: numpy.sum(x, axis=1, keepdims=True),
        "rows": lambda x: x.shape[0],
        "shaped_like": lambda x, y: x if x.shape == y.shape else x.T,
        "sum": numpy.sum,
        "trace": numpy.trace,
        "transpose": numpy.transpose,
        "triangular_quotient": triangular_quotient,
        "upper_triangle": numpy.triu,
        "wide": lambda x: x.T if x.shape[0] > x.shape[1] else x,
    }


_SAME_NAME = (
    "absolute",
    "arctan",
    "cos",
    "exp",
    "expm1",
    "floor",
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
