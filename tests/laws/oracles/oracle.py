"""What an oracle is: somebody else's course of an optimizer, and how far ours is from it.

Every module of this folder that has a function `oracles` adds its own, be they of rows of the catalog, of
schedules or of wrappers: the law in `tests/laws/test_oracles.py` and the table of `benchmarks/agreement.py`
take them from here.
"""

import importlib
import importlib.metadata
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from laws import oracles as package
from laws.oracles import problem

DERIVATION = "NumPy derivation"
DISTRIBUTIONS = {"pytorch": "torch"}
TITLES = {"pytorch": "PyTorch", "keras": "Keras"}


@dataclass(frozen=True)
class Oracle:
    """`subject` beside what `source` (a library, or the derivation from a paper) makes of it.

    `difference` measures the largest relative difference over `steps` steps with these `hyperparameters`. It is at
    most `tolerance`, for a `reason` where that is more than 1e-10; where `agrees` is False it must be larger,
    and the reason says what the source does differently.
    """

    subject: str
    source: str
    difference: Callable[[], float]
    hyperparameters: Mapping[str, float] = field(default_factory=dict)
    steps: int = problem.STEPS
    tolerance: float = 1e-10
    reason: str = ""
    agrees: bool = True

    @property
    def name(self) -> str:
        """The source with its version."""
        if self.source == DERIVATION:
            return DERIVATION
        version = importlib.metadata.version(DISTRIBUTIONS.get(self.source, self.source))
        return f"{TITLES.get(self.source, self.source)} {version}"


def every_oracle() -> list[Oracle]:
    """All oracles of all modules here, by subject, the closest library first."""
    found: list[Oracle] = []
    for module in pkgutil.iter_modules(package.__path__):
        make = getattr(importlib.import_module(f"{package.__name__}.{module.name}"), "oracles", None)
        found += make() if make else []
    return found
