"""Statistics against plain Python over the same examples."""

import random
import statistics as plain

import pytest
from tests.project.made_examples import new_example

from tunedesk.project.query import ExampleQuery
from tunedesk.project.statistics import QUANTILES


@pytest.fixture
def lengths(project):
    chance = random.Random(5)
    values = [int(chance.expovariate(0.01)) for _number in range(400)] + [90_000]
    project.add_examples(
        [
            new_example(str(number), tokens=value, roles="su" + "at" * (number % 3))
            for number, value in enumerate(values)
        ]
    )
    return values


def test_distribution(project, lengths):
    found = project.statistics()
    tokens = found.tokens
    assert (tokens.count, tokens.total) == (401, sum(lengths))
    assert (tokens.low, tokens.high) == (min(lengths), 90_000)
    assert tokens.mean == pytest.approx(plain.mean(lengths))
    rising = sorted(lengths)
    for share in QUANTILES:
        value = tokens.quantiles[share]
        assert sum(length <= value for length in rising) >= share * 401
        assert sum(length < value for length in rising) < share * 401
    assert found.trained_tokens.total == sum(length // 2 for length in lengths)


def test_roles_turns_and_longest(project, lengths):
    found = project.statistics()
    assert found.messages_by_role == {"system": 401, "user": 401, "assistant": 400, "tool": 400}
    assert found.examples_by_turns == {2: 134, 4: 134, 6: 133}
    longest = [row.tokens for row in project.rows(found.longest)]
    assert longest == sorted(lengths, reverse=True)[:20]


@pytest.mark.parametrize("bins", [1, 7, 24])
def test_histogram_holds_every_example_once(project, lengths, bins):
    made = project.histogram(bins=bins)
    assert len(made) <= bins
    assert sum(bar.examples for bar in made) == 401
    for bar in made:
        query = ExampleQuery(tokens=(bar.low, bar.high))
        assert project.count(query) == bar.examples
    # One very long example does not squeeze the others into the first bar.
    assert bins == 1 or made[0].high < 500
    assert made[-1].high == 90_000


def test_of_a_filter(project, lengths):
    query = ExampleQuery(tokens=(50, 99))
    wanted = [length for length in lengths if 50 <= length <= 99]
    assert project.statistics(query).tokens.total == sum(wanted)
    assert sum(bar.examples for bar in project.histogram(query, measure="turns")) == len(wanted)


def test_of_nothing(project):
    found = project.statistics()
    assert found.tokens.count == 0
    assert found.tokens.quantiles == {}
    assert project.histogram() == []
    assert project.problem_counts() == {}
    assert project.totals().tokens == 0
