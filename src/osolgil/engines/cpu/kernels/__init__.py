"""Sources of the compiled kernels; they run from a cache folder named by their hash, never from here."""
