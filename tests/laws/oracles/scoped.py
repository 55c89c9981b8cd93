"""The oracles of optimizers that move a layer or the network: libraries' own, or a derivation from the paper.

Hyperparameters are odd, so that a slip which the defaults hide is seen. Rates are chosen so that the course
is no chaos: where steps are so large that roundings double every few steps, no two programs agree for long.
"""

import contextlib
import functools
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np

from laws.compiled import FormulaSteps
from laws.oracles import drivers, problem, scoped_derivations, whitened
from laws.oracles.oracle import DERIVATION, Oracle
from osolgil.formulas import catalog
from osolgil.network import Network

NETWORK = Network(problem.WIDTHS, ("tanh",) * (len(problem.WIDTHS) - 1))
ODD: dict[str, dict[str, float]] = {
    "lars": {"learning_rate": 0.31, "momentum": 0.71, "trust": 0.13, "weight_decay": 0.037},
    "lamb": {"learning_rate": 0.013, "beta1": 0.83, "beta2": 0.957, "epsilon": 3e-5, "weight_decay": 0.037},
    "fromage": {"learning_rate": 0.017},
    "novograd": {"learning_rate": 0.0137, "beta1": 0.83, "beta2": 0.757, "epsilon": 3e-5, "weight_decay": 0.037},
    "stable_adamw": {"learning_rate": 0.0137, "beta1": 0.83, "beta2": 0.957, "epsilon": 3e-5, "weight_decay": 0.37},
    "adafactor": {
        "learning_rate": 0.037, "decay": 0.71, "smallest_size": 0.031, "clip": 1.03, "epsilon": 3e-5,
        "weight_decay": 0.037,
    },
    "sm3": {"learning_rate": 0.037, "momentum": 0.71, "epsilon": 3e-5},
    "dog": {"learning_rate": 0.71, "first_distance": 3e-4, "epsilon": 0.037},
    "dowg": {"learning_rate": 0.171, "epsilon": 0.037},
    "d_adaptation": {
        "learning_rate": 0.171, "beta1": 0.83, "beta2": 0.957, "epsilon": 3e-3, "weight_decay": 0.37,
        "first_distance": 3e-4,
    },
    "prodigy": {
        "learning_rate": 0.171, "beta1": 0.83, "beta2": 0.957, "epsilon": 3e-3, "weight_decay": 0.037,
        "first_distance": 3e-4, "growth": 0.71,
    },
    "mechanic": {
        "learning_rate": 0.73, "beta1": 0.83, "beta2": 0.957, "epsilon": 3e-3, "weight_decay": 0.37,
        "first_scale": 3e-4, "small": 3e-7,
    },
    "polyak": {"learning_rate": 0.171, "lowest_loss": 0.0137, "epsilon": 0.037},
    "momo": {"learning_rate": 0.37, "momentum": 0.71, "lowest_loss": 0.0137, "weight_decay": 0.037},
    "momo_adam": {
        "learning_rate": 0.037, "beta1": 0.83, "beta2": 0.957, "epsilon": 3e-5, "lowest_loss": 0.0137,
        "weight_decay": 0.037,
    },
    "lbfgs": {"learning_rate": 0.071, "least_curvature": 1e-10},
    "muon": {
        "learning_rate": 0.0137, "momentum": 0.83, "weight_decay": 0.37, "vector_share": 0.31, "beta1": 0.71,
        "beta2": 0.957, "epsilon": 3e-5,
    },
    "shampoo": {"learning_rate": 0.037, "epsilon": 3e-4, "interval": 7.0},
    "soap": {
        "learning_rate": 0.0137, "beta1": 0.83, "beta2": 0.957, "epsilon": 3e-5, "weight_decay": 0.37,
        "interval": 7.0,
    },
    "kron": {
        "learning_rate": 0.0137, "momentum": 0.83, "weight_decay": 0.37, "factor_rate": 0.13, "full_steps": 57.0,
        "decay": 0.029, "least_share": 0.19, "balancing": 13.0,
    },
    "adashift": {"learning_rate": 0.0137, "beta1": 0.83, "beta2": 0.957, "epsilon": 3e-5},
    "avagrad": {"learning_rate": 0.0137, "beta1": 0.83, "beta2": 0.957, "epsilon": 0.037},
    "adai": {"learning_rate": 0.137, "beta0": 0.37, "beta2": 0.957, "epsilon": 0.0037},
    "mars": {"learning_rate": 0.0137, "beta1": 0.83, "beta2": 0.957, "epsilon": 3e-5, "correction": 0.037},
    "swats": {"learning_rate": 0.0137, "beta1": 0.83, "beta2": 0.957, "epsilon": 3e-5, "tolerance": 0.013},
}  # fmt: skip


