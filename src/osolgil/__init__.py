"""osolgil, a small trail down the mountain: race gradient-descent optimizers on your own data."""

__version__ = "0.1.0"
