"""Every test shares one folder of compiled kernels, so that each kernel is compiled once."""

import os
import tempfile
from pathlib import Path

os.environ.setdefault("OSOLGIL_CACHE", str(Path(tempfile.gettempdir()) / "osolgil-test-cache"))

from hypothesis import settings

# a busy machine is no mistake; the same examples every time, so that a change is judged by what it changed
settings.register_profile("same", deadline=None, derandomize=True)
settings.register_profile("new", deadline=None, max_examples=300)
settings.load_profile("same")
