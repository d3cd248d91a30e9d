import json

from tunedesk.examples import tool_edits

TEXT = (
    '{"messages": [],  "tools": [{"type": "function", "function": {"name": "f", "parameters": '
    '{"type": "object", "properties": {"a": {"type": "string", "enum": ["x"]}, "b": '
    '{"type": "integer", "description": "B"}}, "required": ["a"], "x-note": 1e2}}}]}'
)


def schema(text):
    return json.loads(text)["tools"][0]["function"]["parameters"]


def test_parameters_are_read_as_rows():
    assert tool_edits.parameters_of(TEXT, 0) == [
        tool_edits.Parameter("a", "string", True, "", "enum"),
        tool_edits.Parameter("b", "integer", False, "B", ""),
    ]


def test_what_a_row_does_not_show_is_kept():
    text = tool_edits.set_parameter_value(TEXT, 0, "a", "description", "A")
    assert schema(text)["properties"]["a"] == {"type": "string", "enum": ["x"], "description": "A"}
    assert '"x-note": 1e2' in text
    assert text.startswith('{"messages": [],  "tools"')


def test_a_new_name_is_required_as_the_old_one_was():
    text = tool_edits.rename_parameter(TEXT, 0, "a", "city")
    assert list(schema(text)["properties"]) == ["city", "b"]
    assert schema(text)["required"] == ["city"]


def test_required_goes_on_and_off():
    text = tool_edits.set_required(TEXT, 0, "b", required=True)
    assert schema(text)["required"] == ["a", "b"]
    assert tool_edits.set_required(text, 0, "b", required=False) == TEXT


def test_a_parameter_is_removed_whole():
    text = tool_edits.remove_parameter(TEXT, 0, "a")
    assert list(schema(text)["properties"]) == ["b"]
    assert schema(text)["required"] == []


def test_a_tool_without_a_schema_gets_one():
    text = '{"messages": [], "tools": [{"type": "function", "function": {"name": "f"}}]}'
    assert tool_edits.parameters_of(text, 0) == []
    text = tool_edits.add_parameter(text, 0, "a")
    assert schema(text)["properties"] == {"a": {"type": "string", "description": ""}}


def test_a_schema_that_is_no_table_is_left_alone():
    text = '{"messages": [], "tools": [{"function": {"name": "f", "parameters": [1]}}]}'
    assert tool_edits.parameters_of(text, 0) is None


def test_the_last_tool_takes_the_list_with_it():
    assert tool_edits.remove_tool(TEXT, 0) == '{"messages": []}'
    two = tool_edits.add_tool(TEXT, "g")
    assert [t["function"]["name"] for t in json.loads(two)["tools"]] == ["f", "g"]
    assert len(json.loads(tool_edits.remove_tool(two, 0))["tools"]) == 1
