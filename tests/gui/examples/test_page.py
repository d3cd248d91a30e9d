"""The Examples page as a whole, with a real project: rows, form and panel follow each other."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication, QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QDialog, QPushButton
from tests.project.made_examples import new_example

from tunedesk.checks.problem import Problem
from tunedesk.gui.examples.page import ExamplesPage
from tunedesk.gui.examples.row_actions import checked_text
from tunedesk.gui.widgets.dialog import TextQuestion
from tunedesk.project.query import ExampleQuery


@pytest.fixture
def make_page(qtbot, context, background):
    pages = []

    def make(place=None):
        page = ExamplesPage(context)
        qtbot.addWidget(page)
        page.resize(1204, 700)
        page.show()
        with qtbot.waitSignal(page.model.complete):
            page.restore(place or {})
        pages.append(page)
        return page

    yield make
    for page in pages:
        page.flush()
        page.close_project()
    background.close()


@pytest.fixture
def page(make_page):
    return make_page()


def wait_rows(qtbot, page, count):
    qtbot.waitUntil(lambda: page.model.rowCount() == count and page.model.is_complete)


def wait_current(qtbot, page, example_id):
    qtbot.waitUntil(lambda: page.table.current_id() == example_id)
    assert page.open_example.example_id == example_id


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


class TestReview:
    def test_approve_and_go_on(self, qtbot, add, make_page, actions, project):
        ids = add("first", "second", "third")
        page = make_page()
        wait_current(qtbot, page, ids[0])
        actions["example.approve_next"].trigger()
        wait_current(qtbot, page, ids[1])
        actions["example.reject"].trigger()
        assert [row.state for row in project.rows(ids)] == ["approved", "rejected", "draft"]
        wait_current(qtbot, page, ids[2])

    @pytest.mark.parametrize("verdict", ["approve", "approve_next", "changes", "reject"])
    def test_every_verdict_goes_on_to_the_next_row_that_waits(
        self, qtbot, add, make_page, actions, project, verdict
    ):
        ids = add("first", "second", "third", "fourth", "fifth")
        project.set_state([ids[1], ids[2]], "approved")
        page = make_page()
        wait_current(qtbot, page, ids[0])
        actions[f"example.{verdict}"].trigger()
        wait_current(qtbot, page, ids[3])
        page.table.go_to_example(ids[4])
        actions[f"example.{verdict}"].trigger()
        wait_current(qtbot, page, ids[3])  # from the top again
        actions[f"example.{verdict}"].trigger()
        wait_current(qtbot, page, ids[4])  # nothing waits: simply the next

    def test_to_review_and_draft_are_no_verdicts_and_stay(
        self, qtbot, add, make_page, actions, project
    ):
        ids = add("first", "second")
        page = make_page()
        wait_current(qtbot, page, ids[0])
        assert actions["example.to_review"].shortcut().toString() == "V"
        actions["example.to_review"].trigger()
        assert [row.state for row in project.rows(ids)] == ["to_review", "draft"]
        assert page.table.current_id() == ids[0]

    def test_an_example_with_an_empty_message_is_approved_only_if_confirmed(
        self, qtbot, add, make_page, actions, project, window
    ):
        ids = add("first", problems=(Problem("content_empty", ("messages", 0, "content"), {}),))
        ids += add("second", "third")
        page = make_page()
        page.table.selectRow(0)
        actions["example.approve"].trigger()
        assert project.rows(ids)[0].state == "draft"
        dialog = window.findChild(QDialog)
        assert dialog.windowTitle() == "Approve an example with an empty message?"
        dialog.reject()
        assert project.rows(ids)[0].state == "draft"
        page.table.selectAll()
        actions["example.approve_next"].trigger()
        dialog = window.findChildren(QDialog)[-1]
        assert dialog.windowTitle() == "Approve 1 example with an empty message?"
        dialog.accept()
        assert [row.state for row in project.rows(ids)] == ["approved"] * 3

    def test_a_bar_says_what_can_be_done_with_several_rows(
        self, qtbot, add, make_page, actions, project
    ):
        ids = add("first", "second", "third")
        page = make_page()
        bar = page.pane.selected
        assert not bar.isVisible()
        page.table.selectAll()
        assert bar.isVisible()
        assert bar._text.text() == "3 selected"
        buttons = {b.text(): b for b in bar.findChildren(QPushButton)}
        assert list(buttons) == ["Approve", "Tag", "Set system prompt", "Delete"]
        buttons["Approve"].click()
        assert {row.state for row in project.rows(ids)} == {"approved"}
        page.table.selectAll()
        buttons["Delete"].click()
        assert project.count() == 0
        qtbot.waitUntil(lambda: not bar.isVisible())

    def test_what_is_said_is_what_was_changed(
        self, qtbot, add, make_page, actions, project, feedback
    ):
        ids = add("first", "second", "third")
        project.set_state(ids[:2], "rejected")
        page = make_page()
        page.table.selectAll()
        actions["example.reject"].trigger()
        assert "1 example set" in feedback.toasts()[-1].accessibleName()
        page.table.selectAll()
        actions["example.reject"].trigger()
        assert "They were “Rejected” already." in feedback.toasts()[-1].accessibleName()

    def test_the_system_prompt_of_the_selected_is_asked_for(
        self, qtbot, add, make_page, actions, project
    ):
        ids = add("first", "second", "third")
        page = make_page()
        page.table.selectAll()
        actions["example.system_prompt"].trigger()
        question = page.window().findChild(TextQuestion)
        qtbot.keyClicks(question.lines, "Be kind.")
        next(b for b in question.findChildren(QPushButton) if b.isDefault()).click()
        qtbot.waitUntil(lambda: all("Be kind." in project.text(one) for one in ids))

    def test_a_queue_of_drafts_shrinks_as_one_goes_on(self, qtbot, add, make_page, actions):
        ids = add("first", "second", "third")
        page = make_page()
        page.filters.query_requested.emit(ExampleQuery(states=("draft",)))
        wait_rows(qtbot, page, 3)
        actions["example.approve_next"].trigger()
        wait_rows(qtbot, page, 2)
        wait_current(qtbot, page, ids[1])
        actions["example.approve_next"].trigger()
        wait_rows(qtbot, page, 1)
        wait_current(qtbot, page, ids[2])

    def test_many_at_once_and_one_undo(self, qtbot, add, make_page, actions, project, feedback):
        ids = add(*(f"question {number}" for number in range(250)))
        page = make_page()
        page.table.selectAll()
        actions["example.approve"].trigger()
        qtbot.waitUntil(lambda: project.totals().by_state["approved"] == 250)
        qtbot.waitUntil(lambda: bool(feedback.toasts()))
        assert "250 examples" in feedback.toasts()[-1].accessibleName()
        project.undo()
        assert project.totals().by_state["draft"] == len(ids)

    def test_letters_do_not_act_while_a_text_has_the_focus(self, qtbot, add, make_page, project):
        ids = add("first")
        page = make_page()
        page.activateWindow()
        page.toolbar.search.setFocus()
        QTest.keyClicks(page.toolbar.search, "arc")
        assert page.toolbar.search.text() == "arc"
        assert project.rows(ids)[0].state == "draft"


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
        assert columns.widget(0).isVisible()

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


def test_where_there_is_no_room_the_panel_takes_that_of_the_table_if_asked_for(page):
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
