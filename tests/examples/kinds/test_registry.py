"""Every record finds its kind: what a search looks through, find and replace, and previews."""

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.examples.strategies import spelled_json

from tunedesk.examples.kinds.kind import preview_line
from tunedesk.examples.kinds.registry import (
    KINDS,
    kind_named,
    kind_of,
    read_kind,
    search_text,
    text_replacer,
    with_system_prompt,
)


def chat(*contents, **more):
    messages = [{"role": "user", "content": content} for content in contents]
    return json.dumps({"messages": messages, **more})


def replace_text(text, *given, **more):
    return text_replacer(*given, **more)(text)


def test_the_text_of_a_record():
    call = {"id": "c1", "type": "function", "function": {"name": "f", "arguments": '{"a": 1}'}}
    parts = [
        {"type": "text", "text": "see"},
        {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}},
    ]
    messages = [
        {"role": "user", "content": parts},
        {"role": "assistant", "content": "Grüße\n", "tool_calls": [call]},
        {"role": "assistant", "content": None, "refusal": "no"},
    ]
    text = json.dumps({"messages": messages, "meta": "unseen"})
    assert search_text(text) == search_text(text.encode())
    assert search_text(text) == 'see\nGrüße\n\nf\n{"a": 1}\nno'


def test_the_text_of_what_is_no_chat():
    assert search_text('{"prompt": "p", "more": ["q", {"r": "s"}]}') == "p\nq\ns"
    assert search_text(b'{"a": "\xff') == '{"a": "\ufffd'
    assert search_text('{"messages": [{"content": "\\ud83d"}]}') == "\ud83d"


@given(spelled_json)
def test_any_json_has_a_text(text):
    search_text(text)
    search_text(f'{{"messages": [{text}, {{"content": {text}}}]}}')


def test_replacing_leaves_the_rest_byte_for_byte():
    text = '{"a":1e2 , "messages":[ {"content" :"cat \\u0026 cat", "cat":"cat"}],"cat":"cat"}'
    new = '{"a":1e2 , "messages":[ {"content" :"dog & dog", "cat":"cat"}],"cat":"cat"}'
    assert replace_text(text, re.compile("cat"), "dog") == (new, 2)
    assert replace_text(text, re.compile("cow"), "dog") == (text, 0)


def test_text_is_searched_as_it_is_read():
    text = chat("a\nb", 'say "content": "x"', "Köln")
    assert "\\n" in text
    assert replace_text(text, re.compile("a\nb"), "c") == (text.replace("a\\nb", "c"), 1)
    assert replace_text(text, re.compile("\\\\n"), "c") == (text, 0)
    assert replace_text(text, re.compile("ö"), "ä") == (text.replace("f6", "e4"), 1)
    assert replace_text(text, re.compile('"x"'), "y")[1] == 1


def test_the_replacement_is_plain_unless_it_is_a_template():
    text = chat("ab")
    assert replace_text(text, re.compile("(a)"), r"\1\n")[0] == chat(r"\1\nb")
    assert replace_text(text, re.compile("(a)"), r"\1\1", template=True)[0] == chat("aab")


def test_only_the_roles_that_are_asked_for():
    talk = [{"role": role, "content": "x"} for role in ("system", "user", "assistant")]
    text = json.dumps({"messages": talk})
    new, count = replace_text(text, re.compile("x"), "y", roles={"user"})
    assert count == 1
    assert [m["content"] for m in json.loads(new)["messages"]] == ["x", "y", "x"]


def test_parts_and_refusals_are_replaced_and_calls_are_not():
    call = {"function": {"name": "x", "arguments": "x"}}
    message = {
        "content": [{"type": "text", "text": "x"}, {"image_url": {"url": "x"}}, "x"],
        "refusal": "x",
        "tool_calls": [call],
    }
    new, count = replace_text(json.dumps({"messages": [message]}), re.compile("x"), "y")
    assert count == 3
    (read,) = json.loads(new)["messages"]
    assert read["tool_calls"] == [call]
    assert (read["refusal"], read["content"][0]["text"], read["content"][2]) == ("y", "y", "y")


TEXTS = st.sampled_from(["x", "yx", '"content": "x"', '{"content":"x"}', "\\", "ä\\u0078", ""])


@given(
    st.lists(TEXTS), st.booleans(), st.dictionaries(st.sampled_from(["content", '"content']), TEXTS)
)
def test_the_quick_way_and_the_careful_way_agree(contents, ascii_only, more):
    messages = [{"role": "user", **more, "content": words} for words in contents]
    record = {"messages": messages, "tools": [more], "content": "x"}
    text = json.dumps(record, ensure_ascii=ascii_only)
    new, count = replace_text(text, re.compile("x"), "zz")
    for message in messages:
        message["content"] = message["content"].replace("x", "zz")
    assert json.loads(new) == record
    assert count == sum(words.count("x") for words in contents)


