"""Several minima: hollows of equal depth, or one lowest among many that hold whoever falls into them."""

from osolgil.formulas._vocabulary import cos, exp, sin, sqrt, where
from osolgil.formulas.catalog import add_surface

JAMIL = "M. Jamil, X.-S. Yang, A literature survey of benchmark functions, arXiv:1308.4008"


def himmelblau_slope(x, y):
    """(4x a + 2b, 2a + 4y b) with the residuals a = x² + y - 11 and b = x + y² - 7."""
    first = x * x + y - 11.0
    second = x + y * y - 7.0
    return 4.0 * x * first + 2.0 * second, 2.0 * first + 4.0 * y * second


@add_surface(
    slope=himmelblau_slope,
    minima=(
        (3.0, 2.0),
        (-2.805118086952745, 3.131312518250573),
        (-3.779310253377747, -3.283185991286170),
        (3.584428340330492, -1.848126526964404),
    ),
    lowest=0.0,
    window=(-5.0, 5.0, -5.0, 5.0),
    start=(-0.5, -1.0),
    title="Himmelblau",
    paper="D. Himmelblau, Applied Nonlinear Programming, McGraw-Hill, 1972",
    year=1972,
)
def himmelblau(x, y):
    """Four hollows of the same depth: which one is reached depends on start and step: (x² + y - 11)² + (x + y² - 7)²."""  # noqa: E501
    first = x * x + y - 11.0
    second = x + y * y - 7.0
    return first * first + second * second


def rastrigin_slope(x, y):
    """(2x + 20π sin 2πx, 2y + 20π sin 2πy)."""
    turn = 6.283185307179586
    return 2.0 * x + 10.0 * turn * sin(turn * x), 2.0 * y + 10.0 * turn * sin(turn * y)


@add_surface(
    slope=rastrigin_slope,
    minima=((0.0, 0.0),),
    lowest=0.0,
    window=(-3.0, 3.0, -3.0, 3.0),
    start=(-2.3, 1.8),
    title="Rastrigin",
    paper="L. Rastrigin, Systems of extremal control, Nauka, 1974",
    year=1974,
)
def rastrigin(x, y):
    """An egg carton on a bowl, a minimum at every whole number: 20 + x² + y² - 10 (cos 2πx + cos 2πy)."""
    turn = 6.283185307179586
    return 20.0 + x * x + y * y - 10.0 * (cos(turn * x) + cos(turn * y))


def ackley_slope(x, y):
    """The cone's part, 2 x/r · exp(-r/5) with r the root mean square, and the waves'; 0 at the very tip."""
    turn = 6.283185307179586
    radius = sqrt(0.5 * (x * x + y * y))
    cone = where(radius > 0.0, 2.0 * exp(-0.2 * radius) / where(radius > 0.0, radius, 1.0), 0.0)
    waves = 0.5 * turn * exp(0.5 * (cos(turn * x) + cos(turn * y)))
    return cone * x + waves * sin(turn * x), cone * y + waves * sin(turn * y)


@add_surface(
    slope=ackley_slope,
    minima=((0.0, 0.0),),
    lowest=0.0,
    window=(-4.0, 4.0, -4.0, 4.0),
    start=(-3.3, 2.7),
    title="Ackley",
    paper="D. Ackley, A Connectionist Machine for Genetic Hillclimbing, Kluwer, 1987",
    year=1987,
)
def ackley(x, y):
    """A wide flat rim with dimples, and a narrow hole in the middle whose walls do not flatten at its tip."""
    turn = 6.283185307179586
    radius = sqrt(0.5 * (x * x + y * y))
    waves = exp(0.5 * (cos(turn * x) + cos(turn * y)))
    return 20.0 - 20.0 * exp(-0.2 * radius) + 2.718281828459045 - waves


def styblinski_tang_slope(x, y):
    """(2x³ - 16x + 5/2, 2y³ - 16y + 5/2)."""
    return 2.0 * x * x * x - 16.0 * x + 2.5, 2.0 * y * y * y - 16.0 * y + 2.5


@add_surface(
    slope=styblinski_tang_slope,
    minima=((-2.903534027771177, -2.903534027771177),),
    lowest=-78.33233140754282,
    window=(-5.0, 5.0, -5.0, 5.0),
    start=(0.3, 4.5),
    title="Styblinski–Tang",
    paper="M. Styblinski, T.-S. Tang, Experiments in nonconvex optimization, Neural Networks 3, 1990",
    year=1990,
)
def styblinski_tang(x, y):
    """Four hollows of unequal depth, three of them traps: ½ Σ (x⁴ - 16x² + 5x)."""
    first = x * x
    second = y * y
    return 0.5 * (first * first - 16.0 * first + 5.0 * x + second * second - 16.0 * second + 5.0 * y)


def three_hump_camel_slope(x, y):
    """(4x - 4.2x³ + x⁵ + y, x + 2y)."""
    square = x * x
    return x * (4.0 - 4.2 * square + square * square) + y, x + 2.0 * y


