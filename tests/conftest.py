"""Every test shares one folder of compiled kernels, so that each kernel is compiled once."""

import os
import tempfile
from pathlib import Path

os.environ.setdefault("OSOLGIL_CACHE", str(Path(tempfile.gettempdir()) / "osolgil-test-cache"))

from hypothesis import settings

settings.register_profile("patient", deadline=None)  # a busy machine is no mistake
settings.load_profile("patient")
