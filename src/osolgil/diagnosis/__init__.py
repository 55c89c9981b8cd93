"""Why a network learns or does not: predicted by theory, measured on the data, explained, repaired."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from osolgil.diagnosis.entry import Diagnosis, diagnose

__all__ = ["Diagnosis", "diagnose"]


def __getattr__(name: str) -> Any:
    if name in __all__:
        from osolgil.diagnosis import entry

        return getattr(entry, name)
    raise AttributeError(f"module 'osolgil.diagnosis' has no attribute '{name}'")
