"""Learning-rate schedules by family; importing this package puts all of them into the catalog.

A schedule is a function of the step (0, 1, … : how many steps are behind) and of how many there are in all. It
answers with a factor on the learning rate, so that "the learning rate" of a scheduled training is its largest.
Lengths are shares of the whole course: `warmup=0.1` means the same for a hundred steps as for a million.
"""

from osolgil.formulas.schedules import cycles, decays, plateau, stairs, warmups

__all__ = ["cycles", "decays", "plateau", "stairs", "warmups"]
