"""The one schedule that looks at the training: it lowers the learning rate where the validation loss stands still."""

from osolgil.formulas._vocabulary import maximum, where
from osolgil.formulas.catalog import add_schedule


@add_schedule(
    state={"best": float("inf"), "waited": 0.0, "resting": 0.0, "scale": 1.0},
    title="Reduce on plateau",
    aliases=("on_plateau", "plateau"),
    paper="K. He, X. Zhang, S. Ren, J. Sun, Deep residual learning, arXiv:1512.03385, section 3.4",
    year=2015,
    parents=("step",),
    peers={
        "pytorch": "same (ReduceLROnPlateau with threshold_mode='rel'; its patience is 10)",
        "keras": "an absolute min_delta in place of the relative threshold (ReduceLROnPlateau)",
        "optax": "drops one epoch earlier at the same patience (contrib.reduce_on_plateau)",
    },
)
def reduce_on_plateau(
    loss, best, waited, resting, scale, factor=0.1, patience=3.0, threshold=1e-4, cooldown=0.0, smallest=0.0
):
    """After more than `patience` epochs without a better validation loss, multiplies the learning rate by `factor`."""
    better = loss < best * (1.0 - threshold)
    waited = where(better, 0.0, waited + 1.0)
    best = where(better, loss, best)
    waited = where(resting > 0.0, 0.0, waited)
    resting = maximum(resting - 1.0, 0.0)
    drops = waited > patience
    scale = where(drops, maximum(scale * factor, smallest), scale)
    return best, where(drops, 0.0, waited), where(drops, cooldown, resting), scale
