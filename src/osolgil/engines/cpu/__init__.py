"""The CPU engine: formulas and kernels compiled by Numba, cached on disk by content, run by teams of threads."""