def how(name: str) -> dict[str, Any]:
    """How the problem is followed: an optimizer of the full batch gets all rows."""
    return {"batch": None} if catalog.optimizer(name).full_batch else {}


def our_course(name: str, kind: type = FormulaSteps, **options: Any) -> np.ndarray:
    """Our parameters (steps, size) after every step on the problem."""
    steps = kind(
        catalog.optimizer(name),
        problem.joined(problem.start()),
        blocks=NETWORK.blocks,
        **ODD[name],
        **options,
    )
    return problem.follow(
        lambda parts, slopes, loss: problem.parted(steps.step(problem.joined(slopes), loss)), **how(name)
    )


def oracles() -> Iterator[Oracle]:
    for name in IN_OPTAX:
        yield Oracle(name, "optax", partial(_beside, name, partial(_through_optax, name)), ODD[name])
    for name, make in IN_PYTORCH.items():
        theirs = partial(_through_torch, name, make)
        yield Oracle(name, "pytorch", partial(_beside, name, theirs), ODD[name])
    for name, make in IN_PYTORCH_OPTIMIZER.items():
        theirs = partial(_through_torch, name, make)
        yield Oracle(name, "pytorch_optimizer", partial(_beside, name, theirs), ODD[name])
    for name in scoped_derivations.DERIVATIONS:
        theirs = partial(scoped_derivations.course, name, ODD[name], **how(name))
        yield Oracle(name, DERIVATION, partial(_beside, name, theirs), ODD[name])


def _beside(name: str, theirs: Callable[[], np.ndarray]) -> float:
    return problem.difference(our_course(name), theirs())


def _betas(our: dict[str, float]) -> dict[str, float]:
    return {"b1": our["beta1"], "b2": our["beta2"], "eps": our["epsilon"]}


def _pair(our: dict[str, float]) -> tuple[float, float]:
    return our["beta1"], our["beta2"]


def _adapted(our: dict[str, float]) -> dict[str, Any]:
    return {
        "learning_rate": our["learning_rate"],
        "betas": _pair(our),
        "eps": our["epsilon"],
        "weight_decay": our["weight_decay"],
        "estim_lr0": our["first_distance"],
    }


def _dowg(optax: Any, our: dict[str, float]) -> Any:
    return optax.contrib.dowg(our["learning_rate"], eps=our["epsilon"])


