"""The template for Ollama makes the same texts as the chat template."""

from pathlib import Path

import pytest
import trl

from tunedesk.errors import UserError
from tunedesk.training_server.ollama_model import (
    OllamaModel,
    go_template,
    modelfile,
    ollama_model,
    turn_marks,
)
from tunedesk.training_server.training.chat_template import ChatTemplate

TEMPLATES = Path(trl.__file__).parent / "chat_templates"
KNOWN = ("gemma", "gemma3", "llama3", "phi3", "qwen2_5", "qwen3", "qwen3_instruct_2507")


class Words:
    """What of a tokenizer a chat template asks."""

    def __init__(self, template):
        self.special_tokens_map = {"bos_token": "<bos>", "eos_token": "<eos>"}
        self.all_special_ids = ()
        self.chat_template = template


def template_of(name):
    return ChatTemplate(Words((TEMPLATES / f"{name}.jinja").read_text(encoding="utf-8")))


@pytest.mark.parametrize("name", KNOWN)
def test_the_marks_make_the_texts_of_each_family(name):
    template = template_of(name)
    marks = turn_marks(template, "<bos>")
    turns = [{"role": "user", "content": "One?"}, {"role": "assistant", "content": "Yes: 2."}]
    for messages in (turns[:1], [*turns, *turns[:1]], [*turns, *turns, *turns[:1]]):
        expected = template.prompt(messages, None).removeprefix("<bos>")
        assert marks.render(messages) == expected


def test_a_default_system_prompt_of_a_template_is_kept():
    marks = turn_marks(template_of("qwen2_5"), "<bos>")
    assert "You are Qwen" in marks.without_system
    assert '{{- if not .System }}{{ "<|im_start|>system\\nYou are Qwen' in go_template(marks)


def test_a_system_prompt_in_the_first_question_is_written_there_once():
    marks = turn_marks(template_of("gemma3"), "<bos>")
    assert marks.system is None
    assert marks.system_end == "\n\n"
    written = go_template(marks)
    assert '{{- if $system }}{{ $system }}{{ "\\n\\n" }}{{- $system = "" }}' in written


def test_a_template_of_another_build_is_refused():
    odd = ChatTemplate(Words("{% for m in messages | reverse %}{{ m.content }}|{% endfor %}"))
    with pytest.raises(UserError, match="cannot be put into Ollama's language"):
        turn_marks(odd, "")


def test_a_system_prompt_that_the_template_cannot_hold_is_told():
    with pytest.raises(UserError, match="no system prompt"):
        ollama_model(template_of("gemma"), "<bos>", "Be kind.", ["<eos>"], 512)


@pytest.mark.parametrize("system", ['Say """ here', 'He said "yes"'])
def test_a_system_prompt_that_no_modelfile_can_hold_stands_in_the_template(system):
    model = ollama_model(template_of("qwen3"), "", system, ["<|im_end|>", "<|im_end|>"], 99_999)
    written = modelfile(model, 'A "licence"')
    assert "SYSTEM" not in written.replace(".System", "")
    assert model.template_with_system in written
    assert written.count("PARAMETER stop") == 1
    assert "PARAMETER num_ctx 8192" in written
    assert "LICENSE" not in written


def test_a_modelfile_is_as_ollama_documents_it():
    model = OllamaModel("T", "T2", "Be kind.", {"stop": ["a", "b"], "num_ctx": 256})
    assert modelfile(model, "MIT") == (
        'FROM ./model.gguf\nTEMPLATE """T"""\nSYSTEM """Be kind."""\n'
        'PARAMETER stop "a"\nPARAMETER stop "b"\nPARAMETER num_ctx 256\nLICENSE """MIT"""\n'
    )
