"""Race many runs under equal rules and conclude, with its uncertainty, which optimizer trains best here."""

import sys
from types import ModuleType
from typing import Any

from osolgil.race.entry import race
from osolgil.race.progress import EntrantProgress, Progress
from osolgil.race.settings import Entrant, RaceSettings
from osolgil.race.verdict import Verdict

__all__ = ["Entrant", "EntrantProgress", "Progress", "RaceSettings", "Verdict", "race"]


class _Callable(ModuleType):
    """`osolgil.race` is this package once any part of it is imported, and `osolgil.race(X, y)` must race."""

    def __call__(self, *arguments: Any, **keywords: Any) -> Verdict:
        return race(*arguments, **keywords)


sys.modules[__name__].__class__ = _Callable
