"""What is said of problems: whole sentences, with their numbers, in words of everyday."""

import pytest

from tunedesk.checks.messages.sentences import advice, sentence, title
from tunedesk.checks.problem import Problem, SetProblem, codes


def test_no_word_of_programmers_without_need():
    for code in codes():
        for words in (title(code), advice(code), sentence(Problem(code, (), {}))):
            for jargon in (
                "boolean",
                "string",
                "array",
                "schema error",
                "exception",
                "invalid JSON",
            ):
                assert jargon not in words


def test_the_number_of_a_message_is_counted_from_one():
    assert sentence(Problem("role_missing", ("messages", 2), {})).startswith("Message 3 ")
    in_a_pair = Problem("role_missing", ("input", "messages", 2), {})
    assert sentence(in_a_pair).startswith("Message 3 ")


@pytest.mark.parametrize(
    ("problem", "expected"),
    [
        (
            Problem("control_character_raw", (), {"reason": "lines", "first": 3, "last": 1007}),
            "A line break stands raw inside a text, lines 3 to 1007; JSON writes it \\n.",
        ),
        (
            Problem("not_json", (), {"reason": "bare_quote", "column": 1200, "line": 1}),
            'At column 1200 a quotation mark stands inside a text; it must be written \\".',
        ),
        (
            Problem("record_too_long", (), {"bytes": 300 * 2**20, "limit": 160 * 2**20}),
            "The row has 300.0 MB; rows of over 160 MB are not read.",
        ),
        (
            SetProblem("mostly_copies", {"count": 1097, "distinct": 10, "copies": 1087}),
            "Distinct examples: 10 of 1,097; the other 1,087 are copies of them.",
        ),
        (Problem("other_training", (), {"kind": "preference"}), None),
    ],
)
def test_places_and_numbers_are_written_as_people_do(problem, expected):
    said = sentence(problem)
    assert "…" not in said
    if expected is not None:
        assert said == expected


def test_what_is_not_known_is_said_in_general():
    assert sentence(Problem("not_json", (), {"reason": "of a newer version"}))


def test_what_only_a_newer_version_knows_has_words_of_its_own():
    problem = Problem("future_{rule}", ("messages", 0), {"n": 1})
    assert "newer Tunedesk (future_{rule})" in title(problem.code)
    assert "newer Tunedesk" in sentence(problem)
    assert advice(problem.code)


@pytest.mark.parametrize("value", [None, "x", -1, 1e300, [], {"a": []}, "{0}{x.y}"])
def test_parameters_of_any_shape_give_words(value):
    names = ("n", "count", "bytes", "limit", "tokens", "type", "role", "reason", "where", "names")
    for code in codes():
        for parameters in ({}, dict.fromkeys(names, value)):
            assert sentence(Problem(code, ("messages", 2**62, "x", -1), parameters))
