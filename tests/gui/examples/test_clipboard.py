"""Rows are copied as JSONL, and pasted from JSONL and from spreadsheets."""

import json

import pytest
from PySide6.QtCore import QObject
from PySide6.QtGui import QGuiApplication
from tests.project.made_examples import undo_name

from tunedesk.gui.examples.clipboard import Clipboard
from tunedesk.gui.examples.row_actions import SelectedRows
from tunedesk.project.query import ExampleQuery


@pytest.fixture
def chosen():
    return []


@pytest.fixture
def clipboard(qtbot, context, chosen):
    owner = QObject()
    clipboard = Clipboard(
        context=context,
        rows=lambda: SelectedRows(chosen, len(chosen)),
        behind=lambda: chosen[-1] if chosen else None,
        parent=owner,
    )
    yield clipboard
    clipboard.close()
    QGuiApplication.clipboard().clear()
    owner.deleteLater()


def test_copied_rows_come_back_as_they_were(clipboard, add, project, chosen):
    chosen += add("first", "zwei\nZeilen", "third")[:2]
    clipboard.copy()
    lines = QGuiApplication.clipboard().text().splitlines()
    assert lines == [project.text(one) for one in chosen]
    pasted = []
    clipboard.pasted.connect(pasted.extend)
    clipboard.paste()
    assert [project.text(one) for one in pasted] == lines
    assert [row.number for row in project.rows(pasted)] == [3, 4]
    assert undo_name(project) == "Paste 2 examples"
    assert [row.source for row in project.rows(pasted)] == ["Pasted"] * 2
    clipboard.paste()
    assert [source.title for source in project.sources()] == ["Written here", "Pasted"]
    assert project.count(ExampleQuery(sources=("pasted",))) == 4


def test_rows_of_a_spreadsheet_become_examples(clipboard, project):
    QGuiApplication.clipboard().setText("Question\tAnswer\nWhere?\tHere.\nWhen?\tNow.\n")
    pasted = []
    clipboard.pasted.connect(pasted.extend)
    clipboard.paste()
    messages = [json.loads(project.text(one))["messages"] for one in pasted]
    assert messages[0] == [
        {"role": "user", "content": "Where?"},
        {"role": "assistant", "content": "Here."},
    ]
    assert len(messages) == 2


def test_anything_else_is_told_calmly(clipboard, project, feedback):
    QGuiApplication.clipboard().setText("Just a sentence.")
    clipboard.paste()
    assert "no examples on the clipboard" in feedback.toasts()[-1].accessibleName()
    assert project.count() == 0


def test_what_could_not_be_read_is_said(clipboard, project, feedback):
    QGuiApplication.clipboard().setText('{"messages": []}\nand so on\n{"messages": []}\n')
    clipboard.paste()
    said = feedback.toasts()[-1].accessibleName()
    assert "2 examples pasted. 1 line could not be read: line 2, “and so on”." in said
    QGuiApplication.clipboard().setText("a\tb\tc\td")
    clipboard.paste()
    said = feedback.toasts()[-1].accessibleName()
    assert said.startswith("What is on the clipboard could not be read as examples. ")
    assert "The first row has to name the columns" in said
    assert project.count() == 2


def test_columns_of_other_names_are_tags_in_one_step(clipboard, project):
    QGuiApplication.clipboard().setText("Question\tAnswer\tTags\nWhere?\tHere.\tsea, new\n")
    clipboard.paste()
    (row,) = project.rows(list(project.ids()))
    assert row.tags == ("new", "sea")
    project.undo()
    assert project.count() == 0