@add_surface(
    slope=three_hump_camel_slope,
    minima=((0.0, 0.0),),
    lowest=0.0,
    window=(-2.5, 2.5, -2.5, 2.5),
    start=(-2.1, 2.0),
    title="Three-hump camel",
    paper="F. Branin, Widely convergent method for finding multiple solutions, IBM J. Res. Dev. 16, 1972",
    year=1972,
)
def three_hump_camel(x, y):
    """A hollow with two side hollows that hold a slow walker: 2x² - 1.05x⁴ + x⁶/6 + x y + y²."""
    square = x * x
    return square * (2.0 - 1.05 * square + square * square / 6.0) + x * y + y * y


def six_hump_camel_slope(x, y):
    """(8x - 8.4x³ + 2x⁵ + y, x - 8y + 16y³)."""
    square = x * x
    return x * (8.0 - 8.4 * square + 2.0 * square * square) + y, x + y * (16.0 * y * y - 8.0)


@add_surface(
    slope=six_hump_camel_slope,
    minima=((0.0898420131003180, -0.712656403020797), (-0.0898420131003180, 0.712656403020797)),
    lowest=-1.0316284534898774,
    window=(-2.0, 2.0, -1.2, 1.2),
    start=(-1.6, 1.1),
    title="Six-hump camel",
    paper="L. Dixon, G. Szegő, The global optimization problem: an introduction, 1978",
    year=1978,
    parents=("three_hump_camel",),
)
def six_hump_camel(x, y):
    """Six hollows in pairs, the middle pair the deepest: (4 - 2.1x² + x⁴/3) x² + x y + (4y² - 4) y²."""
    square = x * x
    return square * (4.0 - 2.1 * square + square * square / 3.0) + x * y + y * y * (4.0 * y * y - 4.0)


def levy_13_slope(x, y):
    """The waves of x are weighed by how far y is from its own, and the other way round."""
    turn = 3.0 * 3.141592653589793
    across, along = x - 1.0, y - 1.0
    third, half = sin(turn * y), sin(2.0 * 3.141592653589793 * y)
    slope_x = turn * sin(2.0 * turn * x) + 2.0 * across * (1.0 + third * third)
    waves_y = across * across * turn * sin(2.0 * turn * y)
    waves_y = waves_y + along * along * (2.0 * 3.141592653589793) * sin(4.0 * 3.141592653589793 * y)
    return slope_x, waves_y + 2.0 * along * (1.0 + half * half)


@add_surface(
    slope=levy_13_slope,
    minima=((1.0, 1.0),),
    lowest=0.0,
    window=(-4.0, 6.0, -4.0, 6.0),
    start=(-3.1, 4.2),
    title="Lévy N. 13",
    paper="A. Lévy, A. Montalvo, The tunneling algorithm for the global minimization of functions, SIAM 1985",
    year=1985,
    parents=("rastrigin",),
)
def levy_13(x, y):
    """A bowl furrowed along both axes: sin² 3πx + (x - 1)² (1 + sin² 3πy) + (y - 1)² (1 + sin² 2πy)."""
    turn = 3.0 * 3.141592653589793
    across, along = x - 1.0, y - 1.0
    first, third, half = sin(turn * x), sin(turn * y), sin(2.0 * 3.141592653589793 * y)
    furrows = across * across * (1.0 + third * third) + along * along * (1.0 + half * half)
    return first * first + furrows


def branin_slope(x, y):
    """(2 r (-2b x + c) - s (1 - t) sin x, 2 r) with the residual r = y - b x² + c x - 6."""
    b, c = 0.12918450914398066, 1.5915494309189535
    residual = y - b * x * x + c * x - 6.0
    return 2.0 * residual * (c - 2.0 * b * x) - 9.602112642270262 * sin(x), 2.0 * residual


@add_surface(
    slope=branin_slope,
    minima=(
        (-3.141592653589793, 12.275),
        (3.141592653589793, 2.275),
        (9.42477796076938, 2.475),
    ),
    lowest=0.39788735772973816,
    window=(-5.0, 10.0, 0.0, 15.0),
    start=(6.0, 13.0),
    title="Branin",
    aliases=("branin_hoo",),
    paper="F. Branin, Widely convergent method for finding multiple solutions, IBM J. Res. Dev. 16, 1972",
    year=1972,
)
def branin(x, y):
    """A long bent valley with three lowest places of the same depth: (y - b x² + c x - 6)² + 10 (1 - t) cos x + 10."""
    b, c = 0.12918450914398066, 1.5915494309189535
    residual = y - b * x * x + c * x - 6.0
    return residual * residual + 9.602112642270262 * cos(x) + 10.0


def griewank_slope(x, y):
    """(x/2000 + sin x cos(y/√2), y/2000 + cos x sin(y/√2)/√2)."""
    root = sqrt(0.5)
    return 0.0005 * x + sin(x) * cos(root * y), 0.0005 * y + root * cos(x) * sin(root * y)


@add_surface(
    slope=griewank_slope,
    minima=((0.0, 0.0),),
    lowest=0.0,
    window=(-10.0, 10.0, -10.0, 10.0),
    start=(-7.5, 6.0),
    title="Griewank",
    paper="A. Griewank, Generalized descent for global optimization, J. Optim. Theory Appl. 34, 1981",
    year=1981,
    parents=("rastrigin",),
)
def griewank(x, y):
    """Waves on a bowl so wide that it is hardly felt: 1 + (x² + y²)/4000 - cos x cos(y/√2)."""
    return 1.0 + 0.00025 * (x * x + y * y) - cos(x) * cos(sqrt(0.5) * y)
