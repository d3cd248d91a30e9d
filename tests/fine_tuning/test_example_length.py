import pytest

from tunedesk.checks.targets import target
from tunedesk.fine_tuning.example_length import longest_example
from tunedesk.fine_tuning.providers import provider


@pytest.mark.parametrize(
    ("place", "model", "tokens"),
    [
        ("local", "HuggingFaceTB/SmolLM2-135M-Instruct", 8192),
        ("openai", "gpt-4.1-mini-2025-04-14", 65536),
        ("azure", "gpt-4o-mini-2024-07-18", 65536),
        ("nebius", "meta-llama/Llama-3.1-8B-Instruct", 8192),
        ("custom", "gpt-4.1-2025-04-14", 65536),
    ],
)
def test_what_is_published_for_the_model_decides(place, model, tokens):
    assert longest_example(provider(place), model) == tokens


@pytest.mark.parametrize(
    ("place", "model"),
    [("local", "a/folder"), ("azure", "Ministral-3B"), ("custom", "mistral-small")],
)
def test_what_is_not_published_is_not_known(place, model):
    assert longest_example(provider(place), model) is None


def test_the_checks_for_nebius_have_the_limit_of_its_models():
    place = provider("nebius")
    limits = {model.token_limit for model in place.models}
    assert limits == {target(place.target).token_limit}


def test_a_long_context_is_not_more_than_the_checks_allow():
    most = target("local").token_limit
    assert longest_example(provider("local"), "meta-llama/Llama-3.2-1B-Instruct") == most
