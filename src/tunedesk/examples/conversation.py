"""A training example read as a conversation: its messages and tools, each with its path.

Reading is tolerant: strangers' files hold numbers where text belongs and objects where lists
belong. What is not understood is given as it is spelled in the text, so nothing is hidden.
"""

from dataclasses import dataclass
from typing import Literal

from tunedesk.examples.json_text import JsonNode, Path, parse

ContentKind = Literal["string", "parts", "null", "missing", "other"]


@dataclass(frozen=True, slots=True)
class RawValue:
    """A value that the form shows as it is spelled.

    Attributes:
        path: Where it stands.
        key: The key it stands under; empty in a list.
        raw: Its exact spelling.
    """

    path: Path
    key: str
    raw: str


@dataclass(frozen=True, slots=True)
class TextPart:
    """A part of a content list that holds text."""

    path: Path
    text: str


@dataclass(frozen=True, slots=True)
class ImagePart:
    """A part of a content list that holds a picture: an address or the picture as a data URL."""

    path: Path
    url: str
    detail: str | None


@dataclass(frozen=True, slots=True)
class OtherPart:
    """A part of a content list that is neither text nor picture."""

    path: Path
    raw: str


Part = TextPart | ImagePart | OtherPart


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A call of a tool by the assistant.

    Attributes:
        path: Where it stands; that of `function_call` for the older form.
        id: Its id; None without.
        name: The name of the tool.
        arguments: The JSON text of the arguments; if they stand as an object, its spelling.
    """

    path: Path
    id: str | None
    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class Tool:
    """A tool that the example declares.

    Attributes:
        path: Where it stands.
        name: Its name; empty if it has none.
        description: What it is for.
        parameters: The JSON Schema of its parameters as spelled; empty without.
        raw: The whole declaration as spelled.
    """

    path: Path
    name: str
    description: str
    parameters: str
    raw: str


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a conversation.

    Attributes:
        index: Its number, from 0.
        path: Where it stands.
        role: Its role; None if it has none or it is not a string.
        text: What it says: the content, the text parts in lines, or the spelling of what should
            be text and is not.
        content_kind: How the content stands there.
        parts: The parts of a content list; None if the content is not a list.
        name: Who speaks.
        weight: 1 to train on it, 0 not to; None without, or if it is not a number.
        refusal: The text of a refusal.
        tool_calls: The tools it calls.
        tool_call_id: The call that it answers.
        function_call: The older form of a single tool call.
        other_keys: All that the form has no field for.
        is_object: False for what stands in the list of messages and is not a message.
    """

    index: int
    path: Path
    role: str | None
    text: str
    content_kind: ContentKind
    parts: tuple[Part, ...] | None
    name: str | None
    weight: float | None
    refusal: str | None
    tool_calls: tuple[ToolCall, ...]
    tool_call_id: str | None
    function_call: ToolCall | None
    other_keys: tuple[RawValue, ...]
    is_object: bool


@dataclass(frozen=True, slots=True)
class Conversation:
    """A whole training example.

    Attributes:
        messages: Its messages.
        tools: The tools that the assistant may call.
        parallel_tool_calls: Whether it may call several at once; None if that is not said.
        other_keys: All that the form has no field for.
    """

    messages: tuple[Message, ...]
    tools: tuple[Tool, ...]
    parallel_tool_calls: bool | None
    other_keys: tuple[RawValue, ...]

    @property
    def system_message(self) -> Message | None:
        """The first message of the role system, or of developer if it is the very first."""
        return next(
            (
                message
                for message in self.messages
                if message.role == "system" or (message.role == "developer" and message.index == 0)
            ),
            None,
        )

    @classmethod
    def from_text(cls, text: str) -> "Conversation":
        """Read a record.

        Raises:
            JsonSyntaxError: It is not JSON. Whatever else it may be, it is read.
        """
        root = parse(text)
        messages, tools = root.member("messages"), root.member("tools")
        parallel = root.member("parallel_tool_calls")
        understood = {
            key
            for key, node, kinds in (
                ("messages", messages, ("array",)),
                ("tools", tools, ("array",)),
                ("parallel_tool_calls", parallel, ("true", "false", "null")),
            )
            if node is not None and node.kind in kinds
        }
        return cls(
            messages=tuple(
                _message(text, index, node)
                for index, node in enumerate(messages.items if messages else ())
            ),
            tools=tuple(
                _tool(text, ("tools", index), node)
                for index, node in enumerate(tools.items if tools else ())
            ),
            parallel_tool_calls=_bool(parallel),
            other_keys=_others(text, (), root, understood),
        )


