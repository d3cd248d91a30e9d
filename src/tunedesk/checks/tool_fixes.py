"""What each fix of tools, calls and their answers does to the text of a record."""

import json
from typing import Any

from tunedesk.checks.problem import Problem
from tunedesk.examples.json_edit import (
    SpelledJson,
    raw_value,
    remove,
    rename_key,
    replace_value,
    set_member,
)
from tunedesk.examples.json_text import Path, parse

_CALL_KEYS = ("name", "arguments")


def arguments_to_text(text: str, problem: Problem) -> str | None:
    """Write arguments that stand as an object as a text, spelled as they are."""
    node = parse(text).find(problem.path)
    if node is None or node.kind != "object":
        return None
    return replace_value(text, problem.path, text[node.start : node.end])


def unwrap_arguments(text: str, problem: Problem) -> str | None:
    """Take the second wrapping off arguments that were encoded twice."""
    node = parse(text).find(problem.path)
    if node is None or node.kind != "string":
        return None
    inner = parse(node.value).value
    return replace_value(text, problem.path, inner) if isinstance(inner, str) else None


def add_type(text: str, problem: Problem) -> str | None:
    """Give a tool or a call its missing type, "function"; frame a bare function so."""
    node = parse(text).find(problem.path)
    if node is not None and node.kind == "string":
        # The tool or the call stands as its JSON text.
        is_object = isinstance(parse(node.value).value, dict)
        return replace_value(text, problem.path, SpelledJson(node.value)) if is_object else None
    if problem.parameters.get("reason") == "frame" and "tool_calls" in problem.path:
        return _framed_call(text, problem.path)
    if node is not None and node.kind == "object" and problem.path[:1] == ("tools",):
        function = node.value
        if isinstance(function.get("name"), str) and not {"type", "function"} & function.keys():
            spelled = text[node.start : node.end]
            framed = SpelledJson(f'{{"type": "function", "function": {spelled}}}')
            return replace_value(text, problem.path, framed)
    if problem.parameters.get("reason") != "type" or node is None or node.kind != "object":
        return None
    if not isinstance(node.value.get("function"), dict) or node.value.get("type") is not None:
        return None
    return set_member(text, problem.path, "type", "function")


def _framed_call(text: str, path: Path) -> str | None:
    """Put what is called into “function”, where nothing else stands in the call."""
    call = parse(text).find(path)
    if call is None or not {"name"} <= call.value.keys() <= {"id", "type", "name", "arguments"}:
        return None
    if call.value.get("type", "function") != "function":
        return None
    called: list[str] = []
    around: list[str] = []
    for key, _key_node, value in call.members:
        spelled = f'"{key}": {text[value.start : value.end]}'
        (called if key in _CALL_KEYS else around).append(spelled)
    if "type" not in call.value:
        around.append('"type": "function"')
    function = f'"function": {{{", ".join(called)}}}'
    return replace_value(text, path, SpelledJson(f"{{{', '.join([*around, function])}}}"))


def drop_equal_tool(text: str, problem: Problem) -> str | None:
    """Take out a tool that is declared a second time in the same words."""
    number = problem.path[1]
    tools = parse(text).value.get("tools")
    if not isinstance(number, int) or tools[number] not in tools[:number]:
        return None
    return remove(text, ("tools", number))


def give_ids(text: str, problem: Problem) -> str | None:
    """Give each call that has no id and the answer behind it an id that they share.

    Only where one call waits at a time is it certain which answer belongs to it.
    """
    if problem.code == "tool_call_invalid" and problem.parameters.get("reason") != "id":
        return add_type(text, problem)
    messages = parse(text).value.get("messages")
    pairs = _calls_without_id(messages) if isinstance(messages, list) else None
    if not pairs:
        return None
    for number, (call, answer) in enumerate(pairs, 1):
        call_id = _free_id(text, number)
        text = set_member(text, call, "id", call_id)
        if answer is not None:
            text = set_member(text, answer, "tool_call_id", call_id, after="role")
    return text


