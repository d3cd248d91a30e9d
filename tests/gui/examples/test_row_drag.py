"""Files are dropped into the table to be imported; rows go where the line shows."""

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent

from tunedesk.gui.examples.table_model import ExampleTableModel
from tunedesk.gui.examples.table_view import (
    ROWS_TYPE,
    DropLine,
    ExampleTable,
    dropped_files,
    is_rows,
)
from tunedesk.project.query import ExampleQuery

COPY = Qt.DropAction.CopyAction
BUTTON = Qt.MouseButton.LeftButton
NO_KEY = Qt.KeyboardModifier.NoModifier


@pytest.fixture
def table(qtbot, project, background, theme, add):
    add("first", "second", "third")
    model = ExampleTableModel(project, background)
    table = ExampleTable(model, theme)
    qtbot.addWidget(table)
    table.resize(640, 300)
    table.show()
    with qtbot.waitSignal(model.complete):
        model.ask(ExampleQuery())
    yield table
    model.close()


def files(*paths):
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    return data


def drop(data):
    return QDropEvent(QPointF(20, 20), COPY, data, BUTTON, NO_KEY)


def enter(data):
    return QDragEnterEvent(QPoint(20, 20), COPY, data, BUTTON, NO_KEY)


def test_dropped_files_are_imported(qtbot, table, tmp_path):
    data = files(tmp_path / "a.jsonl", tmp_path / "b.jsonl")
    entering = enter(data)
    table.dragEnterEvent(entering)
    assert entering.isAccepted()
    with qtbot.waitSignal(table.files_dropped) as told:
        table.dropEvent(drop(data))
    assert told.args[0] == [tmp_path / "a.jsonl", tmp_path / "b.jsonl"]


def test_addresses_and_texts_are_not_taken(table):
    data = QMimeData()
    data.setUrls([QUrl("https://example.org/a.jsonl")])
    assert dropped_files(data) == []
    entering = enter(data)
    table.dragEnterEvent(entering)
    assert not entering.isAccepted()


def test_rows_of_another_table_are_not_taken(table):
    data = QMimeData()
    data.setData(ROWS_TYPE, b"2")
    assert is_rows(data)
    entering = enter(data)
    table.dragEnterEvent(entering)
    assert not entering.isAccepted()


def test_the_line_stands_between_the_rows(table, theme):
    line = DropLine(table)
    height = theme.size("row")
    assert [line.at(y) for y in (2, height - 2, height + 2, 3 * height - 2)] == [0, 1, 1, 3]
    assert line.at(280) == 3
    for row in (0, 3, -1):
        line.show(row)
        table.grab()
