"""Student's distribution beside SciPy's."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import betainc

from osolgil.race import student

FREEDOM = st.integers(1, 200)


def share_within(t, freedom):
    """By the incomplete beta function, from whichever side keeps its digits."""
    square = t * t
    if square < freedom:
        return betainc(0.5, freedom / 2.0, square / (freedom + square))
    return 1.0 - betainc(freedom / 2.0, 0.5, freedom / (freedom + square))


@given(st.floats(0.0, 1e6), FREEDOM)
def test_probabilities_are_scipys(t, freedom):
    expected = share_within(t, freedom)
    assert student.within(t, freedom) == pytest.approx(expected, abs=1e-12)
    assert student.beyond(-t, freedom) == pytest.approx(1.0 - expected, abs=1e-12)


@given(st.floats(1e-6, 0.999_999), FREEDOM)
def test_quantiles_are_scipys(share, freedom):
    assert share_within(student.quantile(share, freedom), freedom) == pytest.approx(share, abs=1e-12)


def test_no_freedom_is_refused():
    with pytest.raises(ValueError, match="1 degree of freedom"):
        student.within(1.0, 0)
