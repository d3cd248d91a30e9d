"""The catalogue of base models."""

import datetime

import pytest

from tunedesk.checks.encodings import ENCODINGS
from tunedesk.checks.models import Catalogue, base_name
from tunedesk.errors import UserError


@pytest.fixture
def catalogue():
    return Catalogue.load()


@pytest.mark.parametrize(
    ("name", "base"),
    [
        ("gpt-4.1", "gpt-4.1"),
        ("ft:gpt-4.1-2025-04-14:org::abc12345", "gpt-4.1-2025-04-14"),
        ("ft:gpt-4o-mini-2024-07-18:personal:law:abc:ckpt-step-100", "gpt-4o-mini-2024-07-18"),
        ("gpt-4.1-2025-04-14.ft-0123456789abcdef0123456789abcdef-law", "gpt-4.1-2025-04-14"),
    ],
)
def test_a_tuned_model_is_known_by_its_base(name, base, catalogue):
    assert base_name(name) == base
    assert catalogue.find(name) == catalogue.find(base)
    assert catalogue.encoding_of(name) == "o200k_base"


@pytest.mark.parametrize(
    ("name", "encoding"),
    [
        ("gpt-4", "cl100k_base"),
        ("gpt-4-turbo", "cl100k_base"),
        ("gpt-3.5-turbo", "cl100k_base"),
        ("ft:gpt-3.5-turbo-0125:org::x", "cl100k_base"),
        ("gpt-4.1-nano", "o200k_base"),
        ("gpt-4o", "o200k_base"),
        ("o4-mini", "o200k_base"),
        ("gpt-oss-20b", "o200k_harmony"),
        ("cl100k_base", "cl100k_base"),
    ],
)
def test_the_encoding_of_a_model(name, encoding, catalogue):
    assert catalogue.encoding_of(name) == encoding


def test_an_unknown_model_is_refused_kindly(catalogue):
    with pytest.raises(UserError, match="llama"):
        catalogue.encoding_of("llama")
    assert catalogue.find("llama") is None


def test_the_data_is_whole(catalogue):
    for model in catalogue.models:
        assert model.encoding in ENCODINGS
        assert model.token_limit > 0
        assert set(model.methods) <= {"supervised", "dpo", "reinforcement"}
        assert model.methods
        assert set(model.unconfirmed) <= set(model._fields)
    assert catalogue.price_date < catalogue.training_ends
    assert catalogue.price_source
    assert catalogue.shutdown_source
    assert len({model.id for model in catalogue.models}) == len(catalogue.models)


def test_shutdown_dates(catalogue):
    model = catalogue.find("gpt-4.1")
    assert not model.is_shut_down(datetime.date(2027, 1, 13))
    assert model.is_shut_down(datetime.date(2027, 1, 14))
    assert not catalogue.find("gpt-oss-20b").is_shut_down(datetime.date(2100, 1, 1))


def test_a_local_model_is_found_by_its_name_and_that_of_its_fine_tune(catalogue):
    found = catalogue.find_local("Qwen/Qwen3-0.6B")
    assert found.licence == "Apache-2.0"
    assert catalogue.find_local("ft:Qwen/Qwen3-0.6B:local::abc12345") == found
    assert catalogue.find_local("gpt-4.1") is None
