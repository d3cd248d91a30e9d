import datetime
import re

import pytest

from tunedesk.catalogue.targets import target, targets
from tunedesk.errors import UserError
from tunedesk.project.run_records import TERMINAL
from tunedesk.services.providers import (
    GOING_ON,
    is_readable_by_others,
    longest_example,
    normalize_address,
    origin_of,
    provider_label,
    provider_named,
    providers,
)

TODAY = datetime.date(2026, 11, 24)


def test_they_are_offered_in_this_order():
    assert list(providers()) == ["local", "openai", "azure", "nebius", "custom"]
    with pytest.raises(UserError, match="no provider named “acme”"):
        provider_named("acme")


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
    openai, azure = provider_named("openai"), provider_named("azure")
    assert not openai.is_closed(datetime.date(2027, 1, 5))
    assert openai.is_closed(datetime.date(2027, 1, 6))
    assert openai.new_customers_end == datetime.date(2026, 5, 7)
    assert openai.ends < azure.ends
    assert not provider_named("local").is_closed(datetime.date(2099, 1, 1))


def test_base_models_that_take_jobs():
    assert [model.id for model in provider_named("openai").open_models(TODAY)] == [
        "gpt-4.1-2025-04-14",
        "gpt-4.1-mini-2025-04-14",
        "gpt-4o-2024-08-06",
        "gpt-4o-mini-2024-07-18",
    ]
    assert provider_named("openai").open_models(datetime.date(2027, 1, 14)) == ()
    azure = {model.id: model for model in provider_named("azure").open_models(TODAY)}
    assert azure["gpt-4.1-nano-2025-04-14"].ends == datetime.date(2027, 4, 14)
    llama = provider_named("nebius").open_models(TODAY)[0]
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
    assert provider_named("custom").status(said) == meant


def test_suffixes():
    azure = provider_named("azure")
    assert azure.suffix_problem("letters-of-law") == ""
    assert "18" in azure.suffix_problem("a" * 19)
    assert "dots" in azure.suffix_problem("v1.2")
    assert provider_named("openai").suffix_problem("v1.2" + "a" * 60) == ""
    assert "64" in provider_named("openai").suffix_problem("a" * 65)


def test_whose_a_host_is():
    azure = provider_named("azure")
    assert azure.owns("law-firm.openai.azure.com")
    assert not azure.owns("openai.azure.com.evil.example")
    assert not azure.owns("evilopenai.azure.com")
    assert provider_named("local").owns("127.0.0.9")
    assert not provider_named("custom").owns("api.openai.com")


def test_no_explanation_speaks_of_what_is_not_explained():
    for each in providers().values():
        assert not re.search(r"\b(API key|SFT|LoRA|endpoint|JSONL)\b", each.explanation)


@pytest.mark.parametrize(
    ("name", "given", "kept"),
    [
        ("openai", "", "https://api.openai.com/v1"),
        ("openai", " https://api.openai.com/v1/ ", "https://api.openai.com/v1"),
        ("openai", "api.openai.com/v1/chat/completions", "https://api.openai.com/v1"),
        ("custom", "HTTPS://Server.Example:443/v1/", "https://server.example/v1"),
        ("custom", "localhost:8000/v1", "http://localhost:8000/v1"),
        ("custom", "192.168.1.9:8000/v1", "https://192.168.1.9:8000/v1"),
        ("custom", "http://[::1]:8000/v1/models", "http://[::1]:8000/v1"),
        ("azure", "https://law.openai.azure.com", "https://law.openai.azure.com/openai/v1"),
        ("azure", "law.openai.azure.com/openai/v1/", "https://law.openai.azure.com/openai/v1"),
        (
            "azure",
            "https://law.openai.azure.com/openai/deployments/x/chat/completions?api-version=2024",
            "https://law.openai.azure.com/openai/v1",
        ),
    ],
)
def test_addresses_as_they_are_kept(name, given, kept):
    assert normalize_address(provider_named(name), given) == kept
    assert normalize_address(provider_named(name), kept) == kept


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("custom", ""),
        ("azure", ""),
        ("azure", "https://RESOURCE.openai.azure.com/openai/v1/"),
        ("custom", "ftp://server.example"),
        ("custom", "file:///etc/passwd"),
        ("custom", "https://"),
        ("custom", "https://server.example:port/v1"),
        ("custom", "https://server.example:99999/v1"),
        ("custom", "https://server example/v1"),
        ("custom", "https://[::1/v1"),
        ("custom", "https://user:secret@server.example/v1"),
    ],
)
def test_what_is_no_address_is_told_with_how_one_looks(name, given):
    with pytest.raises(UserError) as caught:
        normalize_address(provider_named(name), given)
    assert caught.value.advice
    assert "secret" not in str(caught.value)


def test_who_can_read_along():
    assert is_readable_by_others("http://server.example/v1")
    assert is_readable_by_others("http://10.0.0.5/v1")
    assert not is_readable_by_others("https://server.example/v1")
    assert not is_readable_by_others("http://127.0.0.1:8321/v1")
    assert not is_readable_by_others("http://[::1]/v1")


def test_an_origin_is_scheme_host_and_port():
    assert origin_of("https://A.example/v1") == origin_of("https://a.example:443/other")
    assert origin_of("https://a.example") != origin_of("http://a.example")
    assert origin_of("https://a.example") != origin_of("https://a.example:444")
    assert origin_of("https://a.example") != origin_of("https://a.example.evil.example")


def test_what_a_place_is_called_in_a_sentence():
    assert provider_label(provider_named("openai"), "") == "OpenAI"
    assert provider_label(provider_named("custom"), "http://gpu.example:8321/v1") == "gpu.example"
    assert provider_label(provider_named("custom"), "") == "the server"


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
    assert longest_example(provider_named(place), model) == tokens


@pytest.mark.parametrize(
    ("place", "model"),
    [("local", "a/folder"), ("azure", "Ministral-3B"), ("custom", "mistral-small")],
)
def test_what_is_not_published_is_not_known(place, model):
    assert longest_example(provider_named(place), model) is None


def test_the_checks_for_nebius_have_the_limit_of_its_models():
    place = provider_named("nebius")
    limits = {model.token_limit for model in place.models}
    assert limits == {target(place.target).token_limit}


def test_a_long_context_is_not_more_than_the_checks_allow():
    most = target("local").token_limit
    assert longest_example(provider_named("local"), "meta-llama/Llama-3.2-1B-Instruct") == most
