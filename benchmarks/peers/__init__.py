"""Who is measured, and how each is launched in its best set-up."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import Any, Protocol

from benchmarks.problem import Network, Problem, Weights


class Trainer(Protocol):
    """What a peer's class offers to the worker."""

    def __init__(self, problem: Problem, **variant: Any) -> None: ...

    @staticmethod
    def variants(network: Network, mode: str, cores: int) -> list[dict[str, Any]]:
        """Set-ups a good user would try; the worker keeps the fastest."""
        ...

    def advance(self) -> int:
        """Train all runs for about an epoch, wait until it is done, and return steps × runs."""
        ...

    def weights(self) -> Weights:
        """Weights of the first run, for the judge."""
        ...


@dataclass(frozen=True)
class Peer:
    """A library in one way of using it."""

    title: str
    trainer: str
    """module:class under benchmarks."""
    one: bool = False
    """Measured training a single run."""
    many: bool = False
    """Measured training many independent runs."""
    process_per_core: bool = False
    """In mode "many": one single-threaded process on each core."""
    single_threaded: bool = False
    """In mode "one": confined to one core, where threads would only cost."""

    def load(self) -> type[Trainer]:
        module, name = self.trainer.split(":")
        return getattr(importlib.import_module(f"benchmarks.{module}"), name)

    def processes(self, mode: str, cores: int) -> int:
        return cores if mode == "many" and self.process_per_core else 1

    def threads(self, mode: str, cores: int) -> int:
        return 1 if self.processes(mode, cores) > 1 or self.single_threaded else cores


PEERS = {
    "osolgil": Peer("osolgil", "steps_osolgil:Osolgil", one=True, many=True),
    "torch-eager": Peer(
        "PyTorch eager", "peers.torch_eager:Eager", one=True, many=True, process_per_core=True
    ),
    "torch-compile": Peer(
        "PyTorch compiled", "peers.torch_compiled:Compiled", one=True, many=True, process_per_core=True
    ),
    "torch-batched": Peer("PyTorch baddbmm over runs", "peers.torch_batched:Batched", many=True),
    "torch-batched-per-core": Peer(
        "PyTorch baddbmm over runs, per core",
        "peers.torch_batched:Batched",
        many=True,
        process_per_core=True,
    ),
    "torch-batched-compile": Peer(
        "PyTorch compiled over runs, per core",
        "peers.torch_compiled:CompiledBatched",
        many=True,
        process_per_core=True,
    ),
    "torch-vmap": Peer("PyTorch vmap over runs", "peers.torch_batched:Vmapped", many=True),
    "jax": Peer("JAX + optax scan", "peers.jax_scan:Scan", one=True, many=True, process_per_core=True),
    "jax-one-thread": Peer(
        "JAX + optax scan, one thread", "peers.jax_scan:Scan", one=True, single_threaded=True
    ),
    "jax-vmap": Peer("JAX + optax vmap over runs", "peers.jax_scan:Vmapped", many=True),
    "sklearn": Peer(
        "scikit-learn MLPClassifier",
        "peers.sklearn_mlp:Multilayer",
        one=True,
        many=True,
        process_per_core=True,
    ),
    "keras": Peer("Keras on JAX", "peers.keras_fit:Fit", one=True),
    "sgemm": Peer("sgemm 2048³", "peers.ceiling:Product", one=True, many=True, process_per_core=True),
}
"""`sgemm` is no trainer: its single "step" is one matrix product, the machine's ceiling."""
