"""The tool calls of an answer, and what a tool answers to."""

import json


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
    assert "is a number; its parameters ask for a text" in fields._reason.text()
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
