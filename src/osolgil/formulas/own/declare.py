"""Decorators that say more about an own formula than its text does; a plain function needs none of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

Function = TypeVar("Function", bound=Callable[..., Any])


def optimizer(
    function: Any = None,
    *,
    coefficients: Callable[..., Any] | None = None,
    title: str | None = None,
    parents: Sequence[str] = (),
    generalises: Sequence[str] = (),
) -> Any:
    """Declare an optimizer of your own, to race it beside the catalog's: `optimizers=["adam", mine]`.

    A plain function is an optimizer already. Its arguments are the parameter θ, its gradient, then the states it
    carries from step to step (without a default, all 0 at first), then the hyperparameters with their defaults,
    among them `learning_rate`; `t`, where it is named, is the number of the step, from 1. It returns the new
    parameter and the new states. All are numbers: one element of the network at a time.

    Args:
        coefficients: a function (t, hyperparameters with defaults) of what is computed once per step; the
            optimizer's last arguments are then what it returns. Not needed: parts of the formula that depend on
            t and hyperparameters alone are moved there by themselves.
        title: its name in reports. parents: what it descends from, names of the catalog.
        generalises: optimizers it contains as special cases; where it loses to one, it is searched further.

    >>> @optimizer(title="Sign momentum", parents=("momentum", "sgd"))
    ... def sign_momentum(theta, gradient, velocity, *, learning_rate=0.001, memory=0.9):
    ...     velocity = memory * velocity + gradient
    ...     return theta - learning_rate * sign(velocity), velocity
    """
    facts = {"title": title, "parents": parents, "generalises": generalises, "coefficients": coefficients}
    return _declared("optimizer", function, facts)


def activation(
    function: Any = None, *, derivative: Callable[..., Any] | None = None, title: str | None = None
) -> Any:
    """Declare an activation of your own: `activation=mine`.

    A plain function of x (further arguments have numbers as defaults) is an activation already. Its derivative is
    the function given here, or a second function called `<name>_derivative` beside it, or else found by the chain
    rule. A derivative that disagrees with the slope of the function is refused.

    >>> @activation(title="Bell")
    ... def bell(x, width=1.0):
    ...     return exp(-(x / width) ** 2)
    """
    return _declared("activation", function, {"title": title, "derivative": derivative})


def loss(
    function: Any = None, *, task: str | None = None, derivative: Callable[..., Any] | None = None,
    title: str | None = None,
) -> Any:  # fmt: skip
    """Declare a loss of your own: `loss=mine`, a function of an output and its target, summed over the outputs.

    task: "regression" (the default) or "classification" (targets are then 0 or 1 for each class). The derivative,
    with respect to the output, is given or found as for an activation.

    >>> @loss(task="regression")
    ... def fourth_power(output, target):
    ...     return (output - target) ** 4
    """
    return _declared("loss", function, {"title": title, "task": task, "derivative": derivative})


def _declared(kind: str, function: Any, facts: dict[str, Any]) -> Any:
    def mark(formula: Function) -> Function:
        formula.__osolgil__ = {"kind": kind, **facts}  # type: ignore[attr-defined]
        return formula

    return mark if function is None else mark(function)
