"""The Examples page as a whole, with a real project: rows, form and panel follow each other."""

import json

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication, QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from tests.gui.examples.conftest import wait_current, wait_rows
from tests.project.made_examples import new_example

from tunedesk.checks.problem import Problem
from tunedesk.gui.examples.checking import checked_text
from tunedesk.gui.examples.columns import Column
from tunedesk.gui.operations import UndoActions
from tunedesk.project.change_names import ChangeName
from tunedesk.project.query import ExampleQuery


def add_with_prompt(project, prompt):
    messages = [
        {"role": "system", "content": prompt},
        {"role": "user", "content": "Question?"},
        {"role": "assistant", "content": "Answer."},
    ]
    text = json.dumps({"messages": messages})
    return project.add_example(text, project.checker().check(text.encode()))


class TestEmpty:
    def test_an_empty_project_offers_the_first_steps(self, page, actions):
        assert page.stack.currentWidget() is page.empty
        assert not actions["project.export"].isEnabled()
        assert not actions["example.approve"].isEnabled()

    def test_a_new_example_is_opened_to_be_written(self, qtbot, page, actions, project):
        actions["example.new"].trigger()
        wait_rows(qtbot, page, 1)
        assert page.stack.currentWidget() is page.columns
        wait_current(qtbot, page, page.model.ids[0])
        assert actions["example.approve"].isEnabled()
        project.undo()
        wait_rows(qtbot, page, 0)
        assert page.stack.currentWidget() is page.empty
        qtbot.waitUntil(lambda: page.open_example.example_id is None)
        project.redo()
        wait_rows(qtbot, page, 1)
        qtbot.waitUntil(lambda: page.open_example.example_id == page.model.ids[0])

    def test_the_table_does_not_mark_a_new_example_before_its_fields_are_left(
        self, qtbot, page, actions, project
    ):
        actions["example.new"].trigger()
        wait_rows(qtbot, page, 1)
        wait_current(qtbot, page, page.model.ids[0])

        def marks():
            row = page.model.row_at(0)
            return row.errors, row.warnings, row.hints

        qtbot.waitUntil(lambda: page.open_example.is_being_begun)
        assert marks() == (0, 0, 0)
        stored = project.rows(list(page.model.ids))[0]
        assert stored.errors + stored.warnings == 3
        for index in range(3):
            page.open_example.leave_message(index)
            assert sum(marks()[:2]) == index + 1
        actions["example.new"].trigger()
        wait_rows(qtbot, page, 2)
        wait_current(qtbot, page, page.model.ids[1])
        qtbot.waitUntil(lambda: page.open_example.is_being_begun)
        texts = [page.model.data(page.model.index(row, Column.PROBLEMS)) for row in range(2)]
        assert texts[0]
        assert not texts[1]
        page.table.go_to_example(page.model.ids[0])
        wait_current(qtbot, page, page.model.ids[0])
        assert page.model.data(page.model.index(1, Column.PROBLEMS)) == texts[0]

    def test_no_figure_counts_a_new_example_before_its_fields_are_left(
        self, qtbot, page, actions, project
    ):
        said = []
        page.status_changed.connect(said.append)
        actions["example.new"].trigger()
        wait_rows(qtbot, page, 1)
        wait_current(qtbot, page, page.model.ids[0])
        qtbot.waitUntil(lambda: page.open_example.is_being_begun)
        qtbot.waitUntil(
            lambda: page._figures is not None and page._figures.totals.with_problems == 1
        )
        problems = page.panel.problems
        qtbot.waitUntil(lambda: problems._found is not None and problems._found.totals.count == 1)

        def figures():
            line = [part.figure for part in said[-1] if part.words == "with problems"]
            chip = page.filters._problems.accessibleDescription()
            return chip, problems._every.accessibleDescription() or "0", line

        assert figures() == ("0", "0", [])
        page.open_example.leave_message(1)
        assert figures() == ("1", "1", ["1"])

    def test_what_is_on_the_clipboard_is_pasted_into_an_empty_page(self, qtbot, page, project):
        QGuiApplication.clipboard().setText("Question\tAnswer\tTopic\nWhere?\tHere.\tsea\n")
        page.focus_main_part()
        QTest.keySequence(page.empty.first, QKeySequence(QKeySequence.StandardKey.Paste))
        wait_rows(qtbot, page, 1)
        assert project.rows(list(project.ids()))[0].tags == ("Topic: sea",)
        assert page.stack.currentWidget() is page.columns
        QGuiApplication.clipboard().clear()


