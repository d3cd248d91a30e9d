"""The edits of a conversation: each takes the text of a record and gives the new text.

Every edit changes the values it is about and leaves the rest of the record byte for byte. All
raise `KeyError` if the message, part or call is not there, and `JsonSyntaxError` if the record is
no JSON.
"""

import json
from typing import Any, Literal

from tunedesk.examples.conversation import Conversation, Message, TextPart, ToolCall
from tunedesk.examples.json_edit import (
    SpelledJson,
    insert_item,
    move_item,
    on_one_line,
    raw_value,
    remove,
    replace_value,
    set_member,
)
from tunedesk.examples.json_text import JsonNode, Path, parse, to_pointer


def set_message_text(text: str, index: int, new: str) -> str:
    """Change what a message says.

    In a content list the first text part takes the new text and the other text parts go; pictures
    stay.
    """
    message = _message(text, index)
    if new == message.text and message.content_kind in ("string", "null", "missing", "parts"):
        return text
    if message.parts is None:
        return set_member(text, message.path, "content", new, after="role")
    numbers = [n for n, part in enumerate(message.parts) if isinstance(part, TextPart)]
    if not numbers:
        return insert_item(text, _content(index), 0, _text_part(new))
    for number in reversed(numbers[1:]):
        text = remove(text, (*_content(index), number))
    return set_part_text(text, index, numbers[0], new)


def set_role(text: str, index: int, role: str) -> str:
    """Change the role of a message."""
    return set_member(text, _message(text, index).path, "role", role, first=True)


def set_name(text: str, index: int, name: str | None) -> str:
    """Give a message the name of its speaker; None or nothing takes the name away."""
    return _set_or_remove(text, _message(text, index).path, "name", name or None)


def set_weight(text: str, index: int, weight: Literal[0, 1] | None) -> str:
    """Say whether an answer is trained on (1) or only shown (0); None takes the mark away."""
    return _set_or_remove(text, _message(text, index).path, "weight", weight)


def set_refusal(text: str, index: int, refusal: str | None) -> str:
    """Give an answer the text of a refusal; None takes it away."""
    return _set_or_remove(text, _message(text, index).path, "refusal", refusal)


def set_tool_call_id(text: str, index: int, call_id: str | None) -> str:
    """Say which call a tool message answers; None takes the id away."""
    return _set_or_remove(text, _message(text, index).path, "tool_call_id", call_id)


def insert_message(text: str, index: int, role: str, content: str = "") -> str:
    """Put a new message before the one that has the index now.

    A tool message answers the first call before it that has no answer yet.
    """
    conversation = Conversation.from_text(text)
    message = {"role": role, "content": content}
    if role == "tool":
        message = {
            "role": role,
            "tool_call_id": _waiting_call(conversation, index),
            "content": content,
        }
    root = parse(text)
    messages = root.member("messages")
    if messages is None or messages.kind != "array":
        return set_member(text, (), "messages", [message], first=True)
    return insert_item(text, ("messages",), index, message)


def delete_message(text: str, index: int) -> str:
    """Take a message out."""
    return remove(text, ("messages", index))


def move_message(text: str, index: int, to: int) -> str:
    """Move a message so that it has the index `to`."""
    return move_item(text, ("messages",), index, to)


def duplicate_message(text: str, index: int) -> str:
    """Put a copy of a message behind it."""
    return insert_item(text, ("messages",), index + 1, raw_value(text, ("messages", index)))


def split_message(text: str, index: int, at_character: int) -> str:
    """Make two messages of one, before the character of its text; both keep role and keys.

    Tool calls and pictures that follow the split go into the second message.
    """
    message = _message(text, index)
    text = duplicate_message(text, index)
    if message.parts is None:
        text = set_message_text(text, index + 1, message.text[at_character:])
        text = set_message_text(text, index, message.text[:at_character])
    else:
        text = _split_parts(text, message, at_character)
    if message.tool_calls:
        text = remove(text, (*message.path, "tool_calls"))
    if message.function_call:
        text = remove(text, (*message.path, "function_call"))
    return text


