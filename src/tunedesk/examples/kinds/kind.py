"""What every kind of training example can do, and what most kinds do alike.

A kind says how its records are recognised, read by a search, replaced in, compared and shown.
A new kind is a module here with one object, named in `registry.KINDS`; its rules and tokens in
`checks.kinds`; its schema in resources/schemas; its form in gui/examples/form.
"""

import re
from collections.abc import Collection, Iterator
from json.decoder import scanstring as _scanstring  # type: ignore[attr-defined]
from typing import Any, Literal, NamedTuple

from tunedesk.examples.hashes import Hashes
from tunedesk.examples.json_edit import spelled_string
from tunedesk.examples.json_text import JsonNode, JsonSyntaxError, parse
from tunedesk.i18n import _

KindName = Literal[
    "chat",
    "preference",
    "reinforcement",
    "prompt_completion",
    "sharegpt",
    "alpaca",
    "other",
    "unreadable",
]
"""The names under which kinds are stored in projects and printed by the command line."""

RecordFormat = Literal[
    "chat",
    "preference",
    "dpo",
    "reinforcement",
    "prompt_completion",
    "sharegpt",
    "alpaca",
    "other",
]
"""The names of the formats of files that consist of one kind; pairs are met in two spellings."""

Method = Literal["supervised", "dpo", "reinforcement"]
"""The methods of fine-tuning, as OpenAI's API names them."""

PREVIEW_LENGTH = 160
_READ = 400
# Shorter texts are mostly names of roles and kinds.
_SHORT = 6


class Block(NamedTuple):
    """A part of an example as a person reads it.

    Attributes:
        section: The key of the record that it belongs to, such as "messages".
        heading: What it is, in words: "Assistant message 3", "Tools".
        role: The role of the message; empty for other parts.
        text: What stands there: a text as it is read, anything else as it is spelled.
        is_message: Whether it is one of a list of messages; those of one section belong together.
    """

    section: str
    heading: str
    role: str
    text: str
    is_message: bool = False


class Replacing(NamedTuple):
    r"""What is to be replaced in a record.

    Attributes:
        find: What to find, in the text as it is read, escapes resolved.
        new: What to put there, as `re` takes it: a backslash is written `\\`.
        roles: The roles of the messages to look at; None for all.
        is_plain: Whether the new text needs no escape in JSON and names no group of the pattern.
    """

    find: re.Pattern[str]
    new: str
    roles: Collection[str] | None
    is_plain: bool


class Kind:
    """A kind of training example; this class itself does what all kinds have in common.

    Attributes:
        name: The name under which it is stored and printed.
        file_format: The name of the format of a file that consists of such records.
        method: The method of fine-tuning that takes it; None if none does as it is.
        blank: The text of a new example; None if none can be begun.
        is_written_as_messages: Whether it is one list of messages under the key `messages`, which
            the form of conversations can edit.
        reads_other_keys: Whether training makes use of what stands beside the messages.
    """

    name: KindName
    file_format: RecordFormat = "other"
    method: Method | None = None
    blank: str | None = None
    is_written_as_messages = False
    reads_other_keys = False

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name}>"

    def title(self) -> str:
        """The kind as part of a sentence: "a preference pair"."""
        raise NotImplementedError

    def section_title(self, section: str) -> str:
        """What stands under a key of the record, as a heading: "Prompt"; empty if not known.

        Args:
            section: The key.
        """
        del section
        return ""

    def recognises(self, record: dict[str, Any]) -> bool:
        """Whether the record is of this kind, the kinds before it in the registry left aside."""
        raise NotImplementedError

    def format_of(self, record: dict[str, Any]) -> RecordFormat:
        """The name of the format of a file that consists of records such as this one."""
        del record
        return self.file_format

    def preview(self, record: Any) -> str:
        """One line of at most 160 characters that shows what the record is about."""
        return preview_line(first_text(record))

    def texts(self, record: Any) -> Iterator[str]:
        """All that is said in the record, in order: what a search looks through."""
        return strings(record)

    def hashes(self, record: dict[str, Any]) -> Hashes | None:
        """The hashes by which doubles are found; None if none are looked for."""
        del record
        return None

    def replaceable(self, root: JsonNode, roles: Collection[str] | None) -> Iterator[JsonNode]:
        """The strings of a record in which find and replace may replace.

        Args:
            root: The record.
            roles: The roles whose texts are meant; None for all.
        """
        del root, roles
        return iter(())

    def replace(self, text: str, record: Any, replacing: Replacing) -> tuple[str, int]:
        """The text of a record with all hits replaced, and how many there were.

        Args:
            text: The record as it is spelled.
            record: Its value, if it is known; else None.
            replacing: What to replace.
        """
        if record is not None and not any(map(replacing.find.search, self.texts(record))):
            return text, 0
        try:
            root = parse(text)
        except JsonSyntaxError:
            return text, 0
        starts = sorted(node.start for node in self.replaceable(root, replacing.roles))
        return _replaced(text, starts, replacing)

    def with_system_prompt(self, text: str, prompt: str) -> str:
        """The text of a record with this system prompt; as it was if it can have none.

        Raises:
            JsonSyntaxError: The text is not JSON.
        """
        del prompt
        return text

    def blocks(self, text: str) -> list[Block]:
        """The parts of an example in the order in which a person reads them.

        Raises:
            JsonSyntaxError: The text is not JSON.
        """
        return member_blocks(text, parse(text))


