"""What the tests of the Examples page share: projects with examples in them."""

import json
import threading

import pytest

from tunedesk.checks.facts import Facts
from tunedesk.checks.problem import Problem
from tunedesk.gui.examples.page import ExamplesPage
from tunedesk.gui.operations import Operations
from tunedesk.gui.page import PageContext
from tunedesk.project.project import Project
from tunedesk.project.row_edits import NewExample


def record(question: str, answer: str = "Yes.") -> str:
    messages = [{"role": "user", "content": question}, {"role": "assistant", "content": answer}]
    return json.dumps({"messages": messages}, ensure_ascii=False)


def facts_of(question: str, tokens: int = 20, problems: tuple[Problem, ...] = ()) -> Facts:
    return Facts(
        kind="chat",
        preview=question[:160],
        roles="ua",
        tokens=tokens,
        message_tokens=tokens,
        tool_tokens=0,
        image_tokens=0,
        trained_tokens=tokens // 2,
        fingerprint=None,
        question=None,
        answer=None,
        system=None,
        problems=problems,
    )


@pytest.fixture
def project(tmp_path):
    with Project.create(tmp_path / "Test.tunedesk", author="Ann") as made:
        yield made


@pytest.fixture
def operations(project, background, feedback):
    operations = Operations(project=project, background=background, feedback=feedback)
    yield operations
    operations.close()


@pytest.fixture
def context(project, settings, background, feedback, operations, actions, theme):
    """What a page is given."""
    return PageContext(project, settings, background, feedback, operations, actions, theme)


@pytest.fixture
def add(project):
    """Adds examples with these questions to the project; returns their ids."""

    def add(*questions: str, tokens: int = 20, problems: tuple[Problem, ...] = (), **keywords):
        new = [
            NewExample(record(question).encode(), facts_of(question, tokens, problems))
            for question in questions
        ]
        return project.add_examples(new, **keywords)

    return add


@pytest.fixture
def busy(background, qtbot):
    """Keeps every thread of the window waiting until it is set: what is started has not begun."""
    gate = threading.Event()
    for _thread in range(6):
        background.run(gate.wait, 20)
    yield gate
    gate.set()
    qtbot.waitUntil(lambda: background.busy == 0)


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
