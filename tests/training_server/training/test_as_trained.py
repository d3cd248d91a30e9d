"""What is shown of an example is what the files of tokens hold."""

import json

import pytest
from tests.catalogue.made_models import make_model

from tunedesk.catalogue.token_encodings import model_encoding
from tunedesk.checks.checker import Checker
from tunedesk.training_server.as_trained_process import check, given_file
from tunedesk.training_server.job_folder import STARTER, FileToCheck, JobFolder, ValidationRequest
from tunedesk.training_server.jobs.validation_process import main
from tunedesk.training_server.models import BaseModels
from tunedesk.training_server.settings import ServerSettings
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


def preferring(answer):
    return PAIR | {"preferred_output": [{"role": "assistant", "content": answer}]}


CALL = {"id": "c", "type": "function", "function": {"name": "find", "arguments": "{}"}}
ASK, ANSWER = {"role": "user", "content": "Open?"}, {"role": "assistant", "content": "Until ten."}
SETS = {
    "supervised": [
        CHAT,
        {"messages": [ASK, {"role": "assistant", "content": "Yes.", "weight": 0}]},
        {"messages": [{"role": "user", "content": "word " * 900}, ANSWER]},
        {"messages": [ASK, {"role": "assistant", "content": None, "tool_calls": [CALL]}]},
        {"messages": [ASK, {"role": "assistant", "content": ""}]},
        {"messages": [ASK]},
        {"messages": [ASK, ANSWER, CHAT["messages"][0], ASK, ANSWER]},
        {"messages": [ASK, ANSWER | {"reasoning_content": "It is Monday."}, ASK, ANSWER]},
        PAIR,
        *[changed(content=f"Until {hour}.") for hour in range(9)],
    ],
    "dpo": [
        PAIR,
        PAIR | {"preferred_output": [{"role": "assistant", "content": "word " * 900}]},
        CHAT,
    ]
    + [PAIR | {"preferred_output": [{"role": "assistant", "content": f"{n}."}]} for n in range(9)],
}


def checked(folder, base, method, records):
    """What the window is told of the examples of a launch: their rows, and the other lines."""
    given = JobFolder(folder)
    folder.mkdir()
    text = "".join(json.dumps(record) + "\n" for record in records)
    given_file(given, "training").write_text(text, encoding="utf-8")
    models = BaseModels(ServerSettings(folder, "", models_dir=base.parent), 0)
    lines = []
    check(given, base.name, method, models, lines.append)
    return [row for line in lines for row in line.get("rows", ())], lines


def validated(folder, base, method, records):
    """What the server finds in the same examples as a file: what is wrong, and the tokens."""
    folder.mkdir()
    job, file = JobFolder(folder), folder / "file.jsonl"
    file.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")
    job.write_request(
        ValidationRequest(
            method, True, str(base), {"training": FileToCheck(str(file), "file-1", "file.jsonl")}
        )
    )
    assert main([str(folder)]) == 0
    report = [json.loads(line) for line in job.report_file.read_text(encoding="utf-8").splitlines()]
    bad = {line["line"]: line["text"] for line in report if line["kind"] == "bad"}
    return bad, json.loads(job.tokens_summary.read_text(encoding="utf-8"))["files"]["training"]


@pytest.mark.parametrize("family", ["llama", "qwen3", "gemma3", "plain"])
@pytest.mark.parametrize("method", SETS)
def test_a_launch_is_told_what_the_server_finds(base_folder, family, method, tmp_path):
    base, records = base_folder(family), SETS[method]
    rows, _lines = checked(tmp_path / "given", base, method, records)
    bad, tokens = validated(tmp_path / "job", base, method, records)
    assert {row.line: row.reason for row in rows if row.refused} == bad
    assert sorted(row.line for row in rows) == list(range(1, len(records) + 1))
    good = [row for row in rows if not row.refused]
    if method == "supervised":
        assert sum(row.tokens for row in good) == tokens["tokens"]
    assert max(row.longest for row in good) == tokens["longest"]
    assert "too_long" in {row.refused for row in rows}


def test_a_launch_is_told_what_the_open_example_is_told(base_folder, tmp_path):
    for family in ("llama", "qwen3"):
        base = base_folder(family)
        reader = example_reader(str(base))
        rows, lines = checked(tmp_path / family, base, "supervised", SETS["supervised"])
        assert {"context": 1024} in lines
        for row in rows:
            if row.refused:
                continue
            one = as_trained(SETS["supervised"][row.line - 1], reader)
            assert row.learnt == sum(len(text.learnt) for text in one.texts)
            assert row.tokens == sum(len(text.ends) for text in one.texts)
            found = {
                "no_end": not all(text.is_stopped for text in one.texts),
                "empty_answer": one.empty_answers > 0,
                "media": one.media.total > 0,
                "thoughts": one.thoughts.kept < one.thoughts.total,
                "late_system": not one.system_is_first,
            }
            assert set(row.remarks) == {name for name, is_so in found.items() if is_so}
        remarks = {remark for row in rows for remark in row.remarks}
        assert {"empty_answer", "thoughts"} <= remarks


def test_a_model_that_is_gone_is_told(tmp_path, base_folder):
    _rows, lines = checked(tmp_path / "given", base_folder("plain") / "gone", "supervised", [CHAT])
    assert lines == [{"failed": "The model gone is not on this computer."}]


def test_the_calls_of_an_example_are_not_words_of_the_template():
    messages = [ASK, {"role": "assistant", "content": None, "tool_calls": [CALL]}]
    assert as_trained({"messages": messages}, example_reader(STARTER)).added == []
