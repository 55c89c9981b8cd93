"""One minimum, and a hard way to it: bent valleys, plates, a needle's eye."""

from osolgil.formulas._vocabulary import cos, exp, sin
from osolgil.formulas.catalog import add_surface

JAMIL = "M. Jamil, X.-S. Yang, A literature survey of benchmark functions, arXiv:1308.4008"


def rosenbrock_slope(x, y):
    """(-2 (1 - x) - 400 x (y - x²), 200 (y - x²))."""
    off = y - x * x
    return -2.0 * (1.0 - x) - 400.0 * x * off, 200.0 * off


@add_surface(
    slope=rosenbrock_slope,
    minima=((1.0, 1.0),),
    lowest=0.0,
    window=(-2.0, 2.0, -1.0, 3.0),
    start=(-1.2, 1.0),
    title="Rosenbrock",
    aliases=("banana",),
    paper="H. Rosenbrock, An automatic method for finding the greatest or least value, Computer J. 3, 1960",
    year=1960,
)
def rosenbrock(x, y):
    """A bent valley, easy to fall into and slow to follow: (1 - x)² + 100 (y - x²)²."""
    off = y - x * x
    return (1.0 - x) * (1.0 - x) + 100.0 * (off * off)


def beale_slope(x, y):
    """The sum of 2 r_k ∂r_k over the three residuals r_k = c_k - x + x yᵏ."""
    square = y * y
    first = 1.5 - x + x * y
    second = 2.25 - x + x * square
    third = 2.625 - x + x * (square * y)
    along = first * (y - 1.0) + second * (square - 1.0) + third * (square * y - 1.0)
    across = first + 2.0 * second * y + 3.0 * third * square
    return 2.0 * along, 2.0 * x * across


@add_surface(
    slope=beale_slope,
    minima=((3.0, 0.5),),
    lowest=0.0,
    window=(-4.5, 4.5, -4.5, 4.5),
    start=(1.0, 1.5),
    title="Beale",
    paper="E. Beale, On an iterative method for finding a local minimum, Princeton technical report 25, 1958",
    year=1958,
)
def beale(x, y):
    """A flat plate with steep corners, and a plateau around (0, 1): Σ_k (c_k - x + x yᵏ)², k = 1, 2, 3."""
    square = y * y
    first = 1.5 - x + x * y
    second = 2.25 - x + x * square
    third = 2.625 - x + x * (square * y)
    return first * first + second * second + third * third


def booth_slope(x, y):
    """(10x + 8y - 34, 8x + 10y - 38)."""
    return 10.0 * x + 8.0 * y - 34.0, 8.0 * x + 10.0 * y - 38.0


@add_surface(
    slope=booth_slope,
    minima=((1.0, 3.0),),
    lowest=0.0,
    window=(-10.0, 10.0, -10.0, 10.0),
    start=(-8.0, -6.0),
    title="Booth",
    paper=f"{JAMIL}, function 17",
    year=2013,
    parents=("bowl",),
)
def booth(x, y):
    """A ravine that runs askew to both axes, where a step size per coordinate helps less: (x + 2y - 7)² + (2x + y - 5)²."""  # noqa: E501
    first = x + 2.0 * y - 7.0
    second = 2.0 * x + y - 5.0
    return first * first + second * second


def matyas_slope(x, y):
    """(0.52x - 0.48y, 0.52y - 0.48x)."""
    return 0.52 * x - 0.48 * y, 0.52 * y - 0.48 * x


@add_surface(
    slope=matyas_slope,
    minima=((0.0, 0.0),),
    lowest=0.0,
    window=(-10.0, 10.0, -10.0, 10.0),
    start=(-9.0, 4.0),
    title="Matyas",
    paper=f"{JAMIL}, function 71",
    year=2013,
    parents=("booth",),
)
def matyas(x, y):
    """A plate, 25 times as steep across its diagonal as along it: 0.26 (x² + y²) - 0.48 x y."""
    return 0.26 * (x * x + y * y) - 0.48 * x * y