class TestColumns:
    def test_the_side_panel_grows_with_the_window(self, qtbot, add, make_page):
        add("first")
        page = make_page()
        narrow = page.panel.width()
        page.resize(1844, 900)
        qtbot.waitUntil(lambda: page.panel.width() > narrow + 100)
        page.resize(5000, 900)
        qtbot.waitUntil(lambda: page.panel.width() == 640)
        page.resize(1204, 700)
        qtbot.waitUntil(lambda: page.panel.width() < narrow + 60)


class TestNewExample:
    def prompts(self, project):
        return [json.loads(project.text(one))["messages"][0] for one in project.ids()]

    def test_it_begins_with_the_system_prompt_of_the_open_one(
        self, qtbot, make_page, actions, project
    ):
        add_with_prompt(project, "Be kind.")
        add_with_prompt(project, "Be brief.")
        page = make_page()
        wait_current(qtbot, page, project.ids()[0])
        actions["example.new"].trigger()
        wait_rows(qtbot, page, 3)
        assert [prompt["content"] for prompt in self.prompts(project)] == [
            "Be kind.",
            "Be kind.",
            "Be brief.",
        ]
        added = project.ids()[1]
        assert page.open_example.example_id == added
        assert project.facts(added).system == project.facts(project.ids()[0]).system
        assert page.open_example.problems == ()

    def test_it_begins_with_the_last_one_where_the_open_one_has_none(
        self, qtbot, add, make_page, actions, project
    ):
        (plain,) = add("first")
        add_with_prompt(project, "Be brief.")
        page = make_page()
        wait_current(qtbot, page, plain)
        actions["example.new"].trigger()
        wait_rows(qtbot, page, 3)
        assert self.prompts(project)[1] == {"role": "system", "content": "Be brief."}

    def test_it_begins_empty_if_the_user_wants_that(
        self, qtbot, make_page, actions, project, settings
    ):
        settings.keep_system_prompt = False
        add_with_prompt(project, "Be kind.")
        page = make_page()
        wait_current(qtbot, page, project.ids()[0])
        actions["example.new"].trigger()
        wait_rows(qtbot, page, 2)
        assert self.prompts(project)[1] == {"role": "system", "content": ""}


class TestUndo:
    """Undo and redo go to where they change something."""

    def turn(self, qtbot, page, direction):
        actions = UndoActions(
            page._project, page._background, page._actions, page._feedback, page.flush, page
        )
        actions.turned.connect(page.show_change)
        with qtbot.waitSignal(actions.turned):
            getattr(actions, direction)()
        actions.close()

    def test_the_cursor_goes_to_the_text_that_changed(self, qtbot, add, make_page, project):
        first, second = add("first", "second")
        page = make_page()
        page.activateWindow()
        wait_current(qtbot, page, first)
        text = project.text(first).replace("Yes.", "Yes, always.")
        page.open_example.apply(text, ChangeName("edit_message", {"number": 2}))
        page.go_to(second)
        wait_current(qtbot, page, second)
        page.table.setFocus()
        self.turn(qtbot, page, "undo")
        wait_current(qtbot, page, first)
        focus = QApplication.focusWidget()
        assert (focus.accessibleName(), focus.text) == ("Assistant message 2", "Yes.")
        page.table.setFocus()
        self.turn(qtbot, page, "redo")
        focus = QApplication.focusWidget()
        assert focus.accessibleName() == "Assistant message 2"
        assert focus.text == "Yes, always."

    def test_the_example_whose_state_changed_is_opened(self, qtbot, add, make_page, project):
        first, second = add("first", "second")
        page = make_page()
        project.set_state([second], "approved")
        wait_current(qtbot, page, first)
        page.table.setFocus()
        self.turn(qtbot, page, "undo")
        wait_current(qtbot, page, second)
        assert page.table.hasFocus()

    def test_undo_takes_the_message_that_an_approval_lapsed_away(
        self, qtbot, add, make_page, project, feedback
    ):
        (only,) = add("first")
        page = make_page()
        wait_current(qtbot, page, only)
        project.set_state([only], "approved")
        page.open_example.apply(
            page.open_example.text.replace("first", "1st"),
            ChangeName("edit_message", {"number": 1}),
        )
        page.flush()
        assert "is to be reviewed again" in feedback.toasts()[-1].text
        self.turn(qtbot, page, "undo")
        assert project.rows([only])[0].state == "approved"
        assert not feedback.toasts()

    def test_what_concerns_many_or_is_gone_moves_nothing(self, qtbot, add, make_page, project):
        first, *others = add("first", "second", "third")
        page = make_page()
        wait_current(qtbot, page, first)
        project.set_state(others, "approved")
        self.turn(qtbot, page, "undo")
        assert page.open_example.example_id == first
        added = add("fourth")
        wait_rows(qtbot, page, 4)
        self.turn(qtbot, page, "undo")
        assert page.open_example.example_id not in added

    def test_a_search_that_is_written_keeps_the_cursor(self, qtbot, add, make_page, project):
        (first,) = add("first")
        page = make_page()
        page.activateWindow()
        wait_current(qtbot, page, first)
        text = project.text(first).replace("Yes.", "No.")
        page.open_example.apply(text, ChangeName("edit_message", {"number": 2}))
        page.flush()
        page.toolbar.search.setFocus()
        self.turn(qtbot, page, "undo")
        assert page.toolbar.search.hasFocus()


