"""Activations, each beside its derivative, both stable for every input from -inf to inf, a module per family."""

from osolgil.formulas.activations.exponential_units import celu, elu, exponential, isrlu, selu
from osolgil.formulas.activations.gates import gelu, gelu_tanh, hard_swish, quick_gelu, silu
from osolgil.formulas.activations.hard_steps import hard_sigmoid, hard_tanh, sparse_sigmoid, step
from osolgil.formulas.activations.late_gates import golu, lisht, mish, serf, smish, tanh_exp
from osolgil.formulas.activations.parametric import parametric_mish, parametric_selu
from osolgil.formulas.activations.pieces import bilinear, geglu, glu, maxout, reglu, swiglu
from osolgil.formulas.activations.rectifiers import (
    identity,
    leaky_relu,
    prelu,
    relu,
    relu6,
    relu_squared,
    rrelu,
    threshold,
)
from osolgil.formulas.activations.row_wise import log_softmax, softmax, softmin, sparsemax
from osolgil.formulas.activations.shrinking import hard_shrink, soft_shrink, tanhshrink
from osolgil.formulas.activations.sigmoidal import (
    error_function,
    hyperbolic_tangent,
    inverse_tangent,
    isru,
    lecun_tanh,
    log_sigmoid,
    sigmoid,
    softsign,
    symlog,
)
from osolgil.formulas.activations.smooth_rectifiers import softplus, sparse_plus, squareplus
from osolgil.formulas.activations.waves import gaussian, growing_cosine, sine, snake

__all__ = [
    "bilinear",
    "celu",
    "elu",
    "error_function",
    "exponential",
    "gaussian",
    "geglu",
    "gelu",
    "gelu_tanh",
    "glu",
    "golu",
    "growing_cosine",
    "hard_shrink",
    "hard_sigmoid",
    "hard_swish",
    "hard_tanh",
    "hyperbolic_tangent",
    "identity",
    "inverse_tangent",
    "isrlu",
    "isru",
    "leaky_relu",
    "lecun_tanh",
    "lisht",
    "log_sigmoid",
    "log_softmax",
    "maxout",
    "mish",
    "parametric_mish",
    "parametric_selu",
    "prelu",
    "quick_gelu",
    "reglu",
    "relu",
    "relu6",
    "relu_squared",
    "rrelu",
    "selu",
    "serf",
    "sigmoid",
    "silu",
    "sine",
    "smish",
    "snake",
    "soft_shrink",
    "softmax",
    "softmin",
    "softplus",
    "softsign",
    "sparse_plus",
    "sparse_sigmoid",
    "sparsemax",
    "squareplus",
    "step",
    "swiglu",
    "symlog",
    "tanh_exp",
    "tanhshrink",
    "threshold",
]
