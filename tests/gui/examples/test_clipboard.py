"""Rows are copied as JSONL, and pasted from JSONL and from spreadsheets."""

import json

import pytest
from PySide6.QtCore import QObject
from PySide6.QtGui import QGuiApplication

from tunedesk.formats.pasted_text import pasted_records
from tunedesk.gui.examples.clipboard import Clipboard, records_from
from tunedesk.gui.examples.row_actions import SelectedRows


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
    assert project.undo_name() == "Paste 2 examples"


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


def test_a_system_prompt_stands_first():
    record = records_from("Be kind.\tHi\tHello")[0]
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
