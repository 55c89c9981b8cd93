"""Momentum: the step goes on in a direction like the last one.

The lecture adds v_{n-1} to θ although its own v_n = Σ ρ^(n-i) (-γ g_i) would add ρ v_{n-1}. The usual form is
`momentum`; the literal reading is `momentum_literal`, which weighs every past gradient by 1/ρ more.
"""

from osolgil.formulas.catalog import add_optimizer

POLYAK = "B. Polyak, Some methods of speeding up the convergence of iteration methods, 1964, eq. 9"


@add_optimizer(
    state=("velocity",),
    defaults={"learning_rate": 0.01, "momentum": 0.9},
    title="Momentum",
    aliases=("sgd_momentum", "heavy_ball"),
    paper=POLYAK,
    year=1964,
    parents=("sgd",),
    generalises=("sgd",),
    changes="Adds a share ρ of the last step to this one.",
    answers="Steps zigzag across a ravine and creep along it.",
    peers={
        "pytorch": "same while γ is constant (its buffer holds Σ ρ^i g and is multiplied by γ)",
        "keras": "same",
        "optax": "same while γ is constant (its trace holds Σ ρ^i g)",
    },
)
def momentum(theta, gradient, velocity, learning_rate, momentum):
    """A heavy ball rolling down: v ← ρ v - γ g, θ ← θ + v."""
    velocity = momentum * velocity - learning_rate * gradient
    return theta + velocity, velocity


@add_optimizer(
    state=("velocity",),
    defaults={"learning_rate": 0.01, "momentum": 0.9},
    title="Momentum (literal)",
    paper='Lecture "모두의 딥러닝", slide Momentum, as its formula literally stands',
    year=2017,
    parents=("momentum",),
    generalises=(),
    changes="Adds the last velocity whole, where momentum adds ρ of it.",
    answers="What the lecture's formula does when it is read as it stands.",
    peers={
        "pytorch": "not available: past gradients weigh 1/ρ more than in torch.optim.SGD",
        "keras": "not available: past gradients weigh 1/ρ more",
        "optax": "not available: past gradients weigh 1/ρ more",
    },
)
def momentum_literal(theta, gradient, velocity, learning_rate, momentum):
    """The lecture's formula read literally: θ ← θ + v_{n-1} - γ g_n with v_n = ρ v_{n-1} - γ g_n."""
    return theta + velocity - learning_rate * gradient, momentum * velocity - learning_rate * gradient


@add_optimizer(
    state=("velocity",),
    defaults={"learning_rate": 0.01, "momentum": 0.9},
    title="Nesterov",
    aliases=("nag", "nesterov_momentum"),
    paper="Y. Nesterov 1983; in this form: I. Sutskever et al., ICML 2013; Y. Bengio et al., arXiv:1212.0901",
    year=1983,
    parents=("momentum",),
    generalises=("sgd",),
    changes="Measures the slope where the momentum is about to carry the parameters.",
    answers="Momentum notices too late that it has gone past the valley.",
    peers={
        "pytorch": "same while γ is constant (nesterov=True)",
        "keras": "same (nesterov=True)",
        "optax": "same while γ is constant (nesterov=True)",
    },
)
def nesterov(theta, gradient, velocity, learning_rate, momentum):
    """Looks ahead before it measures the slope: v ← ρ v - γ g, θ ← θ + ρ v - γ g.

    θ here is the point looked ahead to, so that g is measured at θ as for every other optimizer.
    """
    velocity = momentum * velocity - learning_rate * gradient
    return theta + momentum * velocity - learning_rate * gradient, velocity
