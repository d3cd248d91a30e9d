"""What a search looks through, and find and replace."""

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.examples.strategies import spelled_json

from tunedesk.examples.record_text import message_text, preview, preview_line, replace_in_messages


def chat(*contents, **more):
    messages = [{"role": "user", "content": content} for content in contents]
    return json.dumps({"messages": messages, **more})


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
    assert message_text(text) == message_text(text.encode())
    assert message_text(text) == 'see\nGrüße\n\nf\n{"a": 1}\nno'


def test_the_text_of_what_is_no_chat():
    assert message_text('{"prompt": "p", "more": ["q", {"r": "s"}]}') == "p\nq\ns"
    assert message_text(b'{"a": "\xff') == '{"a": "\ufffd'
    assert message_text('{"messages": [{"content": "\\ud83d"}]}') == "\ud83d"


@given(spelled_json)
def test_any_json_has_a_text(text):
    message_text(text)
    message_text(f'{{"messages": [{text}, {{"content": {text}}}]}}')


def test_replacing_leaves_the_rest_byte_for_byte():
    text = '{"a":1e2 , "messages":[ {"content" :"cat \\u0026 cat", "cat":"cat"}],"cat":"cat"}'
    new = '{"a":1e2 , "messages":[ {"content" :"dog & dog", "cat":"cat"}],"cat":"cat"}'
    assert replace_in_messages(text, re.compile("cat"), "dog") == (new, 2)
    assert replace_in_messages(text, re.compile("cow"), "dog") == (text, 0)


def test_text_is_searched_as_it_is_read():
    text = chat("a\nb", 'say "content": "x"', "Köln")
    assert "\\n" in text
    assert replace_in_messages(text, re.compile("a\nb"), "c") == (text.replace("a\\nb", "c"), 1)
    assert replace_in_messages(text, re.compile("\\\\n"), "c") == (text, 0)
    assert replace_in_messages(text, re.compile("ö"), "ä") == (text.replace("f6", "e4"), 1)
    assert replace_in_messages(text, re.compile('"x"'), "y")[1] == 1


def test_the_replacement_is_plain_unless_it_is_a_template():
    text = chat("ab")
    assert replace_in_messages(text, re.compile("(a)"), r"\1\n")[0] == chat(r"\1\nb")
    assert replace_in_messages(text, re.compile("(a)"), r"\1\1", template=True)[0] == chat("aab")


def test_only_the_roles_that_are_asked_for():
    talk = [{"role": role, "content": "x"} for role in ("system", "user", "assistant")]
    text = json.dumps({"messages": talk})
    new, count = replace_in_messages(text, re.compile("x"), "y", roles={"user"})
    assert count == 1
    assert [m["content"] for m in json.loads(new)["messages"]] == ["x", "y", "x"]


def test_parts_and_refusals_are_replaced_and_calls_are_not():
    call = {"function": {"name": "x", "arguments": "x"}}
    message = {
        "content": [{"type": "text", "text": "x"}, {"image_url": {"url": "x"}}, "x"],
        "refusal": "x",
        "tool_calls": [call],
    }
    new, count = replace_in_messages(json.dumps({"messages": [message]}), re.compile("x"), "y")
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
    new, count = replace_in_messages(text, re.compile("x"), "zz")
    for message in messages:
        message["content"] = message["content"].replace("x", "zz")
    assert json.loads(new) == record
    assert count == sum(words.count("x") for words in contents)


@given(st.text())
def test_what_is_no_json_is_left_alone(text):
    assert replace_in_messages(text, re.compile(""), "x") == (text, 0)


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
    assert preview(record) == line


@given(st.text(max_size=500))
def test_it_is_one_short_line(text):
    line = preview_line(text)
    assert len(line) <= 160
    assert "\n" not in line
    line.encode()
