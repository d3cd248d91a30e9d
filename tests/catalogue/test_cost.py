"""The estimate of epochs, tokens and price, by the cookbook's formulas."""

import pytest

from tunedesk.catalogue.cost import cut_at_limit, estimate, is_priced
from tunedesk.catalogue.models import Catalogue
from tunedesk.catalogue.targets import targets


def test_tokens_count_up_to_the_limit():
    trained = cut_at_limit([100, 70_000, 200], 65_536)
    assert trained == (3, 100 + 65_536 + 200, 1)
    found = estimate(3, trained.tokens, "openai", "gpt-4.1-mini", epochs=2)
    assert found.billable_tokens == 2 * trained.tokens
    assert found.price == pytest.approx(found.billable_tokens * 5 / 1e6)
    assert found.price_per_million == 5


def test_nothing_costs_nothing():
    assert cut_at_limit([], 65_536) == (0, 0, 0)
    found = estimate(0, 0, "openai", Catalogue.load().find("gpt-4.1"))
    assert (found.epochs, found.billable_tokens, found.price) == (0, 0, 0.0)


def test_without_a_price_there_is_none():
    assert estimate(1, 10, "openai", None).price is None
    assert estimate(1, 10, "openai", "o4-mini").price is None
    assert estimate(1, 10, "openai", "of another catalogue").price is None


@pytest.mark.parametrize("target", [name for name in targets() if name != "openai"])
def test_the_prices_are_those_of_openai_and_of_nobody_else(target):
    model = Catalogue.load().find("gpt-4.1")
    found = estimate(10, 1000, target, model, epochs=3)
    assert (found.price, found.billable_tokens) == (None, 3000)
    assert not is_priced(target)
