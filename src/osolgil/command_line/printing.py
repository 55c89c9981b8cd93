"""JSON on the terminal."""

from __future__ import annotations

import json
import sys
from typing import Any


def print_json(content: Any) -> None:
    """Print JSON, Korean as it is wherever the terminal can show it."""
    readable = (sys.stdout.encoding or "").lower().startswith("utf")
    print(json.dumps(content, ensure_ascii=not readable, indent=1))
