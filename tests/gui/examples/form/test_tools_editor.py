"""The view of the tools: cards, JSON, and what else is said of calls."""

import json

from PySide6.QtWidgets import QApplication


def declared(example):
    return [tool["function"] for tool in json.loads(example.text)["tools"]]


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
