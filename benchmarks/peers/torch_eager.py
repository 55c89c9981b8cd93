"""PyTorch as its users write it: nn.Linear, index once per epoch, fused or foreach Adam, no host reads."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from torch.nn import functional

from benchmarks.machine import thread_counts
from benchmarks.problem import LEARNING_RATE, ROWS, Network, Problem, Weights


def build(problem: Problem) -> nn.Sequential:
    """The network with the problem's initial weights."""
    layers: list[nn.Module] = []
    for matrix, bias in problem.initial_weights():
        linear = nn.Linear(*matrix.shape)
        with torch.no_grad():
            linear.weight.copy_(torch.from_numpy(matrix.T))
            linear.bias.copy_(torch.from_numpy(bias))
        layers += [linear, nn.ReLU()]
    return nn.Sequential(*layers[:-1])


class Eager:
    """One run, one step after another."""

    def __init__(self, problem: Problem, *, adam: str, threads: int) -> None:
        torch.set_num_threads(threads)
        self.network = problem.network
        self.inputs = torch.from_numpy(problem.inputs)
        self.labels = torch.from_numpy(problem.labels)
        self.model = build(problem)
        self.optimizer = torch.optim.Adam(self.model.parameters(), lr=LEARNING_RATE, **{adam: True})

    @staticmethod
    def variants(network: Network, mode: str, cores: int) -> list[dict[str, Any]]:
        return [
            {"adam": adam, "threads": threads}
            for adam in ("fused", "foreach")
            for threads in thread_counts(mode, cores)
        ]

    def loss(self, inputs: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        return functional.cross_entropy(self.model(inputs), labels)

    def advance(self) -> int:
        order = torch.randperm(ROWS)
        batch = self.network.batch
        batches = zip(
            self.inputs.index_select(0, order).split(batch),
            self.labels.index_select(0, order).split(batch),
            strict=True,
        )
        for inputs, labels in batches:
            self.optimizer.zero_grad(set_to_none=True)
            self.loss(inputs, labels).backward()
            self.optimizer.step()
        return self.network.steps_per_epoch

    def weights(self) -> Weights:
        linear = [layer for layer in self.model if isinstance(layer, nn.Linear)]
        return [(layer.weight.detach().numpy().T, layer.bias.detach().numpy()) for layer in linear]
