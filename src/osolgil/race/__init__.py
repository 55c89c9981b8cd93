"""Race many runs under equal rules and conclude, with its uncertainty, which optimizer trains this network on these data."""

from osolgil.race.entry import Verdict, race
from osolgil.race.settings import Entrant, RaceSettings

__all__ = ["Entrant", "RaceSettings", "Verdict", "race"]
