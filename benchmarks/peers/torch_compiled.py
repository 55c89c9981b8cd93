"""`torch.compile`: either the loss alone with fused Adam, or the whole step, Adam included, as one graph."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from benchmarks.machine import thread_counts
from benchmarks.peers.torch_batched import Batched, batched_loss, run_counts
from benchmarks.peers.torch_eager import Eager
from benchmarks.problem import LEARNING_RATE, Network, Problem


class Compiled(Eager):
    """One run; its loss (forward and backward) compiled, Adam fused or foreach."""

    def __init__(self, problem: Problem, *, adam: str, threads: int) -> None:
        super().__init__(problem, adam=adam, threads=threads)
        self.compiled = torch.compile(super().loss, fullgraph=True, dynamic=False)

    @staticmethod
    def variants(network: Network, mode: str, cores: int) -> list[dict[str, Any]]:
        return [{"adam": "fused", "threads": threads} for threads in thread_counts(mode, cores)]

    def loss(self, inputs: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        return self.compiled(inputs, labels)


def whole_step(loss: Callable[..., torch.Tensor]) -> Callable[..., None]:
    """A compiled function that takes the gradient and updates parameters and both moments in place."""

    def step(
        parameters: list[torch.Tensor],
        means: list[torch.Tensor],
        squares: list[torch.Tensor],
        count: torch.Tensor,
        inputs: torch.Tensor,
        labels: torch.Tensor,
    ) -> None:
        gradients = torch.func.grad(loss)(parameters, inputs, labels)
        count += 1
        first, second = 1 - 0.9**count, torch.sqrt(1 - 0.999**count)
        for tensor, gradient, mean, square in zip(parameters, gradients, means, squares, strict=True):
            mean.lerp_(gradient, 0.1)
            square.mul_(0.999).addcmul_(gradient, gradient, value=0.001)
            tensor.sub_(LEARNING_RATE / first * mean / (square.sqrt() / second + 1e-8))

    return torch.compile(step, fullgraph=True, dynamic=False)


class CompiledBatched(Batched):
    """Many runs stacked, compiled in the two ways."""

    def __init__(self, problem: Problem, *, runs: int, whole: bool, threads: int) -> None:
        super().__init__(problem, runs=runs, adam="fused", threads=threads)
        self.whole = whole
        if whole:
            for tensor in self.parameters:
                tensor.requires_grad_(False)
            self.means = [torch.zeros_like(tensor) for tensor in self.parameters]
            self.squares = [torch.zeros_like(tensor) for tensor in self.parameters]
            self.count = torch.zeros(())
            self.compiled = whole_step(batched_loss)
        else:
            self.compiled = torch.compile(batched_loss, fullgraph=True, dynamic=False)

    @staticmethod
    def variants(network: Network, mode: str, cores: int) -> list[dict[str, Any]]:
        threads = torch.get_num_threads()
        few, *_, most = run_counts(network)
        choices = ((few, True), (few, False), (most, True))
        return [{"runs": runs, "whole": whole, "threads": threads} for runs, whole in choices]

    def step(self, inputs: torch.Tensor, labels: torch.Tensor) -> None:
        if self.whole:
            self.compiled(self.parameters, self.means, self.squares, self.count, inputs, labels)
            return
        self.optimizer.zero_grad(set_to_none=True)
        self.compiled(self.parameters, inputs, labels).backward()
        self.optimizer.step()
