"""What the terminal shows while runs train and when they are done, from Progress and the facts alone."""

from osolgil.terminal.closing import show_training, show_verdict
from osolgil.terminal.watching import watching

__all__ = ["show_training", "show_verdict", "watching"]
