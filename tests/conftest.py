"""Every test shares one folder of compiled kernels, so that each kernel is compiled once."""

import os
import tempfile
from pathlib import Path

os.environ.setdefault("OSOLGIL_CACHE", str(Path(tempfile.gettempdir()) / "osolgil-test-cache"))

# JAX judges by what it computes: compiled plainly it does so in a fifth of the time, most of which goes into compiling
os.environ.setdefault("JAX_DISABLE_MOST_OPTIMIZATIONS", "1")

from hypothesis import settings

# a busy machine is no mistake; the same examples every time, so that a change is judged by what it changed
settings.register_profile("same", deadline=None, derandomize=True)
settings.register_profile("new", deadline=None, max_examples=300)
settings.load_profile("same")
