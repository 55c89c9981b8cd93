"""Drawing in place without flicker: every line is overwritten by its successor, none is wiped before it."""

from __future__ import annotations

from rich.console import Console, RenderableType

_HIDE_CURSOR, _SHOW_CURSOR = "\x1b[?25l", "\x1b[?25h"
_CLEAR_REST_OF_LINE, _CLEAR_BELOW = "\x1b[K", "\x1b[J"


class Screen:
    """A block of lines at the terminal's end that is drawn again and again, and wiped off on leaving."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self._lines: list[str] = []

    def __enter__(self) -> Screen:
        self._write(_HIDE_CURSOR)
        return self

    def __exit__(self, *_: object) -> None:
        self._write(self._to_top() + _CLEAR_BELOW + _SHOW_CURSOR)
        self._lines = []

    def draw(self, renderable: RenderableType) -> None:
        """Show this instead of what was drawn before, cut to the terminal's height."""
        with self.console.capture() as capture:
            self.console.print(renderable)
        lines = capture.get().rstrip("\n").split("\n")[: max(1, self.console.height - 1)]
        if lines == self._lines:
            return
        drawn = "".join(f"{line}{_CLEAR_REST_OF_LINE}\n" for line in lines)
        self._write(self._to_top() + drawn + _CLEAR_BELOW)
        self._lines = lines

    def _to_top(self) -> str:
        return f"\x1b[{len(self._lines)}F" if self._lines else ""

    def _write(self, text: str) -> None:
        self.console.file.write(text)
        self.console.file.flush()
