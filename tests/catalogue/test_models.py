"""The catalogue of base models."""

import datetime
from typing import NamedTuple

import pytest

from tunedesk.catalogue.models import Catalogue, base_name
from tunedesk.catalogue.token_encodings import ENCODINGS
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


LOCAL = Catalogue.load().local_models
FIGURES = {"shape", "parameters", "weight_bytes", "context", "licence", "is_gated", "note"}


class Attention(NamedTuple):
    """What of a configuration counts parameters and does not stand in the catalogue."""

    heads: int
    key_heads: int
    head_width: int
    has_bias: bool = False
    head_norms: int = 0
    layer_norms: int = 2


ATTENTION = {
    "tunedesk-starter": Attention(4, 4, 64, head_norms=2),
    "HuggingFaceTB/SmolLM2-135M-Instruct": Attention(9, 3, 64),
    "google/gemma-3-270m-it": Attention(4, 1, 256, head_norms=2, layer_norms=4),
    "HuggingFaceTB/SmolLM2-360M-Instruct": Attention(15, 5, 64),
    "Qwen/Qwen2.5-0.5B-Instruct": Attention(14, 2, 64, has_bias=True),
    "Qwen/Qwen3-0.6B": Attention(16, 8, 128, head_norms=2),
    "google/gemma-3-1b-it": Attention(4, 1, 256, head_norms=2, layer_norms=4),
    "meta-llama/Llama-3.2-1B-Instruct": Attention(32, 8, 64),
    "Qwen/Qwen2.5-1.5B-Instruct": Attention(12, 2, 128, has_bias=True),
    "HuggingFaceTB/SmolLM2-1.7B-Instruct": Attention(32, 32, 64),
    "Qwen/Qwen3-1.7B": Attention(16, 8, 128, head_norms=2),
    "ibm-granite/granite-3.3-2b-instruct": Attention(32, 8, 64),
    "HuggingFaceTB/SmolLM3-3B": Attention(16, 4, 128),
    "meta-llama/Llama-3.2-3B-Instruct": Attention(24, 8, 128),
    "microsoft/Phi-4-mini-instruct": Attention(24, 8, 128),
    "Qwen/Qwen3-4B-Instruct-2507": Attention(32, 8, 128, head_norms=2),
}
"""From the configurations that the catalogue names as its sources."""


def counted(size, attention):
    """The parameters of a decoder that reads and writes words by one table."""
    asked = attention.heads * attention.head_width
    kept = attention.key_heads * attention.head_width
    layer = (
        2 * size.width * (asked + kept)
        + attention.has_bias * (asked + 2 * kept)
        + attention.head_norms * attention.head_width
        + 3 * size.width * size.inner_width
        + attention.layer_norms * size.width
    )
    return size.vocabulary * size.width + size.layers * layer + size.width


def test_the_first_is_built_in_and_the_rest_follow_by_size():
    assert [model.is_built_in for model in LOCAL] == [True] + [False] * 15
    assert [model.size.parameters for model in LOCAL] == sorted(m.size.parameters for m in LOCAL)
    assert len({model.id for model in LOCAL}) == len(LOCAL)


@pytest.mark.parametrize("model", LOCAL, ids=lambda model: model.id)
def test_the_parameters_are_those_of_the_shape(model):
    assert model.size.parameters == counted(model.size, ATTENTION[model.id])


@pytest.mark.parametrize("model", LOCAL[1:], ids=lambda model: model.id)
def test_the_bytes_are_two_for_each_parameter(model):
    # Some files hold the table of words twice; each has a head that names its tensors.
    words = model.size.vocabulary * model.size.width
    heads = [model.weight_bytes - 2 * (model.size.parameters + more) for more in (0, words)]
    assert any(0 <= head < 100_000 for head in heads)


@pytest.mark.parametrize("model", LOCAL, ids=lambda model: model.id)
def test_each_figure_has_a_source_or_is_named_as_unconfirmed(model):
    borne_out = {figure for source in model.sources for figure in source.figures}
    assert borne_out | set(model.unconfirmed) == FIGURES
    assert not borne_out & set(model.unconfirmed)
    assert all(source.where and source.figures for source in model.sources)


@pytest.mark.parametrize("model", LOCAL, ids=lambda model: model.id)
def test_each_says_what_it_is(model):
    assert model.context >= 8192
    assert model.licence
    assert model.note.endswith(".")
