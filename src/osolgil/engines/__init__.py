"""Engines run formulas: compiled on the CPU, JAX on an accelerator, SymPy for exact mathematics."""
