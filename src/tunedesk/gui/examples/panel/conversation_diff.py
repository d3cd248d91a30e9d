"""What changed between two versions of an example, told message by message."""

from difflib import SequenceMatcher
from typing import NamedTuple

from tunedesk.examples.conversation import Conversation, ImagePart, Message, TextPart
from tunedesk.examples.json_text import JsonNode, JsonSyntaxError, parse
from tunedesk.gui.examples.form.roles import role_title
from tunedesk.gui.examples.panel.word_diff import ADDED, REMOVED, Piece, word_diff
from tunedesk.i18n import _


class Change(NamedTuple):
    """One message, or another part of the example, that is not what it was.

    Attributes:
        heading: Where: "Assistant message 3", "Tools", "Raw JSON".
        role: The role of the message; empty for other parts.
        note: What happened to it: "added", "removed", or empty for changed words.
        pieces: The words.
    """

    heading: str
    role: str
    note: str
    pieces: list[Piece]


class Sample(NamedTuple):
    """What would change in one of many examples.

    Attributes:
        number: The number of the example in the table; 0 for the open one.
        changes: What would change.
    """

    number: int
    changes: list[Change]


class _Block(NamedTuple):
    heading: str
    role: str
    text: str


def conversation_diff(before: str, after: str) -> list[Change]:
    """The parts of an example that changed, in the order of the newer version.

    What two versions differ in is never hidden: where only the writing of the JSON changed (a
    blank, an escape), the record itself is compared.
    """
    if before == after:
        return []
    try:
        old, new = _blocks(before), _blocks(after)
    except JsonSyntaxError:
        return [_raw(before, after)]
    changes = _message_changes(old[0], new[0])
    changes += [
        Change(heading, "", "", word_diff(old[1].get(heading, ""), new[1].get(heading, "")))
        for heading in {**old[1], **new[1]}
        if old[1].get(heading) != new[1].get(heading)
    ]
    return changes or [_raw(before, after)]


def _raw(before: str, after: str) -> Change:
    return Change(_("Raw JSON"), "", "", word_diff(before, after))


def _message_changes(old: list[_Block], new: list[_Block]) -> list[Change]:
    changes: list[Change] = []
    matcher = SequenceMatcher(
        None, [(b.role, b.text) for b in old], [(b.role, b.text) for b in new], autojunk=False
    )
    for tag, i, j, k, m in matcher.get_opcodes():
        if tag == "equal":
            continue
        gone, came = list(old[i:j]), list(new[k:m])
        while gone and came:
            if len(gone) != len(came) and gone[0].role != came[0].role:
                # the longer side holds a message that the other has not
                one, note, side = (
                    (gone.pop(0), _("removed"), REMOVED)
                    if len(gone) > len(came)
                    else (came.pop(0), _("added"), ADDED)
                )
                changes.append(Change(one.heading, one.role, note, [Piece(side, one.text)]))
                continue
            was, now = gone.pop(0), came.pop(0)
            note = "" if was.role == now.role else _("was {role}").format(role=role_title(was.role))
            changes.append(Change(now.heading, now.role, note, word_diff(was.text, now.text)))
        changes += [Change(b.heading, b.role, _("removed"), [Piece(REMOVED, b.text)]) for b in gone]
        changes += [Change(b.heading, b.role, _("added"), [Piece(ADDED, b.text)]) for b in came]
    return changes


def _blocks(text: str) -> tuple[list[_Block], dict[str, str]]:
    """The messages of a record, and its other parts by heading."""
    record = parse(text)
    conversation = Conversation.from_text(text)
    messages = [
        _Block(
            _("{role} message {number}").format(
                role=role_title(message.role), number=message.index + 1
            ),
            message.role or "",
            _message_block(message, record, text),
        )
        for message in conversation.messages
    ]
    others = {
        (_("Tools") if key == "tools" else key): text[value.start : value.end]
        for key, _key_node, value in record.members
        if key != "messages" or value.kind != "array"
    }
    return messages, others


def _message_block(message: Message, record: JsonNode, text: str) -> str:
    """All that a message says: its text, then its other fields, a line each."""
    lines: list[str] = []
    if message.parts is None:
        lines.append(message.text)
    else:
        for part in message.parts:
            if isinstance(part, TextPart):
                lines.append(part.text)
            elif isinstance(part, ImagePart):
                lines.append(_("[picture, {size} characters]").format(size=len(part.url)))
            else:
                lines.append(_("[another content part]"))
    node = record.find(message.path)
    for key, _key, value in node.members if node is not None else ():
        if key == "role" or (key == "content" and value.kind != "null"):
            continue
        lines.append(f"{key}: {text[value.start : value.end]}")
    return "\n".join(lines).removeprefix("\n")
