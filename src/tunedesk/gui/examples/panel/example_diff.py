"""What changed between two versions of an example, message by message and word by word."""

import re
from collections.abc import Iterable
from difflib import SequenceMatcher
from typing import NamedTuple

from tunedesk.examples.conversation import Conversation, ImagePart, Message, TextPart
from tunedesk.examples.json_text import JsonNode, JsonSyntaxError, parse
from tunedesk.gui.roles import role_title
from tunedesk.i18n import _

SAME, REMOVED, ADDED = "same", "removed", "added"
# Scripts without blanks between words are compared letter by letter.
_SINGLE = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff"
_WORDS = re.compile(rf"\s|[{_SINGLE}]|[^\s{_SINGLE}!-/:-@\[-`{{-~]+|[^\s]")
# Above this many comparisons the texts are compared line by line first, so that no diff takes
# longer than a person waits.
_MOST_COMPARISONS = 4_000_000


class Piece(NamedTuple):
    """A stretch of text that stayed, went or came.

    Attributes:
        kind: "same", "removed" or "added".
        text: The stretch.
    """

    kind: str
    text: str


def word_diff(before: str, after: str) -> list[Piece]:
    """The pieces that lead from one text to the other.

    Joining what is not "added" gives `before`; joining what is not "removed" gives `after`.
    """
    if before == after:
        return [Piece(SAME, before)] if before else []
    return _joined(_compare(_WORDS.findall(before), _WORDS.findall(after)))


def shortened(pieces: Iterable[Piece], around: int = 40) -> list[Piece]:
    """The same pieces with long stretches that stayed cut down to what stands around a change."""
    pieces = list(pieces)
    short: list[Piece] = []
    for index, piece in enumerate(pieces):
        if piece.kind != SAME:
            short.append(piece)
            continue
        head = "" if index == 0 else _first_words(piece.text, around)
        tail = "" if index == len(pieces) - 1 else _last_words(piece.text, around)
        if len(piece.text) <= len(head) + len(tail) + 8:
            short.append(piece)
        else:
            gap = (" … " if head and tail else " …" if head else "… ") if head or tail else "…"
            short.append(Piece(SAME, f"{head}{gap}{tail}"))
    return short


def _first_words(text: str, length: int) -> str:
    """The beginning of a text, not cut inside a word unless the word is very long."""
    cut = text[:length]
    space = cut.rfind(" ", length // 2) if len(text) > length else -1
    return cut[:space] if space > 0 else cut.rstrip()


def _last_words(text: str, length: int) -> str:
    """The end of a text, not cut inside a word unless the word is very long."""
    cut = text[-length:]
    space = cut.find(" ", 0, length // 2) if len(text) > length else -1
    return cut[space + 1 :] if space >= 0 else cut.lstrip()


def _compare(before: list[str], after: list[str]) -> list[Piece]:
    start = 0
    shortest = min(len(before), len(after))
    while start < shortest and before[start] == after[start]:
        start += 1
    end = 0
    while end < shortest - start and before[-1 - end] == after[-1 - end]:
        end += 1
    pieces = [Piece(SAME, "".join(before[:start]))]
    old, new = before[start : len(before) - end], after[start : len(after) - end]
    if len(old) * len(new) > _MOST_COMPARISONS:
        pieces += _compare_lines("".join(old), "".join(new))
    else:
        pieces += _compare_units(old, new)
    pieces.append(Piece(SAME, "".join(before[len(before) - end :])))
    return pieces


def _compare_lines(before: str, after: str) -> list[Piece]:
    """Compare line by line, and word by word only inside lines that changed."""
    old, new = before.splitlines(keepends=True), after.splitlines(keepends=True)
    pieces: list[Piece] = []
    # autojunk (difflib's way to skip what repeats) keeps very long texts quick
    for tag, i, j, k, m in SequenceMatcher(None, old, new, autojunk=True).get_opcodes():
        gone, came = "".join(old[i:j]), "".join(new[k:m])
        if tag == "equal":
            pieces.append(Piece(SAME, gone))
            continue
        gone_words, came_words = _WORDS.findall(gone), _WORDS.findall(came)
        if gone and came and len(gone_words) * len(came_words) <= _MOST_COMPARISONS // 8:
            pieces += _compare_units(gone_words, came_words)
        else:
            pieces += [Piece(REMOVED, gone), Piece(ADDED, came)]
    return pieces


def _compare_units(before: list[str], after: list[str]) -> list[Piece]:
    pieces: list[Piece] = []
    matcher = SequenceMatcher(None, before, after, autojunk=len(after) > 2000)
    for tag, i, j, k, m in matcher.get_opcodes():
        if tag == "equal":
            pieces.append(Piece(SAME, "".join(before[i:j])))
        else:
            pieces.append(Piece(REMOVED, "".join(before[i:j])))
            pieces.append(Piece(ADDED, "".join(after[k:m])))
    return pieces


def _joined(pieces: list[Piece]) -> list[Piece]:
    """Gather changes with only blanks between them: "the old" to "a new" reads as one change."""
    joined: list[Piece] = []
    removed = added = ""
    pieces = [piece for piece in pieces if piece.text]
    for index, piece in enumerate(pieces):
        if piece.kind == REMOVED:
            removed += piece.text
        elif piece.kind == ADDED:
            added += piece.text
        else:
            inside = bool(removed and added) and index + 1 < len(pieces)
            if inside and piece.text.isspace() and "\n" not in piece.text:
                removed += piece.text
                added += piece.text
                continue
            _flush(joined, removed, added)
            removed = added = ""
            if joined and joined[-1].kind == SAME:
                joined[-1] = Piece(SAME, joined[-1].text + piece.text)
            else:
                joined.append(piece)
    _flush(joined, removed, added)
    return joined


def _flush(pieces: list[Piece], removed: str, added: str) -> None:
    if removed:
        pieces.append(Piece(REMOVED, removed))
    if added:
        pieces.append(Piece(ADDED, added))


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
