"""Gradients bounded before the optimizer sees them: by value, by the norm of all, of a layer, or of a unit.

One batch of odd rows can give a gradient a hundred times as large as usual, and one such step undoes many.
"""

from osolgil.formulas._vocabulary import (
    column_sums,
    columns,
    maximum,
    minimum,
    norm,
    rows,
    sqrt,
    where,
)
from osolgil.formulas.catalog import add_wrapper

PASCANU = "R. Pascanu, T. Mikolov, Y. Bengio, arXiv:1211.5063, Algorithm 1"


@add_wrapper(
    hook="gradient",
    defaults={"limit": 0.1},
    title="Clipping by value",
    paper="T. Mikolov, Statistical language models based on neural networks, thesis, Brno 2012, section 3.2.2",
    year=2012,
    changes="No element of the gradient is larger than the limit.",
    answers="A single huge element of a gradient throws one weight far away.",
    peers={
        "pytorch": "same (clip_grad_value_)",
        "keras": "same (clipvalue=limit)",
        "optax": "same (clip)",
    },
)
def clip_value(theta, gradient, limit):
    """Cuts every element off at ±c: g ← min(max(g, -c), c)."""
    return minimum(maximum(gradient, -limit), limit)


@add_wrapper(
    hook="gradient",
    scope="network",
    defaults={"limit": 1.0},
    title="Clipping by global norm",
    aliases=("clip", "clip_global_norm"),
    paper=PASCANU,
    year=2012,
    changes="A gradient longer than the limit is shortened to it, its direction kept.",
    answers="Exploding gradients: a step in the right direction, but off the map.",
    peers={
        "pytorch": "adds 1e-6 to the norm (clip_grad_norm_)",
        "keras": "same (global_clipnorm=limit)",
        "optax": "same (clip_by_global_norm)",
    },
)
def clip_norm(theta, gradient, limit):
    """Shortens the whole gradient to length c: g ← g · min(1, c/|g|)."""
    length = norm(gradient)
    return gradient * where(length > limit, limit / length, 1.0)


@add_wrapper(
    hook="gradient",
    scope="layer",
    defaults={"limit": 1.0},
    title="Clipping by layer norm",
    paper=PASCANU + ", applied to each layer",
    year=2012,
    changes="Each weight, bias, gain and shift has its own gradient shortened to the limit.",
    answers="One exploding layer makes the global norm shorten all the others too.",
    peers={
        "pytorch": "adds 1e-6 to the norm (clip_grad_norm_ per parameter)",
        "keras": "same (clipnorm=limit)",
        "optax": "same (partition, with clip_by_global_norm for each layer)",
    },
)
def clip_layer_norm(theta, gradient, limit):
    """Shortens each layer's gradient to length c: g_l ← g_l · min(1, c/|g_l|)."""
    length = norm(gradient)
    return gradient * where(length > limit, limit / length, 1.0)


@add_wrapper(
    hook="gradient",
    scope="layer",
    defaults={"limit": 1.0},
    title="Clipping by root mean square",
    aliases=("clip_block_rms",),
    paper="N. Shazeer, M. Stern, Adafactor, arXiv:1804.04235, section 6",
    year=2018,
    changes="Bounds the root mean square of each layer's gradient, so that wide layers are not punished.",
    answers="A norm grows with the number of weights, and one limit cannot fit all layers.",
    peers={
        "pytorch": "not available",
        "keras": "not available",
        "optax": "same (clip_by_block_rms)",
    },
)
def clip_rms(theta, gradient, limit):
    """Divides each layer's gradient by max(1, rms(g_l)/c)."""
    size = norm(gradient) / sqrt(rows(gradient) * columns(gradient))
    return gradient / maximum(size / limit, 1.0)


def adaptive_clip_of_vectors(theta, gradient, limit, epsilon):
    """A bias, gain or shift is one unit."""
    largest = limit * maximum(norm(theta), epsilon)
    length = norm(gradient)
    return gradient * where(length > largest, largest / maximum(length, 1e-6), 1.0)


@add_wrapper(
    hook="gradient",
    scope="layer",
    vectors=adaptive_clip_of_vectors,
    defaults={"limit": 0.01, "epsilon": 0.001},
    title="Adaptive gradient clipping",
    aliases=("agc",),
    paper="A. Brock, S. De, S. Smith, K. Simonyan, arXiv:2102.06171, eq. 3",
    year=2021,
    parents=("clip_layer_norm",),
    changes="The limit is a share of the norm of the weights that lead into the same unit.",
    answers="A fixed limit must be tuned anew for every depth, batch size and learning rate.",
    peers={
        "pytorch": "same (pytorch_optimizer's agc)",
        "keras": "not available",
        "optax": "same (adaptive_grad_clip)",
    },
)
def adaptive_clip(theta, gradient, limit, epsilon):
    """Shortens the gradient of each unit's weights to a share of their length: |g_u| ≤ c · max(|θ_u|, ε)."""
    largest = limit * maximum(sqrt(column_sums(theta * theta)), epsilon)
    length = sqrt(column_sums(gradient * gradient))
    return gradient * where(length > largest, largest / maximum(length, 1e-6), 1.0)