def _message(text: str, index: int, node: JsonNode) -> Message:
    path: Path = ("messages", index)
    content = node.member("content")
    calls, call = node.member("tool_calls"), node.member("function_call")
    weight = node.member("weight")
    kind = _content_kind(content)
    parts = None
    if content is not None and kind == "parts":
        parts = tuple(
            _part(text, (*path, "content", number), part)
            for number, part in enumerate(content.items)
        )
    understood = {
        key
        for key in ("role", "name", "refusal", "tool_call_id")
        if (child := node.member(key)) is not None and child.kind in ("string", "null")
    }
    understood.add("content")
    if calls is not None and calls.kind in ("array", "null"):
        understood.add("tool_calls")
    if call is not None and call.kind in ("object", "null"):
        understood.add("function_call")
    if weight is not None and weight.kind in ("number", "null"):
        understood.add("weight")
    return Message(
        index=index,
        path=path,
        role=_text(node.member("role")),
        text=_shown_text(text, node, content, parts),
        content_kind=kind,
        parts=parts,
        name=_text(node.member("name")),
        weight=weight.value if weight is not None and weight.kind == "number" else None,
        refusal=_text(node.member("refusal")),
        tool_calls=tuple(
            _tool_call(text, (*path, "tool_calls", number), child)
            for number, child in enumerate(calls.items if calls else ())
        ),
        tool_call_id=_text(node.member("tool_call_id")),
        function_call=(
            _call(text, (*path, "function_call"), None, call)
            if call is not None and call.kind == "object"
            else None
        ),
        other_keys=_others(text, path, node, understood),
        is_object=node.kind == "object",
    )


def _content_kind(content: JsonNode | None) -> ContentKind:
    if content is None:
        return "missing"
    if content.kind == "string" or content.kind == "null":
        return content.kind
    return "parts" if content.kind == "array" else "other"


def _shown_text(
    text: str, node: JsonNode, content: JsonNode | None, parts: tuple[Part, ...] | None
) -> str:
    if parts is not None:
        return "\n".join(part.text for part in parts if isinstance(part, TextPart))
    if content is None:
        return "" if node.kind == "object" else text[node.start : node.end]
    if content.kind == "string":
        return str(content.value)
    return "" if content.kind == "null" else text[content.start : content.end]


def _part(text: str, path: Path, node: JsonNode) -> Part:
    if node.kind == "string":
        return TextPart(path, node.value)
    part_text = _text(node.member("text"))
    if part_text is not None:
        return TextPart(path, part_text)
    image = node.member("image_url")
    if image is not None:
        url = image if image.kind == "string" else image.member("url")
        address = _text(url)
        if address is not None:
            return ImagePart(path, address, _text(image.member("detail")))
    return OtherPart(path, text[node.start : node.end])


def _tool_call(text: str, path: Path, node: JsonNode) -> ToolCall:
    return _call(text, path, _text(node.member("id")), node.member("function"), node)


def _call(
    text: str,
    path: Path,
    call_id: str | None,
    function: JsonNode | None,
    whole: JsonNode | None = None,
) -> ToolCall:
    if function is None or function.kind != "object":
        raw = text[whole.start : whole.end] if whole else ""
        return ToolCall(path, call_id, "", raw)
    name = _text(function.member("name")) or ""
    arguments = function.member("arguments")
    if arguments is None:
        return ToolCall(path, call_id, name, "")
    if arguments.kind == "string":
        return ToolCall(path, call_id, name, arguments.value)
    return ToolCall(path, call_id, name, text[arguments.start : arguments.end])


def _tool(text: str, path: Path, node: JsonNode) -> Tool:
    function = node.member("function") or node
    parameters = function.member("parameters")
    return Tool(
        path=path,
        name=_text(function.member("name")) or "",
        description=_text(function.member("description")) or "",
        parameters=text[parameters.start : parameters.end] if parameters else "",
        raw=text[node.start : node.end],
    )


def _others(text: str, path: Path, node: JsonNode, understood: set[str]) -> tuple[RawValue, ...]:
    return tuple(
        RawValue((*path, key), key, text[child.start : child.end])
        for key, _, child in node.members
        if key not in understood
    )


def _text(node: JsonNode | None) -> str | None:
    return node.value if node is not None and node.kind == "string" else None


def _bool(node: JsonNode | None) -> bool | None:
    return node.value if node is not None and node.kind in ("true", "false") else None