IN_OPTAX: dict[str, Callable[[Any, dict[str, float]], Any]] = {
    "lamb": lambda optax, our: optax.lamb(
        our["learning_rate"], **_betas(our), weight_decay=our["weight_decay"]
    ),
    "fromage": lambda optax, our: optax.fromage(our["learning_rate"], min_norm=0.0),
    "novograd": lambda optax, our: optax.novograd(
        our["learning_rate"], **_betas(our), weight_decay=our["weight_decay"]
    ),
    "dog": lambda optax, our: optax.contrib.dog(
        our["learning_rate"], ("heuristic", our["first_distance"]), our["epsilon"]
    ),
    "dowg": _dowg,
    "d_adaptation": lambda optax, our: optax.contrib.dadapt_adamw(**_adapted(our)),
    "prodigy": lambda optax, our: optax.contrib.prodigy(**_adapted(our), estim_lr_coef=our["growth"]),
    "mechanic": lambda optax, our: optax.contrib.mechanize(
        optax.adam(our["learning_rate"], **_betas(our)),
        weight_decay=our["weight_decay"],
        eps=our["small"],
        s_init=our["first_scale"],
    ),
    "polyak": lambda optax, our: optax.polyak_sgd(
        our["learning_rate"], f_min=our["lowest_loss"], eps=our["epsilon"]
    ),
    "momo": lambda optax, our: optax.contrib.momo(
        our["learning_rate"], our["momentum"], our["lowest_loss"], our["weight_decay"]
    ),
    "momo_adam": lambda optax, our: optax.contrib.momo_adam(
        our["learning_rate"], **_betas(our), lower_bound=our["lowest_loss"], weight_decay=our["weight_decay"]
    ),
}


def _through_optax(name: str) -> np.ndarray:
    return optax_courses()[name]


@functools.cache
def optax_courses() -> dict[str, np.ndarray]:
    """All of optax's courses in one compiled step: compiling each alone would take most of the time."""
    import jax
    import optax
    import optax.contrib

    with jax.enable_x64(True):
        movers = {
            name: optax.with_extra_args_support(make(optax, ODD[name])) for name, make in IN_OPTAX.items()
        }
        start = [jax.numpy.asarray(part) for part in problem.start()]
        points = dict.fromkeys(movers, start)
        states = {name: mover.init(start) for name, mover in movers.items()}

        @jax.jit
        def step(points: Any, states: Any, slopes: Any, losses: Any) -> Any:
            new_points, new_states = {}, {}
            for name, mover in movers.items():
                update, new_states[name] = mover.update(
                    slopes[name], states[name], points[name], value=losses[name]
                )
                new_points[name] = optax.apply_updates(points[name], update)
            return new_points, new_states

        courses: dict[str, list[np.ndarray]] = {name: [] for name in movers}
        for number in range(problem.STEPS):
            measured = {
                name: problem.loss_and_gradient([np.asarray(part) for part in parts], problem.rows_of(number))
                for name, parts in points.items()
            }
            losses = {name: jax.numpy.asarray(loss) for name, (loss, _) in measured.items()}
            slopes = {name: slope for name, (_, slope) in measured.items()}
            points, states = step(points, states, slopes, losses)
            for name, parts in points.items():
                courses[name].append(problem.joined([np.asarray(part) for part in parts]))
    return {name: np.array(course) for name, course in courses.items()}


def _adafactor(parameters: list[Any], our: dict[str, float]) -> Any:
    import torch

    return torch.optim.Adafactor(
        parameters,
        lr=our["learning_rate"],
        beta2_decay=-our["decay"],
        eps=(our["epsilon"], our["smallest_size"]),
        d=our["clip"],
        weight_decay=our["weight_decay"],
    )


def _lbfgs(parameters: list[Any], our: dict[str, float]) -> Any:
    import torch

    return _Fed(
        "lbfgs",
        parameters,
        torch.optim.LBFGS(
            parameters,
            lr=our["learning_rate"],
            max_iter=1,
            history_size=10,
            tolerance_grad=-1.0,
            tolerance_change=-float("inf"),
        ),
    )


class _Fed:
    """An optimizer that is given the gradients our course met, not those of its own points.

    Differences of gradients are divided by differences of points: roundings double every few steps, and two
    programs that each go their own way part after a hundred steps, however equal they are.
    """

    def __init__(self, name: str, parameters: list[Any], optimizer: Any) -> None:
        self.parameters, self.optimizer = parameters, optimizer
        starts = [problem.joined(problem.start()), *our_course(name)[:-1]]
        batch = how(name).get("batch", problem.BATCH)
        self.slopes = iter(
            [
                problem.loss_and_gradient(problem.parted(point), problem.rows_of(step, batch))[1]
                for step, point in enumerate(starts)
            ]
        )

    def step(self, closure: Any) -> None:
        import torch

        for parameter, slope in zip(self.parameters, next(self.slopes), strict=True):
            parameter.grad = torch.tensor(slope)
        self.optimizer.step(closure)


