"""Reading JSON from a project file, which a stranger may have tampered with."""

import json
from typing import Any, TypeVar

Value = TypeVar("Value")


def loaded(text: Any, default: Value) -> Value:
    """The value, or the default if the text is no JSON or JSON of another type."""
    try:
        value = json.loads(text)
    except (TypeError, ValueError, RecursionError):
        return default
    return value if isinstance(value, type(default)) else default
