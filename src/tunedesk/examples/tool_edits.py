"""The edits of the tools of an example: each takes the text of the record and gives the new one."""

from typing import Any, NamedTuple

from tunedesk.examples.json_edit import insert_item, remove, rename_key, set_member
from tunedesk.examples.json_text import JsonNode, Path, parse

TYPES = ("string", "number", "integer", "boolean", "array", "object")


class Parameter(NamedTuple):
    """One parameter of a tool, as far as a row of a table can show it.

    Attributes:
        name: Its name.
        type: Its JSON type; "" if it has none, or several.
        required: Whether it must be given.
        description: What it means.
        rest: The keys that the row does not show, spelled as in "enum, minimum".
    """

    name: str
    type: str
    required: bool
    description: str
    rest: str


def function_path(text: str, number: int) -> Path:
    """Where the name and the parameters of a tool stand."""
    path: Path = ("tools", number)
    return (*path, "function") if parse(text).find((*path, "function")) is not None else path


def parameters_of(text: str, number: int) -> list[Parameter] | None:
    """The parameters of a tool; None if they are not described as an object with properties."""
    schema = parse(text).find((*function_path(text, number), "parameters"))
    if schema is None:
        return []
    properties = schema.member("properties")
    if schema.kind != "object" or (properties is not None and properties.kind != "object"):
        return None
    required = schema.member("required")
    names = [item.value for item in required.items] if required is not None else []
    return [
        _parameter(name, node, name in names)
        for name, _key, node in (properties.members if properties is not None else ())
    ]


def add_tool(text: str, name: str) -> str:
    """Add a tool without parameters."""
    tool = {
        "type": "function",
        "function": {
            "name": name,
            "description": "",
            "parameters": {"type": "object", "properties": {}, "required": []},
        },
    }
    tools = parse(text).find(("tools",))
    if tools is None or tools.kind != "array":
        return set_member(text, (), "tools", [tool])
    return insert_item(text, ("tools",), len(tools.items), tool)


def remove_tool(text: str, number: int) -> str:
    """Take a tool out; with the last one the whole list."""
    tools = parse(text).find(("tools",))
    if tools is not None and len(tools.items) == 1:
        return remove(text, ("tools",))
    return remove(text, ("tools", number))


def set_function_value(text: str, number: int, key: str, value: str) -> str:
    """Change the name or the description of a tool."""
    return set_member(text, function_path(text, number), key, value)


def add_parameter(text: str, number: int, name: str) -> str:
    """Add a parameter of type string."""
    base = function_path(text, number)
    new = {"type": "string", "description": ""}
    schema = parse(text).find((*base, "parameters"))
    if schema is None or schema.kind != "object":
        whole = {"type": "object", "properties": {name: new}, "required": []}
        return set_member(text, base, "parameters", whole)
    properties = schema.member("properties")
    if properties is None or properties.kind != "object":
        return set_member(text, (*base, "parameters"), "properties", {name: new})
    return set_member(text, (*base, "parameters", "properties"), name, new)


def rename_parameter(text: str, number: int, old: str, new: str) -> str:
    """Give a parameter another name, in the list of those required as well."""
    base = (*function_path(text, number), "parameters")
    text = rename_key(text, (*base, "properties", old), new)
    required = _required_at(text, base, old)
    if required is not None:
        text = insert_item(text, (*base, "required"), required, new)
        text = remove(text, (*base, "required", required + 1))
    return text


def set_parameter_value(text: str, number: int, name: str, key: str, value: Any) -> str:
    """Change the type or the description of a parameter."""
    path = (*function_path(text, number), "parameters", "properties", name)
    return set_member(text, path, key, value)


def set_required(text: str, number: int, name: str, required: bool) -> str:
    """Say whether a parameter must be given."""
    base = (*function_path(text, number), "parameters")
    at = _required_at(text, base, name)
    if required == (at is not None):
        return text
    if at is not None:
        return remove(text, (*base, "required", at))
    names = parse(text).find((*base, "required"))
    if names is None or names.kind != "array":
        return set_member(text, base, "required", [name])
    return insert_item(text, (*base, "required"), len(names.items), name)


def remove_parameter(text: str, number: int, name: str) -> str:
    """Take a parameter out."""
    text = set_required(text, number, name, required=False)
    return remove(text, (*function_path(text, number), "parameters", "properties", name))


def _parameter(name: str, node: JsonNode, required: bool) -> Parameter:
    kind, words = node.member("type"), node.member("description")
    others = [key for key, _key, _node in node.members if key not in ("type", "description")]
    return Parameter(
        name,
        str(kind.value) if kind is not None and kind.kind == "string" else "",
        required,
        str(words.value) if words is not None and words.kind == "string" else "",
        ", ".join(others),
    )


def _required_at(text: str, base: Path, name: str) -> int | None:
    node = parse(text).find((*base, "required"))
    if node is None or node.kind != "array":
        return None
    return next((at for at, item in enumerate(node.items) if item.value == name), None)
