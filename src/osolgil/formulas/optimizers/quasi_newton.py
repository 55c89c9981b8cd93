"""Curvature from the gradients themselves: y = g_n - g_{n-1} says how the slope changed along s = θ_n - θ_{n-1}."""

from osolgil.formulas._vocabulary import absolute, dot, member, minimum, pushed, row_sums, sum, where
from osolgil.formulas.catalog import add_optimizer


def lbfgs_coefficients(t, learning_rate, least_curvature):
    """Whether this is the first step, which knows no curvature."""
    return learning_rate, where(t > 1.0, 0.0, 1.0), least_curvature


@add_optimizer(
    scope="network",
    full_batch=True,
    state=("moves", "changes", "theta_before", "gradient_before", "scale"),
    shapes={"moves": (10, "size"), "changes": (10, "size"), "scale": ()},
    initial={"theta_before": "theta", "scale": 1.0},
    defaults={"learning_rate": 1.0, "least_curvature": 1e-10},
    coefficients=lbfgs_coefficients,
    title="L-BFGS",
    aliases=("l_bfgs",),
    paper="D. Liu, J. Nocedal, On the limited memory BFGS method, Math. Programming 45, 1989, Algorithm 2.1",
    year=1989,
    parents=("gradient_descent",),
    changes="Multiplies the gradient by an inverse Hessian built from the last ten changes of the gradient.",
    answers="Gradient descent creeps where the loss bends much more in one direction than in another.",
    peers={
        "pytorch": "same (torch.optim.LBFGS with max_iter=1, history_size=10, no line search, no tolerances)",
        "keras": "not available",
        "optax": "zoom line search by default; scales the first step by 1/|g|₂ instead of 1/|g|₁",
    },
)
def lbfgs(
    theta, gradient, moves, changes, theta_before, gradient_before, scale, learning_rate, is_first,
    least_curvature,
):  # fmt: skip
    """Two loops over the last ten (s, y): θ ← θ - γ H g; a pair with ⟨s, y⟩ near 0 or below is left out.

    The step size is fixed: no line search. All rows are one batch, as differences of gradients measured on
    different rows would mostly be noise.
    """
    move, change = theta - theta_before, gradient - gradient_before
    bend = dot(move, change)
    if bend > least_curvature:
        moves, changes = pushed(moves, move), pushed(changes, change)
        scale = bend / dot(change, change)
    direction = gradient * 1.0
    shares = row_sums(moves) * 0.0
    for k in range(10):
        move, change = member(moves, 9 - k), member(changes, 9 - k)
        bend = dot(move, change)
        inverse = where(bend > 0.0, 1.0, 0.0) / where(bend > 0.0, bend, 1.0)
        share = dot(move, direction) * inverse
        direction = direction - share * change
        shares = pushed(shares, share)
    direction = scale * direction
    for k in range(10):
        move, change = member(moves, k), member(changes, k)
        bend = dot(move, change)
        inverse = where(bend > 0.0, 1.0, 0.0) / where(bend > 0.0, bend, 1.0)
        share = dot(change, direction) * inverse
        direction = direction + (sum(member(shares, 9 - k)) - share) * move
    shortened = where(is_first > 0.0, minimum(1.0, 1.0 / sum(absolute(gradient))), 1.0)
    return theta - learning_rate * shortened * direction, moves, changes, theta, gradient, scale