@given(st.text())
def test_what_is_no_json_is_left_alone(text):
    assert replace_text(text, re.compile(""), "x") == (text, 0)


@pytest.mark.parametrize(
    ("record", "line"),
    [
        (
            {
                "messages": [
                    {"role": "system", "content": "Be kind"},
                    {"role": "user", "content": "Hi\nyou"},
                ]
            },
            "Hi you",
        ),
        ({"messages": [{"role": "assistant", "content": "  Yes  "}]}, "Yes"),
        ({"messages": [{"role": "user", "content": [{"type": "text", "text": "Look"}]}]}, "Look"),
        ({"prompt": "Question", "completion": "Answer"}, "Question"),
        ({"conversations": [{"from": "human", "value": "Who are you?"}]}, "Who are you?"),
        ({"messages": 5}, ""),
        ({}, ""),
    ],
)
def test_previews(record, line):
    assert kind_of(record).preview(record) == line


@given(st.text(max_size=500))
def test_it_is_one_short_line(text):
    line = preview_line(text)
    assert len(line) <= 160
    assert "\n" not in line
    line.encode()


CHAT = [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]


@pytest.mark.parametrize(
    ("record", "kind", "file_format"),
    [
        ({"messages": CHAT}, "chat", "chat"),
        ({"messages": CHAT, "label": True}, "chat", "chat"),
        ({"messages": CHAT[:1]}, "chat", "chat"),
        ({"messages": CHAT[:1], "tools": []}, "chat", "chat"),
        ({"messages": None, "x": 1}, "chat", "chat"),
        ({"messages": CHAT[:1], "reference_answer": "b"}, "reinforcement", "reinforcement"),
        ({"messages": CHAT[:1], "id": 7, "source": "mail"}, "chat", "chat"),
        ({"messages": [*CHAT, CHAT[0]], "reference": "b"}, "reinforcement", "reinforcement"),
        ({"messages": [*CHAT, CHAT[0]], "topic": "b"}, "chat", "chat"),
        ({"input": {"messages": CHAT}, "preferred_output": []}, "preference", "preference"),
        ({"input": {}, "non_preferred_completion": []}, "preference", "preference"),
        ({"prompt": "a", "chosen": "b", "rejected": "c"}, "preference", "dpo"),
        ({"chosen": {"messages": CHAT}, "rejected": {"messages": CHAT}}, "preference", "dpo"),
        ({"prompt": "a", "completion": "b"}, "prompt_completion", "prompt_completion"),
        ({"conversations": [{"from": "human", "value": "a"}]}, "sharegpt", "sharegpt"),
        ({"conversations": [{"role": "user"}]}, "other", "other"),
        ({"conversations": 1}, "other", "other"),
        ({"instruction": "a", "input": "", "output": "b"}, "alpaca", "alpaca"),
        ({"instruction": "a", "context": "", "response": "b"}, "alpaca", "alpaca"),
        ({"instruction": "a"}, "other", "other"),
        ({}, "other", "other"),
    ],
)
def test_kinds_are_recognised_by_their_keys(record, kind, file_format):
    found = kind_of(record)
    assert (found.name, found.format_of(record)) == (kind, file_format)


ANSWER = [{"role": "assistant", "content": "cat yes"}]
OTHER_ANSWER = [{"role": "assistant", "content": "cat no"}]
PAIR = {
    "input": {"messages": [{"role": "user", "content": "cat?"}], "tools": []},
    "preferred_output": ANSWER,
    "non_preferred_output": OTHER_ANSWER,
}
OPEN_PAIR = {"prompt": "cat?", "chosen": "cat yes", "rejected": "cat no", "id": 7}
ITEM = {"messages": [{"role": "user", "content": "cat?"}], "reference_answer": "cat yes"}
COMPLETION = {"prompt": "cat?", "completion": " cat yes"}


def test_a_kind_is_found_by_its_stored_name():
    for kind in KINDS:
        assert kind_named(kind.name) is kind
    assert kind_named("unreadable").name == "unreadable"
    assert kind_named("of a newer version").name == "other"


@pytest.mark.parametrize("text", ["", "{", "[1]", "5", '{"a": NaN}', "\ud800"])
def test_what_is_not_an_object_is_unreadable(text):
    assert read_kind(text).kind.name == "unreadable"
    assert kind_named("unreadable").blocks(text)[0].text == text


