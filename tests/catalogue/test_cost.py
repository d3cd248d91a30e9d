"""The estimate of epochs, tokens and price, by the cookbook's formulas."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tunedesk.catalogue.cost import default_epochs, estimate
from tunedesk.catalogue.models import Catalogue


@pytest.mark.parametrize(
    ("examples", "epochs"),
    [
        (0, 0),
        (1, 25),
        (5, 20),
        (10, 10),
        (33, 3),
        (34, 3),
        (100, 3),
        (8333, 3),
        (8334, 2),
        (12501, 1),
        (10**6, 1),
    ],
)
def test_default_epochs(examples, epochs):
    assert default_epochs(examples) == epochs


@given(st.integers(min_value=1, max_value=10**7))
def test_epochs_stay_in_their_bounds(examples):
    assert 1 <= default_epochs(examples) <= 25


def test_tokens_count_up_to_the_limit():
    found = estimate([100, 70_000, 200], 65_536, Catalogue.load().find("gpt-4.1-mini"), epochs=2)
    assert found.tokens == 100 + 65_536 + 200
    assert found.over_limit == 1
    assert found.billable_tokens == 2 * found.tokens
    assert found.price == pytest.approx(found.billable_tokens * 5 / 1e6)


def test_nothing_costs_nothing():
    found = estimate([], 65_536, Catalogue.load().find("gpt-4.1"))
    assert (found.examples, found.epochs, found.billable_tokens, found.price) == (0, 0, 0, 0.0)


def test_without_a_price_there_is_none():
    assert estimate([10], 65_536, None).price is None
    assert estimate([10], 65_536, Catalogue.load().find("o4-mini")).price is None
