"""What a spreadsheet puts on the clipboard becomes messages."""

import pytest

from tunedesk.formats.pasted_text import SpreadsheetRow, parse_spreadsheet


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
