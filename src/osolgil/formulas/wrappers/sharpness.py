"""The gradient measured a second time, at the worst point nearby: flat valleys are preferred to sharp ones.

Each step costs two gradients on the same batch.
"""

from osolgil.formulas._vocabulary import absolute, norm
from osolgil.formulas.catalog import add_wrapper


def back(theta, gradient, origin):
    """The second gradient moves the first point."""
    return origin, gradient, origin


@add_wrapper(
    hook="probe",
    hooks={"resume": back},
    scope="network",
    state=("origin",),
    defaults={"radius": 0.05},
    title="SAM",
    aliases=("sharpness_aware",),
    paper="P. Foret, A. Kleiner, H. Mobahi, B. Neyshabur, arXiv:2010.01412, Algorithm 1",
    year=2020,
    changes="Uses the gradient at the highest point within a radius instead of the one at the weights.",
    answers="A sharp valley fits the training rows and not the others.",
    peers={
        "pytorch": "same (pytorch_optimizer's SAM)",
        "keras": "not available",
        "optax": "same (contrib.sam with a normalised gradient step)",
    },
)
def sam(theta, gradient, origin, radius):
    """Climbs first: the gradient is measured at θ + ρ g/|g|, and moves θ."""
    return theta + radius * gradient / (norm(gradient) + 1e-12), theta


@add_wrapper(
    hook="probe",
    hooks={"resume": back},
    scope="network",
    state=("origin",),
    defaults={"radius": 0.5},
    title="Adaptive SAM",
    aliases=("adaptive_sam",),
    paper="J. Kwon, J. Kim, H. Park, I. Choi, arXiv:2102.11600, Algorithm 1 with η = 0",
    year=2021,
    parents=("sam",),
    changes="Measures the radius in units of each weight's own size.",
    answers="Rescaling a layer's weights changes how sharp a valley looks, though the network stays the same.",
    peers={
        "pytorch": "same (pytorch_optimizer's SAM with adaptive=True)",
        "keras": "not available",
        "optax": "not available",
    },
)
def asam(theta, gradient, origin, radius):
    """Climbs in proportion to the weights: θ + ρ θ² g/||θ| g|."""
    length = norm(absolute(theta) * gradient) + 1e-12
    return theta + radius * theta * theta * gradient / length, theta