@pytest.mark.parametrize(
    ("record", "said"),
    [
        (PAIR, "cat?\ncat yes\ncat no"),
        (OPEN_PAIR, "cat?\ncat yes\ncat no"),
        (ITEM, "cat?\ncat yes"),
        (COMPLETION, "cat?\n cat yes"),
    ],
)
def test_a_search_reads_what_is_said_and_no_roles(record, said):
    assert search_text(json.dumps(record)) == said


@pytest.mark.parametrize(
    ("record", "count", "for_users"),
    [(PAIR, 3, 1), (OPEN_PAIR, 3, 1), (ITEM, 1, 1), (COMPLETION, 2, 1)],
)
def test_every_kind_is_replaced_in(record, count, for_users):
    text = json.dumps(record)
    new, replaced = replace_text(text, re.compile("cat"), "dog")
    assert replaced == count
    for key, value in record.items():
        if key != "reference_answer":
            assert json.loads(new)[key] == json.loads(json.dumps(value).replace("cat", "dog"))
    assert replace_text(text, re.compile("cat"), "dog", roles={"user"})[1] == for_users
    assert replace_text(text, re.compile("cow"), "dog") == (text, 0)


@pytest.mark.parametrize("record", [OPEN_PAIR, COMPLETION, {"instruction": "a", "output": "b"}])
def test_a_system_prompt_is_not_forced_on_what_can_have_none(record):
    text = json.dumps(record)
    assert with_system_prompt(text, "Be kind.") == text


def test_a_pair_takes_a_system_prompt_into_its_input():
    text = json.dumps(PAIR)
    new = json.loads(with_system_prompt(text, "Be kind."))
    assert new.keys() == PAIR.keys()
    assert new["input"]["messages"] == [
        {"role": "system", "content": "Be kind."},
        *PAIR["input"]["messages"],
    ]
    assert with_system_prompt(text, "") == text
    assert with_system_prompt("{", "Be kind.") == "{"


@pytest.mark.parametrize(
    ("record", "blocks"),
    [
        (
            PAIR,
            [
                ("input", "User message 1", "user", "cat?"),
                ("tools", "Tools", "", "[]"),
                ("preferred_output", "Preferred answer", "assistant", "cat yes"),
                ("non_preferred_output", "Other answer", "assistant", "cat no"),
            ],
        ),
        (
            OPEN_PAIR,
            [
                ("prompt", "Prompt", "", "cat?"),
                ("chosen", "Preferred answer", "", "cat yes"),
                ("rejected", "Other answer", "", "cat no"),
                ("id", "id", "", "7"),
            ],
        ),
        (
            ITEM,
            [
                ("messages", "User message 1", "user", "cat?"),
                ("reference_answer", "reference_answer", "", "cat yes"),
            ],
        ),
        (
            COMPLETION,
            [("prompt", "Prompt", "", "cat?"), ("completion", "Completion", "", " cat yes")],
        ),
        ({"messages": 5}, [("messages", "messages", "", "5")]),
        ({"a": {"b": 1}}, [("a", "a", "", '{"b": 1}')]),
    ],
)
def test_the_parts_of_an_example_in_reading_order(record, blocks):
    text = json.dumps(record)
    found = read_kind(text).kind.blocks(text)
    assert [block[:4] for block in found] == blocks
    assert [block.is_message for block in found] == [bool(role) for _, _, role, _ in blocks]


@given(spelled_json)
def test_any_json_has_parts_a_preview_and_hashes(text):
    for spelled in (text, f'{{"messages": {text}}}', f'{{"input": {text}, "chosen": {text}}}'):
        kind, record = read_kind(spelled)
        assert all(isinstance(block.text, str) for block in kind.blocks(spelled))
        if isinstance(record, dict):
            kind.preview(record).encode()
            hashes = kind.hashes(record)
            assert hashes is None or hashes.fingerprint is not None


def test_doubles_of_pairs_are_found_whatever_stands_beside_them():
    kind = kind_of(PAIR)
    again = {"id": 1, **dict(reversed(PAIR.items()))}
    assert kind.hashes(PAIR) == kind.hashes(again)
    assert kind.hashes(PAIR) != kind.hashes({**PAIR, "preferred_output": OTHER_ANSWER})


@pytest.mark.parametrize("role", ["system", "user", "assistant", "tool"])
def test_an_empty_example_has_no_preview(role):
    record = {"messages": [{"role": role, "content": ""}, {"role": "assistant", "content": None}]}
    assert kind_of(record).preview(record) == ""
    called = {"id": "c1", "type": "function", "function": {"name": "find_case", "arguments": "{}"}}
    record = {"messages": [{"role": "assistant", "tool_calls": [called]}]}
    assert kind_of(record).preview(record) == "find_case"
