import json

import pytest
from PySide6.QtWidgets import QApplication

STRING = {"type": "string", "description": "The city"}


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
                tools=[tool(city=STRING)],
            )
        )

    return with_call


def first_call(example):
    return json.loads(example.text)["messages"][1]["tool_calls"][0]


def test_name_id_and_arguments_have_fields(with_call, card, example, qtbot):
    with_call()
    fields = card(1).calls._calls[0]
    assert fields.name.currentText() == "get_weather"
    assert fields.id.text() == "call_1"
    assert fields.arguments.text == '{"city": "Oslo"}'
    fields.arguments.setFocus()
    fields.arguments.set_cursor_position(14)
    qtbot.keyClicks(fields.arguments, "!")
    assert first_call(example)["function"]["arguments"] == '{"city": "Oslo!"}'


def test_declared_tools_are_offered(with_call, card):
    with_call()
    name = card(1).calls._calls[0].name
    assert [name.itemText(i) for i in range(name.count())] == ["get_weather"]


def test_arguments_that_do_not_fit_say_why_beside_them(with_call, card, example, qtbot):
    with_call()
    fields = card(1).calls._calls[0]
    assert not fields._reason.isVisible()
    fields.arguments.edited.emit('{"city": 7}')
    qtbot.waitUntil(lambda: example.checks_are_current)
    assert fields._reason.isVisible()
    assert "7" in fields._reason.text()
    assert card(1).property("tone") in ("error", "warning")


def test_the_answer_names_its_call(with_call, card, example):
    with_call()
    answer = card(2)._answer
    assert answer.id.currentText() == "call_1"
    assert answer._tool.text() == "get_weather"
    answer.id.setCurrentText("call_9")
    assert json.loads(example.text)["messages"][2]["tool_call_id"] == "call_9"


def test_go_to_a_problem_in_the_arguments(with_call, card, example):
    with_call(arguments="{")
    example.go_to(("messages", 1, "tool_calls", 0, "function", "arguments"))
    assert card(1).calls._calls[0].arguments.hasFocus()


def test_an_older_function_call_becomes_a_tool_call(show, conversation, card, example):
    show(
        conversation(
            ("user", "Weather?"),
            {"role": "assistant", "function_call": {"name": "f", "arguments": "{}"}},
        )
    )
    card(1).calls._function.modernised.emit()
    message = json.loads(example.text)["messages"][1]
    assert "function_call" not in message
    assert message["tool_calls"][0]["function"] == {"name": "f", "arguments": "{}"}


def test_a_call_is_removed(with_call, card, example):
    with_call()
    card(1).calls._calls[0].removed.emit()
    assert "tool_calls" not in json.loads(example.text)["messages"][1]
    assert not card(1).calls.isVisible()


@pytest.fixture
def tools(form):
    form.choose_view(1)
    return form._tools


def declared(example):
    return [tool["function"] for tool in json.loads(example.text)["tools"]]


def test_the_tools_are_a_table(with_call, tools, example, qtbot):
    with_call()
    tools.show_tools(example.conversation, True)
    card = tools._cards[0]
    assert card.name.text() == "get_weather"
    row = card.rows._rows[0]
    assert (row.name.text(), row.type.currentText(), row.required.isChecked()) == (
        "city",
        "string",
        True,
    )
    row.description.setFocus()
    qtbot.keyClicks(row.description, "!")
    row.required.click()
    function = declared(example)[0]
    assert function["parameters"]["properties"]["city"]["description"] == "The city!"
    assert function["parameters"]["required"] == []


def test_a_parameter_is_added_named_and_removed(with_call, tools, example, qtbot):
    with_call()
    tools.show_tools(example.conversation, True)
    card = tools._cards[0]
    card._add.click()
    field = QApplication.focusWidget()
    field.setText("unit")
    field.editingFinished.emit()
    assert list(declared(example)[0]["parameters"]["properties"]) == ["city", "unit"]
    card.rows.removed.emit("city")
    assert list(declared(example)[0]["parameters"]["properties"]) == ["unit"]
    assert declared(example)[0]["parameters"]["required"] == []


def test_a_tool_is_added_to_an_example_without_and_removed(show, short, tools, example, qtbot):
    show(short)
    tools.show_tools(example.conversation, True)
    tools._add.click()
    assert [function["name"] for function in declared(example)] == ["tool_1"]
    qtbot.keyClicks(QApplication.focusWidget(), "search")
    assert declared(example)[0]["name"] == "search"
    tools._cards[0]._remove.click()
    assert example.text == short


def test_tools_as_json_apply_once_they_are_valid(with_call, tools, example, qtbot):
    with_call()
    tools._as_json.setChecked(True)
    before = example.text
    tools._code.edited.emit("[")
    assert example.text == before
    assert "Not JSON" in tools._error.text()
    tools._code.edited.emit('[{"type": "function", "function": {"name": "f"}}]')
    assert declared(example) == [{"name": "f"}]


def test_several_calls_at_once(with_call, tools, example):
    with_call()
    tools._parallel.activated.emit(2)
    assert json.loads(example.text)["parallel_tool_calls"] is False
    tools._parallel.activated.emit(0)
    assert "parallel_tool_calls" not in json.loads(example.text)