def preview_line(text: str) -> str:
    """The beginning of the text in one line of at most 160 characters."""
    start = text[:PREVIEW_LENGTH]
    if start.isprintable():
        return start.strip()
    start = " ".join(text[:_READ].split())[:PREVIEW_LENGTH]
    return start.encode("utf-8", "replace").decode()


INVISIBLE = (
    "\\u00ad\\u034f\\u061c\\u115f\\u1160\\u17b4\\u17b5\\u180b-\\u180f\\u200b-\\u200f\\u202a-\\u202e"
    "\\u2060-\\u206f\\u2800\\u3164\\ufe00-\\ufe0f\\ufeff\\uffa0\\ufff9-\\ufffb"
    "\\U0001d173-\\U0001d17a\\U000e0000-\\U000e0fff"
)
"""Characters that are not blanks and show nothing, as a class of an expression: Unicode's
Default_Ignorable_Code_Point (DerivedCoreProperties.txt), the marks of annotations, and the empty
pattern of Braille."""

_INVISIBLE = re.compile(f"[{INVISIBLE}\\s]*")


def says_nothing(text: str) -> bool:
    """Whether nothing stands in a text but blanks and invisible characters."""
    return _INVISIBLE.fullmatch(text) is not None


_NAMING_KEYS = ("role", "from", "type", "id", "tool_call_id")


def first_text(value: Any) -> str:
    """The first text found within the value, looking at most a few levels deep.

    What names a part of the format, such as a role, is no text: an empty example has none.
    """
    level = [value]
    for _depth in range(6):
        inner: list[Any] = []
        for item in level:
            children = (
                [child for key, child in item.items() if key not in _NAMING_KEYS]
                if isinstance(item, dict)
                else item
            )
            for child in children if isinstance(item, (dict, list)) else ():
                if isinstance(child, str) and len(child.strip()) > _SHORT:
                    return child
                if isinstance(child, (dict, list)):
                    inner.append(child)
        level = inner[:50]
    return ""


def strings(value: Any, skip: Collection[str] = ()) -> Iterator[str]:
    """Every string below a value, in order; keys are not text.

    Args:
        value: A value of JSON.
        skip: The keys whose values are left out.
    """
    waiting = [value]
    while waiting:
        item = waiting.pop()
        if isinstance(item, str):
            yield item
        elif isinstance(item, dict):
            waiting.extend(child for key, child in reversed(item.items()) if key not in skip)
        elif isinstance(item, list):
            waiting.extend(reversed(item))


def member_blocks(text: str, node: JsonNode, without: Collection[str] = ()) -> list[Block]:
    """A block for each member of an object, but for some keys; strings as they are read."""
    if node.kind != "object":
        return [Block("", _("Raw JSON"), "", text[node.start : node.end])]
    return [
        Block(key, _("Tools") if key == "tools" else key, "", read_or_spelled(text, value))
        for key, _key, value in node.members
        if key not in without
    ]


def read_or_spelled(text: str, node: JsonNode) -> str:
    """A string as it is read, any other value as it is spelled."""
    return str(node.value) if node.kind == "string" else text[node.start : node.end]


def _replaced(text: str, starts: list[int], replacing: Replacing) -> tuple[str, int]:
    """The text with the strings that begin there replaced, and how many hits there were."""
    pieces: list[str] = []
    done = total = 0
    for start in starts:
        value, end = _scanstring(text, start + 1, True)
        changed, times = replacing.find.subn(replacing.new, value)
        if times:
            pieces += (text[done:start], spelled_string(changed, text[start:end]))
            done = end
            total += times
    return ("".join([*pieces, text[done:]]), total) if pieces else (text, 0)
