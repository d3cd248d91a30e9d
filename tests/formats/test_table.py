"""Which row of a table names its columns, and what the names say."""

import pytest

from tunedesk.formats.table import TableRow, column_names, find_header, role_of_name


def rows(*all_cells):
    return [TableRow(number, number, list(cells)) for number, cells in enumerate(all_cells, 1)]


def test_names_above_sentences():
    assert find_header(rows(("Question", "Answer"), ("What is it?", "A house."))) == 1
    assert find_header(rows(("Betreff", "Text"), ("Rechnung", "Bitte zahlen Sie bald."))) == 1


def test_a_title_above_the_names():
    found = rows(
        ("Letters 2024", ""), ("", ""), ("Question", "Answer"), ("What is it?", "A house.")
    )
    assert find_header(found) == 3


@pytest.mark.parametrize(
    "cells",
    [
        (("What is it?", "A house."), ("And that?", "A tree.")),
        (("1", "2"), ("3", "4")),
        (("yes", "yes"), ("Who is it?", "Ann.")),
        (("only", "one"),),
    ],
)
def test_data_are_no_names(cells):
    assert find_header(rows(*cells)) == 0


@pytest.mark.parametrize(
    ("name", "role"),
    [
        ("USER", "user"),
        (" System_Prompt ", "system"),
        ("justAnswer", "assistant"),
        ("Customer question", "user"),
        ("Antwort", "assistant"),
        ("回答", "assistant"),
        ("Clerk", ""),
    ],
)
def test_what_a_name_says(name, role):
    assert role_of_name(name) == role


def test_each_name_stands_once():
    assert column_names(["\ufeffa", "", "a"], 4) == ("a", "Column 2", "a (2)", "Column 4")
