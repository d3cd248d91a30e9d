"""What "auto" becomes for models that can already speak, as at OpenAI."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tunedesk.catalogue.hyperparameters import (
    TITLES,
    Limit,
    default_epochs,
    learner_here,
    limit_problem,
    resolve_auto,
    setting_problems,
)
from tunedesk.fine_tuning.launch_settings import LaunchSettings
from tunedesk.services.providers import provider_named, providers

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
    assert resolve_auto(AUTO, examples, learner="starter") == {
        "n_epochs": epochs,
        "batch_size": batch,
        "learning_rate_multiplier": 1.0,
    }


@pytest.mark.parametrize(
    ("examples", "epochs", "batch"),
    [(1, 10, 1), (10, 10, 1), (36, 3, 1), (100, 3, 2), (1500, 2, 4), (5000, 1, 8)],
)
def test_auto_for_a_small_model_is_seldom_and_in_large_steps(examples, epochs, batch):
    assert resolve_auto(AUTO, examples, "small") == {
        "n_epochs": epochs,
        "batch_size": batch,
        "learning_rate_multiplier": 2.5,
    }


@pytest.mark.parametrize(
    ("base_model", "method", "full", "learner"),
    [
        ("tunedesk-starter", "supervised", False, "starter"),
        ("ft:tunedesk-starter:local:night:abc", "supervised", False, "service"),
        ("HuggingFaceTB/SmolLM2-135M-Instruct", "supervised", False, "small"),
        ("ft:HuggingFaceTB/SmolLM2-135M-Instruct:local:night:abc", "supervised", False, "small"),
        ("HuggingFaceTB/SmolLM2-135M-Instruct", "dpo", False, "service"),
        ("HuggingFaceTB/SmolLM2-135M-Instruct", "supervised", True, "service"),
        ("HuggingFaceTB/SmolLM2-1.7B-Instruct", "supervised", False, "service"),
        ("a/folder-of-the-user", "supervised", False, "service"),
    ],
)
def test_who_learns_here(base_model, method, full, learner):
    assert learner_here(base_model, method, full) == learner


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


@pytest.mark.parametrize(
    ("limit", "allowed", "refused", "sentence_end"),
    [
        (Limit(True, 1, None, 50), [1, 50], [0, 51, 1.5], "a whole number from 1 to 50"),
        (Limit(True, 1), [1, 10**6], [0, -1], "a whole number from 1 on"),
        (Limit(above=0), [1e-9, 3], [0, -1, math.inf, math.nan], "a number above 0"),
        (Limit(above=0, most=2), [0.1, 2], [0, 2.1], "a number above 0, at most 2"),
    ],
)
def test_a_limit_and_its_sentence(limit, allowed, refused, sentence_end):
    assert all(limit.allows(value) for value in allowed)
    assert not any(limit.allows(value) for value in refused)
    assert limit_problem("epochs", limit) == f"Epochs must be {sentence_end}."


@pytest.mark.parametrize("place", list(providers().values()), ids=lambda place: place.name)
def test_each_place_limits_each_number_and_takes_the_usual_ones(place):
    assert set(place.limits) == set(TITLES) == set(LaunchSettings().numbers)
    usual = LaunchSettings(epochs=3, batch_size=8, learning_rate=0.00002, beta=0.1, lora_rank=16)
    assert setting_problems(usual.numbers, {"customer": "Ann"}, place.limits) == []


def test_openais_ranges_hold_and_are_said():
    wrong = LaunchSettings(epochs=51, batch_size=0, seed=-1)
    assert setting_problems(wrong.numbers, {}, provider_named("openai").limits) == [
        "Epochs must be a whole number from 1 to 50.",
        "Batch size must be a whole number from 1 to 256.",
        "Seed must be a whole number from 0 to 2,147,483,647.",
    ]


def test_a_multiplier_is_no_rate_for_nebius():
    settings = LaunchSettings(learning_rate=2.0)
    assert setting_problems(settings.numbers, {}, provider_named("openai").limits) == []
    assert (
        "at most 0.1" in setting_problems(settings.numbers, {}, provider_named("nebius").limits)[0]
    )


def test_metadata_has_room_for_tunedesks_own():
    limits = provider_named("openai").limits
    assert setting_problems({}, {str(n): "x" for n in range(15)}, limits) == []
    assert "15 lines" in setting_problems({}, {str(n): "x" for n in range(16)}, limits)[0]
    assert setting_problems({}, {"a" * 64: "b" * 512}, limits) == []
    for metadata in ({"a" * 65: ""}, {"a": "b" * 513}):
        assert "too long" in setting_problems({}, metadata, limits)[0]
