"""The table keeps its place and its selection, and goes through the rows by keys."""

import pytest
from PySide6.QtCore import QItemSelectionModel, QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QAccessible, QDragEnterEvent, QDropEvent
from PySide6.QtTest import QTest

from tunedesk.gui.examples.columns import Column
from tunedesk.gui.examples.table_model import ExampleTableModel
from tunedesk.gui.examples.table_view import (
    ROWS_TYPE,
    DropLine,
    ExampleTable,
    dropped_files,
    is_rows,
)
from tunedesk.gui.live_query import ProjectChangeSignal
from tunedesk.project.query import ExampleQuery

FLAGS = QItemSelectionModel.SelectionFlag


@pytest.fixture
def model(qtbot, project, background):
    model = ExampleTableModel(project, background)
    feed = ProjectChangeSignal(project)
    feed.changed.connect(model.apply_change)
    yield model
    feed.close()
    model.close()


@pytest.fixture
def table(qtbot, model, theme):
    table = ExampleTable(model, theme)
    qtbot.addWidget(table)
    table.resize(640, 400)
    table.show()
    return table


def ask(qtbot, model, query=None):
    with qtbot.waitSignal(model.complete):
        model.ask(query or ExampleQuery())


def select(table, *rows):
    for row in rows:
        table.selectionModel().select(table.model().index(row, 0), FLAGS.Select | FLAGS.Rows)


def test_its_name_and_the_first_row(qtbot, table, model, add):
    ids = add("first", "second")
    table.restore_view(None, 0)
    with qtbot.waitSignal(table.current_example_changed) as chosen:
        ask(qtbot, model)
    assert table.accessibleName() == "Examples"
    assert chosen.args == [ids[0]]
    assert table.currentIndex().row() == 0


def test_keys_go_through_the_rows(qtbot, table, model, add):
    ids = add(*"abcdef")
    ask(qtbot, model)
    table.go_to_example(ids[1])
    QTest.keyClick(table, Qt.Key.Key_Down)
    assert table.current_id() == ids[2]
    QTest.keyClick(table, Qt.Key.Key_End)
    assert table.current_id() == ids[5]
    table.go_by(1)
    assert table.current_id() == ids[5]
    QTest.keyClick(table, Qt.Key.Key_Home)
    assert table.current_id() == ids[0]
    with qtbot.waitSignal(table.entered):
        QTest.keyClick(table, Qt.Key.Key_Return)
    with qtbot.waitSignal(table.delete_requested):
        QTest.keyClick(table, Qt.Key.Key_Delete)


def test_backspace_and_letters_do_nothing(qtbot, table, model, add):
    ids = add("apple", "berry")
    ask(qtbot, model)
    table.go_to_example(ids[0])
    asked = []
    table.delete_requested.connect(lambda: asked.append(1))
    QTest.keyClick(table, Qt.Key.Key_Backspace)
    QTest.keyClick(table, Qt.Key.Key_B)
    assert not asked
    assert table.current_id() == ids[0]


def test_the_selection_is_kept_when_rows_come_and_go(qtbot, table, model, add, project):
    ids = add(*"abcdefgh")
    ask(qtbot, model)
    table.go_to_example(ids[2])
    select(table, 4, 5)
    assert list(table.selected_ids()) == [ids[2], ids[4], ids[5]]
    with qtbot.waitSignal(model.rows_changed):
        project.delete([ids[0]])
    assert list(table.selected_ids()) == [ids[2], ids[4], ids[5]]
    with qtbot.waitSignal(model.rows_changed):
        add("new", after_id=ids[3])
    assert list(table.selected_ids()) == [ids[2], ids[4], ids[5]]
    assert table.current_id() == ids[2]


def test_the_next_row_is_chosen_when_the_current_one_is_deleted(qtbot, table, model, add, project):
    ids = add(*"abc")
    ask(qtbot, model)
    table.go_to_example(ids[1])
    with qtbot.waitSignal(table.current_example_changed) as chosen:
        project.delete([ids[1]])
    assert chosen.args == [ids[2]]
    assert model.current_row == table.currentIndex().row() == 1


def test_the_place_is_kept_over_another_order(qtbot, table, model, add):
    ids = add(*(f"question {number:03}" for number in range(100)))
    ask(qtbot, model)
    table.go_to_example(ids[70])
    chosen = []
    table.current_example_changed.connect(chosen.append)
    ask(qtbot, model, ExampleQuery(descending=True))
    assert table.current_id() == ids[70]
    assert table.currentIndex().row() == 29
    assert table.viewport().rect().contains(table.visualRect(table.currentIndex()).center())
    assert chosen == []


def test_without_the_open_example_there_is_no_current_row(qtbot, table, model, add, project):
    ids = add(*"abc")
    project.set_state(ids[:2], "approved")
    ask(qtbot, model)
    table.go_to_example(ids[2])
    ask(qtbot, model, ExampleQuery(states=("approved",)))
    assert table.current_id() is None
    assert table.wanted == ids[2]
    ask(qtbot, model)
    assert table.current_id() == ids[2]


def test_selected_rows_are_drawn_where_they_are(qtbot, table, model, add, project):
    ids = add(*"abcdef")
    ask(qtbot, model)
    table.go_to_example(ids[3])
    assert table.selected_ranges() == [(3, 3)]
    with qtbot.waitSignal(model.rows_changed):
        project.delete([ids[0]])
    assert table.selected_ranges() == [(2, 2)]
    project.set_state(ids[4:], "approved")
    ask(qtbot, model, ExampleQuery(states=("approved",)))
    assert table.selected_ranges() == []