def merge_with_next(text: str, index: int) -> str:
    """Make one message of two; the role and keys of the first count, tool calls are joined.

    A blank line is put between the texts where neither has blanks of its own there.
    """
    first, second = _message(text, index), _message(text, index + 1)
    node = parse(text).find(second.path)
    keys = [key for key in (node.value if node else ()) if key not in ("role", "content")]
    others = {key: raw_value(text, (*second.path, key)) for key in keys}
    calls = [raw_value(text, call.path) for call in second.tool_calls]
    if first.parts is None and second.parts is None:
        text = set_message_text(text, index, _joined(first.text, second.text))
    else:
        parts = _raw_parts(text, second)
        text = _with_parts(text, first)
        for part in parts:
            text = insert_item(text, _content(index), _END, part)
    for key, raw in others.items():
        if key == "tool_calls" and first.tool_calls:
            for call in calls:
                text = insert_item(text, (*first.path, key), _END, call)
        elif _find(text, (*first.path, key)) is None:
            text = set_member(text, first.path, key, raw)
    return delete_message(text, index + 1)


def set_system_prompt(text: str, prompt: str) -> str:
    """Give the conversation a system prompt in place of the one it has; an empty one takes it out.

    A developer message at the beginning counts as the system prompt and keeps its role.
    """
    message = Conversation.from_text(text).system_message
    if message is None:
        return insert_message(text, 0, "system", prompt) if prompt else text
    if prompt:
        return set_message_text(text, message.index, prompt)
    return delete_message(text, message.index)


def set_tool_call(
    text: str,
    index: int,
    number: int,
    name: str | None = None,
    arguments: str | None = None,
    id: str | None = None,  # noqa: A002  the name the format gives it
) -> str:
    """Change what is given of a tool call; the arguments are a JSON text and stand as a string."""
    call = _tool_call(text, index, number)
    if id is not None:
        text = set_member(text, call.path, "id", id, first=True)
    if name is None and arguments is None:
        return text
    function = _find(text, (*call.path, "function"))
    if function is None or function.kind != "object":
        text = set_member(text, call.path, "function", {})
    if name is not None:
        text = set_member(text, (*call.path, "function"), "name", name, first=True)
    if arguments is not None:
        text = set_member(text, (*call.path, "function"), "arguments", arguments)
    return text


def add_tool_call(
    text: str,
    index: int,
    name: str = "",
    arguments: str = "{}",
    id: str | None = None,  # noqa: A002  the name the format gives it
) -> str:
    """Add a tool call to an answer, with an id that the conversation does not have yet."""
    message = _message(text, index)
    function = {"name": name, "arguments": arguments}
    call = {"id": id or _new_call_id(text), "type": "function", "function": function}
    calls = _find(text, (*message.path, "tool_calls"))
    if calls is None or calls.kind != "array":
        return set_member(text, message.path, "tool_calls", [call])
    return insert_item(text, (*message.path, "tool_calls"), _END, call)


def remove_tool_call(text: str, index: int, number: int) -> str:
    """Take a tool call out, with the last one the whole list."""
    call = _tool_call(text, index, number)
    if len(_message(text, index).tool_calls) == 1:
        return remove(text, call.path[:-1])
    return remove(text, call.path)


def set_tools(text: str, tools: str) -> str:
    """Give the conversation the tools of a JSON text; nothing takes the tools out.

    Raises:
        JsonSyntaxError: The text of the tools is not JSON.
    """
    tools = tools.strip()
    if not tools:
        return remove(text, ("tools",)) if _find(text, ("tools",)) is not None else text
    parse(tools)
    return set_member(text, (), "tools", SpelledJson(on_one_line(tools, drop_indentation=True)))


def set_parallel_tool_calls(text: str, allowed: bool | None) -> str:
    """Say whether several tools may be called at once; None leaves it open."""
    return _set_or_remove(text, (), "parallel_tool_calls", allowed)


def add_image_part(text: str, index: int, data_url: str, detail: str | None = None) -> str:
    """Put a picture at the end of a message; a text becomes a list of parts for it."""
    image = {"url": data_url} if detail is None else {"url": data_url, "detail": detail}
    text = _with_parts(text, _message(text, index))
    return insert_item(text, _content(index), _END, {"type": "image_url", "image_url": image})


