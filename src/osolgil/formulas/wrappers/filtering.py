"""The gradient or the step filtered: a part of it left out, or made louder; and decay apart from the gradient."""

from osolgil.formulas._vocabulary import column_sums, columns, maximum, norm, rows, sum, where
from osolgil.formulas.catalog import add_wrapper


def vectors_as_they_are(theta, gradient):
    """A bias, gain or shift has one weight per unit: its mean is not taken out."""
    return gradient


@add_wrapper(
    hook="gradient",
    scope="layer",
    vectors=vectors_as_they_are,
    title="Gradient centralisation",
    aliases=("gc", "centralise", "centralize"),
    paper="H. Yong, J. Huang, X. Hua, L. Zhang, arXiv:2004.01461, eq. 1",
    year=2020,
    changes="Takes the mean out of the gradient of the weights that lead into the same unit.",
    answers="Weights that drift together move a unit's mean, which the next layer must undo.",
    peers={
        "pytorch": "same (pytorch_optimizer's centralize_gradient; its weights lie transposed)",
        "keras": "not available",
        "optax": "takes the mean over outputs, unless weights lie transposed (centralize)",
    },
)
def gradient_centralisation(theta, gradient):
    """Gradients of the weights into a unit sum to zero: g_u ← g_u - mean(g_u)."""
    return gradient - column_sums(gradient) / rows(gradient)


def grokfast_coefficients(t, learning_rate, total_steps, strength, memory):
    """The first gradient is its own mean."""
    return strength, where(t > 1.0, memory, 0.0)


@add_wrapper(
    hook="gradient",
    state=("slow",),
    defaults={"strength": 2.0, "memory": 0.98},
    coefficients=grokfast_coefficients,
    title="Grokfast",
    paper="J. Lee, B. Kang, K. Kim, K. Lee, arXiv:2405.20233, Algorithm 2 (EMA)",
    year=2024,
    changes="Adds the slow part of the gradients, an exponential mean, to each gradient once more.",
    answers="A network generalises long after it has fitted its rows, since slow gradients are weak.",
    peers={
        "pytorch": "same (pytorch_optimizer's gradfilter_ema)",
        "keras": "not available",
        "optax": "not available",
    },
)
def grokfast(theta, gradient, slow, strength, memory):
    """Makes slow gradients louder: s ← α s + (1 - α) g, g ← g + λ s."""
    slow = memory * slow + (1.0 - memory) * gradient
    return gradient + strength * slow, slow


def remember(theta, gradient, origin):
    """Where the step begins."""
    return theta, theta


@add_wrapper(
    hook="after",
    hooks={"before": remember},
    scope="layer",
    state=("origin",),
    title="Cautious",
    paper="K. Liang, L. Chen, B. Liu, Q. Liu, arXiv:2411.16085, Algorithm 1",
    year=2024,
    changes="Leaves out every element of the step that goes against its gradient, and enlarges the others.",
    answers="Momentum may walk uphill for a while after the slope has turned.",
    peers={
        "pytorch": "same (cautious variants of pytorch_optimizer)",
        "keras": "not available",
        "optax": "not available",
    },
)
def cautious(theta, gradient, origin):
    """Only steps downhill: m = [Δθ · g < 0], Δθ ← Δθ · m · n/(Σm + 1) in each layer of n elements."""
    step = theta - origin
    allowed = where(step * gradient < 0.0, 1.0, 0.0)
    share = rows(theta) * columns(theta) / (sum(allowed) + 1.0)
    return origin + step * allowed * share, origin


def decoupled_decay_coefficients(t, learning_rate, total_steps, decay):
    """The share of each parameter that is kept."""
    return 1.0 - learning_rate * decay


@add_wrapper(
    hook="before",
    defaults={"decay": 0.01},
    coefficients=decoupled_decay_coefficients,
    title="Decoupled weight decay",
    aliases=("weight_decay", "decay"),
    paper="I. Loshchilov, F. Hutter, arXiv:1711.05101, Algorithm 1",
    year=2017,
    changes="Shrinks the parameters before each step, apart from the gradient.",
    answers="A penalty in the loss is divided by √v in adaptive optimizers, and hardly shrinks large gradients.",
    peers={
        "pytorch": "same (weight_decay of AdamW)",
        "keras": "same (weight_decay of every optimizer)",
        "optax": "same (add_decayed_weights before the learning rate)",
    },
)
def decoupled_decay(theta, gradient, kept):
    """Shrinks θ by the learning rate times λ: θ ← (1 - γ λ) θ."""
    return kept * theta


@add_wrapper(
    hook="gradient",
    scope="layer",
    defaults={"epsilon": 1e-8},
    title="Normalised gradient",
    aliases=("normalize_gradient",),
    paper="Y. You, I. Gitman, B. Ginsburg, arXiv:1708.03888, section 4; A. Cutkosky, H. Mehta, arXiv:2002.03305",
    year=2017,
    changes="Divides each layer's gradient by its norm: only the direction is left.",
    answers="The gradient's length says how steep the loss is, not how far to go.",
    peers={
        "pytorch": "not available",
        "keras": "not available",
        "optax": "over the whole network (contrib.normalize)",
    },
)
def normalised(theta, gradient, epsilon):
    """Only the direction counts: g_l ← g_l/max(|g_l|, ε) in each layer."""
    return gradient / maximum(norm(gradient), epsilon)
