"""Own formulas as a user would write them, in a file of theirs; none is imported, so its words need no import."""

from pathlib import Path

MINE = '''
import torch_is_not_installed_here as nothing_of_this_is_run

BETA = 0.9


def my_sgd(theta, gradient, *, learning_rate=0.01):
    return theta - learning_rate * gradient


def my_momentum(theta, gradient, velocity, *, learning_rate=0.01, momentum=0.9):
    """A heavy ball of my own."""
    velocity = momentum * velocity - learning_rate * gradient
    return theta + velocity, velocity


def my_rmsprop(theta, gradient, squares, *, learning_rate=0.01, rho=0.99, epsilon=1e-8):
    squares = rho * squares + (1.0 - rho) * (gradient * gradient)
    return theta - learning_rate * gradient / (sqrt(squares) + epsilon), squares


def my_adam(theta, gradient, mean, squares, *, t, learning_rate=0.001, beta1=0.9, beta2=0.999, epsilon=1e-8):
    mean = beta1 * mean + (1 - beta1) * gradient
    squares = beta2 * squares + (1 - beta2) * gradient**2
    step = learning_rate / (1 - beta1**t)
    return theta - step * mean / (sqrt(squares / (1 - beta2**t)) + epsilon), mean, squares


def catalogs_adam_coefficients(t, learning_rate=0.001, beta1=0.9, beta2=0.999, epsilon=1e-8):
    return learning_rate / (1.0 - beta1**t), 1.0 / sqrt(1.0 - beta2**t), beta1, beta2, epsilon


@osolgil.optimizer(title="Adam, copied", parents=("adam",), generalises=("momentum",))
def catalogs_adam(theta, gradient, mean, squares, step_size, root_correction, beta1, beta2, epsilon):
    mean = beta1 * mean + (1.0 - beta1) * gradient
    squares = beta2 * squares + (1.0 - beta2) * (gradient * gradient)
    return theta - step_size * mean / (sqrt(squares) * root_correction + epsilon), mean, squares


def bent(x, share=0.25):
    return where(x > 0, x, share * tanh(x))


def my_relu_derivative(x):
    return where(x > 0.0, 1.0, where(x == x, 0.0, x))


def my_relu(x):
    return maximum(x, 0.0)


def my_square(output, target):
    return (output - target) ** 2
'''


def mine(folder: Path, text: str = MINE, name: str = "mine.py") -> str:
    """The place of a file with formulas."""
    path = folder / name
    path.write_text(text, "utf-8")
    return str(path)
