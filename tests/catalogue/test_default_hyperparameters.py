"""What "auto" becomes for models that can already speak, as at OpenAI."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tunedesk.catalogue.default_hyperparameters import default_epochs, resolve_auto

AUTO = {"n_epochs": "auto", "batch_size": "auto", "learning_rate_multiplier": "auto"}


@pytest.mark.parametrize(
    ("examples", "epochs", "batch"),
    [(10, 10, 1), (33, 3, 1), (100, 3, 1), (1000, 3, 2), (20_000, 1, 40), (10**6, 1, 256)],
)
def test_auto_becomes_the_numbers_of_openai(examples, epochs, batch):
    assert resolve_auto(AUTO, examples) == {
        "n_epochs": epochs,
        "batch_size": batch,
        "learning_rate_multiplier": 1.0,
    }


@pytest.mark.parametrize(
    ("examples", "epochs", "batch"),
    [(10, 28, 2), (12, 28, 2), (35, 28, 4), (100, 28, 8), (300, 20, 8), (10**5, 3, 8)],
)
def test_auto_for_the_starter_is_often_for_few_and_seldom_for_many(examples, epochs, batch):
    assert resolve_auto(AUTO, examples, is_starter=True) == {
        "n_epochs": epochs,
        "batch_size": batch,
        "learning_rate_multiplier": 1.0,
    }


def test_what_was_said_stays():
    asked = AUTO | {"n_epochs": 7, "beta": "auto", "rank": 4}
    resolved = resolve_auto(asked, 50)
    assert resolved["n_epochs"] == 7
    assert resolved["beta"] == 0.1
    assert resolved["rank"] == 4


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
