"""What JSON calls the type of a Python value."""

from typing import Any, Literal

JsonType = Literal["null", "boolean", "number", "string", "array", "object"]


def json_type(value: Any) -> JsonType:
    """The JSON type of the value."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, (int, float)):
        return "number"
    if isinstance(value, str):
        return "string"
    return "array" if isinstance(value, list) else "object"
