"""Numbers as several features each, so that a first dense layer can bend them where it likes.

A network given x alone must bend it by whole layers; given a code of x, its first layer is already a function of x
in pieces or waves, learned per unit. Categories need nothing of the kind: one-hot features in front of a dense
layer are an embedding, a learned vector per level.

>>> piecewise(np.array([0.0, 2.0, 5.0]), (0.0, 2.0, 4.0)).tolist()
[[0.0, 0.0], [1.0, 0.0], [1.0, 1.5]]
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal

import numpy as np

from osolgil.errors import SettingsError
from osolgil.spelling import hint

SCALINGS = ("standard", "robust")
_LARGEST = {"bins": 256, "waves": 128}
_BY_ROWS = 0.0  # as many bins as the rows can tell apart
_CODES: Mapping[str, Mapping[str, float]] = MappingProxyType(
    {
        "plain": {},
        "piecewise": {"bins": _BY_ROWS},
        "tree_piecewise": {"bins": _BY_ROWS},
        "periodic": {"waves": 16.0, "scale": 0.5},
    }
)
_FEWEST_PER_LEAF = 8
_PERIODIC_SEED = 2203_05556
_FAR = 1e100


@dataclass(frozen=True)
class Encoding:
    """How the numbers of a table become features: two switches.

    scaling: "standard", the mean is 0 and the deviation 1, and only columns with far outliers are squashed; or
        "robust", median and quartiles are used and every column is clipped smoothly, z / √(1 + (z/3)²)
        (RealMLP: D. Holzmüller et al. 2024, arXiv:2407.04491, section 3).
    numbers: what stands beside the scaled number. "plain": nothing. "piecewise": how far the number has come
        through each of the bins between its quantiles; "tree_piecewise": bins a decision tree of this one column
        finds for the target (Y. Gorishniy et al. 2022, arXiv:2203.05556, section 3.2). Their number,
        "piecewise(bins=32)", is by default that of `usual_bins`.
        "periodic(waves=16, scale=0.5)": cosines of fixed random frequencies, normal with deviation `scale`, and
        phases (their section 3.3; A. Rahimi, B. Recht 2007). Published ones train the frequencies; these do not.

    Raises SettingsError for an unknown name or a hyperparameter out of its range.

    >>> Encoding(numbers="piecewise(bins=32)").settings
    {'bins': 32}
    >>> Encoding("robust", "periodic(waves=8)").kind
    'periodic'
    """

    scaling: str = "standard"
    numbers: str = "plain"

    def __post_init__(self) -> None:
        if self.scaling not in SCALINGS:
            raise SettingsError(
                f"The scaling of numbers is standard or robust, not '{self.scaling}'.{hint(self.scaling, SCALINGS)}"
            )
        kind, given = _parse(self.numbers)
        if kind not in _CODES:
            raise SettingsError(
                f"Numbers are encoded as {', '.join(_CODES)}, not as '{self.numbers}'.{hint(kind, _CODES)}"
            )
        for key, value in given.items():
            if key not in _CODES[kind]:
                raise SettingsError(f"The encoding {kind} has no setting '{key}'.{hint(key, _CODES[kind])}")
            most = _LARGEST.get(key, 1e6)
            whole = key in _LARGEST
            if not 0 < value <= most or (whole and not value.is_integer()):
                wanted = f"a whole number from 1 to {most}" if whole else "above 0 and at most 1e6"
                raise SettingsError(f"{key} of the encoding {kind} must be {wanted}, not {value:g}.")

    @property
    def kind(self) -> Literal["plain", "piecewise", "tree_piecewise", "periodic"]:
        """The code's name without its settings."""
        return _parse(self.numbers)[0]  # type: ignore[return-value]

    @property
    def settings(self) -> dict[str, Any]:
        """The code's settings: the defaults, or what was given; bins are None where the rows decide."""
        kind, given = _parse(self.numbers)
        values = {**_CODES[kind], **given}
        return {key: int(value) or None if key in _LARGEST else value for key, value in values.items()}

    @property
    def usual(self) -> bool:
        """Whether it is the plain one, which leaves no trace in a fingerprint."""
        return self == Encoding()


def _parse(text: str) -> tuple[str, dict[str, float]]:
    """A name and its settings, "piecewise(bins=16)"."""
    name, bracket, rest = text.strip().partition("(")
    given: dict[str, float] = {}
    for part in rest.removesuffix(")").split(",") if bracket else ():
        key, equals, value = part.partition("=")
        try:
            given[key.strip()] = float(value)
        except ValueError:
            equals = ""
        if not equals or not rest.endswith(")"):
            raise SettingsError(f"'{text}' is not understood; write it as '{name}(key=value)'.")
    return name.strip().lower().replace("-", "_"), given


