"""What is held back to measure a model with: the same examples each time, and no leaks.

The choice depends on nothing but the examples' own random ids, so it stays as it is when others
come and go. Examples with the same question stand on one side: a model that was trained on a
question would only seem to do well on it.
"""

import hashlib
from collections.abc import Sequence
from typing import NamedTuple

from tunedesk.project.training_rows import TrainingRow


class Split(NamedTuple):
    """The two sides.

    Attributes:
        training: What is trained on, in the order it came.
        validation: What is held back, in the order it came.
    """

    training: list[TrainingRow]
    validation: list[TrainingRow]


def split(rows: Sequence[TrainingRow], share: float, least_training: int = 1) -> Split:
    """Hold a share of the examples back.

    Args:
        rows: The examples.
        share: The share to hold back, from 0 to 1; rounded to whole groups of one question.
        least_training: How many must be left to train on; less is held back for it if need be.
    """
    wanted = min(round(len(rows) * share), len(rows) - least_training)
    if wanted <= 0:
        return Split(list(rows), [])
    groups: dict[object, list[TrainingRow]] = {}
    for row in rows:
        groups.setdefault(row.uid if row.question is None else row.question, []).append(row)
    held: set[int] = set()
    for group in sorted(groups.values(), key=_rank):
        if len(held) >= wanted:
            break
        if len(held) + len(group) <= wanted:
            held.update(row.example_id for row in group)
    return Split(
        [row for row in rows if row.example_id not in held],
        [row for row in rows if row.example_id in held],
    )


def _rank(group: Sequence[TrainingRow]) -> bytes:
    return min(hashlib.blake2b(row.uid, digest_size=8).digest() for row in group)