class TestRows:
    def test_delete_and_undo(self, qtbot, add, make_page, actions, project):
        ids = add("first", "second", "third")
        page = make_page()
        page.table.go_to_example(ids[1])
        actions["example.delete"].trigger()
        wait_rows(qtbot, page, 2)
        wait_current(qtbot, page, ids[2])
        project.undo()
        wait_rows(qtbot, page, 3)
        assert list(page.model.ids) == ids

    def test_move_up_and_down(self, qtbot, add, make_page, actions):
        ids = add("first", "second", "third")
        page = make_page()
        page.table.go_to_example(ids[2])
        actions["example.move_up"].trigger()
        qtbot.waitUntil(lambda: list(page.model.ids) == [ids[0], ids[2], ids[1]])
        actions["example.move_up"].trigger()
        qtbot.waitUntil(lambda: list(page.model.ids) == [ids[2], ids[0], ids[1]])
        actions["example.move_down"].trigger()
        qtbot.waitUntil(lambda: list(page.model.ids) == [ids[0], ids[2], ids[1]])
        assert page.table.current_id() == ids[2]

    def test_sorted_rows_are_not_moved_but_told_so(self, qtbot, add, make_page, actions, feedback):
        ids = add("b", "a")
        page = make_page()
        page.ask(ExampleQuery(sort="preview"))
        qtbot.waitUntil(lambda: list(page.model.ids) == ids[::-1])
        actions["example.move_up"].trigger()
        assert "order they came in" in feedback.toasts()[-1].accessibleName()

    def test_duplicate_opens_the_copy(self, qtbot, add, make_page, actions):
        ids = add("first", "second")
        page = make_page()
        page.table.go_to_example(ids[0])
        actions["example.duplicate"].trigger()
        wait_rows(qtbot, page, 3)
        qtbot.waitUntil(lambda: page.table.currentIndex().row() == 1)
        assert page.model.preview_at(1) == "first"

    def test_tags(self, qtbot, add, make_page, project):
        ids = add("first", "second")
        page = make_page()
        page.table.selectAll()
        page.row_actions.tag("night shift", add=True)
        assert [row.tags for row in project.rows(ids)] == [("night shift",)] * 2
        page.row_actions.tag("night shift", add=False)
        assert [row.tags for row in project.rows(ids)] == [()] * 2


class TestFilters:
    def test_search_finds_and_marks(self, qtbot, add, make_page):
        ids = add("where is the library", "what is the time", "library hours")
        page = make_page()
        page.toolbar.search.setFocus()
        QTest.keyClicks(page.toolbar.search, "library")
        qtbot.waitUntil(lambda: page.model.query.search == "library")
        wait_rows(qtbot, page, 2)
        QTest.keyClick(page.toolbar.search, Qt.Key.Key_Return)
        wait_current(qtbot, page, ids[0])
        QTest.keyClick(page.toolbar.search, Qt.Key.Key_Escape)
        wait_rows(qtbot, page, 3)

    def test_nothing_matches(self, qtbot, add, make_page):
        add("first")
        page = make_page()
        page.ask(ExampleQuery(states=("rejected",)))
        wait_rows(qtbot, page, 0)
        qtbot.waitUntil(lambda: not page.table.isVisible())
        page.filters.clear()
        wait_rows(qtbot, page, 1)
        assert page.table.isVisible()

    def test_chips_count_and_filter(self, qtbot, add, make_page, project):
        ids = add("first", "second", "third")
        project.set_state(ids[:1], "approved")
        page = make_page()
        qtbot.waitUntil(lambda: page.filters._all.count == 3)
        assert page.filters._states["approved"].count == 1
        assert page.filters._states["draft"].count == 2
        page.filters._states["approved"].click()
        wait_rows(qtbot, page, 1)
        wait_current(qtbot, page, ids[0])
        page.filters._all.click()
        wait_rows(qtbot, page, 3)

    def test_a_filter_of_the_panel_has_a_chip_of_its_own(self, qtbot, add, make_page):
        ids = add("first", "second")
        page = make_page()
        page.panel.filter_requested.emit(ExampleQuery(ids=(ids[1],)), "The same example twice")
        wait_rows(qtbot, page, 1)
        assert page.filters._special.isVisible()
        assert "The same example" in page.filters._special.text()
        page.filters._special.click()
        wait_rows(qtbot, page, 2)
        assert not page.filters._special.isVisible()


