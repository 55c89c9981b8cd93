"""Optimizers that turn into another one on the way, when they have learned its learning rate."""

from osolgil.formulas._vocabulary import absolute, dot, sqrt, where
from osolgil.formulas.catalog import add_optimizer
from osolgil.formulas.optimizers.adam import ADAM


def swats_coefficients(t, learning_rate, beta1, beta2, epsilon, tolerance):
    """Adam's corrected rate, 1 - β₂^t, and a tolerance that nothing is within in the first step."""
    correction = 1.0 - beta2**t
    step_size = learning_rate * sqrt(correction) / (1.0 - beta1**t)
    return step_size, correction, beta1, beta2, epsilon, where(t > 1.0, tolerance, -1.0)


@add_optimizer(
    scope="network",
    state=("mean", "squares", "velocity", "mean_rate", "found_rate"),
    shapes={"mean_rate": (), "found_rate": ()},
    defaults={**ADAM, "tolerance": 1e-9},
    coefficients=swats_coefficients,
    title="SWATS",
    paper="N. Keskar, R. Socher, arXiv:1712.07628, Algorithm 1",
    year=2017,
    parents=("adam", "momentum"),
    changes="Starts as Adam and turns into momentum once the learning rate that would match Adam's step is steady.",
    answers="Adam learns fast at first but often ends worse than SGD.",
    peers={
        "pytorch": "not available (pytorch_optimizer.SWATS measures per tensor, and its tolerance is relative)",
        "keras": "not available",
        "optax": "not available",
    },
)
def swats(
    theta, gradient, mean, squares, velocity, mean_rate, found_rate, step_size, correction, beta1, beta2,
    epsilon, tolerance,
):  # fmt: skip
    """Adam until λ̂ = mean of ⟨p, p⟩/⟨p, g⟩ settles, then momentum with γ = λ̂; p is Adam's step."""
    switched = found_rate > 0.0
    mean = beta1 * mean + (1.0 - beta1) * gradient
    squares = beta2 * squares + (1.0 - beta2) * (gradient * gradient)
    step = step_size * mean / (sqrt(squares) + epsilon)
    slope = dot(step, gradient)
    rate = where(slope == 0.0, mean_rate, dot(step, step) / slope)
    mean_rate = where(slope == 0.0, mean_rate, beta2 * mean_rate + (1.0 - beta2) * rate)
    steady = (absolute(mean_rate / correction - rate) < tolerance) & (slope != 0.0) & (mean_rate > 0.0)
    velocity = where(switched, beta1 * velocity + gradient, 0.0)
    step = where(switched, (1.0 - beta1) * found_rate * velocity, step)
    found_rate = where(switched, found_rate, where(steady, mean_rate / correction, 0.0))
    return theta - step, mean, squares, velocity, mean_rate, found_rate
