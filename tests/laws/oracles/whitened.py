"""pytorch_optimizer's Kron in float64 with the random signs that our formula draws in place of normal numbers."""

import contextlib
from collections.abc import Iterator
from typing import Any
from unittest import mock

import numpy as np

from laws.oracles import problem


class Kron:
    """The library's optimizer; its preconditioner's probes, and when it balances, are handed to it."""

    def __init__(self, parameters: list[Any], our: dict[str, float]) -> None:
        import torch
        from pytorch_optimizer import Kron as theirs

        self.torch, self.balancing, self.time = torch, our["balancing"], 0
        self.random = np.random.default_rng(0)
        self.optimizer = theirs(
            parameters,
            lr=our["learning_rate"],
            momentum=our["momentum"],
            weight_decay=our["weight_decay"],
            pre_conditioner_update_probability=lambda step: torch.clamp(
                torch.exp(-our["decay"] * torch.tensor(step - our["full_steps"])), our["least_share"], 1.0
            ),
            precondition_dtype=torch.float64,
            balance_prob=0.5,
        )
        self.optimizer.param_groups[0]["precondition_lr"] = our["factor_rate"]

    def step(self, closure: Any) -> None:
        self.time += 1
        signs = iter(problem.parted(self.random.choice([-1.0, 1.0], sum(problem.SIZES))))
        with self.handed(signs, 0.0 if self.time % self.balancing < 1 else 1.0):
            self.optimizer.step(closure)

    @contextlib.contextmanager
    def handed(self, signs: Iterator[np.ndarray], chance: float) -> Iterator[None]:
        """Signs for its normal numbers, `chance` for its throw of dice; it solves in the precision it is given."""
        solve = self.torch.linalg.solve_triangular
        place = "pytorch_optimizer.optimizer.psgd.solve_triangular_right"
        with (
            mock.patch.object(
                self.torch, "randn_like", side_effect=lambda *_, **__: self.torch.tensor(next(signs))
            ),
            mock.patch.object(np.random, "random", return_value=chance),
            mock.patch(place, lambda x, a: solve(a, x, upper=True, left=False)),
        ):
            yield
