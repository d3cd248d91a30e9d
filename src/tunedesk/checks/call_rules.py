"""Rules for tool calls and their answers: each call declared, each answer with its call."""

from collections.abc import Generator, Iterator
from typing import Any

from tunedesk.checks.argument_rules import check_arguments
from tunedesk.checks.json_type import json_type
from tunedesk.checks.problem import Problem
from tunedesk.checks.tool_rules import tool_name
from tunedesk.examples.json_path import Path

Declared = dict[str, dict[str, Any] | None]


class _OpenCall:
    """A call that waits for its answer."""

    def __init__(self, message: int, path: Path, name: str) -> None:
        self.message = message
        self.path = path
        self.name = name


def check_calls(record: dict[str, Any], messages: list[Any]) -> Iterator[Problem]:
    """The problems of all calls and answers of an example."""
    declared = _declared(record)
    open_calls: dict[str, _OpenCall] = {}
    for number, message in enumerate(messages):
        if not isinstance(message, dict):
            continue
        role = message.get("role")
        path: Path = ("messages", number)
        if role == "assistant":
            yield from _check_calls_of(message, path, declared, open_calls)
            yield from _check_function_call(message, path, declared)
        elif role == "tool":
            yield from _check_answer(message, path, open_calls)
        elif role == "function":
            yield Problem("function_call_legacy", (*path, "role"), {"key": "role"})
    if "functions" in record:
        yield Problem("function_call_legacy", ("functions",), {"key": "functions"})
    for call_id, call in open_calls.items():
        # A call that ends the example is what the model is to learn: nothing can answer it.
        if call.message < len(messages) - 1:
            yield Problem(
                "tool_call_unanswered", call.path, {"id": call_id[:60], "tool": call.name}
            )


def _declared(record: dict[str, Any]) -> Declared:
    """The parameters of every declared tool (and legacy function) by its name."""
    tools, functions = record.get("tools"), record.get("functions")
    declared: Declared = {}
    for tool in tools if isinstance(tools, list) else ():
        name = tool_name(tool)
        if name is not None:
            parameters = tool["function"].get("parameters")
            declared[name] = parameters if isinstance(parameters, dict) else None
    for function in functions if isinstance(functions, list) else ():
        if isinstance(function, dict) and isinstance(function.get("name"), str):
            parameters = function.get("parameters")
            declared[function["name"]] = parameters if isinstance(parameters, dict) else None
    return declared


def _check_calls_of(
    message: dict[str, Any], path: Path, declared: Declared, open_calls: dict[str, _OpenCall]
) -> Iterator[Problem]:
    calls = message.get("tool_calls")
    if calls is None:
        return
    here = (*path, "tool_calls")
    if not isinstance(calls, list):
        yield Problem("tool_calls_not_a_list", here, {"type": json_type(calls)})
        return
    if not calls:
        yield Problem("tool_calls_empty", here, {})
    for number, call in enumerate(calls):
        place = (*here, number)
        if not isinstance(call, dict):
            yield Problem(
                "tool_call_invalid", place, {"reason": "not_an_object", "type": json_type(call)}
            )
            continue
        yield from _check_shape(call, place)
        name = yield from _check_function(call.get("function"), (*place, "function"), declared)
        call_id = call.get("id")
        if isinstance(call_id, str) and call_id:
            if call_id in open_calls:
                yield Problem("tool_call_id_repeated", (*place, "id"), {"id": call_id[:60]})
            open_calls[call_id] = _OpenCall(int(path[1]), place, name)


def _check_shape(call: dict[str, Any], path: Path) -> Iterator[Problem]:
    if not isinstance(call.get("id"), str) or not call["id"]:
        yield Problem("tool_call_invalid", path, {"reason": "id"})
    if call.get("type") != "function":
        yield Problem("tool_call_invalid", path, {"reason": "type"})
    if not isinstance(call.get("function"), dict):
        yield Problem("tool_call_invalid", path, {"reason": "function"})


def _check_function(function: Any, path: Path, declared: Declared) -> Generator[Problem, None, str]:
    """Yield the problems of what is called, and return its name."""
    if not isinstance(function, dict):
        return ""
    name = function.get("name")
    if not isinstance(name, str):
        yield Problem("tool_call_invalid", path, {"reason": "name"})
        name = ""
    elif name not in declared:
        yield Problem(
            "tool_unknown", (*path, "name"), {"tool": name[:60], "declared": len(declared)}
        )
    if "arguments" not in function:
        yield Problem("tool_call_invalid", path, {"reason": "arguments"})
    else:
        yield from check_arguments(
            function["arguments"], name[:60], (*path, "arguments"), declared.get(name)
        )
    return name[:60]


def _check_function_call(
    message: dict[str, Any], path: Path, declared: Declared
) -> Iterator[Problem]:
    call = message.get("function_call")
    if call is None:
        return
    here = (*path, "function_call")
    yield Problem("function_call_legacy", here, {"key": "function_call"})
    if not isinstance(call, dict):
        yield Problem("function_call_invalid", here, {"reason": "not_an_object"})
        return
    name = call.get("name")
    if not isinstance(name, str):
        yield Problem("function_call_invalid", here, {"reason": "name"})
    elif name not in declared:
        count = {"tool": name[:60], "declared": len(declared)}
        yield Problem("tool_unknown", (*here, "name"), count)
    if "arguments" not in call:
        yield Problem("function_call_invalid", here, {"reason": "arguments"})
    else:
        known = name if isinstance(name, str) else ""
        yield from check_arguments(
            call["arguments"], known[:60], (*here, "arguments"), declared.get(known)
        )


def _check_answer(
    message: dict[str, Any], path: Path, open_calls: dict[str, _OpenCall]
) -> Iterator[Problem]:
    call_id = message.get("tool_call_id")
    if not isinstance(call_id, str) or not call_id:
        yield Problem("tool_call_id_missing", path, {})
    elif open_calls.pop(call_id, None) is None:
        yield Problem("tool_call_id_unknown", (*path, "tool_call_id"), {"id": call_id[:60]})
