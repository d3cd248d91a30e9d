"""What changed between two versions of an example, message by message and word by word."""

import re
from collections.abc import Iterable
from difflib import SequenceMatcher
from typing import NamedTuple

from tunedesk.examples.kinds.kind import Block
from tunedesk.examples.kinds.registry import read_kind
from tunedesk.examples.kinds.unreadable import UNREADABLE
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


def example_diff(before: str, after: str) -> list[Change]:
    """The parts of an example that changed, in the order of the newer version.

    What two versions differ in is never hidden: where only the writing of the JSON changed (a
    blank, an escape), the record itself is compared.
    """
    if before == after:
        return []
    old, new = read_kind(before).kind, read_kind(after).kind
    if UNREADABLE in (old, new):
        return [_raw(before, after)]
    changes = _block_changes(old.blocks(before), new.blocks(after))
    return changes or [_raw(before, after)]


def _block_changes(old: list[Block], new: list[Block]) -> list[Change]:
    """What changed in the lists of messages, section by section, and then in all other parts."""
    changes: list[Change] = []
    sections = dict.fromkeys(block.section for block in [*new, *old] if block.is_message)
    for section in sections:
        changes += _message_changes(
            *(
                [block for block in blocks if block.is_message and block.section == section]
                for blocks in (old, new)
            )
        )
    was, now = (
        {block.heading: block.text for block in blocks if not block.is_message}
        for blocks in (old, new)
    )
    changes += [
        Change(heading, "", "", word_diff(was.get(heading, ""), now.get(heading, "")))
        for heading in {**was, **now}
        if was.get(heading) != now.get(heading)
    ]
    return changes


def _raw(before: str, after: str) -> Change:
    return Change(_("Raw JSON"), "", "", word_diff(before, after))


def _message_changes(old: list[Block], new: list[Block]) -> list[Change]:
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
