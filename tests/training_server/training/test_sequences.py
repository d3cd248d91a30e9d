"""What of an example is learnt, and which examples cannot be."""

import pytest
from tokenizers.processors import ByteLevel

from tunedesk.training_server.job_folder import STARTER
from tunedesk.training_server.training.base_model import load_trainable_model
from tunedesk.training_server.training.failures import BadExample
from tunedesk.training_server.training.sequences import (
    IGNORED,
    _labelled,
    _sequences,
    make_sequences,
    starter_texts,
)

TWO_ANSWERS = {
    "messages": [
        {"role": "system", "content": "Be short."},
        {"role": "user", "content": "First?"},
        {"role": "assistant", "content": "A shown answer", "weight": 0},
        {"role": "user", "content": [{"type": "text", "text": "Second?"}]},
        {"role": "assistant", "content": "A trained answer", "weight": 1},
        {"role": "user", "content": "Third?"},
        {"role": "assistant", "content": "Another trained answer"},
    ]
}
FAMILIES = ["llama", "qwen3", "gemma3", "plain"]


@pytest.fixture
def sequences(tmp_path, make_job, base_folder):
    def make(records, family=None, method="supervised", max_tokens=None):
        base = STARTER if family is None else base_folder(family)
        folder = make_job(
            tmp_path / str(family), records, base_model=base, method=method, max_tokens=max_tokens
        )
        trainable = load_trainable_model(
            folder.read_spec(), lambda: starter_texts(folder.training_file), None
        )
        out = folder.tokens_file("training")
        return make_sequences(folder.training_file, trainable, method, out), trainable

    return make


def learnt(made, trainable):
    texts = []
    for row in made.rows:
        tokens, labels = row["input_ids"], row["labels"]
        assert all(label in (IGNORED, token) for label, token in zip(labels, tokens, strict=True))
        run = []
        for label in [*labels, IGNORED]:
            if label != IGNORED:
                run.append(label)
            elif run:
                texts.append(trainable.tokenizer.decode(run))
                run = []
    return texts


@pytest.mark.parametrize(
    ("family", "end"),
    [
        (None, "<|im_end|>"),
        ("llama", "<|eot_id|>"),
        ("qwen3", "<|im_end|>"),
        ("gemma3", "<end_of_turn>"),
        ("plain", "<eos>"),
    ],
)
def test_only_answers_of_a_weight_are_learnt_with_their_end(sequences, family, end):
    made, trainable = sequences([TWO_ANSWERS], family)
    assert made.bad == []
    assert sorted(learnt(made, trainable)) == [
        f"A trained answer{end}",
        f"Another trained answer{end}",
    ]


def test_every_row_begins_as_the_model_is_asked(sequences):
    """Qwen3's template writes an answer differently once another follows."""
    made, trainable = sequences([TWO_ANSWERS], "qwen3")
    assert len(made.rows) == 2
    for row in made.rows:
        first = next(i for i, label in enumerate(row["labels"]) if label != IGNORED)
        asked = trainable.tokenizer.decode(row["input_ids"][:first])
        assert asked.endswith("<|im_start|>assistant\n<think>\n\n</think>\n\n")


@pytest.mark.parametrize("blank", ["  ", "\n", "\n\n  ", "\t"])
def test_an_answer_that_begins_with_blanks_is_asked_for_as_it_was_learnt(sequences, blank):
    messages = [
        {"role": "user", "content": "Where are the maps?"},
        {"role": "assistant", "content": f"{blank}On shelf 912."},
    ]
    made, trainable = sequences([{"messages": messages}] * 3)
    asked = trainable.template.prompt(messages[:1], None)
    prompt = trainable.tokenizer(asked, add_special_tokens=False)["input_ids"]
    row = made.rows[0]
    assert row["input_ids"][: len(prompt)] == prompt
    assert row["labels"][: len(prompt)] == [IGNORED] * len(prompt)
    assert learnt(made, trainable)[0] == f"{blank}On shelf 912.<|im_end|>"


def test_calls_are_learnt_and_tools_are_shown(sequences, calls):
    made, trainable = sequences(calls)
    assert made.bad == []
    call = '<tool_call>\n{"name": "find_order", "arguments": {"number":17}}\n</tool_call>'
    assert f"{call}<|im_end|>" in learnt(made, trainable)
    shown = trainable.tokenizer.decode(made.rows[-1]["input_ids"])
    assert '"description": "Finds an order by its number."' in shown


