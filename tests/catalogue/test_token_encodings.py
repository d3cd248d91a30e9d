"""The shipped vocabularies make exactly tiktoken's encodings, without the network."""

import inspect

import pytest
import tiktoken_ext.openai_public as published
from tests.catalogue.made_models import make_model

from tunedesk.catalogue import token_encodings
from tunedesk.errors import UserError


@pytest.fixture
def published_values(monkeypatch):
    """What tiktoken itself would build, with the shipped files in the place of the download."""

    def load(url, expected_hash=None):
        name = url.rsplit("/", 1)[1]
        return token_encodings.checked_vocabulary_file(name), expected_hash

    monkeypatch.setattr(published, "load_tiktoken_bpe", load)
    return lambda name: published.ENCODING_CONSTRUCTORS[name]()


@pytest.mark.parametrize("name", token_encodings.encoding_names())
def test_patterns_special_tokens_and_hashes_are_those_of_tiktoken(name, published_values):
    ours, theirs = token_encodings.vocabulary(name), published_values(name)
    path, expected_hash = theirs["mergeable_ranks"]
    assert ours.pattern == theirs["pat_str"]
    assert ours.special_tokens.items() <= theirs["special_tokens"].items()
    assert path.name == ours.file
    sums = token_encodings.resource("encodings/SHA256SUMS").read_text(encoding="ascii")
    assert f"{expected_hash}  {ours.file}" in sums


def test_an_encoding_counts():
    encoding = token_encodings.load_encoding("r50k_base")
    assert encoding.decode(encoding.encode_ordinary("Hello, library!")) == "Hello, library!"


def test_a_damaged_file_is_refused(tmp_path, monkeypatch):
    (tmp_path / "r50k_base.tiktoken").write_bytes(b"IQ== 0\n")
    monkeypatch.setattr(token_encodings, "resource", lambda name: tmp_path / name.split("/")[1])
    monkeypatch.setattr(
        token_encodings, "_expected_hashes", lambda: {"r50k_base.tiktoken": "0" * 64}
    )
    check = inspect.unwrap(token_encodings.checked_vocabulary_file)
    with pytest.raises(UserError, match="damaged"):
        check("r50k_base.tiktoken")


def test_an_unknown_encoding_is_refused():
    with pytest.raises(UserError, match="o900k"):
        token_encodings.vocabulary("o900k")


def test_a_model_on_this_computer_has_an_encoding_of_its_own():
    assert token_encodings.model_encoding("Owner/Tiny") is None
    folder = make_model("Owner/Tiny")
    found = token_encodings.model_encoding("Owner/Tiny")
    assert found.name.startswith("Owner/Tiny@")
    assert found.folder == folder
    assert found.is_framed_exactly
    assert found.frame.usual_system == "You are Tiny, a model of a few words"
    assert token_encodings.model_encoding(found.name) == found
    assert token_encodings.is_encoding(found.name)
    assert not token_encodings.is_encoding("Owner/Tiny@00000000")


def test_another_template_makes_another_encoding():
    folder = make_model("Tiny")
    first = token_encodings.model_encoding("Tiny")
    (folder / "chat_template.jinja").write_text("{{ messages[0]['content'] }}", "utf-8")
    token_encodings._read_model_encoding.cache_clear()
    second = token_encodings.model_encoding("Tiny")
    assert second.name != first.name
    assert not second.is_framed_exactly
    assert second.frame == token_encodings.OPENAI_FRAME


@pytest.mark.parametrize(
    "name", ["", ".", "..", "../Tiny", "Tiny/../../Tiny", "/", "a\0b", "x" * 300]
)
def test_only_names_of_models_are_looked_for(name):
    make_model("Tiny")
    assert token_encodings.model_encoding(name) is None


@pytest.mark.parametrize("text", [b"", b"{}", b'{"model": {"type": "Unigram"}}', b"\xff" * 9])
def test_a_tokenizer_of_another_kind_has_none(text):
    (make_model("Tiny") / "tokenizer.json").write_bytes(text)
    assert token_encodings.model_encoding("Tiny") is None
