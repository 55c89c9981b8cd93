"""No learning rate to tune: the step's size is found from how far the parameters have come and the gradients.

D is the distance from the start θ₀ to a minimum, which nobody knows. DoG and DoWG use the largest distance
seen so far; D-Adaptation and Prodigy bound D from below by what the gradients say; Mechanic bets on a scale
as an online learner does. What is called the learning rate here multiplies the found size; leave it at 1.
"""

from osolgil.formulas._vocabulary import absolute, dot, maximum, minimum, norm, sqrt, sum, where
from osolgil.formulas.catalog import add_optimizer


@add_optimizer(
    scope="network",
    state=("start", "largest", "squares"),
    shapes={"largest": (), "squares": ()},
    initial={"start": "theta"},
    defaults={"learning_rate": 1.0, "first_distance": 1e-6, "epsilon": 1e-8},
    title="DoG",
    aliases=("distance_over_gradients",),
    paper="M. Ivgi, O. Hinder, Y. Carmon, arXiv:2302.12022, eq. 1-2",
    year=2023,
    parents=("sgd", "adagrad"),
    changes="Sets γ to the largest distance from the start over the root of the sum of squared gradients.",
    answers="SGD's best learning rate must be searched anew for every problem.",
    peers={
        "pytorch": "not available (the authors' package dog-optimizer)",
        "keras": "not available",
        "optax": "same (optax.contrib.dog)",
    },
)
def dog(theta, gradient, start, largest, squares, learning_rate, first_distance, epsilon):
    """Distance over gradients: r = max |θ_k - θ₀|, G = Σ|g_k|², θ ← θ - γ r/√(G + ε) g; at first r = r_ε (1 + |θ₀|)."""
    largest = maximum(maximum(largest, norm(theta - start)), first_distance * (1.0 + norm(start)))
    squares = squares + dot(gradient, gradient)
    return theta - learning_rate * largest / sqrt(squares + epsilon) * gradient, start, largest, squares


@add_optimizer(
    scope="network",
    state=("start", "squared_distance", "squares"),
    shapes={"squared_distance": (), "squares": ()},
    initial={"start": "theta", "squared_distance": "epsilon"},
    defaults={"learning_rate": 1.0, "epsilon": 1e-4},
    title="DoWG",
    aliases=("distance_over_weighted_gradients",),
    paper="A. Khaled, K. Mishchenko, C. Jin, arXiv:2305.16284, Algorithm 1",
    year=2023,
    parents=("dog",),
    changes="Weighs each squared gradient by the squared distance known when it was measured.",
    answers="DoG gives gradients from long ago, near the start, as much weight as those of now.",
    peers={
        "pytorch": "not available",
        "keras": "not available",
        "optax": "same (optax.contrib.dowg)",
    },
)
def dowg(theta, gradient, start, squared_distance, squares, learning_rate, epsilon):
    """DoG with weights: r² = max |θ_k - θ₀|², G = Σ r_k² |g_k|², θ ← θ - γ r²/(√G + ε) g; at first r² = ε."""
    away = theta - start
    squared_distance = maximum(squared_distance, dot(away, away))
    squares = squares + squared_distance * dot(gradient, gradient)
    step_size = learning_rate * squared_distance / (sqrt(squares) + epsilon)
    return theta - step_size * gradient, start, squared_distance, squares


def d_adaptation_coefficients(t, learning_rate, beta1, beta2, epsilon, weight_decay, first_distance):
    """γ √(1 - β₂^t)/(1 - β₁^t) and √β₂, the share with which sums forget."""
    correction = learning_rate * sqrt(1.0 - beta2**t) / (1.0 - beta1**t)
    return correction, beta1, beta2, sqrt(beta2), epsilon, weight_decay


