"""Logarithmic axes of figures: few ticks, written out, whether they span a factor of two or forty decades.

>>> logarithmic([0.3, 4.0])["ticktext"]
['0.1', '0.2', '0.5', '1', '2', '5', '10']
>>> logarithmic([1e-12, 1.0])["ticktext"]
['10⁻¹²', '10⁻¹⁰', '10⁻⁸', '10⁻⁶', '0.0001', '0.01', '1']
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

_MOST = 8
_FEW_DECADES = 3
_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def logarithmic(values: Iterable[float | None], whole: bool = False) -> dict[str, Any]:
    """What an axis of these values needs: 1, 2 and 5 of every decade where there are few, else `whole` decades."""
    positive = [value for value in values if value is not None and 0 < value < math.inf]
    if not positive:
        return {"type": "log"}
    low, high = math.floor(math.log10(min(positive))), math.ceil(math.log10(max(positive)))
    apart = max(1, math.ceil((high - low) / _MOST))
    digits = (1, 2, 5) if high - low <= _FEW_DECADES and not whole else (1,)
    powers = [power for power in range(low, high + 1, apart) if -308 <= power < 308]
    ticks = [(digit, power) for power in powers for digit in digits if digit == 1 or power < high]
    return {
        "type": "log",
        "tickvals": [digit * 10.0**power for digit, power in ticks],
        "ticktext": [_written(digit, power) for digit, power in ticks],
    }


def _written(digit: int, power: int) -> str:
    if -5 < power < 5:
        return f"{digit * 10.0**power:,.{max(-power, 0)}f}"
    raised = f"10{str(power).translate(_RAISED)}"
    return raised if digit == 1 else f"{digit}·{raised}"
