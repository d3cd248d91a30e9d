"""What is shown of an example is what the files of tokens hold."""

import json

import pytest
from tests.catalogue.made_models import make_model

from tunedesk.catalogue.token_encodings import model_encoding
from tunedesk.checks.checker import Checker
from tunedesk.training_server.job_folder import STARTER
from tunedesk.training_server.training.as_trained import as_trained, example_reader
from tunedesk.training_server.training.sequences import IGNORED, make_sequences

CHAT = {
    "messages": [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "Is it open? 😀"},
        {"role": "assistant", "content": "Yes,\nuntil ten."},
    ]
}
PAIR = {
    "input": {"messages": [{"role": "user", "content": "Open?"}]},
    "preferred_output": [{"role": "assistant", "content": "Until ten."}],
    "non_preferred_output": [{"role": "assistant", "content": "Perhaps."}],
}
PROMPT = {"prompt": "Open?", "completion": " Until ten."}


def changed(**message):
    record = json.loads(json.dumps(CHAT))
    record["messages"][-1].update(message)
    return record


def trained_on(record, reader, method, folder):
    """The rows of the file that a training reads."""
    path = folder / "records.jsonl"
    path.write_text(json.dumps({"line": 1, "record": record}) + "\n", encoding="utf-8")
    return list(make_sequences(path, reader, method, folder / "tokens.arrow").rows)


@pytest.mark.parametrize("family", ["llama", "qwen3", "gemma3", "plain"])
@pytest.mark.parametrize("record", [CHAT, PROMPT])
def test_the_learnt_tokens_are_those_of_the_training(base_folder, family, record, tmp_path):
    reader = example_reader(str(base_folder(family)))
    rows = trained_on(record, reader, "supervised", tmp_path)
    shown = as_trained(record, reader)
    assert len(rows) == len(shown.texts)
    for row, text in zip(rows, shown.texts, strict=True):
        learnt = [number for number, label in enumerate(row["labels"]) if label != IGNORED]
        assert learnt == text.learnt
        assert len(row["input_ids"]) == len(text.ends)
        pieces = [
            text.text[begin:end] for begin, end in zip([0, *text.ends], text.ends, strict=False)
        ]
        assert "".join(pieces) == text.text


def said(*turns):
    return {"messages": [{"role": role, "content": text} for role, text in turns]}


@pytest.mark.parametrize(
    "record",
    [
        said(("user", "Who pays the fee?"), ("assistant", "The tenant.")),
        said(("system", "Be brief."), ("user", "Until 31 March?"), ("assistant", "Yes.")),
        said(("developer", "Be brief."), ("user", "\n\n Open?"), ("assistant", "  Until 10 ")),
        said(("user", "a"), ("assistant", "b"), ("user", "c"), ("assistant", "d")),
        changed(weight=0),
        {**said(("user", "Who pays?")), "reference": "the tenant"},
        PROMPT,
    ],
)
def test_the_tokens_that_are_counted_are_those_of_the_training(record):
    reader = example_reader(str(make_model()))
    facts = Checker("local", model_encoding("Owner/Tiny").name).check(json.dumps(record).encode())
    shown = as_trained(record, reader).texts[-1]
    assert facts.tokens == len(shown.ends)
    assert facts.trained_tokens == len(shown.learnt)


def test_the_answers_of_a_pair_are_those_of_the_training(base_folder, tmp_path):
    reader = example_reader(str(base_folder("llama")))
    (row,) = trained_on(PAIR, reader, "dpo", tmp_path)
    good, bad = as_trained(PAIR, reader).texts
    assert [len(good.learnt), len(bad.learnt)] == [len(row["chosen_ids"]), len(row["rejected_ids"])]
    assert good.text[slice(*good.spans[0])].startswith("Until ten.")
    assert bad.text[slice(*bad.spans[0])].startswith("Perhaps.")


