"""A GGUF file of each family finds the same tokens, and answers as the model does."""

import pytest
from tests.training_server.made_families import FAMILIES, make_family

from tunedesk.training_server.export_model import ExportText, export_gguf

QUESTIONS = [
    {"messages": [{"role": "user", "content": text}]}
    for text in ("Is the room there?", "12 nights, 3 beds: how far is it, 1,234 m?")
]


@pytest.fixture(scope="module")
def family_folder(tmp_path_factory):
    """The folder of a tiny model of a family."""
    return lambda family: make_family(family, tmp_path_factory.mktemp(family) / "model")


@pytest.mark.parametrize("family", FAMILIES)
def test_a_file_of_each_family_answers_word_for_word(family, family_folder, tmp_path, monkeypatch):
    monkeypatch.setattr("tunedesk.training_server.gguf_file.MOST_TOKENS", 16)
    told = export_gguf(
        family_folder(family), tmp_path / "a.gguf", "exact", ExportText("mine"), QUESTIONS
    )
    assert told["texts"] == told["same_tokens"] == 4 + len(QUESTIONS)
    assert told["questions"] == told["same_answers"] == len(QUESTIONS)
    assert told["divergence"] < 1e-4
