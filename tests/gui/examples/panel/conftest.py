"""What the tests of the side panel share: a project with checked examples, one of them open."""

import json

import pytest

from tunedesk.gui.examples.form.open_example import OpenExample
from tunedesk.gui.examples.panel.side_panel import SidePanel
from tunedesk.project.row_edits import NewExample


def _talk(*messages, **others) -> str:
    said = [{"role": role, "content": content} for role, content in messages]
    return json.dumps({"messages": said, **others}, ensure_ascii=False)


@pytest.fixture
def talk():
    """Makes a record of (role, content) pairs."""
    return _talk


@pytest.fixture
def store(project):
    """Adds records to the project as an import would; returns their ids."""
    checker = project.checker()

    def store(*texts: str) -> list[int]:
        return project.add_examples(
            [NewExample(text.encode(), checker.check(text.encode())) for text in texts]
        )

    return store


@pytest.fixture
def good(talk):
    """Makes a record without problems, another one for each number."""
    return lambda number: talk(("user", f"Question {number}?"), ("assistant", f"Answer {number}."))


@pytest.fixture
def example(project, background, qtbot):
    example = OpenExample(project, background)
    yield example
    example.close()


@pytest.fixture
def show(example, qtbot):
    """Opens an example and waits for its checks."""

    def show(example_id: int) -> None:
        example.open(example_id)
        qtbot.waitUntil(lambda: example.checks_are_current)

    return show


@pytest.fixture
def panel(context, example, window, qtbot):
    """The side panel in a window that is shown, as narrow as it may be."""
    panel = SidePanel(
        context=context,
        open_example=example,
        parent=window,
    )
    panel.resize(280, 600)
    window.show()
    qtbot.waitExposed(window)
    yield panel
    panel.close_project()
