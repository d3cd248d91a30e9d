import threading
import time
from functools import partial, wraps

import pytest
from PySide6.QtCore import QObject, QThread

from tunedesk.errors import Cancelled, UserError
from tunedesk.gui.background import Background
from tunedesk.progress import no_progress


class _Owner(QObject):
    def __init__(self):
        super().__init__()
        self.results = []

    def take(self, result):
        self.results.append((result, QThread.currentThread() is self.thread()))


def test_result_arrives_in_the_gui_thread(background, qtbot):
    owner = _Owner()
    task = background.run(lambda: threading.current_thread().name, on_result=owner.take)
    qtbot.waitUntil(lambda: task.done)
    ((name, in_gui),) = owner.results
    assert name != threading.current_thread().name
    assert in_gui
    assert background.busy == 0


def test_user_error_goes_to_the_caller_or_to_the_window(background, qtbot):
    def fail():
        raise UserError("It is not there.")

    errors = []
    background.run(fail, on_error=errors.append)
    with qtbot.waitSignal(background.user_error) as told:
        background.run(fail)
    assert told.args[0].sentence == "It is not there."
    qtbot.waitUntil(lambda: [error.sentence for error in errors] == ["It is not there."])


def test_bug_goes_to_the_crash_report(background, qtbot):
    finished = []
    with qtbot.waitSignal(background.crashed) as told:
        background.run(lambda: 1 // 0, on_finished=lambda: finished.append(True))
    assert isinstance(told.args[0], ZeroDivisionError)
    assert finished == [True]


def test_progress_is_reported_and_cancel_stops_the_work(background, qtbot):
    reports, outcome = [], []
    go_on = threading.Event()

    def work(progress=no_progress):
        try:
            for done in range(10**9):
                progress(done, 10**9)
                go_on.wait(0.01)
        except Cancelled:
            outcome.append("stopped")
            raise

    task = background.run(
        work,
        on_result=lambda _result: outcome.append("result"),
        on_progress=lambda done, total: reports.append((done, total)),
    )
    qtbot.waitUntil(lambda: bool(reports))
    task.cancel()
    go_on.set()
    qtbot.waitUntil(lambda: task.done)
    assert outcome == ["stopped"]
    assert reports[0][1] == 10**9


def test_result_of_a_cancelled_task_is_dropped(background, qtbot):
    started, go_on, results = threading.Event(), threading.Event(), []

    def work():
        started.set()
        go_on.wait(5)
        return 1

    task = background.run(work, on_result=results.append)
    assert started.wait(5)
    task.cancel()
    go_on.set()
    qtbot.waitUntil(lambda: task.done)
    assert results == []


def test_last_progress_always_arrives(background, qtbot):
    reports = []

    def work(progress=no_progress):
        for done in range(101):
            progress(done, 100)

    task = background.run(work, on_progress=lambda done, total: reports.append(done))
    qtbot.waitUntil(lambda: task.done)
    assert reports[-1] == 100
    assert len(reports) < 50


class _Worker:
    def work(self, given, progress, *, wait=None):
        return given, callable(progress), callable(wait)


@wraps(_Worker.work)
def _wrapped(*args, **keywords):
    return _Worker.work(*args, **keywords)


@pytest.mark.parametrize(
    ("work", "args"),
    [
        (_Worker().work, (1,)),
        (_Worker.work, (_Worker(), 1)),
        (partial(_Worker().work, 1), ()),
        (partial(_Worker.work, _Worker(), 1), ()),
        (_wrapped, (_Worker(), 1)),
        (lambda given, progress, wait: (given, callable(progress), callable(wait)), (1,)),
    ],
)
def test_whatever_is_run_is_offered_what_its_arguments_leave_open(background, qtbot, work, args):
    results = []
    background.run(work, *args, on_result=results.append)
    qtbot.waitUntil(lambda: bool(results))
    assert results == [(1, True, True)]


def test_progress_that_the_caller_passes_is_left_alone(background, qtbot):
    seen = []

    def work(progress):
        seen.append(progress)

    task = background.run(work, no_progress)
    qtbot.waitUntil(lambda: task.done)
    assert seen == [no_progress]


def test_callback_of_work_runs_in_the_gui_thread(background, qtbot):
    names = []
    tell = background.in_gui(lambda: names.append(threading.current_thread().name))
    task = background.run(tell)
    qtbot.waitUntil(lambda: task.done and bool(names))
    assert names == [threading.current_thread().name]


def test_method_of_a_deleted_object_is_not_called(background, qtbot):
    import shiboken6

    owner = _Owner()
    task = background.run(lambda: 1, on_result=owner.take)
    shiboken6.delete(owner)
    qtbot.waitUntil(lambda: task.done)
    assert owner.results == []


def test_finish_waits_and_drops_the_answers(background, qtbot):
    results, ended = [], []
    started = threading.Event()

    def work(progress=no_progress):
        started.set()
        try:
            while True:
                progress(0, None)
        finally:
            ended.append(True)

    background.run(work, on_finished=lambda: results.append("finished"))
    assert started.wait(5)
    background.finish()
    assert ended == [True]
    assert background.busy == 0
    task = background.run(lambda: 1, on_result=results.append)
    qtbot.waitUntil(lambda: task.done)
    assert results == [1]


def test_work_can_begin_later(background, qtbot):
    order = []
    late = background.run(lambda: order.append("late"), delay_ms=30)
    soon = background.run(lambda: order.append("soon"))
    assert background.busy == 2
    qtbot.waitUntil(lambda: late.done and soon.done)
    assert order == ["soon", "late"]
    dropped = background.run(lambda: order.append("dropped"), delay_ms=1)
    background.finish()
    assert background.busy == 0
    check = background.run(lambda: None, delay_ms=20)
    qtbot.waitUntil(lambda: check.done)
    assert not dropped.done
    assert "dropped" not in order


def test_nothing_runs_after_close(qapp):
    background = Background()
    background.run(lambda: 1)
    background.close()
    assert background.run(lambda: pytest.fail("ran")).cancelled


def test_close_does_not_wait_for_a_long_job(qapp):
    background = Background()
    started, begun = threading.Event(), time.monotonic()
    pool = background.pool

    def work():
        results = pool.map_ordered(time.sleep, [0.0, 120.0])
        next(results)
        started.set()
        next(results)

    background.run(work)
    assert started.wait(60)
    background.close()
    assert time.monotonic() - begun < 60


def test_pool_starts_with_the_first_use(background):
    assert background._pool is None
    assert background.pool is background.pool
    assert list(background.pool.map_ordered(abs, [-1, 2])) == [1, 2]


def test_waiting_ends_at_once_when_the_task_is_cancelled(background, qtbot):
    began, outcome = threading.Event(), []

    def work(wait):
        began.set()
        try:
            wait(600)
        except Cancelled:
            outcome.append("cancelled")
            raise

    task = background.run(work)
    qtbot.waitUntil(began.is_set)
    task.cancel()
    qtbot.waitUntil(lambda: task.done)
    assert outcome == ["cancelled"]


def test_finish_does_not_wait_for_a_server_that_hangs(background, qtbot, monkeypatch):
    monkeypatch.setattr("tunedesk.gui.background.LET_GO_SECONDS", 0.05)
    hangs, answers = threading.Event(), []
    background.run(hangs.wait, on_result=answers.append, lets_go=True)
    background.finish()
    assert not hangs.is_set()
    background.close()
    hangs.set()
    assert answers == []
