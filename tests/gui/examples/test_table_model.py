"""The rows of the table: they arrive in the background and follow the project."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QAbstractItemModelTester

from tunedesk.gui.examples.columns import Column
from tunedesk.gui.examples.table_model import ID_ROLE, ExampleTableModel
from tunedesk.gui.live_query import ProjectChangeSignal
from tunedesk.project.query import ExampleQuery


@pytest.fixture
def model(qtbot, project, background):
    model = ExampleTableModel(project, background)
    tester = QAbstractItemModelTester(
        model, QAbstractItemModelTester.FailureReportingMode.Fatal, model
    )
    feed = ProjectChangeSignal(project)
    feed.changed.connect(model.apply_change)
    yield model
    tester.deleteLater()
    feed.close()
    model.close()


def ask(qtbot, model, query=None):
    with qtbot.waitSignal(model.complete):
        model.ask(query or ExampleQuery())


def previews(model):
    return [model.preview_at(row) for row in range(model.rowCount())]


def test_rows_stand_in_the_order_they_came(qtbot, model, add):
    ids = add("first", "second", "third")
    ask(qtbot, model)
    assert list(model.ids) == ids
    assert previews(model) == ["first", "second", "third"]
    assert model.index(1, Column.NUMBER).data() == "2"
    assert model.index(1, Column.STATE).data() == "Draft"
    assert model.index(1, 0).data(ID_ROLE) == ids[1]


def test_the_first_rows_come_before_all_of_them(qtbot, model, add):
    add(*(f"question {number}" for number in range(450)))
    with qtbot.waitSignals([model.modelReset, model.rowsInserted], order="strict"):
        model.ask(ExampleQuery())
    assert model.rowCount() == 450


def test_one_changed_row_is_told_alone(qtbot, model, add, project):
    ids = add("first", "second")
    ask(qtbot, model)
    resets = []
    model.modelReset.connect(lambda: resets.append(1))
    with qtbot.waitSignal(model.dataChanged) as told:
        project.set_state([ids[1]], "approved")
    assert told.args[0].row() == told.args[1].row() == 1
    assert model.index(1, Column.STATE).data() == "Approved"
    assert not resets


def test_added_and_deleted_rows_come_and_go_alone(qtbot, model, add, project):
    ids = add("first", "second", "third")
    ask(qtbot, model)
    with qtbot.waitSignal(model.rowsInserted) as inserted:
        add("between", after_id=ids[0])
    assert inserted.args[1:] == [1, 1]
    assert previews(model) == ["first", "between", "second", "third"]
    assert model.index(3, Column.NUMBER).data() == "4"
    with qtbot.waitSignal(model.rowsRemoved) as removed:
        project.delete([ids[1]])
    assert removed.args[1:] == [2, 2]
    assert previews(model) == ["first", "between", "third"]


def test_rows_deleted_together_go_at_once(qtbot, model, add, project):
    ids = add(*"abcdefg")
    ask(qtbot, model)
    project.delete([ids[0], ids[3], ids[4], ids[6]])
    assert list(model.ids) == [ids[1], ids[2], ids[5]]
    assert previews(model) == ["b", "c", "f"]
    project.undo()
    assert list(model.ids) == ids


def test_a_moved_row_keeps_what_stands_on_it(qtbot, model, add, project):
    from PySide6.QtCore import QPersistentModelIndex

    ids = add("first", "second", "third")
    ask(qtbot, model)
    kept = QPersistentModelIndex(model.index(2, 0))
    with qtbot.waitSignal(model.layoutChanged):
        project.move([ids[2]], ids[0])
    assert previews(model) == ["third", "first", "second"]
    assert kept.row() == 0


def test_the_open_example_stays_in_its_row_when_it_leaves_the_filter(qtbot, model, add, project):
    ids = add("first", "second", "third")
    ask(qtbot, model, ExampleQuery(states=("draft",)))
    model.current_row = 1
    with qtbot.waitSignal(model.complete):
        project.set_state(ids[1:], "approved")
    assert list(model.ids) == ids[:2]
    model.current_row = 0
    with qtbot.waitSignal(model.complete):
        model.release_current()
    assert list(model.ids) == ids[:1]


def test_sorted_rows_follow_what_they_are_sorted_by(qtbot, model, add, project):
    ids = add("a", "b", "c")
    ask(qtbot, model, ExampleQuery(sort="state"))
    with qtbot.waitSignal(model.layoutChanged):
        project.set_state([ids[1]], "to_review")
    assert list(model.ids) == [ids[1], ids[0], ids[2]]


def test_texts_for_screen_readers(qtbot, model, add):
    add("")
    ask(qtbot, model)
    spoken = Qt.ItemDataRole.AccessibleTextRole
    assert model.index(0, Column.PROBLEMS).data(spoken) == "No problems"
    assert model.index(0, Column.PREVIEW).data(spoken) == "(no text)"
    header = model.headerData(Column.STATE, Qt.Orientation.Horizontal, spoken)
    assert header == "State"


def test_markup_in_a_tooltip_is_shown_as_it_is(qtbot, model, add):
    add("<b>bold</b> <img src=x>")
    ask(qtbot, model)
    tooltip = model.index(0, Column.PREVIEW).data(Qt.ItemDataRole.ToolTipRole)
    assert "<img" not in tooltip
    assert "&lt;b&gt;bold" in tooltip


def test_a_question_asked_later_makes_the_earlier_one_void(qtbot, model, add):
    ids = add("first", "second")
    model.ask(ExampleQuery())
    ask(qtbot, model, ExampleQuery(descending=True))
    assert list(model.ids) == ids[::-1]
