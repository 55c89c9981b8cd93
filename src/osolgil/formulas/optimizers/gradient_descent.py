"""Gradient descent and its stochastic form: the same update on all rows or on a random part of them."""

from osolgil.formulas.catalog import add_optimizer


@add_optimizer(
    defaults={"learning_rate": 0.1},
    full_batch=True,
    title="Gradient descent",
    aliases=("gd", "batch_gradient_descent"),
    paper="A. Cauchy, Méthode générale pour la résolution des systèmes d'équations simultanées, 1847",
    year=1847,
    changes="Steps against the slope of the loss over all rows.",
    answers="Where does the loss fall, and how far should one go?",
    peers={
        "pytorch": "same (torch.optim.SGD fed all rows at once)",
        "keras": "same (SGD with batch_size = all rows)",
        "optax": "same (sgd fed all rows at once)",
    },
)
def gradient_descent(theta, gradient, learning_rate):
    """Steepest descent on the loss over all rows: θ ← θ - γ g."""
    return theta - learning_rate * gradient


@add_optimizer(
    defaults={"learning_rate": 0.01},
    title="SGD",
    aliases=("stochastic_gradient_descent",),
    paper="H. Robbins, S. Monro, A stochastic approximation method, Annals of Math. Statistics 22, 1951",
    year=1951,
    parents=("gradient_descent",),
    changes="Measures the slope on a random mini-batch instead of all rows.",
    answers="A step over all rows costs too much.",
    peers={"pytorch": "same (momentum=0)", "keras": "same", "optax": "same"},
)
def sgd(theta, gradient, learning_rate):
    """Gradient descent on a random mini-batch: θ ← θ - γ g, with g measured on the batch only."""
    return theta - learning_rate * gradient
