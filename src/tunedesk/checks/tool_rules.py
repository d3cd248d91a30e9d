"""Rules for tools: their declarations, the calls to them with their arguments, and the answers."""

import re
from collections.abc import Generator, Iterator
from functools import lru_cache
from typing import Any, Literal

import orjson

from tunedesk.catalogue.targets import Target
from tunedesk.checks.problem import Problem
from tunedesk.checks.schema import OwnSchema, SchemaError
from tunedesk.examples.json_text import JsonSyntaxError, Path, json_type, parse

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
        reason = {"type": json_type(tools), "reason": no_list_reason(tools)}
        yield Problem("tools_not_a_list", ("tools",), reason)
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


NoListReason = Literal["nothing", "spelled", "cut_off", "object", "other"]


def no_list_reason(value: Any) -> NoListReason:
    """What stands in the place of a list: nothing, its text, half of its text, or one element."""
    if isinstance(value, dict):
        return "object"
    if not isinstance(value, str):
        return "other"
    if value.strip() in STANDS_FOR_NOTHING:
        return "nothing"
    try:
        inner = parse(value).value
    except JsonSyntaxError as error:
        is_json = value.lstrip()[:1] in ("[", "{")
        cut_off = error.reason_code in ("unexpected_end", "unterminated_string")
        return "cut_off" if is_json and cut_off else "other"
    if isinstance(inner, str):
        return no_list_reason(inner) if inner != value else "other"
    return "spelled" if isinstance(inner, list | dict) else "other"


STANDS_FOR_NOTHING = ("", "[]", "{}", "null", "None")
"""Texts that files have in the place of a list where there is none."""


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
    """The schema of a tool's arguments, ready to use; None if it is not a JSON Schema."""
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
    if isinstance(tool.get("name"), str) and "function" not in tool and "type" not in tool:
        yield Problem("tool_invalid", (), {"reason": "frame"})
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
            at = "/".join(map(str, error.path))[:80]
            reason = "outside" if error.leads_outside else "at" if at else "all"
            yield Problem(
                "tool_parameters_invalid",
                ("function", "parameters"),
                {"reason": reason, "at": at},
            )


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
            yield Problem("arguments_do_not_fit", path, {"tool": name, **reason.parameters()})
        if not reasons:
            yield Problem("arguments_do_not_fit", path, {"tool": name})


def _inner_object(text: str) -> dict[str, Any] | None:
    """The object that a text spells, where arguments were encoded twice."""
    try:
        value = parse(text).value
    except JsonSyntaxError:
        return None
    return value if isinstance(value, dict) else None


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
    # Where calls stand as a text, which is a problem of its own, nobody knows what is answered.
    all_known = not any(map(_hides_calls, messages))
    for number, message in enumerate(messages):
        if not isinstance(message, dict):
            continue
        role = message.get("role")
        path: Path = ("messages", number)
        if role == "assistant":
            yield from _check_calls_of(message, path, declared, open_calls)
            yield from _check_function_call(message, path, declared)
        elif role == "tool":
            for problem in _check_answer(message, path, open_calls):
                if all_known or problem.code != "tool_call_id_unknown":
                    yield problem
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


def _hides_calls(message: Any) -> bool:
    """Whether a message calls tools in a form in which their ids cannot be read."""
    calls = message.get("tool_calls") if isinstance(message, dict) else None
    if isinstance(calls, list):
        return not all(isinstance(call, dict) for call in calls)
    return calls is not None and no_list_reason(calls) != "nothing"


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
        reason = {"type": json_type(calls), "reason": no_list_reason(calls)}
        yield Problem("tool_calls_not_a_list", here, reason)
        return
    if not calls:
        yield Problem("tool_calls_empty", here, {})
    for number, call in enumerate(calls):
        call_path = (*here, number)
        if not isinstance(call, dict):
            yield Problem(
                "tool_call_invalid", call_path, {"reason": "not_an_object", "type": json_type(call)}
            )
            continue
        yield from _check_shape(call, call_path)
        name = yield from _check_function(call.get("function"), (*call_path, "function"), declared)
        call_id = call.get("id")
        if isinstance(call_id, str) and call_id:
            if call_id in open_calls:
                yield Problem("tool_call_id_repeated", (*call_path, "id"), {"id": call_id[:60]})
            open_calls[call_id] = _OpenCall(int(path[1]), call_path, name)


def _check_shape(call: dict[str, Any], path: Path) -> Iterator[Problem]:
    if not isinstance(call.get("id"), str) or not call["id"]:
        yield Problem("tool_call_invalid", path, {"reason": "id"})
    if "function" not in call and isinstance(call.get("name"), str):
        yield Problem("tool_call_invalid", path, {"reason": "frame"})
        return
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