@add_optimizer(
    scope="network",
    state=("mean", "squares", "slopes", "distance", "numerator"),
    shapes={"distance": (), "numerator": ()},
    initial={"distance": "first_distance"},
    defaults={
        "learning_rate": 1.0,
        "beta1": 0.9,
        "beta2": 0.999,
        "epsilon": 1e-8,
        "weight_decay": 0.0,
        "first_distance": 1e-6,
    },
    coefficients=d_adaptation_coefficients,
    title="D-Adaptation (Adam)",
    aliases=("d_adapt", "dadapt_adam", "dadaptation"),
    paper="A. Defazio, K. Mishchenko, arXiv:2301.07733, Algorithm 5",
    year=2023,
    parents=("adamw",),
    changes="Multiplies Adam's step by a lower bound on the distance to a minimum, which grows as steps agree.",
    answers="Adam's best learning rate must be searched anew for every problem.",
    peers={
        "pytorch": "not available (pytorch_optimizer.DAdaptAdam is the same with its bias correction)",
        "keras": "not available",
        "optax": "same (optax.contrib.dadapt_adamw)",
    },
)
def d_adaptation(
    theta, gradient, mean, squares, slopes, distance, numerator, correction, beta1, beta2, kept, epsilon,
    weight_decay,
):  # fmt: skip
    """Adam in units of d ← max(d, Σ γ_k ⟨g_k, s/√v⟩/|s|₁), where s = Σ γ_k g_k: how far the steps so far agree."""
    rate = distance * correction
    agreement = dot(gradient, slopes / (sqrt(squares) + epsilon))
    mean = beta1 * mean + (1.0 - beta1) * rate * gradient
    squares = beta2 * squares + (1.0 - beta2) * (gradient * gradient)
    slopes = kept * slopes + (1.0 - kept) * rate * gradient
    numerator = kept * numerator + (1.0 - kept) * rate * agreement
    total = (1.0 - kept) * sum(absolute(slopes))
    distance = maximum(distance, where(total > 0.0, numerator, 0.0) / where(total > 0.0, total, 1.0))
    step = mean / (sqrt(squares) + epsilon) + weight_decay * rate * theta
    return theta - step, mean, squares, slopes, distance, numerator


def prodigy_coefficients(t, learning_rate, beta1, beta2, epsilon, weight_decay, first_distance, growth):
    """γ √(1 - β₂^t)/(1 - β₁^t) and √β₂, the share with which sums forget."""
    correction = learning_rate * sqrt(1.0 - beta2**t) / (1.0 - beta1**t)
    return correction, beta1, beta2, sqrt(beta2), epsilon, weight_decay, first_distance, growth


@add_optimizer(
    scope="network",
    state=("start", "mean", "squares", "slopes", "distance", "numerator"),
    shapes={"distance": (), "numerator": ()},
    initial={"start": "theta", "distance": "first_distance"},
    defaults={
        "learning_rate": 1.0,
        "beta1": 0.9,
        "beta2": 0.999,
        "epsilon": 1e-8,
        "weight_decay": 0.0,
        "first_distance": 1e-6,
        "growth": 1.0,
    },
    coefficients=prodigy_coefficients,
    title="Prodigy",
    paper="K. Mishchenko, A. Defazio, arXiv:2306.06101, Algorithm 4",
    year=2023,
    parents=("d_adaptation",),
    changes="Measures agreement with the way back to the start, and weighs gradients by d² so that d grows faster.",
    answers="D-Adaptation's bound forgets slowly what it learned when d was far too small.",
    peers={
        "pytorch": "not available (pytorch_optimizer.Prodigy is the same with bias_correction=True)",
        "keras": "not available",
        "optax": "same (optax.contrib.prodigy)",
    },
)
def prodigy(
    theta, gradient, start, mean, squares, slopes, distance, numerator, correction, beta1, beta2, kept,
    epsilon, weight_decay, first_distance, growth,
):  # fmt: skip
    """Adam in units of d ← max(d, r/|s|₁), r = Σ d_k² γ_k ⟨g_k, θ₀ - θ_k⟩, s = Σ d_k² γ_k g_k (both forget by √β₂)."""
    rate, scaled = distance * correction, distance * gradient
    agreement = dot(gradient, start - theta)
    mean = beta1 * mean + (1.0 - beta1) * scaled
    squares = beta2 * squares + (1.0 - beta2) * (scaled * scaled)
    slopes = kept * slopes + rate / first_distance * scaled
    numerator = kept * numerator + distance / first_distance * rate * agreement
    total = sum(absolute(slopes))
    distance = maximum(distance, where(total > 0.0, growth * numerator, 0.0) / where(total > 0.0, total, 1.0))
    step = rate * (mean / (sqrt(squares) + distance * epsilon) + weight_decay * theta)
    return theta - step, start, mean, squares, slopes, distance, numerator


