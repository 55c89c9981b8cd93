"""The CPU engine: formulas and kernels compiled by Numba, cached by content, run by teams of threads."""