class _Muon:
    """PyTorch's Muon for weights, laid (outputs, inputs) as there, with its AdamW for vectors."""

    def __init__(self, parameters: list[Any], our: dict[str, float]) -> None:
        import torch

        self.torch = torch
        self.weights = [parameter for parameter in parameters if parameter.ndim == 2]
        self.turned = [torch.nn.Parameter(weight.detach().T.clone()) for weight in self.weights]
        self.muon = torch.optim.Muon(
            self.turned, lr=our["learning_rate"], weight_decay=our["weight_decay"], momentum=our["momentum"]
        )
        self.adamw = torch.optim.AdamW(
            [parameter for parameter in parameters if parameter.ndim == 1],
            lr=our["learning_rate"] * our["vector_share"],
            betas=_pair(our),
            eps=our["epsilon"],
            weight_decay=our["weight_decay"],
        )

    def step(self, closure: Any) -> None:
        with _no_half_precision(self.torch):
            for weight, turned in zip(self.weights, self.turned, strict=True):
                turned.grad = weight.grad.T.clone()
            self.muon.step()
            for weight, turned in zip(self.weights, self.turned, strict=True):
                weight.data.copy_(turned.data.T)
        self.adamw.step()


@contextlib.contextmanager
def _no_half_precision(torch: Any) -> Iterator[None]:
    """PyTorch's Muon rounds to bfloat16 before it iterates; here it does not."""
    rounding = torch.Tensor.bfloat16
    torch.Tensor.bfloat16 = torch.Tensor.clone
    try:
        yield
    finally:
        torch.Tensor.bfloat16 = rounding


IN_PYTORCH: dict[str, Callable[[list[Any], dict[str, float]], Any]] = {
    "adafactor": _adafactor,
    "lbfgs": _lbfgs,
    "muon": _Muon,
}


def _of_pytorch_optimizer(
    title: str, options: dict[str, Any]
) -> Callable[[list[Any], dict[str, float]], Any]:
    def make(parameters: list[Any], our: dict[str, float]) -> Any:
        import pytorch_optimizer

        chosen = {
            name: our[value] if isinstance(value, str) else value(our) if callable(value) else value
            for name, value in options.items()
        }
        return getattr(pytorch_optimizer, title)(parameters, lr=our["learning_rate"], **chosen)

    return make


_DECAY = {"weight_decay": "weight_decay"}
IN_PYTORCH_OPTIMIZER: dict[str, Callable[[list[Any], dict[str, float]], Any]] = {
    "lars": _of_pytorch_optimizer("LARS", {"momentum": "momentum", "trust_coefficient": "trust", **_DECAY}),
    "fromage": _of_pytorch_optimizer("Fromage", {}),
    "novograd": _of_pytorch_optimizer("NovoGrad", {"betas": _pair, "eps": "epsilon", **_DECAY}),
    "stable_adamw": _of_pytorch_optimizer("StableAdamW", {"betas": _pair, "eps": "epsilon", **_DECAY}),
    "adai": _of_pytorch_optimizer(
        "Adai", {"betas": lambda our: (our["beta0"], our["beta2"]), "eps": "epsilon"}
    ),
    "kron": whitened.Kron,
    "adashift": _of_pytorch_optimizer("AdaShift", {"betas": _pair, "eps": "epsilon", "keep_num": 3}),
    "sm3": _of_pytorch_optimizer("SM3", {"momentum": "momentum", "eps": "epsilon"}),
}


def _through_torch(name: str, make: Callable[[list[Any], dict[str, float]], Any]) -> np.ndarray:
    return drivers.through_torch(lambda parameters: make(parameters, ODD[name]), **how(name))
