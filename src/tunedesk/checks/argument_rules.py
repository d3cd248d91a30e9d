"""Rules for the arguments of a tool call: a JSON string that fits the tool's own parameters."""

from collections.abc import Iterator
from typing import Any

from tunedesk.checks.json_type import json_type
from tunedesk.checks.problem import Problem
from tunedesk.checks.tool_rules import parameters_schema
from tunedesk.examples.json_path import Path, to_pointer
from tunedesk.examples.json_text import JsonSyntaxError, parse


def check_arguments(
    arguments: Any, name: str, path: Path, parameters: dict[str, Any] | None
) -> Iterator[Problem]:
    """The problems of the arguments at the path.

    Args:
        arguments: The value of `function.arguments`.
        name: The name of the tool that is called.
        path: Where the arguments stand.
        parameters: The tool's JSON Schema; None if it declares none or is not declared.
    """
    if not isinstance(arguments, str):
        yield Problem("arguments_not_text", path, {"type": json_type(arguments), "tool": name})
        return
    # A tool without arguments is often called with an empty text.
    if not arguments.strip():
        if parameters and parameters.get("required"):
            yield Problem("arguments_not_json", path, {"tool": name, "reason": "empty"})
        return
    try:
        value = parse(arguments).value
    except JsonSyntaxError as error:
        detail = {"tool": name, "reason": error.reason_code}
        yield Problem("arguments_not_json", path, detail)
        return
    if isinstance(value, str) and _inner_object(value) is not None:
        yield Problem("arguments_double_encoded", path, {"tool": name})
        return
    if not isinstance(value, dict):
        yield Problem("arguments_not_an_object", path, {"type": json_type(value), "tool": name})
        return
    if not parameters:
        return
    schema = parameters_schema(parameters)
    if schema is not None and not schema.is_valid(value):
        reasons = schema.reasons(value)
        for reason in reasons[:3]:
            yield Problem(
                "arguments_do_not_fit",
                path,
                {
                    "tool": name,
                    "at": to_pointer(reason.path),
                    "keyword": reason.keyword,
                    "reason": reason.message[:200],
                },
            )
        if not reasons:
            nothing = {"tool": name, "at": "", "keyword": "", "reason": ""}
            yield Problem("arguments_do_not_fit", path, nothing)


def _inner_object(text: str) -> dict[str, Any] | None:
    """The object that a text spells, where arguments were encoded twice."""
    try:
        value = parse(text).value
    except JsonSyntaxError:
        return None
    return value if isinstance(value, dict) else None
