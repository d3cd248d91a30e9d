import math

import pytest

from tunedesk.fine_tuning.figure_words import accuracy_words, loss_words


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (1.117, "1.12"),
        (0.0342, "0.034"),
        (0.0, "0.00"),
        (12345.6, "12,346"),
        (math.inf, "∞"),
        (math.nan, "–"),
    ],
)
def test_losses(value, words):
    assert loss_words(value) == words


@pytest.mark.parametrize(
    ("value", "words"), [(0.873, "87 %"), (0.9964, "99.6 %"), (1.0, "100.0 %"), (0.0, "0 %")]
)
def test_accuracies(value, words):
    assert accuracy_words(value) == words