def test_what_was_written_is_kept_and_nothing_is_added():
    shown = as_trained(CHAT, example_reader(STARTER))
    assert (shown.system.total, shown.system.kept, shown.system_is_first) == (1, 1, True)
    assert shown.added == []
    assert [each.is_stopped for each in shown.texts] == [True]
    (text,) = shown.texts
    assert [text.text[begin:end] for begin, end in text.spans] == ["Yes,\nuntil ten.<|im_end|>"]


def reader_with(template):
    """The reader of a starter with another template."""
    from tunedesk.training_server.training.chat_template import ChatTemplate
    from tunedesk.training_server.training.starter import train_tokenizer
    from tunedesk.training_server.training.tokenizer import ExampleTokenizer

    tokenizer = train_tokenizer(())
    tokenizer.chat_template = template
    return ExampleTokenizer(tokenizer, ChatTemplate(tokenizer), 64)


TURNS = (
    "{% for message in messages %}{{ '<|im_start|>' + message.role + '\\n' }}"
    "{{ message.content }}{{ '<|im_end|>\\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}"
)


def test_words_of_the_template_are_told():
    template = "{{ '<|im_start|>system\\nYou are Bot, made by Some.<|im_end|>\\n' }}" + TURNS
    assert as_trained(CHAT, reader_with(template)).added == ["You are Bot, made by Some."]


def test_a_system_prompt_that_does_not_come_first_is_told():
    record = {"messages": [*CHAT["messages"][1:2], CHAT["messages"][0], CHAT["messages"][2]]}
    shown = as_trained(record, reader_with(TURNS))
    assert shown.system.kept == 1
    assert not shown.system_is_first


def test_an_answer_without_an_end_is_told():
    shown = as_trained(CHAT, reader_with(TURNS.replace("<|im_end|>", "##")))
    assert [each.is_stopped for each in shown.texts] == [True]  # the mark of the end is added
    (text,) = shown.texts
    assert text.ends[-1] == text.ends[-2] == len(text.text)


def test_thoughts_of_earlier_answers_are_counted():
    template = TURNS.replace(
        "{{ message.content }}",
        "{% if loop.last and message.reasoning_content %}<think>{{ message.reasoning_content }}"
        "</think>{% endif %}{{ message.content.split('</think>')[-1] }}",
    )
    first = {"role": "assistant", "content": "<think>It is Monday.</think>Yes."}
    last = {"role": "assistant", "content": "No.", "reasoning_content": "It is late."}
    ask = {"role": "user", "content": "Open?"}
    shown = as_trained({"messages": [ask, first, ask, last]}, reader_with(template))
    assert (shown.thoughts.total, shown.thoughts.kept) == (2, 1)


def test_a_text_that_teaches_nothing_has_no_spans():
    shown = as_trained(changed(weight=0), example_reader(STARTER))
    assert [text.spans for text in shown.texts] == [[]]
    assert [text.learnt for text in shown.texts] == [[]]


def test_short_texts_are_not_sought_in_the_words_of_the_template():
    template = "{{ '<|im_start|>system\\nYou are a bot.<|im_end|>\\n' }}" + TURNS
    messages = [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]
    assert as_trained({"messages": messages}, reader_with(template)).added == ["You are a bot."]
    assert as_trained({"messages": messages}, reader_with(TURNS)).added == []


def test_pictures_are_counted():
    picture = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}
    record = changed()
    record["messages"][1]["content"] = [{"type": "text", "text": "What is it?"}, picture]
    shown = as_trained(record, reader_with(TURNS))
    assert (shown.media.total, shown.media.kept) == (1, 0)


def test_an_answer_that_begins_learns_nothing_of_what_a_template_adds():
    template = (
        "{% for message in messages %}{% if loop.first and message.role != 'system' %}"
        "{{ '<|im_start|>system\\nYou are a bot.<|im_end|>\\n' }}{% endif %}"
    ) + TURNS.partition("{% for message in messages %}")[2]
    answer = {"role": "assistant", "content": "Good evening."}
    messages = [answer, {"role": "user", "content": "Hi"}, answer]
    (text,) = as_trained({"messages": messages}, reader_with(template)).texts
    learnt = [text.text[begin:end] for begin, end in text.spans]
    assert learnt == ["Good evening.<|im_end|>"] * 2
