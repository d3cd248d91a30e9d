import datetime
import re

import pytest

from tunedesk.checks.targets import targets
from tunedesk.errors import UserError
from tunedesk.fine_tuning.providers import GOING_ON, provider, providers
from tunedesk.project.run_records import TERMINAL

TODAY = datetime.date(2026, 11, 24)


def test_they_are_offered_in_this_order():
    assert list(providers()) == ["local", "openai", "azure", "nebius", "custom"]
    with pytest.raises(UserError, match="no provider named “acme”"):
        provider("acme")


@pytest.mark.parametrize("each", providers().values(), ids=list(providers()))
def test_each_says_what_it_is_and_where_that_comes_from(each):
    assert each.title
    assert each.explanation.endswith(".")
    assert each.source
    assert each.target in targets()
    assert not each.base_url.endswith("/")
    assert bool(each.ends) == bool(each.ends_note)
    assert set(each.statuses.values()) <= TERMINAL | GOING_ON
    assert all(word == word.casefold() for word in each.statuses)
    assert set(each.hyperparameter_names) >= {"epochs", "batch_size", "learning_rate"}
    assert ("beta" in each.hyperparameter_names) == ("dpo" in each.methods)
    for model in each.models:
        assert set(model.methods) <= set(each.methods)


def test_closing_dates():
    openai, azure = provider("openai"), provider("azure")
    assert not openai.is_closed(datetime.date(2027, 1, 5))
    assert openai.is_closed(datetime.date(2027, 1, 6))
    assert openai.new_customers_end == datetime.date(2026, 5, 7)
    assert openai.ends < azure.ends
    assert not provider("local").is_closed(datetime.date(2099, 1, 1))


def test_base_models_that_take_jobs():
    assert [model.id for model in provider("openai").open_models(TODAY)] == [
        "gpt-4.1-2025-04-14",
        "gpt-4.1-mini-2025-04-14",
        "gpt-4o-2024-08-06",
        "gpt-4o-mini-2024-07-18",
    ]
    assert provider("openai").open_models(datetime.date(2027, 1, 14)) == ()
    azure = {model.id: model for model in provider("azure").open_models(TODAY)}
    assert azure["gpt-4.1-nano-2025-04-14"].ends == datetime.date(2027, 4, 14)
    llama = provider("nebius").open_models(TODAY)[0]
    assert llama.id != llama.inference_id


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("succeeded", "succeeded"),
        ("RUNNING", "running"),
        ("SUCCESS", "succeeded"),
        ("FAILED_VALIDATION", "failed"),
        ("CANCELLATION_REQUESTED", "running"),
        ("Canceled", "cancelled"),
        ("notRunning", "queued"),
        ("paused", "paused"),
        ("pausedByCapacity", "pausedByCapacity"),
        (None, ""),
        (7, ""),
    ],
)
def test_statuses_in_openais_words(said, meant):
    assert provider("custom").status(said) == meant


def test_suffixes():
    azure = provider("azure")
    assert azure.suffix_problem("letters-of-law") == ""
    assert "18" in azure.suffix_problem("a" * 19)
    assert "dots" in azure.suffix_problem("v1.2")
    assert provider("openai").suffix_problem("v1.2" + "a" * 60) == ""
    assert "64" in provider("openai").suffix_problem("a" * 65)


def test_whose_a_host_is():
    azure = provider("azure")
    assert azure.owns("law-firm.openai.azure.com")
    assert not azure.owns("openai.azure.com.evil.example")
    assert not azure.owns("evilopenai.azure.com")
    assert provider("local").owns("127.0.0.9")
    assert not provider("custom").owns("api.openai.com")


def test_no_explanation_speaks_of_what_is_not_explained():
    for each in providers().values():
        assert not re.search(r"\b(API key|SFT|LoRA|endpoint|JSONL)\b", each.explanation)
