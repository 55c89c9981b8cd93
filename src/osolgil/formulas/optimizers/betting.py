"""Betting: each coordinate stakes a share of what it has won on the sign of the next gradient."""

from osolgil.formulas._vocabulary import absolute, maximum
from osolgil.formulas.catalog import add_optimizer


@add_optimizer(
    state=("total", "largest", "path", "reward", "bet"),
    defaults={"learning_rate": 1.0, "alpha": 100.0, "epsilon": 1e-8},
    title="COCOB",
    aliases=("cocob_backprop",),
    paper="F. Orabona, T. Tommasi, arXiv:1705.07795, Algorithm 2",
    year=2017,
    parents=("adagrad", "dual_averaging"),
    changes="Bets a share of the reward won so far on the sum of gradients, instead of scaling it by a rate.",
    answers="Every learning rate must be tuned; a gambler who bets optimally needs none.",
    peers={
        "pytorch": "not available",
        "keras": "not available",
        "optax": "same at γ = 1 (its learning_rate multiplies the gradients, which changes nothing)",
    },
)
def cocob(theta, gradient, total, largest, path, reward, bet, learning_rate, alpha, epsilon):
    """Continuous coin betting: L, G = max and sum of |g|, R ← max(R - g w, 0), w = C (L + R)/(L max(G + L, α L)).

    C = -Σ g, and θ = θ₀ + γ w; the paper's γ is 1.
    """
    size = absolute(gradient)
    total = total - gradient
    largest = maximum(largest, maximum(size, epsilon))
    path = path + size
    reward = maximum(reward - gradient * bet, 0.0)
    stake = total / (largest * maximum(path + largest, alpha * largest)) * (largest + reward)
    return theta + learning_rate * (stake - bet), total, largest, path, reward, stake
