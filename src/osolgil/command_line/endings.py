"""Every way a command can end, in one sentence: 0 done, 1 our fault, 2 the user's mistake, 130 Ctrl-C."""

from __future__ import annotations

import contextlib
import os
import re
import sys
from collections.abc import Callable
from typing import Any

import typer

from osolgil.errors import OsolgilError
from osolgil.spelling import hint

DONE, FAULT, MISUSE, STOPPED = 0, 1, 2, 130
_ISSUES = "Please report it with the command and, if you can, the data; OSOLGIL_DEBUG=1 shows the details."

# Typer carries its own copy of Click in newer versions, so Click's classes are found through Typer's.
_USAGE_ERRORS: tuple[type[Exception], ...] = tuple(
    kind for kind in typer.BadParameter.__mro__ if kind.__name__ == "ClickException"
)


class Stopped(Exception):
    """The user pressed Ctrl-C; the text says how to go on."""


def run(command: Callable[[], object]) -> int:
    """Run a command and return its exit code; whatever goes wrong is one sentence on stderr."""
    try:
        code = command()
        sys.stdout.flush()
        if code == STOPPED:
            return _tell("Stopped.", STOPPED)
        return code if isinstance(code, int) else DONE
    except Stopped as ending:
        return _tell(str(ending), STOPPED)
    except OsolgilError as error:
        return _tell(str(error), MISUSE)
    except _USAGE_ERRORS as error:
        return _tell(_usage(error), MISUSE)
    except typer.Exit as ending:
        return ending.exit_code
    except (KeyboardInterrupt, typer.Abort):
        return _tell("Stopped.", STOPPED)
    except (BrokenPipeError, SystemExit):  # Typer turns a broken pipe into SystemExit
        return _mute()
    except OSError as error:
        _mute()
        return _tell(f"{error.strerror or error}{f': {error.filename}' if error.filename else ''}.", MISUSE)
    except MemoryError:
        return _tell(
            "There is not enough memory; use fewer rows, seeds or epochs, or a smaller network.", MISUSE
        )
    except Exception as error:
        return _fault(error)


def _usage(error: BaseException) -> str:
    """What was typed wrong, with the nearest right spelling, and where to read more."""
    context = getattr(error, "ctx", None)
    text = _misspelt(error, context) or " ".join(error.format_message().split())  # type: ignore[attr-defined]
    where = context.command_path if context is not None else "osolgil"
    ended = text if text.endswith(("?", ".")) else f"{text}."
    return f"{ended} Try '{where} --help'."


def _misspelt(error: Any, context: Any) -> str:
    """What to say of an option or a command that there is not; "" for any other mistake."""
    if context is None:
        return ""
    if hasattr(error, "possibilities") and hasattr(error, "option_name"):
        known = [name for option in context.command.params for name in (*option.opts, *option.secondary_opts)]
        options = [name for name in [*known, "--help"] if name.startswith("--")]
        return f"There is no option {error.option_name}.{hint(error.option_name, options)}"
    command = re.match(r"No such command '(.*?)'", error.format_message())
    if command is not None:
        return f"No such command '{command[1]}'.{hint(command[1], context.command.commands)}"
    return ""


def _fault(error: Exception) -> int:
    if os.environ.get("OSOLGIL_DEBUG") == "1":
        import traceback

        traceback.print_exception(error)
    text = " ".join(str(error).split())[:300]
    return _tell(f"This is a mistake in osolgil itself ({type(error).__name__}: {text}). {_ISSUES}", FAULT)


def _mute() -> int:
    """Output cannot be written any more: nothing is said, not even when Python flushes at its end."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return DONE


def _tell(sentence: str, code: int) -> int:
    with contextlib.suppress(OSError, ValueError):
        told = " ".join(sentence.splitlines())  # what was typed may hold ends of lines
        print(f"osolgil: {told}", file=sys.stderr)
    return code
