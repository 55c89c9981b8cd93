"""What a race finds out while its networks train: what they must beat, and how its report is written."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from osolgil.data import Dataset
from osolgil.engines.cpu.fleet import Task
from osolgil.network import Network
from osolgil.race import baselines
from osolgil.race.settings import RaceSettings

if TYPE_CHECKING:
    from osolgil.diagnosis.shown_runs import Beforehand


class Meanwhile:
    """Work that needs no trained network, in a thread of its own from `begin` on, or else when it is asked for.

    loss: that of the race, which the score follows. explained: network, task and settings of runs that will be
    explained. reporting: whether a report will be written.
    """

    def __init__(
        self,
        data: Dataset,
        loss: str,
        explained: tuple[Network, Task, RaceSettings] | None = None,
        *,
        reporting: bool = False,
    ) -> None:
        self._data, self._loss, self._explained, self._reporting = data, loss, explained, reporting
        self._baselines: dict[str, Any] = {}
        self._beforehand: Beforehand | None = None
        self._failure: BaseException | None = None
        self._thread: threading.Thread | None = None

    def begin(self) -> None:
        """Start, once; best when networks begin to train, which leaves the interpreter idle."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, daemon=True)
            self._thread.start()

    def _work(self) -> None:
        from threadpoolctl import threadpool_limits

        try:
            with threadpool_limits(1, "blas"):  # the other cores train networks
                self._baselines = baselines.measure(self._data, self._loss)
                if self._explained is not None:
                    from osolgil.diagnosis.shown_runs import Beforehand

                    self._beforehand = Beforehand.of(*self._explained)
            if self._reporting:
                from osolgil.report import prepare

                prepare()
        except BaseException as error:
            self._failure = error

    def _wait(self) -> None:
        self.begin()
        assert self._thread is not None
        self._thread.join()
        if self._failure is not None:
            raise self._failure

    def baselines(self) -> dict[str, Any]:
        """Names and test scores of a constant answer and of a linear model."""
        self._wait()
        return self._baselines

    def beforehand(self) -> Beforehand:
        """What explanations of the runs need."""
        self._wait()
        assert self._beforehand is not None
        return self._beforehand
