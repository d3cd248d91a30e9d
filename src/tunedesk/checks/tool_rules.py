"""Rules for the tools that an example declares (the chat API's `tools`)."""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import orjson

from tunedesk.checks.json_type import json_type
from tunedesk.checks.problem import Problem
from tunedesk.checks.schema import OwnSchema, SchemaError
from tunedesk.checks.targets import Target

NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}\Z")
"""What the name of a tool or of a speaker may be."""


def check_tools(record: dict[str, Any], target: Target) -> Iterator[Problem]:
    """The problems of the declared tools."""
    if not isinstance(record.get("parallel_tool_calls"), bool | None):
        kind = json_type(record["parallel_tool_calls"])
        yield Problem("parallel_tool_calls_invalid", ("parallel_tool_calls",), {"type": kind})
    tools = record.get("tools")
    if tools is None:
        return
    if not isinstance(tools, list):
        yield Problem("tools_not_a_list", ("tools",), {"type": json_type(tools)})
        return
    if len(tools) > target.tools:
        yield Problem("too_many_tools", ("tools",), {"count": len(tools), "limit": target.tools})
    seen: set[str] = set()
    for number, tool in enumerate(tools):
        for problem in _tool_problems(tool):
            yield problem._replace(path=("tools", number, *problem.path))
        name = tool_name(tool)
        if name is not None and name in seen:
            yield Problem("tool_repeated", ("tools", number, "function", "name"), {"name": name})
        elif name is not None:
            seen.add(name)


def tool_name(tool: Any) -> str | None:
    """The name of a declared tool; None where it has none."""
    function = tool.get("function") if isinstance(tool, dict) else None
    name = function.get("name") if isinstance(function, dict) else None
    return name if isinstance(name, str) else None


def _tool_problems(tool: Any) -> tuple[Problem, ...]:
    """The problems of one tool; a data set mostly repeats its tools in every example."""
    spelling = _spelling(tool)
    return tuple(_check_tool(tool)) if spelling is None else _spelled_tool_problems(spelling)


@lru_cache(maxsize=512)
def _spelled_tool_problems(spelling: bytes) -> tuple[Problem, ...]:
    return tuple(_check_tool(orjson.loads(spelling)))


def parameters_schema(parameters: dict[str, Any]) -> OwnSchema | None:
    """The schema of a tool's arguments, ready to use; None if it is no JSON Schema."""
    spelling = _spelling(parameters)
    return _own_schema(parameters) if spelling is None else _spelled_schema(spelling)


@lru_cache(maxsize=512)
def _spelled_schema(spelling: bytes) -> OwnSchema | None:
    return _own_schema(orjson.loads(spelling))


def _own_schema(parameters: dict[str, Any]) -> OwnSchema | None:
    try:
        return OwnSchema(parameters)
    except SchemaError:
        return None


def _spelling(value: Any) -> bytes | None:
    try:
        return orjson.dumps(value)
    except TypeError:
        # Half a surrogate pair or a very long number: rare, so it is not kept.
        return None


def _check_tool(tool: Any) -> Iterator[Problem]:
    if not isinstance(tool, dict):
        yield Problem("tool_invalid", (), {"reason": "not_an_object", "type": json_type(tool)})
        return
    if tool.get("type") != "function":
        yield Problem("tool_invalid", (), {"reason": "type"})
    function = tool.get("function")
    if not isinstance(function, dict):
        yield Problem("tool_invalid", (), {"reason": "function"})
        return
    if "name" not in function:
        yield Problem("tool_invalid", ("function",), {"reason": "name"})
    elif not isinstance(function["name"], str) or not NAME.match(function["name"]):
        name = function["name"] if isinstance(function["name"], str) else ""
        yield Problem("tool_name_invalid", ("function", "name"), {"name": name[:60]})
    if not isinstance(function.get("description"), str | None):
        yield Problem("tool_invalid", ("function", "description"), {"reason": "description"})
    if not isinstance(function.get("strict"), bool | None):
        yield Problem("tool_invalid", ("function", "strict"), {"reason": "strict"})
    parameters = function.get("parameters")
    if not isinstance(parameters, dict | None):
        yield Problem("tool_invalid", ("function", "parameters"), {"reason": "parameters"})
    elif parameters:
        try:
            OwnSchema(parameters)
        except SchemaError as error:
            reason = str(error)[:200]
            yield Problem("tool_parameters_invalid", ("function", "parameters"), {"reason": reason})