def goldstein_price_slope(x, y):
    """The product rule over the two factors, each written about its own linear form u or v."""
    u = x + y + 1.0
    v = 2.0 * x - 3.0 * y
    first_part = 19.0 - 14.0 * x + 3.0 * x * x - 14.0 * y + 6.0 * x * y + 3.0 * y * y
    second_part = 18.0 - 32.0 * x + 12.0 * x * x + 48.0 * y - 36.0 * x * y + 27.0 * y * y
    first = 1.0 + u * u * first_part
    second = 30.0 + v * v * second_part
    first_slope = 2.0 * u * first_part + u * u * (6.0 * (x + y) - 14.0)
    second_x = 4.0 * v * second_part + v * v * (24.0 * x - 36.0 * y - 32.0)
    second_y = -6.0 * v * second_part + v * v * (54.0 * y - 36.0 * x + 48.0)
    return first_slope * second + first * second_x, first_slope * second + first * second_y


@add_surface(
    slope=goldstein_price_slope,
    minima=((0.0, -1.0),),
    lowest=3.0,
    window=(-2.0, 2.0, -3.0, 1.0),
    start=(-1.5, 0.5),
    title="Goldstein–Price",
    paper="A. Goldstein, J. Price, On descent from local minima, Math. Comp. 25, 1971",
    year=1971,
)
def goldstein_price(x, y):
    """Heights from 3 to a million within one small window, so that no one learning rate fits everywhere."""
    u = x + y + 1.0
    v = 2.0 * x - 3.0 * y
    first_part = 19.0 - 14.0 * x + 3.0 * x * x - 14.0 * y + 6.0 * x * y + 3.0 * y * y
    second_part = 18.0 - 32.0 * x + 12.0 * x * x + 48.0 * y - 36.0 * x * y + 27.0 * y * y
    return (1.0 + u * u * first_part) * (30.0 + v * v * second_part)


def easom_slope(x, y):
    """Of -cos x cos y exp(-d²): the hole's own slope, and that of its bell around (π, π)."""
    across = x - 3.141592653589793
    along = y - 3.141592653589793
    bell = exp(-(across * across + along * along))
    return (
        bell * cos(y) * (sin(x) + 2.0 * across * cos(x)),
        bell * cos(x) * (sin(y) + 2.0 * along * cos(y)),
    )


@add_surface(
    slope=easom_slope,
    minima=((3.141592653589793, 3.141592653589793),),
    lowest=-1.0,
    window=(-1.0, 7.0, -1.0, 7.0),
    start=(1.8, 2.1),
    title="Easom",
    paper="E. Easom, A survey of global optimization techniques, M. Eng. thesis, University of Louisville, 1990",
    year=1990,
)
def easom(x, y):
    """A golf hole in a flat green, where gradients vanish: -cos x cos y exp(-(x - π)² - (y - π)²)."""
    across = x - 3.141592653589793
    along = y - 3.141592653589793
    return -cos(x) * cos(y) * exp(-(across * across + along * along))


def mccormick_slope(x, y):
    """(cos(x + y) + 2 (x - y) - 1.5, cos(x + y) - 2 (x - y) + 2.5)."""
    wave = cos(x + y)
    return wave + 2.0 * (x - y) - 1.5, wave - 2.0 * (x - y) + 2.5


@add_surface(
    slope=mccormick_slope,
    minima=((-0.5471975511965976, -1.5471975511965976),),
    lowest=-1.9132229549810367,
    window=(-1.5, 4.0, -3.0, 4.0),
    start=(3.0, 3.5),
    title="McCormick",
    paper="G. McCormick, Computability of global solutions to factorable nonconvex programs, 1976",
    year=1976,
)
def mccormick(x, y):
    """A valley that waves as it falls: sin(x + y) + (x - y)² - 1.5x + 2.5y + 1."""
    return sin(x + y) + (x - y) * (x - y) - 1.5 * x + 2.5 * y + 1.0