def usual_bins(rows: int) -> int:
    """One bin for every 100 rows that are known, at most 64; 0, no bins at all, where that would be fewer than 8.

    Measured: on tables of a few hundred rows coarse bins do more harm than good.

    >>> usual_bins(265), usual_bins(1000), usual_bins(100_000)
    (0, 10, 64)
    """
    bins = min(64, rows // 100)
    return bins if bins >= 8 else 0


def quantile_edges(values: np.ndarray, bins: int) -> tuple[float, ...]:
    """Edges of about `bins` bins that hold equally many of the values (finite, float64); () for fewer than 3 values.

    A value that more rows share than a bin should hold is an edge by itself, and the other rows' quantiles are the
    rest: of a column that is mostly 0, what is not 0 is told apart as finely as any other column.
    """
    distinct, counts = np.unique(values, return_counts=True)
    if len(distinct) < 3:
        return ()
    if len(distinct) <= bins + 1:
        return tuple(distinct.tolist())
    shared = distinct[counts * bins > len(values)]
    rest = values[~np.isin(values, shared)]
    shares = np.linspace(0.0, 1.0, max(2, bins + 1 - len(shared)))
    unit = unit_of(distinct)
    quantiles = np.quantile(rest / unit, shares, method="linear") * unit if len(rest) else rest
    inner = np.concatenate([shared, quantiles])
    inner = inner[(inner > distinct[0]) & (inner < distinct[-1])]
    edges = np.unique([distinct[0], *inner, distinct[-1]])
    return tuple(edges.tolist()) if len(edges) > 2 else ()


def tree_edges(values: np.ndarray, targets: np.ndarray, classify: bool, bins: int) -> tuple[float, ...]:
    """Edges where a decision tree of this one column would split the target; () where it splits nothing.

    values: (rows,) finite, in a range float32 can hold. targets: (rows,) class numbers, or (rows, …) numbers.
    """
    from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

    if len(np.unique(values)) < 3:
        return ()
    kind = DecisionTreeClassifier if classify else DecisionTreeRegressor
    fewest = max(_FEWEST_PER_LEAF, len(values) // 500)
    tree = kind(max_leaf_nodes=max(2, bins), min_samples_leaf=fewest, random_state=0)
    fitted = tree.fit(values.reshape(-1, 1), targets).tree_
    thresholds = fitted.threshold[fitted.children_left >= 0]
    edges = np.unique([values.min(), values.max(), *thresholds])
    edges = edges[(edges >= values.min()) & (edges <= values.max())]
    return tuple(edges.tolist()) if len(edges) > 2 else ()


def piecewise(values: np.ndarray, edges: tuple[float, ...]) -> np.ndarray:
    """How far each value (rows,) has come through each bin, 0 … 1 (rows, bins); the outer bins go on beyond 0 and 1.

    e_j(x) = (x - b_{j-1})/(b_j - b_{j-1}), below b_{j-1} 0 but for the first bin, above b_j 1 but for the last
    (arXiv:2203.05556, eq. 1).
    """
    unit = unit_of(np.asarray(edges))
    bounds = np.asarray(edges) / unit
    widths = np.maximum(np.diff(bounds), np.finfo(np.float64).smallest_subnormal)
    with np.errstate(over="ignore"):
        shares = (values[:, None] / unit - bounds[:-1]) / widths
    low, high = np.zeros(len(bounds) - 1), np.ones(len(bounds) - 1)
    low[0], high[-1] = -_FAR, _FAR
    return np.clip(shares, low, high)


def unit_of(values: np.ndarray) -> float:
    """What to divide by so that no difference overflows: 1 but for the largest floats."""
    return 4.0 if np.abs(values).max() > 1e300 else 1.0


def waves(name: str, count: int, scale: float) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Frequencies and phases of a column's cosines, which depend on its name alone."""
    random = np.random.default_rng([_PERIODIC_SEED, *name.encode("utf-8", "replace")])
    frequencies = random.normal(0.0, 2.0 * np.pi * scale, count)
    return tuple(frequencies.tolist()), tuple(random.uniform(-np.pi, np.pi, count).tolist())


def periodic(scaled: np.ndarray, frequencies: tuple[float, ...], phases: tuple[float, ...]) -> np.ndarray:
    """√2 cos(ω z + φ) of scaled values (rows,), one column per frequency; of variance 1 over evenly spread phases."""
    return np.sqrt(2.0) * np.cos(scaled[:, None] * np.asarray(frequencies) + np.asarray(phases))
