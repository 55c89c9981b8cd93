"""PyTorch with a runs axis: many networks trained as one stack of matrices."""

from __future__ import annotations

from typing import Any

import torch
from torch.nn import functional

from benchmarks.problem import LEARNING_RATE, ROWS, Network, Problem, Weights


def run_counts(network: Network) -> list[int]:
    """How many runs to stack; the biggest network is tried with few, as an epoch of it takes seconds."""
    return [2, 8] if sum(network.widths) > 1500 else [8, 32, 64]


def stack(problem: Problem, runs: int) -> list[torch.Tensor]:
    """Matrices (runs, inputs, outputs) and biases (runs, 1, outputs), alternating; one seed per run."""
    weights = [problem.initial_weights(seed) for seed in range(runs)]
    stacked = []
    for layer in range(len(weights[0])):
        stacked.append(torch.stack([torch.from_numpy(run[layer][0]) for run in weights]))
        stacked.append(torch.stack([torch.from_numpy(run[layer][1])[None] for run in weights]))
    return stacked


def batched_loss(parameters: list[torch.Tensor], inputs: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """Sum over runs of the mean loss of each: its gradient is every run's own gradient."""
    signal = inputs
    for position in range(0, len(parameters), 2):
        signal = torch.baddbmm(parameters[position + 1], signal, parameters[position])
        if position + 2 < len(parameters):
            signal = functional.relu(signal)
    total = functional.cross_entropy(signal.flatten(0, 1), labels.flatten(), reduction="sum")
    return total / labels.shape[1]


class Batched:
    """One baddbmm per layer for all runs; each run has its own batch order."""

    def __init__(self, problem: Problem, *, runs: int, adam: str, threads: int) -> None:
        torch.set_num_threads(threads)
        self.network, self.runs = problem.network, runs
        self.inputs = torch.from_numpy(problem.inputs)
        self.labels = torch.from_numpy(problem.labels)
        self.parameters = [tensor.requires_grad_() for tensor in stack(problem, runs)]
        self.optimizer = torch.optim.Adam(self.parameters, lr=LEARNING_RATE, **{adam: True})

    @staticmethod
    def variants(network: Network, mode: str, cores: int) -> list[dict[str, Any]]:
        # Inside a process per core, torch reports the one thread it was given.
        threads = torch.get_num_threads()
        return [{"runs": runs, "adam": "fused", "threads": threads} for runs in run_counts(network)]

    def batches(self) -> torch.Tensor:
        """Row numbers of every step: (steps, runs, batch)."""
        order = torch.stack([torch.randperm(ROWS) for _ in range(self.runs)])
        return order.view(self.runs, -1, self.network.batch).transpose(0, 1).contiguous()

    def step(self, inputs: torch.Tensor, labels: torch.Tensor) -> None:
        self.optimizer.zero_grad(set_to_none=True)
        batched_loss(self.parameters, inputs, labels).backward()
        self.optimizer.step()

    def advance(self) -> int:
        for rows in self.batches():
            flat = rows.view(-1)
            inputs = self.inputs.index_select(0, flat).view(*rows.shape, -1)
            self.step(inputs, self.labels.index_select(0, flat).view(rows.shape))
        return self.network.steps_per_epoch * self.runs

    def weights(self) -> Weights:
        first = [tensor[0].detach().numpy() for tensor in self.parameters]
        return [(matrix, bias[0]) for matrix, bias in zip(first[::2], first[1::2], strict=True)]


class Vmapped(Batched):
    """`torch.func`: vmap over runs of the gradient of one run's loss."""

    def __init__(self, problem: Problem, **variant: Any) -> None:
        super().__init__(problem, **variant)
        self.gradient = torch.func.vmap(torch.func.grad(_single_loss))

    def step(self, inputs: torch.Tensor, labels: torch.Tensor) -> None:
        gradients = self.gradient([tensor.detach() for tensor in self.parameters], inputs, labels)
        for tensor, gradient in zip(self.parameters, gradients, strict=True):
            tensor.grad = gradient
        self.optimizer.step()


def _single_loss(parameters: list[torch.Tensor], inputs: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    signal = inputs
    for position in range(0, len(parameters), 2):
        signal = signal @ parameters[position] + parameters[position + 1]
        if position + 2 < len(parameters):
            signal = functional.relu(signal)
    return functional.cross_entropy(signal, labels)