def remove_part(text: str, index: int, number: int) -> str:
    """Take a part out of a message; a single text that is left becomes a plain text again."""
    text = remove(text, (*_content(index), number))
    content = _find(text, _content(index))
    if content is None or len(content.items) > 1:
        return text
    if not content.items:
        return replace_value(text, _content(index), "")
    left = content.items[0]
    if left.kind == "object" and set(left.value) == {"type", "text"}:
        spelled = raw_value(text, (*_content(index), 0, "text"))
        return replace_value(text, _content(index), spelled)
    return text


def set_part_text(text: str, index: int, number: int, new: str) -> str:
    """Change the text of a text part."""
    path: Path = (*_content(index), number)
    node = _find(text, path)
    if node is None:
        raise KeyError(to_pointer(path))
    if node.kind == "object":
        return set_member(text, path, "text", new)
    return replace_value(text, path, new)


_END = 2**31
"""Behind all items of a list."""


def _message(text: str, index: int) -> Message:
    messages = Conversation.from_text(text).messages
    if not 0 <= index < len(messages) or not messages[index].is_object:
        raise KeyError(to_pointer(("messages", index)))
    return messages[index]


def _tool_call(text: str, index: int, number: int) -> ToolCall:
    calls = _message(text, index).tool_calls
    if not 0 <= number < len(calls):
        raise KeyError(to_pointer(("messages", index, "tool_calls", number)))
    return calls[number]


def _content(index: int) -> Path:
    return ("messages", index, "content")


def _find(text: str, path: Path) -> JsonNode | None:
    return parse(text).find(path)


def _set_or_remove(text: str, path: Path, key: str, value: Any) -> str:
    if value is not None:
        return set_member(text, path, key, value)
    return remove(text, (*path, key)) if _find(text, (*path, key)) is not None else text


def _text_part(spelled: str | SpelledJson) -> dict[str, Any]:
    return {"type": "text", "text": spelled}


def _with_parts(text: str, message: Message) -> str:
    """The record with the content of the message as a list of parts."""
    if message.parts is not None:
        return text
    return set_member(
        text,
        message.path,
        "content",
        SpelledJson(f"[{', '.join(_raw_parts(text, message))}]"),
        after="role",
    )


def _raw_parts(text: str, message: Message) -> list[SpelledJson]:
    """The parts of a content as spelled; a plain text is one part."""
    if message.parts is not None:
        return [raw_value(text, part.path) for part in message.parts]
    if not message.text:
        return []
    if message.content_kind == "string":
        spelled = str(raw_value(text, (*message.path, "content")))
    else:
        spelled = json.dumps(message.text, ensure_ascii=False)
    return [SpelledJson(f'{{"type": "text", "text": {spelled}}}')]


def _split_parts(text: str, message: Message, at_character: int) -> str:
    """Divide the parts among a message and its copy behind it."""
    index, parts = message.index, message.parts or ()
    first_ends = second_begins = len(parts)
    position = 0
    for number, part in enumerate(parts):
        if not isinstance(part, TextPart):
            continue
        at = at_character - position
        if at <= len(part.text):
            text = set_part_text(text, index + 1, number, part.text[max(at, 0) :])
            text = set_part_text(text, index, number, part.text[: max(at, 0)])
            # An empty text beside other parts says nothing.
            first_ends = number if at <= 0 < number else number + 1
            second_begins = number + 1 if at == len(part.text) and parts[number + 1 :] else number
            break
        position += len(part.text) + 1
    for number in reversed(range(len(parts))):
        if number >= first_ends:
            text = remove(text, (*_content(index), number))
        if number < second_begins:
            text = remove(text, (*_content(index + 1), number))
    return text


def _joined(first: str, second: str) -> str:
    if not first or not second or first[-1].isspace() or second[0].isspace():
        return first + second
    return f"{first}\n\n{second}"


def _waiting_call(conversation: Conversation, index: int) -> str:
    """The id of the first call before the index that no message answers; empty without."""
    before = conversation.messages[:index]
    answered = {message.tool_call_id for message in conversation.messages}
    waiting = [call.id for message in before for call in message.tool_calls if call.id]
    return next((call_id for call_id in waiting if call_id not in answered), "")


def _new_call_id(text: str) -> str:
    number = 1
    while f'"call_{number}"' in text:
        number += 1
    return f"call_{number}"
