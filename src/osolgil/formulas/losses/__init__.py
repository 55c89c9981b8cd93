"""Losses per output element, each beside its derivative with respect to the network's output.

A network's loss is the sum over its outputs, averaged over the rows of a batch. Losses of classes take logits:
the softmax or sigmoid is part of the loss, where its exponentials cancel and cannot overflow. Losses of counts
and amounts take the logarithm of what is expected, so that any output is a possible answer. A loss that looks
at a whole row says so by a `statistic` of the row's outputs and targets, whose numbers each element receives.
"""

from osolgil.formulas.losses import classes, counts, labels, numbers

__all__ = ["classes", "counts", "labels", "numbers"]
