"""Rich consoles as osolgil uses them."""

from __future__ import annotations

from typing import IO

from rich.console import Console


def console_for(file: IO[str]) -> Console:
    """A console that prints text as it is: no markup, no emoji, no guessing what is a number."""
    return Console(file=file, markup=False, emoji=False, highlight=False)
