"""Operations: typed text first, progress, Cancel, errors, and an Undo of just that change."""

import json
import threading

import pytest
from PySide6.QtWidgets import QPushButton
from tests.project.made_examples import undo_name

from tunedesk.errors import Cancelled, UserError
from tunedesk.gui.operations import AT_ONCE, OperationMessage, Operations
from tunedesk.project.project import Project
from tunedesk.project.row_edits import NewExample


@pytest.fixture
def project(tmp_path):
    with Project.create(tmp_path / "Test.tunedesk", author="Ann") as project:
        yield project


@pytest.fixture
def ids(project):
    return add(project, 3)


@pytest.fixture
def operations(project, background, feedback, window):
    window.show()
    background.user_error.connect(feedback.error)
    operations = Operations(project=project, background=background, feedback=feedback)
    yield operations
    operations.close()
    background.finish()


def add(project, count):
    checker = project.checker()
    new = []
    for number in range(count):
        messages = [
            {"role": "user", "content": f"Question {number}"},
            {"role": "assistant", "content": "Yes."},
        ]
        text = json.dumps({"messages": messages}).encode()
        new.append(NewExample(text, checker.check(text)))
    return project.add_examples(new)


def tagged(project):
    return {tag.name: tag.examples for tag in project.tags()}


def texts(feedback):
    return [toast.accessibleName() for toast in feedback.toasts()]


def press(toast, text):
    next(b for b in toast.findChildren(QPushButton) if b.text() == text).click()


def buttons(toast):
    return [b.text() for b in toast.findChildren(QPushButton) if not b.isHidden()]


def tag(operations, ids, name, *, examples=None):
    return operations.run(
        f"Tagging {name}",
        lambda project, progress: project.add_tag(ids, name, progress),
        examples=examples,
        message=lambda count: f"{count} tagged {name}",
    )


def wait(qtbot, *running):
    qtbot.waitUntil(lambda: not any(operation.running for operation in running))


@pytest.mark.parametrize("examples", [None, 3])
def test_a_message_takes_back_its_own_change(operations, project, ids, feedback, qtbot, examples):
    operation = tag(operations, ids, "red", examples=examples)
    wait(qtbot, operation)
    assert tagged(project) == {"red": 3}
    assert texts(feedback) == ["3 tagged red"]
    press(feedback.toasts()[-1], "Undo")
    qtbot.waitUntil(lambda: tagged(project) == {})
    assert project.count() == 3


@pytest.mark.parametrize("examples", [None, 3])
def test_where_something_came_after_it_takes_back_nothing_and_says_so(
    operations, project, ids, feedback, qtbot, examples
):
    wait(qtbot, tag(operations, ids, "red", examples=examples))
    toast = feedback.toasts()[-1]
    project.add_tag(ids[:1], "blue")
    press(toast, "Undo")
    qtbot.waitUntil(lambda: any("Something else was done since" in t for t in texts(feedback)))
    assert tagged(project) == {"blue": 1, "red": 3}
    assert undo_name(project) == "Tag 1 example “blue”"


def test_typing_that_was_not_yet_written_counts_as_something_after(
    operations, project, ids, feedback, qtbot
):
    wait(qtbot, tag(operations, ids, "red"))
    operations.flush_before(lambda: project.add_tag(ids[:1], "typed"))
    press(feedback.toasts()[-1], "Undo")
    qtbot.waitUntil(lambda: any("Something else was done since" in t for t in texts(feedback)))
    assert tagged(project) == {"red": 3, "typed": 1}


def test_what_is_undone_already_is_not_undone_twice(operations, project, ids, feedback, qtbot):
    wait(qtbot, tag(operations, ids, "blue"))
    operation = tag(operations, ids, "red")
    wait(qtbot, operation)
    project.undo()
    operations.undo(operation.change_id)
    qtbot.waitUntil(lambda: "This has been undone already." in texts(feedback))
    assert tagged(project) == {"blue": 3}