def _calls_without_id(messages: list[Any]) -> list[tuple[Path, Path | None]] | None:
    """Each call without an id with the answer to it; None where that is not certain."""
    pairs: list[tuple[Path, Path | None]] = []
    waiting: list[Path] = []
    for number, message in enumerate(messages):
        if not isinstance(message, dict):
            return None
        if message.get("role") == "tool" and not message.get("tool_call_id"):
            if len(waiting) != 1:
                return None
            pairs.append((waiting.pop(), ("messages", number)))
            continue
        if waiting and message.get("role") != "tool":
            return None
        calls = message.get("tool_calls")
        for place, call in enumerate(calls if isinstance(calls, list) else ()):
            if not isinstance(call, dict):
                return None
            if not call.get("id"):
                waiting.append(("messages", number, "tool_calls", place))
    # Calls that end the example wait for no answer.
    return [*pairs, *((call, None) for call in waiting)]


def modern_calls(text: str, problem: Problem) -> str | None:
    """Write functions, function calls and their answers as tools, tool calls and tool messages.

    The whole example is rewritten at once, since a call and its answer belong together.
    """
    del problem
    record = parse(text).value
    messages = record.get("messages")
    if not isinstance(messages, list) or not _can_be_modern(record, messages):
        return None
    if "functions" in record:
        text = _modern_tools(text)
    call_ids: list[str] = []
    calls = 0
    for number, message in enumerate(messages):
        path: Path = ("messages", number)
        if not isinstance(message, dict):
            continue
        if isinstance(message.get("function_call"), dict):
            calls += 1
            call_ids.append(_free_id(text, calls))
            text = _modern_call(text, path, call_ids[-1])
        if message.get("role") == "function":
            text = _modern_answer(text, path, message, call_ids.pop(0))
    return text


def _can_be_modern(record: dict[str, Any], messages: list[Any]) -> bool:
    """Whether each answer follows a call, and nothing of the new form is in the way."""
    if "functions" in record and (
        "tools" in record or not _is_list_of_objects(record["functions"])
    ):
        return False
    waiting = 0
    for message in messages:
        if not isinstance(message, dict):
            continue
        if isinstance(message.get("function_call"), dict):
            waiting += 1
            if message.get("tool_calls") or message.get("role") != "assistant":
                return False
            if not all(isinstance(message["function_call"].get(key), str) for key in _CALL_KEYS):
                return False
        elif message.get("function_call") is not None:
            return False
        if message.get("role") == "function":
            waiting -= 1
            if waiting < 0 or "tool_call_id" in message:
                return False
    return True


def _is_list_of_objects(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, dict) for item in value)


def _modern_tools(text: str) -> str:
    functions = parse(text).find(("functions",))
    spelled = [] if functions is None else [text[f.start : f.end] for f in functions.items]
    tools = ", ".join(f'{{"type": "function", "function": {raw}}}' for raw in spelled)
    text = replace_value(text, ("functions",), SpelledJson(f"[{tools}]"))
    return rename_key(text, ("functions",), "tools")


def _modern_call(text: str, path: Path, call_id: str) -> str:
    call = raw_value(text, (*path, "function_call"))
    spelled_id = json.dumps(call_id)
    calls = SpelledJson(f'[{{"id": {spelled_id}, "type": "function", "function": {call}}}]')
    message = parse(text).find(path)
    if message is not None and "tool_calls" in message.value:
        # It holds nothing, or the example would not be rewritten.
        text = remove(text, (*path, "tool_calls"))
    text = replace_value(text, (*path, "function_call"), calls)
    return rename_key(text, (*path, "function_call"), "tool_calls")


def _modern_answer(text: str, path: Path, message: dict[str, Any], call_id: str) -> str:
    text = replace_value(text, (*path, "role"), "tool")
    if message.get("content") is None:
        text = set_member(text, path, "content", "")
    return set_member(text, path, "tool_call_id", call_id, after="role")


def _free_id(text: str, number: int) -> str:
    while f'"call_{number}"' in text:
        number += 1
    return f"call_{number}"
