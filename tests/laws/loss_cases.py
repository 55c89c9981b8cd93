"""Every loss with batches it fits, and with what others compute: the loss of each row of a batch."""

import functools

import jax
import numpy as np
import optax
import scipy.spatial
import scipy.special
import sklearn.metrics
from sklearn.linear_model import _sgd_fast

from osolgil.formulas import catalog
from osolgil.formulas.catalog import Loss

ROWS = list(catalog.losses().values())


def odd(row: Loss) -> Loss:
    """The row with hyperparameters far from their defaults."""
    values = {}
    for name, default in row.settings.items():
        low, high = map(float, row.limits[name][1:-1].split(","))
        values[name] = low + 0.37 * (high - low) if np.isfinite(high) else 1.25 * default + 0.15
    return row.having(values)


SET_ROWS = ROWS + [odd(row) for row in ROWS if row.settings]


def batch(row, rows=40, outputs=5, size=4.0, seed=0):
    """Outputs of any size, and targets as the task has them."""
    random = np.random.default_rng(seed)
    values = size * random.normal(size=(rows, outputs))
    if "multi-label" in row.tasks:
        return values, (random.uniform(size=(rows, outputs)) < 0.4).astype(float)
    if row.task == "classification":
        return values, np.eye(outputs)[random.integers(0, outputs, rows)]
    if row.targets == "zero or more":
        return values, random.poisson(1.5, (rows, outputs)).astype(float)
    if row.targets == "positive":
        return values, random.gamma(2.0, 3.0, (rows, outputs))
    return values, random.normal(size=(rows, outputs))


def numpy_loss(row, outputs, targets):
    """Loss and slope of every element, in NumPy."""
    return row.losses(outputs, targets), row.slopes(outputs, targets)


def _rows(function, outputs, targets):
    """A function of two vectors, applied row by row."""
    return np.array([function(z, y) for z, y in zip(outputs, targets, strict=True)])


def _elements(function, outputs, targets):
    """A function of two numbers, applied element by element and summed over rows."""
    return np.vectorize(function)(outputs, targets).sum(-1)


def _smoothed(targets, label_smoothing):
    return np.asarray(optax.smooth_labels(targets, label_smoothing))


def _sklearn_metric(metric, scale, outputs, targets, **options):
    def one(z, y):
        return scale * metric([y], [z], **options)

    return _elements(one, outputs, targets)


def _deviance(power, outputs, targets):
    def one(z, y):
        return 0.5 * sklearn.metrics.mean_tweedie_deviance([y], [np.exp(z)], power=power)

    return _elements(one, outputs, targets)


def _sgd(loss, outputs, targets):
    """scikit-learn's own loss of one prediction and one target."""
    return _elements(lambda z, y: loss.py_loss(float(z), float(y)), outputs, targets)


def _log_probabilities(outputs):
    return scipy.special.log_softmax(outputs, axis=-1)


def _softmax_focal(outputs, targets, gamma):
    def one(z, y):
        log_true = _log_probabilities(z)[y.argmax()]
        return -((-np.expm1(log_true)) ** gamma) * log_true

    return _rows(one, outputs, targets)


def _focal(outputs, targets, gamma):
    def one(z, y):
        right = z if y == 1 else -z
        return -(scipy.special.expit(-right) ** gamma) * scipy.special.log_expit(right)

    return _elements(one, outputs, targets)


def _binary(outputs, targets):
    log_yes, log_no = scipy.special.log_expit(outputs), scipy.special.log_expit(-outputs)
    return -(targets * log_yes + (1 - targets) * log_no).sum(-1)


def _expectile(outputs, targets, quantile):
    def one(z, y):
        return (quantile if y > z else 1 - quantile) * (y - z) ** 2

    return _elements(one, outputs, targets)


