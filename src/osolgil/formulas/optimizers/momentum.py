"""Momentum: the step goes on in a direction like the last one.

The lecture adds v_{n-1} to θ although its own v_n = Σ ρ^(n-i) (-γ g_i) would add ρ v_{n-1}. The usual form is
`momentum`; the literal reading is `momentum_literal`, which weighs every past gradient by 1/ρ more.
"""

from osolgil.formulas.catalog import NOT_AVAILABLE, add_optimizer

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


def sgdw_coefficients(t, learning_rate, momentum, weight_decay):
    """The share 1 - γ λ of each parameter that is kept, and momentum's own scalars."""
    return 1.0 - learning_rate * weight_decay, learning_rate, momentum


@add_optimizer(
    state=("velocity",),
    defaults={"learning_rate": 0.01, "momentum": 0.9, "weight_decay": 0.01},
    coefficients=sgdw_coefficients,
    title="SGDW",
    paper="I. Loshchilov, F. Hutter, arXiv:1711.05101, Algorithm 1",
    year=2017,
    parents=("momentum",),
    generalises=("momentum",),
    changes="Shrinks the parameters directly instead of adding the decay to the gradient.",
    answers="L2 in the gradient ties the best weight decay to the learning rate and the momentum.",
    peers={
        "pytorch": "its weight_decay is added to the gradient; agrees without decay only",
        "keras": "SGD has no weight decay by default; the same with weight_decay",
        "optax": "not available as one optimizer",
    },
)
def sgdw(theta, gradient, velocity, kept, learning_rate, momentum):
    """Momentum with weight decay of its own: v ← ρ v - γ g, θ ← (1 - γ λ) θ + v."""
    velocity = momentum * velocity - learning_rate * gradient
    return kept * theta + velocity, velocity


@add_optimizer(
    state=("mean",),
    defaults={"learning_rate": 0.1, "beta": 0.999, "nu": 0.7},
    title="QHM",
    aliases=("quasi_hyperbolic_momentum",),
    paper="J. Ma, D. Yarats, arXiv:1810.06801, section 3",
    year=2018,
    parents=("momentum", "nesterov"),
    generalises=("sgd", "momentum", "nesterov"),
    changes="Steps along a mixture of the mean and the gradient of the moment, ν and 1 - ν of each.",
    answers="A long memory makes momentum slow to react to the gradient it has just seen.",
    peers=NOT_AVAILABLE,
)
def qhm(theta, gradient, mean, learning_rate, beta, nu):
    """A share of momentum, a share of plain SGD: m ← β m + (1 - β) g, θ ← θ - γ [(1 - ν) g + ν m].

    ν = 0 is SGD, ν = 1 momentum and ν = β Nesterov, both at the learning rate γ (1 - β).
    """
    mean = beta * mean + (1.0 - beta) * gradient
    return theta - learning_rate * ((1.0 - nu) * gradient + nu * mean), mean


@add_optimizer(
    state=("velocity1", "velocity2", "velocity3"),
    defaults={"learning_rate": 0.1, "beta1": 0.0, "beta2": 0.9, "beta3": 0.99},
    title="AggMo",
    aliases=("aggregated_momentum",),
    paper="J. Lucas, S. Sun, R. Zemel, R. Grosse, arXiv:1804.00325, section 3, with K = 3",
    year=2018,
    parents=("momentum",),
    generalises=("momentum",),
    changes="Averages the steps of three velocities of different memory.",
    answers="A momentum large enough for the flattest direction oscillates in the steep ones.",
    peers=NOT_AVAILABLE,
)
def aggmo(theta, gradient, velocity1, velocity2, velocity3, learning_rate, beta1, beta2, beta3):
    """Several velocities damp one another: vᵢ ← βᵢ vᵢ - g, θ ← θ + γ (v₁ + v₂ + v₃)/3."""
    velocity1 = beta1 * velocity1 - gradient
    velocity2 = beta2 * velocity2 - gradient
    velocity3 = beta3 * velocity3 - gradient
    step = learning_rate / 3.0 * (velocity1 + velocity2 + velocity3)
    return theta + step, velocity1, velocity2, velocity3


def accsgd_coefficients(t, learning_rate, kappa, xi, damping):
    """Long and short step, the share of the long run's new point, and the weight of the short run."""
    share = xi * damping**2 / kappa
    long_step = learning_rate * kappa / damping
    return learning_rate, share, share * long_step, damping / (damping + share)


@add_optimizer(
    state=("lag",),
    defaults={"learning_rate": 0.01, "kappa": 1000.0, "xi": 10.0, "damping": 0.7},
    coefficients=accsgd_coefficients,
    title="AccSGD",
    aliases=("accelerated_sgd",),
    paper="R. Kidambi, P. Netrapalli, P. Jain, S. Kakade, arXiv:1803.05591",
    year=2018,
    parents=("nesterov",),
    changes="Couples a short step with a long one whose length and memory are set apart.",
    answers="Momentum and Nesterov need not be faster than SGD when gradients are noisy.",
    peers=NOT_AVAILABLE,
)
def accsgd(theta, gradient, lag, learning_rate, share, long_step, short_weight):
    """Two runs coupled, w far ahead of θ: w ← (1-α) w + α (θ - γκ/δ g), θ ← ζ (θ - γ g) + (1-ζ) w.

    The state holds w - θ, which starts at 0; α = ξ δ²/κ and ζ = δ/(δ + α).
    """
    reach = (1.0 - share) * lag - long_step * gradient
    step = (1.0 - short_weight) * reach - short_weight * learning_rate * gradient
    return theta + step, reach - step
