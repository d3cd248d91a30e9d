"""What the tests of the form share: a project with real facts, the open example, the form."""

import json

import pytest

from tunedesk.checks.checker import Checker
from tunedesk.gui.examples.form.form import ExampleForm
from tunedesk.gui.examples.form.message_card import MessageCard
from tunedesk.gui.examples.form.open_example import OpenExample
from tunedesk.gui.operations import Operations
from tunedesk.gui.page import PageContext


def _conversation(*messages, **others) -> str:
    objects = [
        message if isinstance(message, dict) else {"role": message[0], "content": message[1]}
        for message in messages
    ]
    return json.dumps({"messages": objects, **others}, ensure_ascii=False)


def _tool(name="get_weather", **properties):
    schema = {"type": "object", "properties": properties, "required": list(properties)[:1]}
    return {
        "type": "function",
        "function": {"name": name, "description": "Tells it", "parameters": schema},
    }


def _call(name, arguments, call_id="call_1"):
    return {
        "id": call_id,
        "type": "function",
        "function": {"name": name, "arguments": arguments},
    }


@pytest.fixture
def conversation():
    """Makes a record of (role, content) pairs; a message may be a whole object as well."""
    return _conversation


@pytest.fixture
def tool():
    """Makes a declared tool with these parameters."""
    return _tool


@pytest.fixture
def call():
    """Makes a tool call."""
    return _call


@pytest.fixture
def short():
    """A small conversation without problems."""
    return _conversation(("system", "Be kind."), ("user", "Hello?"), ("assistant", "Hello!"))


@pytest.fixture(scope="session")
def checker():
    return Checker()


@pytest.fixture
def store(project, checker):
    """Adds a record to the project as an import would; returns its id."""
    return lambda text: project.add_example(text, checker.check(text.encode()))


@pytest.fixture
def example(project, background, qtbot):
    example = OpenExample(project, background)
    yield example
    example.close()


@pytest.fixture
def form(project, example, settings, background, feedback, actions, theme, window, qtbot):
    """The form in a window that is shown."""
    operations = Operations(project=project, background=background, feedback=feedback)
    operations.flush_before(example.flush)
    context = PageContext(project, settings, background, feedback, operations, actions, theme)
    form = ExampleForm(context, example, parent=window)
    for action_id in (
        "example.approve_next",
        "example.changes",
        "example.reject",
        "go.previous",
        "go.next",
    ):
        actions.bind(action_id, lambda: None)
    actions.add_to(window)
    form.resize(560, 600)
    window.show()
    qtbot.waitExposed(window)
    return form


@pytest.fixture
def show(store, example, form, qtbot):
    """Opens a record in the form and waits for its checks; returns its id."""

    def show(text: str) -> int:
        example_id = store(text)
        example.open(example_id)
        qtbot.waitUntil(lambda: example.checks_are_current)
        return example_id

    return show


@pytest.fixture
def card(form):
    """The card of a message by its index."""

    def card(index: int) -> MessageCard:
        found = form.cards.list.card(index)
        assert isinstance(found, MessageCard)
        return found

    return card


@pytest.fixture
def text_box(card):
    """The text box of a message by its index."""
    return lambda index: card(index).parts.first_text()


@pytest.fixture
def messages(example):
    """The roles and contents of the open example, as they stand in its text."""
    return lambda: [(m["role"], m.get("content")) for m in json.loads(example.text)["messages"]]


@pytest.fixture
def with_call(show, conversation, tool, call):
    """A conversation with a call and its answer; the arguments are given."""

    def with_call(arguments='{"city": "Oslo"}', name="get_weather"):
        return show(
            conversation(
                ("user", "Weather?"),
                {"role": "assistant", "tool_calls": [call(name, arguments)]},
                {"role": "tool", "tool_call_id": "call_1", "content": "12"},
                ("assistant", "12 degrees"),
                tools=[tool(city={"type": "string", "description": "The city"})],
            )
        )

    return with_call


@pytest.fixture
def tools(form):
    form.choose_view(1)
    return form._tools