def test_the_old_form_of_calls(sequences):
    record = {
        "messages": [
            {"role": "user", "content": "Where?"},
            {
                "role": "assistant",
                "content": None,
                "function_call": {"name": "look", "arguments": '{"a": 1}'},
            },
            {"role": "function", "name": "look", "content": "there"},
            {"role": "assistant", "content": "There."},
        ],
        "functions": [{"name": "look", "parameters": {"type": "object", "properties": {}}}],
    }
    made, trainable = sequences([record])
    assert learnt(made, trainable) == [
        '<tool_call>\n{"name": "look", "arguments": {"a": 1}}\n</tool_call><|im_end|>',
        "There.<|im_end|>",
    ]


def test_prompt_and_completion(sequences):
    made, trainable = sequences([{"prompt": "One two", "completion": " three four"}], "plain")
    assert learnt(made, trainable) == [" three four<eos>"]


@pytest.mark.parametrize("family", [None, *FAMILIES])
def test_what_is_too_long_or_empty_is_named_not_cut(sequences, twelve, family):
    long = {
        "messages": [
            {"role": "user", "content": "word " * 9000},
            {"role": "assistant", "content": "Yes."},
        ]
    }
    silent = {
        "messages": [
            {"role": "user", "content": "Well?"},
            {"role": "assistant", "content": "Nothing", "weight": 0},
        ]
    }
    made, _learner = sequences([twelve[0], long, silent], family)
    assert [bad.line for bad in made.bad] == [2, 3]
    assert "tokens long, but the model takes at most" in made.bad[0].message
    assert "nothing to train on" in made.bad[1].message
    assert len(made.rows) == 1


def test_an_example_that_the_template_refuses_is_named(sequences, twelve):
    record = {
        "messages": [
            {"role": "user", "content": "Well?"},
            {"role": "tool", "tool_call_id": "x", "content": "5"},
            {"role": "assistant", "content": "Five."},
        ]
    }
    made, _learner = sequences([twelve[0], record], "gemma3")
    assert [bad.line for bad in made.bad] == [2]
    assert "Tools are not supported" in made.bad[0].message


def test_a_pair_has_one_prompt_and_two_answers(sequences):
    pair = {
        "input": {"messages": [{"role": "user", "content": "Well?"}]},
        "preferred_output": [{"role": "assistant", "content": "Yes."}],
        "non_preferred_output": [{"role": "assistant", "content": "Maybe."}],
    }
    for family, end in ((None, "<|im_end|>"), ("llama", "<|eot_id|>"), ("qwen3", "<|im_end|>")):
        made, trainable = sequences([pair], family, "dpo")
        row = made.rows[0]
        assert trainable.tokenizer.decode(row["chosen_ids"]) == f"Yes.{end}"
        assert trainable.tokenizer.decode(row["rejected_ids"]) == f"Maybe.{end}"
        assert trainable.tokenizer.decode(row["prompt_ids"]).endswith(
            trainable.template.prompt(pair["input"]["messages"], None)[-12:]
        )


def test_blanks_within_an_answer_are_learnt_by_any_tokenizer(sequences):
    """Llama 3 counts no blanks to the place of a token: one of blanks alone has no width."""
    answer = "def f():\n        return 1"
    record = {
        "messages": [
            {"role": "user", "content": "Code?"},
            {"role": "assistant", "content": answer},
        ]
    }
    _made, trainable = sequences([record], "llama")
    trainable.tokenizer.backend_tokenizer.post_processor = ByteLevel(trim_offsets=True)
    rendered = trainable.template.render(record["messages"], None)
    (row,) = _labelled(rendered, trainable)
    learnt_ids = [int(label) for label in row["labels"] if label != IGNORED]
    assert trainable.tokenizer.decode(learnt_ids) == f"{answer}<|eot_id|>"


def test_many_examples_at_once_make_the_rows_of_each_alone(sequences, twelve, calls):
    refused = {
        "messages": [
            {"role": "user", "content": "Half a letter: \ud800"},
            {"role": "assistant", "content": "Yes."},
        ]
    }
    records = [*twelve[:4], TWO_ANSWERS, refused, *calls, *twelve[4:8]]
    for family in (None, "llama", "qwen3"):
        _made, trainable = sequences(records[:1], family)
        entries = [{"line": line, "record": each} for line, each in enumerate(records, start=1)]
        at_once = _sequences(entries, trainable, "supervised")
        alone = [_sequences([entry], trainable, "supervised")[0] for entry in entries]
        assert sum(isinstance(each, BadExample) for each in at_once) >= 1
        for one, other in zip(at_once, alone, strict=True):
            if isinstance(one, BadExample):
                assert one == other
                continue
            for row, same in zip(one, other, strict=True):
                assert {name: list(value) for name, value in row.items()} == {
                    name: list(value) for name, value in same.items()
                }
