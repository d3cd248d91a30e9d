"""The short way and the way of the rules come to the same facts, on good rows and damaged ones."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.catalogue.made_models import make_model

from tunedesk.catalogue.token_encodings import model_encoding
from tunedesk.checks.checker import Checker

_pieces = st.sampled_from(
    [
        "a",
        "Hello there",
        " ",
        "\n",
        "ç",
        "ş",
        "Ã©",
        "é »",
        "{{name}}",
        "{",
        "[Your Name]",
        "<|endoftext|>",
        "\x07",
        "\x1e",
        "\ufffd",
        "你好",
        "😀",
        '"',
        "\\",
        '":',
        '\\":',
        "\u2028",
        "€",
        "\x7f",
        "\x85",
        "\x90",
    ]
)
_texts = st.lists(_pieces, max_size=5).map("".join)
_messages = st.fixed_dictionaries(
    {
        "role": st.sampled_from(["system", "user", "assistant", "tool", "developer", "bot"]),
        "content": _texts,
    },
    optional={"weight": st.sampled_from([0, 1]), "name": st.sampled_from(["anna", ""])},
)
_plain_messages = st.fixed_dictionaries(
    {"role": st.sampled_from(["system", "user", "assistant"]), "content": _texts}
)
_records = st.fixed_dictionaries(
    {"messages": st.lists(_plain_messages, max_size=5) | st.lists(_messages, max_size=4)},
    optional={"id": st.integers(), "meta": st.dictionaries(_texts, _texts, max_size=2)},
)


@pytest.fixture(scope="module", params=["r50k_base", "a model on this computer"])
def checker(request, tmp_path_factory):
    if request.param == "r50k_base":
        return Checker(encoding="r50k_base")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_DATA_HOME", str(tmp_path_factory.mktemp("data")))
        make_model()
        return Checker("local", model_encoding("Owner/Tiny").name, "Owner/Tiny")


@settings(max_examples=400)
@given(record=_records, ascii_only=st.booleans(), compact=st.booleans())
def test_the_short_way_agrees_with_the_rules(checker, record, ascii_only, compact):
    separators = (",", ":") if compact else None
    text = json.dumps(record, ensure_ascii=ascii_only, separators=separators).encode()
    assert checker.check(text) == checker.check_by_rules(text)


_ROWS = [
    json.dumps({"messages": messages, **more}, separators=separators).encode()
    for messages in (
        [{"role": "user", "content": "Is it open?"}, {"role": "assistant", "content": "Yes."}],
        [
            {"role": "system", "content": "Be kind."},
            {"role": "user", "content": 'Say "hello"\n'},
            {"role": "assistant", "content": "Caf\u00e9 \\\\ ol\u00e9"},
        ],
    )
    for more in ({}, {"id": 7, "meta": {"a": ["b", {"c": "d"}]}})
    for separators in (None, (",", ":"))
]
# What rows are made of, and what damage puts between: keys of other kinds, marks that escape.
_SPLICES = [
    b'"',
    b"\\",
    b'\\"',
    b"\\u0022",
    b"\\ud800",
    b"\\u001e",
    b"\x1e",
    b"\xff",
    b"\xc3",
    b"{",
    b"}",
    b"[",
    b"]",
    b",",
    b":",
    b" ",
    b"\t",
    b"\n",
    b"null",
    b"0",
    b"{{name}}",
    b'"role": "user", ',
    b'"role": "assistant", ',
    b'"role":',
    b'"content": "again", ',
    b'"content": "", ',
    b'"messages": [], ',
    b'"weight": 0, ',
    b'"id": 1, ',
    b'"preferred_output": [], ',
    b'"chosen": 1, "rejected": 2, ',
    b'"reference_answer": "x", ',
    b'"tools": [], ',
    b'{"role": "user", "content": "Hi"}, ',
    b'{"role": "system", "content": "Be kind."}, ',
    b'{"role": "assistant", "content": "Yes."}',
]
_damage = st.lists(
    st.tuples(st.floats(0, 1), st.integers(0, 12), st.sampled_from([b"", *_SPLICES])), max_size=3
)


@settings(max_examples=1500)
@given(data=st.data(), damage=_damage)
def test_both_ways_agree_on_damaged_rows(checker, all_faults, data, damage):
    text = data.draw(st.sampled_from(_ROWS + [text for _fault, text in all_faults]))
    for place, removed, put in damage:
        at = int(place * len(text))
        text = text[:at] + put + text[at + removed :]
    assert checker.check(text) == checker.check_by_rules(text)


@pytest.mark.parametrize("key", ["preferred_output", "preferred_completion", "reference_answer"])
def test_a_row_of_two_kinds_gets_one_verdict(checker, key):
    asked = {"role": "user", "content": "Hi there"}
    for messages in ([asked], [asked, {"role": "assistant", "content": "Yes."}]):
        text = json.dumps({"messages": messages, key: []}).encode()
        assert checker.check(text) == checker.check_by_rules(text)
