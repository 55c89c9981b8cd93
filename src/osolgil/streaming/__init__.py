"""Data larger than memory: read twice, prepared once, then trained on in shuffled blocks within a stated bound."""

from osolgil.streaming.entry import streamed, train_streamed
from osolgil.streaming.memory import memory_of
from osolgil.streaming.sources import source_of

__all__ = ["memory_of", "source_of", "streamed", "train_streamed"]