# by SciPy, scikit-learn, or loops over single numbers
SCIPY = {
    "softmax_cross_entropy": lambda z, y, label_smoothing: (
        -(_smoothed(y, label_smoothing) * _log_probabilities(z)).sum(-1)
    ),
    "kl_divergence": lambda z, y, label_smoothing: (
        scipy.special.xlogy(_smoothed(y, label_smoothing), _smoothed(y, label_smoothing))
        - _smoothed(y, label_smoothing) * _log_probabilities(z)
    ).sum(-1),
    "softmax_focal": _softmax_focal,
    "poly_cross_entropy": lambda z, y, epsilon: (
        (-y * _log_probabilities(z)).sum(-1) - epsilon * np.expm1((y * _log_probabilities(z)).sum(-1))
    ),
    "cosine": lambda z, y: _rows(scipy.spatial.distance.cosine, z, y),
    "binary_cross_entropy": _binary,
    "focal": _focal,
    "hinge": lambda z, y: _sgd(_sgd_fast.Hinge(1.0), z, 2 * y - 1),
    "squared_hinge": lambda z, y: _sgd(_sgd_fast.SquaredHinge(1.0), z, 2 * y - 1),
    "perceptron": lambda z, y: _sgd(_sgd_fast.Hinge(0.0), z, 2 * y - 1),
    "squared_error": lambda z, y: _rows(sklearn.metrics.mean_squared_error, z, y) * z.shape[-1],
    "absolute_error": lambda z, y: _rows(sklearn.metrics.mean_absolute_error, z, y) * z.shape[-1],
    "huber": lambda z, y, delta: scipy.special.huber(delta, z - y).sum(-1),
    "smooth_l1": lambda z, y, beta: scipy.special.huber(beta, z - y).sum(-1) / beta,
    "log_cosh": lambda z, y: (np.logaddexp(z - y, y - z) - np.log(2)).sum(-1),
    "pinball": lambda z, y, quantile: _sklearn_metric(
        sklearn.metrics.mean_pinball_loss, 1.0, z, y, alpha=quantile
    ),
    "expectile": _expectile,
    "epsilon_insensitive": lambda z, y, epsilon: _sgd(_sgd_fast.EpsilonInsensitive(epsilon), z, y),
    "squared_epsilon_insensitive": lambda z, y, epsilon: _sgd(
        _sgd_fast.SquaredEpsilonInsensitive(epsilon), z, y
    ),
    "poisson": functools.partial(_deviance, 1.0),
    "gamma": functools.partial(_deviance, 2.0),
    "tweedie": lambda z, y, power: _deviance(power, z, y),
}

# what stands behind each of these
SOURCES = {
    "softmax_cross_entropy": "SciPy log_softmax, optax smooth_labels",
    "kl_divergence": "SciPy xlogy and log_softmax",
    "softmax_focal": "loops over rows, SciPy log_softmax",
    "poly_cross_entropy": "SciPy log_softmax",
    "cosine": "SciPy distance.cosine",
    "binary_cross_entropy": "SciPy log_expit",
    "focal": "loops over numbers, SciPy log_expit",
    "hinge": "scikit-learn's SGD loss Hinge(1)",
    "squared_hinge": "scikit-learn's SGD loss SquaredHinge",
    "perceptron": "scikit-learn's SGD loss Hinge(0)",
    "squared_error": "scikit-learn mean_squared_error",
    "absolute_error": "scikit-learn mean_absolute_error",
    "huber": "SciPy huber",
    "smooth_l1": "SciPy huber",
    "log_cosh": "NumPy logaddexp",
    "pinball": "scikit-learn mean_pinball_loss",
    "expectile": "loops over numbers; SciPy expectile has its minimum",
    "epsilon_insensitive": "scikit-learn's SGD loss EpsilonInsensitive",
    "squared_epsilon_insensitive": "scikit-learn's SGD loss SquaredEpsilonInsensitive",
    "poisson": "scikit-learn mean_tweedie_deviance",
    "gamma": "scikit-learn mean_tweedie_deviance",
    "tweedie": "scikit-learn mean_tweedie_deviance",
}

# by optax, whose gradients JAX derives
OPTAX = {
    "softmax_cross_entropy": lambda z, y, label_smoothing: optax.softmax_cross_entropy(
        z, optax.smooth_labels(y, label_smoothing)
    ),
    "kl_divergence": lambda z, y, label_smoothing: optax.losses.kl_divergence(
        _traced_log_softmax(z), optax.smooth_labels(y, label_smoothing)
    ),
    "poly_cross_entropy": lambda z, y, epsilon: optax.losses.poly_loss_cross_entropy(z, y, epsilon=epsilon),
    "cosine": lambda z, y: optax.losses.cosine_distance(z, y),
    "binary_cross_entropy": lambda z, y: optax.sigmoid_binary_cross_entropy(z, y).sum(-1),
    "focal": lambda z, y, gamma: optax.losses.sigmoid_focal_loss(z, y, gamma=gamma).sum(-1),
    "hinge": lambda z, y: optax.losses.hinge_loss(z, 2 * y - 1).sum(-1),
    "perceptron": lambda z, y: optax.losses.perceptron_loss(z, 2 * y - 1).sum(-1),
    "squared_error": lambda z, y: optax.squared_error(z, y).sum(-1),
    "huber": lambda z, y, delta: optax.huber_loss(z, y, delta=delta).sum(-1),
    "log_cosh": lambda z, y: optax.log_cosh(z, y).sum(-1),
}


def _traced_log_softmax(outputs):
    """log softmax in JAX's words, so that JAX can differentiate it."""
    return jax.nn.log_softmax(outputs)


def oracle(row, table=SCIPY):
    """The row's loss as others compute it, with the row's hyperparameters."""
    return functools.partial(table[row.name], **row.settings)
