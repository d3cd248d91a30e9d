"""JSON and rows of a spreadsheet on the clipboard become records."""

import json

import pytest

from tunedesk.formats.pasted_text import SpreadsheetRow, parse_spreadsheet, pasted_records


def test_two_columns_are_question_and_answer():
    assert parse_spreadsheet("Where?\tHere.\r\nWhen?\tNow.\r\n") == [
        SpreadsheetRow("", "Where?", "Here."),
        SpreadsheetRow("", "When?", "Now."),
    ]


def test_three_columns_begin_with_the_system_prompt():
    assert parse_spreadsheet("Be kind.\tHi\tHello") == [SpreadsheetRow("Be kind.", "Hi", "Hello")]


def test_a_row_of_names_sets_the_order():
    text = "Answer\tQuestion\nHere.\tWhere?\n"
    assert parse_spreadsheet(text) == [SpreadsheetRow("", "Where?", "Here.")]


def test_cells_keep_line_breaks_and_quotation_marks():
    text = '"two\nlines"\t"say ""yes"""\n'
    assert parse_spreadsheet(text) == [SpreadsheetRow("", "two\nlines", 'say "yes"')]


@pytest.mark.parametrize("text", ["", "no tab", "a\tb\tc\td", "Question\tAnswer\n", "\t\n"])
def test_what_is_no_such_table_is_none(text):
    assert parse_spreadsheet(text) is None


def test_a_short_row_has_an_empty_answer():
    assert parse_spreadsheet("Where?\tHere.\nWhen?\n")[1] == SpreadsheetRow("", "When?", "")


def test_a_system_prompt_stands_first():
    record = pasted_records("Be kind.\tHi\tHello")[0]
    roles = [message["role"] for message in json.loads(record)["messages"]]
    assert roles == ["system", "user", "assistant"]


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ('{"messages": []}\n\n{"messages": []}\n', 2),
        ('[{"a": 1},\n {"a": 2}]', 2),
        ('{\n  "a": {"b": 1}\n}\n', 1),
        ('{\n "a": 1\n}\n{\n "a": 2\n}\n', 2),
        ('{"broken": \n', 0),
        ("[1, 2]", 0),
        ("", 0),
        ("text", 0),
    ],
)
def test_records_of_a_pasted_text(text, count):
    records = pasted_records(text)
    assert len(records) == count
    for record in records:
        assert isinstance(json.loads(record), dict)


def test_a_record_is_pasted_as_it_is_spelled():
    line = '{"messages" : [ ],"x":1e2, "big": 123456789012345678901234567890}'
    assert pasted_records(line) == [line]
