"""Holding back: a stable choice, whole questions on one side, every example on exactly one."""

import random

from hypothesis import given
from hypothesis import strategies as st

from tunedesk.fine_tuning.split import split
from tunedesk.project.training_rows import TrainingRow


def made(number, question=None):
    return TrainingRow(
        number, number, bytes([number % 256, number // 256]), question, 10, (), False
    )


ROWS = st.lists(st.one_of(st.none(), st.integers(0, 5)), max_size=60).map(
    lambda questions: [made(number, question) for number, question in enumerate(questions)]
)


@given(ROWS, st.floats(0, 0.5), st.integers(0, 20))
def test_every_example_stands_on_one_side_and_questions_stay_together(rows, share, least):
    halves = split(rows, share, least)
    assert sorted([*halves.training, *halves.validation]) == sorted(rows)
    asked = [{row.question for row in half if row.question is not None} for half in halves]
    assert not asked[0] & asked[1]
    assert len(halves.validation) <= round(len(rows) * share)
    assert len(halves.training) >= min(least, len(rows))


@given(ROWS, st.floats(0, 0.5))
def test_the_order_of_the_rows_changes_nothing(rows, share):
    shuffled = random.Random(1).sample(rows, len(rows))
    one, other = split(rows, share).validation, split(shuffled, share).validation
    if all(row.question is None for row in rows):
        assert {row.uid for row in one} == {row.uid for row in other}


def test_what_was_held_back_stays_so_when_examples_come():
    before = split([made(n) for n in range(100)], 0.2).validation
    after = split([made(n) for n in range(105)], 0.2).validation
    assert len(before) == 20
    assert len({row.uid for row in before} & {row.uid for row in after}) >= 15


def test_nothing_is_held_back_from_few():
    assert split([made(n) for n in range(10)], 0.2, least_training=10).validation == []