def test_all_rows_are_selected_at_once(qtbot, table, model, add):
    ids = add(*(f"question {number}" for number in range(300)))
    ask(qtbot, model)
    table.selectAll()
    assert list(table.selected_ids()) == ids
    assert table.grab().width() == 640


def test_selecting_all_asks_nothing_of_each_cell_although_a_screen_reader_is_there(
    qtbot, table, model, add, monkeypatch
):
    add(*(f"question {number}" for number in range(300)))
    ask(qtbot, model)
    counts = []
    table.selection_count_changed.connect(counts.append)
    asked = []
    flags = type(model).flags
    monkeypatch.setattr(
        type(model), "flags", lambda model, index: asked.append(index) or flags(model, index)
    )
    QAccessible.setActive(True)
    try:
        table.selectAll()
        table.clearSelection()
    finally:
        QAccessible.setActive(False)
    assert counts == [300, 0]
    assert len(asked) < 100


def test_the_column_of_numbers_is_as_wide_as_the_largest_needs(table):
    header = table.header

    def width():
        return header.sectionSize(Column.NUMBER)

    header.make_room_for(12)
    narrow = width()
    header.make_room_for(1_000_000)
    assert width() > narrow
    header.make_room_for(12)
    assert width() == narrow
    header.resizeSection(Column.NUMBER, narrow + 80)
    header.make_room_for(45)
    assert width() == narrow + 80
    header.reset()
    header.make_room_for(45)
    assert width() == narrow


def test_columns_are_chosen_moved_and_remembered(qtbot, table, model, theme, add):
    add("a")
    ask(qtbot, model)
    header = table.header
    assert header.isSectionHidden(Column.SOURCE)
    header.choose(Column.SOURCE, True)
    header.choose(Column.TURNS, False)
    header.moveSection(header.visualIndex(Column.TOKENS), 1)
    kept = header.layout_to_json()
    other = ExampleTable(model, theme)
    qtbot.addWidget(other)
    other.header.restore_layout(kept)
    assert not other.header.isSectionHidden(Column.SOURCE)
    assert other.header.isSectionHidden(Column.TURNS)
    assert other.header.visualIndex(Column.TOKENS) == 1
    other.header.reset()
    assert other.header.isSectionHidden(Column.SOURCE)
    assert other.header.visualIndex(Column.TOKENS) == Column.TOKENS


def test_a_wide_table_shows_more_columns(qtbot, table, model, add):
    add("a")
    ask(qtbot, model)
    assert table.header.isSectionHidden(Column.TAGS)
    table.resize(1100, 400)
    assert not table.header.isSectionHidden(Column.TAGS)
    assert not table.header.isSectionHidden(Column.CHANGED)
    shown = sum(table.header.sectionSize(column) for column in Column)
    assert shown <= table.viewport().width()


@pytest.mark.parametrize("state", [None, [], {"version": 1, "header": "not base64 ü", "chosen": 3}])
def test_a_broken_memory_of_the_columns_does_no_harm(qtbot, table, state):
    table.header.restore_layout(state)
    assert not table.header.isSectionHidden(Column.PREVIEW)


def test_the_menu_of_the_header_never_hides_the_last_column(qtbot, table):
    for column in list(Column)[1:]:
        table.header.choose(column, False)
    entries = {action.text(): action for action in table.header.menu().actions()}
    assert not entries["Number"].isEnabled()
    assert entries["Preview"].isEnabled()


COPY = Qt.DropAction.CopyAction
BUTTON = Qt.MouseButton.LeftButton
NO_KEY = Qt.KeyboardModifier.NoModifier


@pytest.fixture
def table_row_drag(qtbot, project, background, theme, add):
    add("first", "second", "third")
    model = ExampleTableModel(project, background)
    table_row_drag = ExampleTable(model, theme)
    qtbot.addWidget(table_row_drag)
    table_row_drag.resize(640, 300)
    table_row_drag.show()
    with qtbot.waitSignal(model.complete):
        model.ask(ExampleQuery())
    yield table_row_drag
    model.close()


def files(*paths):
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    return data


def drop(data):
    return QDropEvent(QPointF(20, 20), COPY, data, BUTTON, NO_KEY)


def enter(data):
    return QDragEnterEvent(QPoint(20, 20), COPY, data, BUTTON, NO_KEY)


def test_dropped_files_are_imported(qtbot, table_row_drag, tmp_path):
    data = files(tmp_path / "a.jsonl", tmp_path / "b.jsonl")
    entering = enter(data)
    table_row_drag.dragEnterEvent(entering)
    assert entering.isAccepted()
    with qtbot.waitSignal(table_row_drag.files_dropped) as told:
        table_row_drag.dropEvent(drop(data))
    assert told.args[0] == [tmp_path / "a.jsonl", tmp_path / "b.jsonl"]


def test_addresses_and_texts_are_not_taken(table_row_drag):
    data = QMimeData()
    data.setUrls([QUrl("https://example.org/a.jsonl")])
    assert dropped_files(data) == []
    entering = enter(data)
    table_row_drag.dragEnterEvent(entering)
    assert not entering.isAccepted()


def test_rows_of_another_table_are_not_taken(table_row_drag):
    data = QMimeData()
    data.setData(ROWS_TYPE, b"2")
    assert is_rows(data)
    entering = enter(data)
    table_row_drag.dragEnterEvent(entering)
    assert not entering.isAccepted()


def test_the_line_stands_between_the_rows(table_row_drag, theme):
    line = DropLine(table_row_drag)
    height = theme.size("row")
    assert [line.at(y) for y in (2, height - 2, height + 2, 3 * height - 2)] == [0, 1, 1, 3]
    assert line.at(280) == 3
    for row in (0, 3, -1):
        line.show(row)
        table_row_drag.grab()
