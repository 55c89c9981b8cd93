"""Speed of osolgil beside its peers, measured in one run on one machine and reported as ratios."""
