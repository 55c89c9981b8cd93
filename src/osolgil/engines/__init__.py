"""Engines run formulas on a device: compiled on the CPU, JAX on an accelerator, SymPy for exact mathematics."""
