"""What the settings of a launch may hold, at each place."""

import math

import pytest

from tunedesk.catalogue.setting_limits import TITLES, Limit, limit_problem, setting_problems
from tunedesk.fine_tuning.launch_settings import LaunchSettings
from tunedesk.services.providers import provider_named, providers


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