def test_two_at_once_each_take_back_their_own(operations, project, ids, feedback, qtbot):
    first = tag(operations, ids, "red")
    second = tag(operations, ids, "blue")
    wait(qtbot, first, second)
    assert first.change_id != second.change_id
    newest = undo_name(project)
    name = "red" if "red" in newest else "blue"
    press(next(t for t in feedback.toasts() if name in t.accessibleName()), "Undo")
    qtbot.waitUntil(lambda: name not in tagged(project))
    assert len(tagged(project)) == 1


def test_what_changed_nothing_offers_no_undo(operations, project, ids, feedback, qtbot):
    project.add_tag(ids, "red")
    for examples in (None, 3):
        operation = tag(operations, ids, "red", examples=examples)
        wait(qtbot, operation)
        assert operation.change_id is None
    assert texts(feedback) == ["0 tagged red"]
    assert not any("Undo" in buttons(toast) for toast in feedback.toasts())


@pytest.mark.parametrize("examples", [None, 3])
def test_what_was_done_before_an_error_can_be_taken_back(
    operations, project, ids, feedback, qtbot, examples
):
    def work(project, _progress):
        project.add_tag(ids, "red")
        raise UserError("The second half failed.")

    operation = operations.run("Tagging", work, examples=examples)
    wait(qtbot, operation)
    assert operation.change_id is not None
    assert texts(feedback) == ["The second half failed."]
    press(feedback.toasts()[-1], "Undo")
    qtbot.waitUntil(lambda: tagged(project) == {})


def test_a_message_may_have_a_button_of_its_own(operations, feedback, qtbot):
    pressed = []
    operation = operations.run(
        "Writing",
        lambda project, _progress: project.count(),
        message=lambda count: OperationMessage(
            f"{count} written", "Open folder", lambda: pressed.append(1)
        ),
    )
    wait(qtbot, operation)
    press(feedback.toasts()[-1], "Open folder")
    assert pressed == [1]


@pytest.mark.parametrize("examples", [None, 3])
def test_what_was_typed_is_written_before(operations, project, ids, qtbot, examples):
    order = []
    operations.flush_before(lambda: order.append("flush"))
    operation = operations.run(
        "Counting", lambda _project, _progress: order.append("work"), examples=examples
    )
    wait(qtbot, operation)
    assert order == ["flush", "work"]


def test_few_are_done_at_once_and_many_on_a_handle_of_their_own(operations, project, qtbot):
    used = []
    for examples in (AT_ONCE, AT_ONCE + 1):
        operation = operations.run(
            "Looking",
            lambda given, _progress: used.append((given, threading.current_thread())),
            examples=examples,
        )
        wait(qtbot, operation)
    assert used[0] == (project, threading.main_thread())
    assert used[1][0] is not project
    assert used[1][1] is not threading.main_thread()


def test_progress_shows_and_cancel_takes_everything_back(
    operations, project, background, feedback, qtbot
):
    ids = add(project, 2_000)
    started = threading.Event()
    go_on = threading.Event()

    def work(handle, progress):
        def slowly(done, total):
            started.set()
            go_on.wait(10)
            progress(done, total)

        return handle.add_tag(ids, "red", slowly)

    ended = []
    operation = operations.run(
        "Tagging", work, message=lambda _count: "done", on_finished=lambda: ended.append(True)
    )
    assert operations.running == [operation]
    qtbot.waitUntil(started.is_set)
    assert feedback.progress_line._handles[-1].title == "Tagging"
    feedback.progress_line._cancel_latest()
    go_on.set()
    wait(qtbot, operation)
    assert operation.cancelled
    assert ended == [True]
    assert operation.change_id is None
    assert texts(feedback) == []
    assert tagged(project) == {}
    assert feedback.progress_line._handles == []
    assert operations.running == []