class TestPlace:
    def test_filter_example_and_row_are_kept(self, qtbot, add, make_page):
        ids = add(*(f"question {number}" for number in range(60)), tokens=30)
        page = make_page()
        page.ask(ExampleQuery(descending=True, tokens=(10, None)))
        wait_rows(qtbot, page, 60)
        page.table.go_to_example(ids[20])
        place = page.view_state()
        again = make_page(place)
        wait_current(qtbot, again, ids[20])
        assert again.model.query == ExampleQuery(descending=True, tokens=(10, None))

    @pytest.mark.parametrize(
        "place",
        [
            {"query": 3, "example": "x", "offset": None},
            {"query": {"sort": "nonsense", "tokens": [1], "states": [1]}, "example": 99},
        ],
    )
    def test_a_broken_memory_of_the_place_does_no_harm(self, qtbot, add, make_page, place):
        ids = add("first")
        page = make_page(place)
        assert page.model.query == ExampleQuery()
        wait_current(qtbot, page, ids[0])

    def test_the_status_line_has_the_figures(self, qtbot, add, project, make_page):
        add("first", "second", tokens=100)
        project.set_setting("target", "openai")
        page = make_page()
        with qtbot.waitSignal(page.status_changed) as told:
            page.filters.query_requested.emit(ExampleQuery())
            page.figures.ask()
        words = " ".join(f"{part.figure} {part.words}" for part in told.args[0])
        assert "2 examples" in words
        assert "200 tokens" in words
        assert "epochs" in words
        assert "GPT-4.1 mini" in words
        assert "ends 20" in words

    def test_on_this_computer_the_status_line_names_no_price_and_no_end(
        self, qtbot, add, make_page
    ):
        add("first", "second", tokens=100)
        page = make_page()
        with qtbot.waitSignal(page.status_changed) as told:
            page.figures.ask()
        words = " ".join(f"{part.figure} {part.words}" for part in told.args[0])
        assert "200 tokens" in words
        assert not {"$", "ends", "GPT", "epoch"} & set(words.replace("$", " $ ").split())

    def test_one_sum_and_hints_apart(self, qtbot, add, project, make_page):
        add("good")
        add("hint", problems=(Problem("line_ends", (), {}),))
        add("warning", "more", problems=(Problem("encoding_guessed", (), {}),))
        page = make_page()
        with qtbot.waitSignal(page.status_changed) as told:
            page.figures.ask()
        parts = {part.words: part for part in told.args[0]}
        assert parts["with problems"].figure == "2"
        assert parts["with problems"].tone == "warning"
        chip = page.filters._problems
        assert chip.count == 2
        assert chip._tone == "warning"
        chip.click()
        qtbot.waitUntil(lambda: page.model.rowCount() == 2)
        assert checked_text(project.totals()).startswith("4 examples checked: 2 with problems")

    def test_the_status_line_marks_an_estimate(self, qtbot, project, make_page):
        new = new_example("first", tokens=100)
        project.add_examples([new._replace(facts=new.facts._replace(tool_tokens=40))])
        page = make_page()
        with qtbot.waitSignal(page.status_changed) as told:
            page.figures.ask()
        assert ("≈ 100", "tokens") in [part[:2] for part in told.args[0]]


def test_the_found_example_stays_open_when_the_search_is_cleared(qtbot, add, make_page):
    ids = add("the first", "the second", "the whales")
    page = make_page()
    field = page.toolbar.search
    QTest.keyClicks(field, "whales")
    wait_rows(qtbot, page, 1)
    QTest.keyClick(field, Qt.Key.Key_Return)
    wait_current(qtbot, page, ids[2])
    QTest.keyClick(field, Qt.Key.Key_Escape)
    wait_rows(qtbot, page, 3)
    wait_current(qtbot, page, ids[2])
    assert page.pane._position.text() == "3 of 3"


def test_where_there_is_no_room_the_panel_takes_that_of_the_table_if_asked_for(
    qtbot, add, make_page
):
    add("first")
    page = make_page()
    wait_rows(qtbot, page, 1)
    columns = page.columns
    page.resize(780, 500)
    page.show()
    assert not page.panel.isVisible()
    assert columns.widget(0).isVisible()
    page._actions["panel.problems"].trigger()
    assert page.panel.isVisible()
    assert not columns.widget(0).isVisible()
    page._actions["go.table"].trigger()
    assert columns.widget(0).isVisible()
    assert not page.panel.isVisible()
    page._actions["panel.problems"].trigger()
    page.resize(1400, 500)
    columns.resize(1300, 480)
    assert page.panel.isVisible()
    assert columns.widget(0).isVisible()
