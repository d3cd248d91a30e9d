"""Live queries: asked when watched, and after changes that concern them; late answers dropped."""

import threading

import pytest
from PySide6.QtCore import QObject
from tests.project.made_examples import add

from tunedesk.gui import live_query
from tunedesk.gui.live_query import LiveQuery, ProjectChangeSignal
from tunedesk.project.project import Project


@pytest.fixture
def project(tmp_path):
    with Project.create(tmp_path / "Test.tunedesk") as project:
        yield project


@pytest.fixture(autouse=True)
def _soon(monkeypatch):
    monkeypatch.setattr(live_query, "_SOONEST_MS", 1)


class Asked:
    """A query for the number of examples, with what it was asked and what it answered."""

    def __init__(self, project, background, question=None):
        self.calls = []
        self.answers = []
        self.owner = QObject()
        self.query = LiveQuery(
            project=project,
            background=background,
            question=question or self.count,
            kinds=frozenset({"added", "deleted"}),
            parent=self.owner,
        )
        self.query.ready.connect(self.answers.append)

    def count(self, handle, *arguments):
        self.calls.append(arguments)
        return (handle.count(), *arguments)


@pytest.fixture
def asked(project, background):
    asked = Asked(project, background)
    yield asked
    asked.query.close()


def test_nothing_is_asked_while_nobody_looks(project, asked, background):
    add(project, "one")
    asked.query.refresh()
    assert background.busy == 0
    assert asked.calls == []


def test_it_is_asked_when_it_is_watched_and_after_each_change(project, asked, qtbot):
    asked.query.watch(True)
    qtbot.waitUntil(lambda: asked.answers == [(0,)])
    add(project, "one")
    qtbot.waitUntil(lambda: asked.answers[-1] == (1,))
    with project.handle() as handle:
        add(handle, "two")
    qtbot.waitUntil(lambda: asked.answers[-1] == (2,))


def test_a_change_of_another_kind_does_not_concern_it(project, asked, qtbot):
    example = add(project, "one")
    asked.query.watch(True)
    qtbot.waitUntil(lambda: asked.answers == [(1,)])
    project.add_tag([example], "law")
    assert not asked.query._stale
    assert len(asked.calls) == 1


def test_what_changed_while_nobody_looked_is_asked_when_somebody_does(project, asked, qtbot):
    asked.query.watch(True)
    qtbot.waitUntil(lambda: asked.answers == [(0,)])
    asked.query.watch(False)
    add(project, "one")
    assert len(asked.calls) == 1
    asked.query.watch(True)
    qtbot.waitUntil(lambda: asked.answers[-1] == (1,))


def test_an_answer_to_other_arguments_is_dropped(project, background, qtbot):
    let_go = threading.Event()

    def question(_handle, name):
        if name == "slow":
            let_go.wait(10)
        return name

    asked = Asked(project, background, question)
    asked.query.watch(True)
    asked.query.ask("slow")
    qtbot.waitUntil(lambda: background.busy == 1)
    asked.query.ask("quick")
    qtbot.waitUntil(lambda: asked.answers == ["quick"])
    let_go.set()
    qtbot.waitUntil(lambda: background.busy == 0)
    assert asked.answers == ["quick"]
    asked.query.close()


def test_never_are_two_answers_to_one_question_under_way(project, background, qtbot):
    running, most = [], []
    lock = threading.Lock()

    def question(handle):
        with lock:
            running.append(1)
            most.append(len(running))
        found = handle.count()
        with lock:
            running.pop()
        return found

    asked = Asked(project, background, question)
    asked.query.watch(True)
    for number in range(20):
        add(project, str(number))
        asked.query.refresh()
    qtbot.waitUntil(lambda: asked.answers[-1:] == [20])
    assert max(most) == 1
    asked.query.close()


def test_after_it_is_closed_nothing_comes(project, asked, background, qtbot):
    asked.query.watch(True)
    asked.query.close()
    add(project, "one")
    qtbot.waitUntil(lambda: background.busy == 0)
    assert asked.answers == []


def test_changes_are_told_in_the_thread_of_the_window(project, qtbot):
    signal = ProjectChangeSignal(project)
    told = []
    signal.changed.connect(lambda change: told.append((change.kinds, threading.current_thread())))

    def work():
        with project.handle() as handle:
            add(handle, "one")

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    qtbot.waitUntil(lambda: bool(told))
    assert told[0][1] is threading.main_thread()
    signal.close()
    add(project, "two")
    assert len(told) == 1
