import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tunedesk.fine_tuning.chart_ticks import log_ticks, step_ticks, tick_words, ticks


@given(st.floats(-1e5, 1e5), st.floats(1e-3, 1e6), st.integers(2, 12))
def test_ticks_lie_between_and_are_not_too_many(low, width, most):
    high = low + width
    found = ticks(low, high, most)
    assert len(found) <= most + 1
    assert all(low - width * 1e-6 <= value <= high + width * 1e-6 for value in found)


@given(st.floats(1e-4, 1e3), st.floats(1.05, 1e5), st.integers(3, 12))
def test_log_ticks_are_positive_and_not_too_many(low, factor, most):
    found = log_ticks(low, low * factor, most)
    assert len(found) <= most + 1
    assert all(low * 0.999 <= value <= low * factor * 1.001 for value in found)


def test_the_ticks_of_a_loss():
    assert ticks(0.4, 3.2, 7) == pytest.approx([0.5, 1.0, 1.5, 2.0, 2.5, 3.0])
    assert tick_words(ticks(0.4, 3.2, 7)) == ["0.5", "1.0", "1.5", "2.0", "2.5", "3.0"]
    assert log_ticks(0.3, 6, 8) == pytest.approx([0.5, 1, 2, 5])
    assert log_ticks(0.001, 900, 8) == pytest.approx([10.0**k for k in range(-3, 3)])
    assert tick_words([1000.0, 2000.0]) == ["1,000", "2,000"]
    assert tick_words([0.001, 0.1, 1.0, 10.0]) == ["0.001", "0.1", "1", "10"]
    assert tick_words([0.5, 1.0, 2.0, 5.0]) == ["0.5", "1", "2", "5"]


def test_where_a_logarithmic_axis_spans_little_it_has_the_ticks_of_a_linear_one():
    assert log_ticks(1.02, 1.31, 6) == pytest.approx([1.05, 1.1, 1.15, 1.2, 1.25, 1.3])


def test_steps_are_whole():
    assert step_ticks(0, 3, 10) == pytest.approx([0, 1, 2, 3])
    assert all(math.isclose(value, round(value)) for value in step_ticks(0, 309, 9))


def test_nothing_between_nothing():
    assert ticks(1, 1, 5) == []
    assert log_ticks(-1, 5, 5) == []
    assert tick_words([]) == []
    assert tick_words([0.0]) == ["0"]
