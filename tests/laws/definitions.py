"""Each elementwise activation as its paper or library writes it, for exact arithmetic (mpmath at many bits).

These are the textbook forms, with every cancellation and overflow a float would suffer; the catalog's formulas are
written for floats instead, so the two share hardly a term. Derivatives are taken numerically from these.
"""

import mpmath
from mpmath import mpf


def sigmoid(x):
    return 1 / (1 + mpmath.exp(-x))


def softplus(x):
    return mpmath.log1p(mpmath.exp(x))


def clip(x, low, high):
    return max(low, min(x, high))


def _piece(condition, first, second):
    return first if condition else second


DEFINITIONS = {
    "arctan": mpmath.atan,
    "celu": lambda x: max(x, 0) + min(0, mpmath.expm1(x)),
    "elu": lambda x: _piece(x > 0, x, mpmath.expm1(x)),
    "erf": mpmath.erf,
    "exponential": mpmath.exp,
    "gaussian": lambda x: mpmath.exp(-(x**2)),
    "gelu": lambda x: x * mpmath.ncdf(x),
    "gelu_tanh": lambda x: (
        x / 2 * (1 + mpmath.tanh(mpmath.sqrt(2 / mpmath.pi) * (x + mpf("0.044715") * x**3)))
    ),
    "golu": lambda x: x * mpmath.exp(-mpmath.exp(-x)),
    "growing_cosine": lambda x: x * mpmath.cos(x),
    "hard_shrink": lambda x: _piece(abs(x) > mpf(1) / 2, x, mpf(0)),
    "hard_sigmoid": lambda x: clip(x + 3, 0, 6) / mpf(6),
    "hard_swish": lambda x: x * clip(x + 3, 0, 6) / 6,
    "hard_tanh": lambda x: clip(x, mpf(-1), mpf(1)),
    "identity": lambda x: x,
    "isrlu": lambda x: _piece(x >= 0, x, x / mpmath.sqrt(1 + x**2)),
    "isru": lambda x: x / mpmath.sqrt(1 + x**2),
    "leaky_relu": lambda x: max(x, x / 100),
    "lecun_tanh": lambda x: mpf("1.7159") * mpmath.tanh(2 * x / 3),
    "lisht": lambda x: x * mpmath.tanh(x),
    "log_sigmoid": lambda x: -softplus(-x),
    "mish": lambda x: x * mpmath.tanh(softplus(x)),
    "parametric_mish": lambda x: x * mpmath.tanh(softplus(x)),
    "parametric_selu": lambda x: (
        mpf("1.0507009873554804934193349852946")
        * _piece(x > 0, x, mpf("1.6732632423543772848170429916717") * mpmath.expm1(x))
    ),
    "prelu": lambda x: max(x, 0) + min(x, 0) / 4,
    "quick_gelu": lambda x: x * sigmoid(mpf("1.702") * x),
    "relu": lambda x: (x + abs(x)) / 2,
    "relu6": lambda x: clip(x, mpf(0), mpf(6)),
    "relu_squared": lambda x: max(x, mpf(0)) ** 2,
    "rrelu": lambda x: _piece(x >= 0, x, x * (mpf(1) / 8 + mpf("0.3333333333333333")) / 2),
    "selu": lambda x: (
        mpf("1.0507009873554804934193349852946")
        * _piece(x > 0, x, mpf("1.6732632423543772848170429916717") * mpmath.expm1(x))
    ),
    "serf": lambda x: x * mpmath.erf(softplus(x)),
    "silu": lambda x: x * sigmoid(x),
    "sine": mpmath.sin,
    "smish": lambda x: x * mpmath.tanh(mpmath.log1p(sigmoid(x))),
    "snake": lambda x: x + mpmath.sin(x) ** 2,
    "soft_shrink": lambda x: mpmath.sign(x) * max(abs(x) - mpf(1) / 2, mpf(0)),
    "softplus": softplus,
    "softsign": lambda x: x / (1 + abs(x)),
    "sparse_plus": lambda x: mpf(0) if x <= -1 else _piece(x < 1, (x + 1) ** 2 / 4, x),
    "sparse_sigmoid": lambda x: clip(x + 1, mpf(0), mpf(2)) / 2,
    "squareplus": lambda x: (x + mpmath.sqrt(x**2 + 4)) / 2,
    "step": lambda x: mpf(int(x >= 0)),
    "symlog": lambda x: mpmath.sign(x) * mpmath.log(1 + abs(x)),
    "sigmoid": sigmoid,
    "tanh": mpmath.tanh,
    "tanh_exp": lambda x: x * mpmath.tanh(mpmath.exp(x)),
    "tanhshrink": lambda x: x - mpmath.tanh(x),
    "threshold": lambda x: _piece(x > 1, x, mpf(0)),
}


# where a difference would cost too many digits, the derivative as calculus gives it
DERIVATIVES = {"erf": lambda x: 2 / mpmath.sqrt(mpmath.pi) * mpmath.exp(-(x**2))}


def derivative(name):
    """The derivative of a definition, from a difference so small that only exact arithmetic can take it."""
    if name in DERIVATIVES:
        return DERIVATIVES[name]
    function = DEFINITIONS[name]

    def slope(x):
        step = mpmath.ldexp(1, -mpmath.mp.prec // 3) * max(abs(x), mpmath.ldexp(1, -40))
        return (function(x + step) - function(x - step)) / (2 * step)

    return slope
