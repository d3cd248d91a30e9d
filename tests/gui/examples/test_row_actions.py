"""Verdicts, by key, by button and on many rows; what is said of them, and one step of undo."""

import pytest
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QDialog, QLabel, QPushButton
from tests.gui.examples.conftest import wait_current, wait_rows

from tunedesk.checks.problem import Problem
from tunedesk.gui.examples.page_layout import FIRST_WIDTHS
from tunedesk.gui.widgets.dialog import TextQuestion
from tunedesk.project.query import ExampleQuery


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

    @pytest.mark.parametrize(
        "code",
        [
            *("content_empty", "content_blank", "content_null", "content_list_empty"),
            *("content_missing", "messages_empty"),
        ],
    )
    def test_an_example_with_an_empty_message_is_approved_only_if_confirmed(
        self, qtbot, add, make_page, actions, project, window, code
    ):
        ids = add("first", problems=(Problem(code, ("messages", 0, "content"), {}),))
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
        assert dialog.windowTitle() == "Approve 3 examples?"
        texts = " ".join(label.text() for label in dialog.findChildren(QLabel))
        assert "1 of them has an empty message: example 1." in texts
        buttons = {button.text(): button for button in dialog.findChildren(QPushButton)}
        assert list(buttons) == ["Cancel", "Approve the other 2", "Approve all 3"]
        buttons["Approve the other 2"].click()
        assert [row.state for row in project.rows(ids)] == ["draft", "approved", "approved"]
        page.table.selectAll()
        actions["example.approve_next"].trigger()
        window.findChildren(QDialog)[-1].accept()
        assert [row.state for row in project.rows(ids)] == ["approved"] * 3

    def test_typing_into_an_approved_example_takes_the_approval_and_says_so(
        self, qtbot, add, make_page, project, feedback
    ):
        (one,) = add("first")
        project.set_state([one], "approved")
        page = make_page()
        wait_current(qtbot, page, one)
        text = project.text(one)
        page.open_example.apply(text.replace("first", "second"), "Edit message 1", "1")
        page.open_example.flush()
        assert project.rows([one])[0].state == "to_review"
        assert "Example 1 is to be reviewed again" in feedback.toasts()[-1].accessibleName()
        count = len(feedback.toasts())
        page.open_example.apply(text.replace("first", "third"), "Edit message 1", "1")
        page.open_example.flush()
        assert len(feedback.toasts()) == count
        qtbot.waitUntil(lambda: page.filters._lapsed.count == 1)

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

    def test_the_bar_of_the_selected_is_one_line_beside_the_form(self, add, make_page):
        add("first")
        bar = make_page().pane.selected
        for count in (2, 999):
            bar.show_count(count)
            margins = bar.layout().contentsMargins()
            height = max(bar.layout().itemAt(n).sizeHint().height() for n in range(5))
            assert bar.layout().heightForWidth(FIRST_WIDTHS[0] - 1) == (
                margins.top() + height + margins.bottom()
            )

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
