"""Which examples of the validation file are measured after which steps."""

import pytest
from hypothesis import given
from hypothesis import strategies as some

from tunedesk.training_server.training.trainers import StepSample

numbers = some.integers(1, 40)


@given(rows=numbers, at_once=numbers, batch=some.integers(1, 256), processes=some.integers(1, 8))
def test_measuring_costs_little_and_every_example_has_its_turn(rows, at_once, batch, processes):
    at_once = min(at_once, batch)
    samples = [
        StepSample.of(rows, at_once, max(batch, processes), rank, processes)
        for rank in range(processes)
    ]
    steps = 12 * rows * samples[0].every
    seen, measured = set(), 0
    for step in range(1, steps + 1):
        parts = [sample.at(step) for sample in samples]
        # All processes measure after the same steps, and as many: they wait for each other.
        assert len({len(part) for part in parts}) == 1
        for part in parts:
            measured += len(part)
            seen.update(part)
    assert seen == set(range(rows))
    assert (measured - len(samples) * samples[0].count) * 12 <= steps * max(batch, processes)
    assert measured


def test_the_first_step_is_measured():
    sample = StepSample.of(1, 1, 1, 0, 1)
    assert [step for step in range(1, 30) if sample.at(step)] == [1, 12, 24]


@pytest.mark.parametrize("step", [12, 24, 36])
def test_a_step_measures_the_same_examples_however_often_it_is_done(step):
    one, other = (StepSample.of(5, 2, 2, 0, 1) for _time in range(2))
    assert one.at(step) == other.at(step)
    assert one.at(step) != one.at(step + 12)
