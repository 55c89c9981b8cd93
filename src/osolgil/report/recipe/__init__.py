"""The recommended training as complete code for PyTorch, Keras and optax.

Every recipe trains the same network with the same initial scale, loss, optimizer, batches and penalties.
Where a library's optimizer differs from the catalog's, the recipe brings the formula's own source along.
"""

from __future__ import annotations

from typing import Any


def recipes(facts: dict[str, Any]) -> dict[str, str]:
    """File name to code for every library; empty where every run diverged, or where an activation is
    more than a function of one number (softmax, maxout, PReLU …).

    facts: the dictionary in `verdict.json`.
    """
    from osolgil.report.recipe import keras, optax, pytorch
    from osolgil.report.recipe.activations import are_writable
    from osolgil.report.recipe.plan import plan_of

    plan = plan_of(facts)
    if plan is None or not are_writable(plan):
        return {}
    return {
        "recipe_pytorch.py": pytorch.recipe(plan),
        "recipe_keras.py": keras.recipe(plan),
        "recipe_optax.py": optax.recipe(plan),
    }
