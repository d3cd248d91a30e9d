"""What is found in texts, and that the quick look passes over nothing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tunedesk.checks.text_rules import (
    check_blanks,
    check_text,
    check_texts,
    is_plain_text,
    windows_letters,
    without_code,
)

_PIECES = [
    *("a", " ", "\n", "[customer name]", "[1]", "[x](y)", "{{name}}", "<think>", "</think>"),
    *("<|im_start|>user\n", "[INST]", "\x07", "\x92", "\ufffd", "Ã©", "`", "```", "[", "<", "é"),
]


def _codes(text):
    return [problem.code for problem in check_text(text, ("messages", 0, "content"))]


@pytest.mark.parametrize(
    "text",
    [
        "Dear [customer name], your order has come.",
        "Your [part] has arrived.",
        "It was [date of purchase].",
        "Call [phone number] or write to [E-Mail].",
        "Order [ORDER_ID] is ready.",
        "Dear [Your Name],",
        "Set <YOUR_KEY> there.".replace("<YOUR_KEY>", "<your_key>"),
        "Sehr geehrte Frau [Nachname], am [Datum]",
    ],
)
def test_gaps_of_a_template_are_found(text):
    assert _codes(text) == ["placeholder_perhaps"]


@pytest.mark.parametrize(
    "text",
    [
        "See the note [1] and [2, 3].",
        "Read [the name](https://example.org) or [title][ref].",
        "[name]: https://example.org",
        "- [ ] open\n- [x] done",
        "He said [sic] so, [laughter] and left [...].",
        "From [2024-01-02] on, at [10:30].",
        "users[name] = row[number]",
        "```\n[customer name]\n```",
        "Write `[customer name]` there.",
        r"\[name\] and $[title]$",
        "[ERROR] it failed",
    ],
)
def test_other_brackets_are_left_alone(text):
    assert _codes(text) == []


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("ChainGlide\x99 \x96 it\x92s fine.", "ChainGlide™ – it’s fine."),
        ("Again \x80\x93 after each ride.", "Again – after each ride."),
        ("It costs \x82\xac5 \x80\x9cor so\x80\x9d", "It costs €5 “or so”"),
        ("wait\x85 it\x92s", "wait… it’s"),
        ("bell\x07 rings", "bell rings"),
        ("five have none: \x81\x8d", "five have none: \x81\x8d"),
        ("all is well – é ç", "all is well – é ç"),
        ("next line\x85 alone", "next line\x85 alone"),
    ],
)
def test_control_characters_become_the_letters_that_they_were(text, meant):
    assert windows_letters(text) == meant


@given(st.lists(st.sampled_from(_PIECES), max_size=8).map("".join))
def test_the_quick_look_passes_over_nothing(text):
    messages = [{"role": "assistant", "content": text}]
    found = [p for p in check_texts(messages) if p.code != "blanks_around"]
    if is_plain_text(text):
        assert found == []


@given(st.lists(st.sampled_from(_PIECES), max_size=8).map("".join))
def test_letters_of_windows_are_put_right_once(text):
    assert windows_letters(windows_letters(text)) == windows_letters(text)


def test_code_is_left_out():
    assert without_code("a `b` c ```d\ne``` f") == "a ` c ` f"
    assert without_code("an open ``` block [name]") == "an open `"


@pytest.mark.parametrize(
    ("text", "role", "where"),
    [(" a", "user", "before"), ("a\n", "system", "after"), (" a ", "assistant", "both")],
)
def test_blanks_around(text, role, where):
    (problem,) = check_blanks(text, ("messages", 0, "content"), role)
    assert problem.parameters == {"where": where}
    assert list(check_blanks(text, (), "tool")) == []
    assert list(check_blanks("a", (), role)) == []


@pytest.mark.parametrize(
    ("text", "fixed"),
    [
        ("first line\x0bsecond line\x0cthird page", "first line\nsecond line\nthird page"),
        ("one page\x0c\nthe next", "one page\nthe next"),
        ("one page\r\n\x0cthe next", "one page\nthe next"),
        ("h\x00e\x00llo\x00", "hello"),
        ("\x1b[31mred\x1b[0m", "red"),
        ("name\x1fvalue", "name\x1fvalue"),
        ("row\x1d\x00\x1erow", "row\x1d\x1erow"),
        ("row \x1e row\x1e", "row  row"),
    ],
)
def test_no_two_words_are_glued_where_a_control_parted_them(text, fixed):
    assert windows_letters(text) == fixed
    assert windows_letters(fixed) == fixed


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Dear <client name>, we thank you.", "<client name>"),
        ("Dear <NAME>, we thank you.", "<NAME>"),
        ("Your number is <ORDER_ID>.", "<ORDER_ID>"),
        ("Pay by <DUE DATE>.", "<DUE DATE>"),
        ("The <title> tag names the page.", None),
        ("<TITLE>Bees</TITLE>", None),
        ("<FULL_NAME>Bee</FULL_NAME>", None),
        ("A List<NAME> and a < b name> c.", None),
        ("Call it with <name>.", None),
    ],
)
def test_a_name_between_angle_brackets_is_perhaps_a_placeholder(text, found):
    problems = [p for p in check_text(text, ()) if p.code == "placeholder_perhaps"]
    assert [problem.parameters["text"] for problem in problems] == ([found] if found else [])
