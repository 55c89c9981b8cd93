"""Axes: a handful of ticks, increasing, said as they are, whatever the numbers; a range worth seeing."""

import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from osolgil.report.axes import logarithmic
from osolgil.report.figures import _worth_seeing

POSITIVE = st.floats(min_value=5e-324, allow_nan=False, allow_infinity=False)
RAISED = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")


@given(st.lists(POSITIVE, min_size=1, max_size=5), st.booleans())
def test_ticks_are_few_and_say_what_they_are(values, whole):
    axis = logarithmic(values, whole)
    ticks, texts = axis["tickvals"], axis["ticktext"]
    assert len(ticks) == len(texts) <= 11
    assert ticks == sorted(set(ticks))
    for tick, text in zip(ticks, texts, strict=True):
        assert read(text) == pytest.approx(tick)


def read(text):
    """A tick's text as a number: "1,000", "0.02", "10⁻⁷", "2·10⁵"."""
    raised = re.fullmatch(r"(?:(\d)·)?10([⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+)", text)
    if raised is None:
        return float(text.replace(",", ""))
    return int(raised[1] or 1) * 10.0 ** int(raised[2].translate(RAISED))


@given(st.lists(POSITIVE.filter(lambda value: 1e-300 < value < 1e300), min_size=2, max_size=5))
def test_a_range_of_decades_has_ticks_within(values):
    low, high = min(values), max(values)
    if high >= 100 * low:
        inside = [tick for tick in logarithmic(values)["tickvals"] if low <= tick <= high]
        assert inside or math.log10(high / low) < 3


def test_what_no_logarithm_has_is_passed_over():
    assert logarithmic([0.0, -1.0, None, math.nan, math.inf]) == {"type": "log"}
    assert logarithmic([]) == {"type": "log"}


def test_few_that_lie_far_behind_do_not_squash_the_scores_of_the_others() -> None:
    means = [0.95 - 0.001 * place for place in range(20)] + [0.6, 0.2, 0.1]
    bottom, top, beyond = _worth_seeing(means) or (0.0, 0.0, 0)
    assert beyond == 3
    assert 0.6 < bottom < min(means[:20])
    assert max(means) < top
    assert _worth_seeing([*means[:5], 0.1]) is None
    assert _worth_seeing(means[:20]) is None