def mechanic_coefficients(t, learning_rate, beta1, beta2, epsilon, weight_decay, first_scale, small):
    """Adam's, and what Mechanic needs."""
    return (
        learning_rate / (1.0 - beta1**t),
        1.0 / sqrt(1.0 - beta2**t),
        beta1,
        beta2,
        epsilon,
        weight_decay,
        first_scale,
        small,
    )


@add_optimizer(
    scope="network",
    state=("start", "mean", "squares", "scales", "largest", "variances", "rewards", "shares"),
    shapes=dict.fromkeys(("scales", "largest", "variances", "rewards", "shares"), (6,)),
    initial={
        "start": "theta",
        "scales": "first_scale",
        "shares": (0.9, 0.99, 0.999, 0.9999, 0.99999, 0.999999),
    },
    defaults={
        "learning_rate": 1.0,
        "beta1": 0.9,
        "beta2": 0.999,
        "epsilon": 1e-8,
        "weight_decay": 0.01,
        "first_scale": 1e-6,
        "small": 1e-8,
    },
    coefficients=mechanic_coefficients,
    title="Mechanic (Adam)",
    aliases=("mechanize", "mechanized_adam"),
    paper="A. Cutkosky, A. Defazio, H. Mehta, arXiv:2306.00144, Algorithm 1, with the clipping of the authors' code",
    year=2023,
    parents=("adam",),
    changes="Bets on a scale for the sum of Adam's steps, by what the gradient says of the way gone so far.",
    answers="Every optimizer needs its learning rate tuned, and each by other rules.",
    peers={
        "pytorch": "not available (the authors' package mechanic-pytorch)",
        "keras": "not available",
        "optax": "same (optax.contrib.mechanize around optax.adam)",
    },
)
def mechanic(
    theta, gradient, start, mean, squares, scales, largest, variances, rewards, shares, step_size,
    root_correction, beta1, beta2, epsilon, weight_decay, first_scale, small,
):  # fmt: skip
    """θ = θ₀ - S Δ, Δ the sum of Adam's steps: S grows while h = ⟨g, Δ⟩ is positive, like the wealth of a bettor."""
    scale = sum(scales)
    decayed = gradient + weight_decay * scale * norm(gradient) / (norm(theta) + small) * theta
    gone = (start - theta) / (scale + small)
    mean = beta1 * mean + (1.0 - beta1) * gradient
    squares = beta2 * squares + (1.0 - beta2) * (gradient * gradient)
    way = gone + step_size * mean / (sqrt(squares) * root_correction + epsilon)
    gain = dot(decayed, gone)
    clipped = minimum(maximum(gain, -largest), largest)
    largest = maximum(shares * largest, absolute(gain) + small)
    variances = shares * shares * variances + gain * gain
    rewards = shares * rewards + clipped * scales
    wealth = first_scale / 6.0 * largest + maximum(rewards, 0.0)
    scales = wealth / (sqrt(variances) + small)
    return start - sum(scales) * way, start, mean, squares, scales, largest, variances, rewards, shares
