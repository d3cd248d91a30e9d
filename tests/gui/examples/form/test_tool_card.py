"""A tool and the table of its parameters."""

import json

from PySide6.QtWidgets import QApplication

from tunedesk.project.change_names import ChangeName


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


def test_names_show_from_their_beginning_in_fields_with_room_for_them(
    with_call, tools, example, qtbot
):
    with_call()
    function = declared(example)[0]
    schema = function["parameters"]
    schema["properties"]["departure_station"] = schema["properties"].pop("city")
    function["name"] = "get_current_stock_price"
    record = json.loads(example.text) | {"tools": [{"type": "function", "function": function}]}
    example.apply(json.dumps(record), ChangeName("edit_message", {"number": 1}))
    tools.resize(380, 400)
    tools.show()
    tools.show_tools(example.conversation, True)
    card = tools._cards[0]
    row = card.rows._rows[0]
    qtbot.waitUntil(lambda: row.name.width() < tools.width())
    for field, text in ((row.name, "departure_station"), (card.name, "get_current_stock_price")):
        assert field.text() == text
        assert field.cursorPosition() == 0
        assert field.width() >= field.fontMetrics().horizontalAdvance(text) + 8
    assert row.description.y() > row.name.y()
    assert row.description.width() > row.name.width()
