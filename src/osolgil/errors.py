"""Every error a user can cause: one sentence that says what is wrong, where, and what to do."""


class OsolgilError(Exception):
    """Base of all errors raised on purpose; the command line prints its sentence and exits with code 2."""


class DataError(OsolgilError, ValueError):
    """The data cannot be used as they are: a missing target, infinite values, one class only, no table."""


class SettingsError(OsolgilError, ValueError):
    """A setting is unknown or out of its range."""


class OutputError(OsolgilError, OSError):
    """The output folder cannot be written, is not ours, or the disk is full."""


class MissingLibraryError(OsolgilError, ImportError):
    """An optional library is not installed; the sentence names the command that installs it."""


def reason(error: BaseException) -> str:
    """What another library said, on one line and without its full stop, as the end of a sentence of ours.

    >>> reason(ValueError("Bad magic.\\n  Is it a zip file?"))
    'Bad magic. Is it a zip file?'
    """
    return " ".join(str(error).split())[:200].rstrip(". ")
