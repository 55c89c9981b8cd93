"""How many threads train: as scikit-learn counts jobs, and no more than a worker process was told to use."""

from __future__ import annotations

import os
from numbers import Integral

from osolgil.engines.cpu.compiling import usable_cores
from osolgil.errors import SettingsError


def workers_of(jobs: int | None) -> int:
    """`n_jobs` as a number of threads: None all cores (or what joblib leaves a worker process), -1 all, -2 one less.

    >>> workers_of(3)
    3
    """
    if jobs is None:
        return min(usable_cores(), _told())
    if isinstance(jobs, bool) or not isinstance(jobs, Integral) or jobs == 0:
        raise SettingsError(f"n_jobs is a number of threads, or -1 for all cores, not {jobs!r}.")
    return int(jobs) if jobs > 0 else max(1, usable_cores() + 1 + int(jobs))


def _told() -> int:
    """joblib tells its worker processes through the environment how many threads Numba may use."""
    told = os.environ.get("NUMBA_NUM_THREADS", "")
    return int(told) if told.isdigit() and int(told) > 0 else usable_cores()
