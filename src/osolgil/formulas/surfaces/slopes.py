"""The simplest ground: bowls that are steep one way and flat the other, a saddle, and a bowl seen through noise."""

from osolgil.formulas._vocabulary import sqrt
from osolgil.formulas.catalog import add_surface

SUTTON = "R. Sutton, Two problems with backpropagation and other steepest-descent learning procedures, 1986"


def bowl_slope(x, y):
    """(2x, 2y)."""
    return 2.0 * x, 2.0 * y


@add_surface(
    slope=bowl_slope,
    minima=((0.0, 0.0),),
    lowest=0.0,
    window=(-2.0, 2.0, -2.0, 2.0),
    start=(-1.5, 1.2),
    title="Bowl",
    aliases=("sphere", "quadratic"),
    paper="A. Cauchy, Méthode générale pour la résolution des systèmes d'équations simultanées, 1847",
    year=1847,
)
def bowl(x, y):
    """Round, so that steepest descent walks straight to the bottom: x² + y²."""
    return x * x + y * y


def ravine_slope(x, y):
    """(x/10, 2y): twenty times as steep across as along."""
    return 0.1 * x, 2.0 * y


@add_surface(
    slope=ravine_slope,
    minima=((0.0, 0.0),),
    lowest=0.0,
    window=(-8.0, 8.0, -4.0, 4.0),
    start=(-7.0, 2.0),
    title="Ravine",
    paper=SUTTON,
    year=1986,
    parents=("bowl",),
)
def ravine(x, y):
    """A bowl drawn out: gradients point across it, hardly along it, so that descent zigzags: x²/20 + y²."""
    return 0.05 * x * x + y * y


def saddle_slope(x, y):
    """(x, y³ - y): zero at the saddle and at the two minima."""
    return x, y * y * y - y


@add_surface(
    slope=saddle_slope,
    minima=((0.0, -1.0), (0.0, 1.0)),
    lowest=-0.25,
    window=(-2.0, 2.0, -1.6, 1.6),
    start=(-1.8, 0.001),
    title="Saddle",
    paper="Y. Dauphin et al., Identifying and attacking the saddle point problem, arXiv:1406.2572, section 1",
    year=2014,
)
def saddle(x, y):
    """A pass between two hollows: flat at (0, 0), where descent lingers on its way: x²/2 + y⁴/4 - y²/2."""
    return 0.5 * x * x + 0.25 * (y * y) * (y * y) - 0.5 * y * y


def noisy_quadratic_slope(x, y):
    """(x, y/20), measured exactly: the mean over all samples."""
    return x, 0.05 * y


def noisy_quadratic_noise(x, y):
    """Standard deviation (1, √(1/20)) of one sample's gradient: its variance is the curvature."""
    return 1.0 + 0.0 * x, sqrt(0.05) + 0.0 * y


@add_surface(
    slope=noisy_quadratic_slope,
    noise=noisy_quadratic_noise,
    minima=((0.0, 0.0),),
    lowest=0.0,
    window=(-4.0, 4.0, -8.0, 8.0),
    start=(-3.0, 7.0),
    title="Noisy quadratic",
    paper="G. Zhang et al., Which algorithmic choices matter at which batch sizes?, arXiv:1907.04164, section 3",
    year=2019,
    parents=("ravine",),
)
def noisy_quadratic(x, y):
    """A ravine whose gradient is seen through mini-batches, the noise as large as the curvature: x²/2 + y²/40."""
    return 0.5 * x * x + 0.025 * y * y