def test_a_cancel_that_came_too_late_is_told_with_its_undo(
    operations, project, ids, feedback, qtbot
):
    done = threading.Event()
    go_on = threading.Event()

    def work(handle, progress):
        count = handle.add_tag(ids, "red", progress)
        done.set()
        go_on.wait(10)
        return count

    operation = operations.run("Tagging", work, message=lambda count: f"{count} tagged")
    qtbot.waitUntil(done.is_set)
    operation.cancel()
    go_on.set()
    wait(qtbot, operation)
    assert texts(feedback) == ["3 tagged"]
    press(feedback.toasts()[-1], "Undo")
    qtbot.waitUntil(lambda: tagged(project) == {})


@pytest.mark.parametrize("examples", [None, 3])
def test_an_error_in_the_middle_is_shown_and_ends_it(
    operations, project, ids, feedback, qtbot, examples
):
    def fail(_project, _progress):
        raise UserError("The disk is full.", "Make room.")

    ended = []
    operation = operations.run(
        "Failing",
        fail,
        examples=examples,
        message=lambda _none: "done",
        on_finished=lambda: ended.append(True),
    )
    wait(qtbot, operation)
    assert ended == [True]
    assert len(texts(feedback)) == 1
    assert "The disk is full." in texts(feedback)[0]
    assert "Undo" not in buttons(feedback.toasts()[0])
    assert feedback.progress_line._handles == []


def test_what_stays_after_an_error_can_be_undone(operations, project, ids, feedback, qtbot):
    def half(handle, _progress):
        handle.add_tag(ids, "red")
        raise UserError("The second half failed.")

    wait(qtbot, operations.run("Tagging", half))
    assert tagged(project) == {"red": 3}
    press(feedback.toasts()[-1], "Undo")
    qtbot.waitUntil(lambda: tagged(project) == {})


def test_a_closed_project_hears_no_more(operations, project, ids, background, feedback, qtbot):
    tagging = tag(operations, ids, "red")
    wait(qtbot, tagging)
    started = threading.Event()
    told = []

    def work(_project, progress):
        started.set()
        while True:
            progress(0, None)

    running = operations.run("For ever", work, on_finished=lambda: told.append("finished"))
    qtbot.waitUntil(started.is_set)
    operations.close()
    qtbot.waitUntil(lambda: not running.running)
    assert told == []
    operations.undo(tagging.change_id)
    assert not operations.run("More", lambda _project, _progress: told.append("ran")).running
    background.finish()
    assert told == []
    assert tagged(project) == {"red": 3}


def test_a_cancelled_work_tells_nothing(operations, feedback, qtbot):
    def stop(_project, _progress):
        raise Cancelled

    results = []
    wait(qtbot, operations.run("Stopping", stop, on_result=results.append))
    assert results == []
    assert texts(feedback) == []


@pytest.mark.parametrize("examples", [None, 3])
def test_a_message_goes_when_its_change_is_undone_in_another_way(
    operations, project, ids, feedback, qtbot, examples
):
    wait(qtbot, tag(operations, ids, "blue", examples=examples))
    wait(qtbot, tag(operations, ids, "red", examples=examples))
    assert texts(feedback) == ["3 tagged blue", "3 tagged red"]
    project.undo()
    qtbot.waitUntil(lambda: texts(feedback) == ["3 tagged blue"])
    project.redo()
    assert texts(feedback) == ["3 tagged blue"]


def test_a_message_with_a_button_of_its_own_goes_with_its_change_as_well(
    operations, project, ids, feedback, qtbot
):
    operation = operations.run(
        "Tagging",
        lambda project, progress: project.add_tag(ids, "red", progress),
        message=lambda _count: OperationMessage("3 tagged", "Show", lambda: None),
    )
    wait(qtbot, operation)
    assert buttons(feedback.toasts()[0]) == ["Show", "Close"]
    project.undo()
    qtbot.waitUntil(lambda: texts(feedback) == [])


def test_messages_of_changes_go_when_the_project_closes(operations, project, ids, feedback, qtbot):
    wait(qtbot, tag(operations, ids, "red"))
    feedback.error("Something else.")
    operations.close()
    assert texts(feedback) == ["Something else."]
