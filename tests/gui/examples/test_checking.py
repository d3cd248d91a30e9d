"""Checking all examples: one time at a time, told in one sentence, begun anew when asked again."""

from PySide6.QtCore import QObject

from tunedesk.checks.messages import sentences
from tunedesk.checks.problem import Problem, SetProblem, codes, severity
from tunedesk.gui.examples.checking import CheckAll, Recheck, checked_text, sentences_of_set

ERROR = (Problem("no_assistant", ("messages",), {}),)


def texts(feedback):
    return [toast.accessibleName() for toast in feedback.toasts()]


def wait(qtbot, operations):
    qtbot.waitUntil(lambda: not operations.running)


def test_all_are_checked_and_the_result_is_told(context, operations, add, feedback, qtbot):
    add("first", "second", problems=ERROR)
    owner = QObject()
    check = CheckAll(context, owner)
    with qtbot.waitSignal(check.checked):
        check.start()
        check.start()
        assert len(operations.running) == 1
    wait(qtbot, operations)
    assert texts(feedback) == ["2 examples checked, none with a problem of its own."]


def test_what_the_check_found_is_one_sentence(project, add):
    add("good")
    assert checked_text(project.totals()) == "1 example checked, none with a problem of its own."
    add("bad", problems=ERROR)
    assert (
        checked_text(project.totals())
        == "2 examples checked: 1 with problems, 1 of them with errors."
    )
    add("odd", problems=(Problem("encoding_guessed", (), {}),))
    assert checked_text(project.totals()) == (
        "3 examples checked: 2 with problems, 1 of them with errors."
    )


def test_what_is_wrong_with_the_whole_set_is_told_without_hints():
    problems = [
        SetProblem("too_few_examples", {"count": 5, "limit": 10}),
        SetProblem("duplicate_examples", {"count": 3}, (1, 2, 3)),
        SetProblem("duplicate_examples", {"count": 2}, (4, 5)),
        SetProblem("pairs_contradict", {}, (1, 4)),
        SetProblem("pairs_contradict", {}, (2, 5)),
    ]
    title = sentences.title("pairs_contradict")
    assert sentences_of_set(problems, 5, "local") == (
        f"3 are copies of others: 2 of 5 are distinct. In the whole set: {title}."
    )
    assert sentences_of_set(problems[:1], 5, "local") == ""
    hints = [code for code in codes() if severity(code, "local") == "hint"]
    assert sentences_of_set([SetProblem(code, {}) for code in hints], 5, "local") == ""


def test_a_check_that_is_asked_for_again_begins_anew(
    operations, background, add, project, busy, qtbot
):
    add("first")
    recheck = Recheck(operations, background)
    recheck.start()
    (first,) = operations.running
    recheck.start()
    assert first.cancelled
    assert recheck.running
    busy.set()
    qtbot.waitUntil(lambda: not first.running)
    wait(qtbot, operations)
    assert not recheck.running
    assert first.results == []
