"""What changed between two versions of an example, message by message and word by word."""

import re
from collections.abc import Hashable, Iterable, Iterator, Sequence
from typing import NamedTuple

from tunedesk.examples.kinds.kind import Block
from tunedesk.examples.kinds.registry import read_kind
from tunedesk.examples.kinds.unreadable import UNREADABLE
from tunedesk.gui.roles_and_states import role_title
from tunedesk.i18n import _
from tunedesk.lazy_imports import importing

SAME, REMOVED, ADDED = "same", "removed", "added"
# Scripts without blanks between words are compared letter by letter.
_SINGLE = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff"
_WORDS = re.compile(rf"\s|[{_SINGLE}]|[^\s{_SINGLE}!-/:-@\[-`{{-~]+|[^\s]")
_LINES = re.compile(r"[^\n]*\n+|[^\n]+")  # with the empty lines below: these are all alike
# Above this many comparisons the texts are compared line by line first: rapidfuzz keeps a bit for
# each of them, 3 MB here, and takes about 15 ms.
_MOST_COMPARISONS = 25_000_000
_LONG_RUN = 8  # words and blanks: about four words that stayed together
_ISLAND = 3  # what stayed is lost between changes that are each more than so many times longer


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
        pieces += _compare_words(old, new)
    pieces.append(Piece(SAME, "".join(before[len(before) - end :])))
    return pieces


def _compare_lines(before: str, after: str) -> list[Piece]:
    """Compare line by line, and word by word only inside lines that changed."""
    old, new = _LINES.findall(before), _LINES.findall(after)
    pieces: list[Piece] = []
    at = 0
    for edit in _edits(old, new, run=1):
        pieces.append(Piece(SAME, "".join(old[at : edit.old_start])))
        gone = "".join(old[edit.old_start : edit.old_end])
        came = "".join(new[edit.new_start : edit.new_end])
        gone_words, came_words = _WORDS.findall(gone), _WORDS.findall(came)
        if len(gone_words) * len(came_words) <= _MOST_COMPARISONS // 50:
            pieces += _compare_words(gone_words, came_words)
        else:
            pieces += [Piece(REMOVED, gone), Piece(ADDED, came)]
        at = edit.old_end
    pieces.append(Piece(SAME, "".join(old[at:])))
    return pieces


def _compare_words(before: list[str], after: list[str]) -> list[Piece]:
    pieces: list[Piece] = []
    at = 0
    for edit in _without_islands(before, after, _edits(before, after, _LONG_RUN)):
        pieces.append(Piece(SAME, "".join(before[at : edit.old_start])))
        pieces.append(Piece(REMOVED, "".join(before[edit.old_start : edit.old_end])))
        pieces.append(Piece(ADDED, "".join(after[edit.new_start : edit.new_end])))
        at = edit.old_end
    pieces.append(Piece(SAME, "".join(before[at:])))
    return pieces


class _Edit(NamedTuple):
    """A stretch of one list that became a stretch of another; one of them may be empty."""

    old_start: int
    old_end: int
    new_start: int
    new_end: int


def _edits(before: Sequence[Hashable], after: Sequence[Hashable], run: int) -> list[_Edit]:
    """What leads from one list to the other, in order, with something that stayed between each.

    Args:
        before: The old list.
        after: The new list.
        run: Runs of so many items that stayed are found first, and single ones only between
            them: a longest common subsequence alone would give up a sentence that stayed for the
            sake of more "the" and "of" scattered over it.
    """
    edits: list[_Edit] = []
    old = new = 0
    for old_start, new_start, length in [
        *_common_runs(before, after, run),
        (len(before), len(after), 0),
    ]:
        if run > 1 and old < old_start and new < new_start:
            edits += [
                _Edit(e.old_start + old, e.old_end + old, e.new_start + new, e.new_end + new)
                for e in _edits(before[old:old_start], after[new:new_start], run=1)
            ]
        elif old < old_start or new < new_start:
            edits.append(_Edit(old, old_start, new, new_start))
        old, new = old_start + length, new_start + length
    return edits


def _common_runs(
    before: Sequence[Hashable], after: Sequence[Hashable], run: int
) -> Iterator[tuple[int, int, int]]:
    """Runs of at least `run` items that stayed: start in the old list, in the new one, length."""
    # 13 ms to import, and most windows never show a diff.
    with importing("rapidfuzz.distance"):
        from rapidfuzz.distance import Indel

    if min(len(before), len(after)) < run:
        return
    old_end = new_end = 0
    for step in Indel.opcodes(_runs_of(before, run), _runs_of(after, run)):
        if step.tag != "equal":
            continue
        # A run that begins inside the one before it counts from where that ended.
        inside = max(old_end - step.src_start, new_end - step.dest_start, 0)
        length = step.src_end - step.src_start + run - 1 - inside
        if length > 0:
            old_end, new_end = step.src_start + inside + length, step.dest_start + inside + length
            yield old_end - length, new_end - length, length


def _runs_of(items: Sequence[Hashable], run: int) -> Sequence[Hashable]:
    return list(zip(*(items[start:] for start in range(run)), strict=False)) if run > 1 else items


def _without_islands(before: list[str], after: list[str], edits: list[_Edit]) -> list[_Edit]:
    """Join changes between which only a little word stayed, lost among much that did not."""
    sizes = [
        max(
            _written_length(before[edit.old_start : edit.old_end]),
            _written_length(after[edit.new_start : edit.new_end]),
        )
        for edit in edits
    ]
    joined: list[_Edit] = []
    for number, edit in enumerate(edits):
        if joined:
            last = joined[-1]
            stayed = before[last.old_end : edit.old_start]
            island = _written_length(stayed)
            around = min(sizes[number - 1], sizes[number])
            if island and "\n" not in stayed and island * _ISLAND < around:
                joined[-1] = _Edit(last.old_start, edit.old_end, last.new_start, edit.new_end)
                continue
        joined.append(edit)
    return joined


def _written_length(words: list[str]) -> int:
    return sum(len(word) for word in words if not word.isspace())


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
            _append_change(joined, removed, added)
            removed = added = ""
            _append(joined, piece.kind, piece.text)
    _append_change(joined, removed, added)
    return joined


def _append_change(pieces: list[Piece], removed: str, added: str) -> None:
    """Append what went and what came; blanks that both end with stayed."""
    blanks = ""
    while removed and added and removed[-1] == added[-1] and removed[-1].isspace():
        blanks = removed[-1] + blanks
        removed, added = removed[:-1], added[:-1]
    _append(pieces, REMOVED, removed)
    _append(pieces, ADDED, added)
    _append(pieces, SAME, blanks)


def _append(pieces: list[Piece], kind: str, text: str) -> None:
    if not text:
        return
    if pieces and pieces[-1].kind == kind:
        pieces[-1] = Piece(kind, pieces[-1].text + text)
    else:
        pieces.append(Piece(kind, text))


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


_NO_MESSAGES = '{"messages": []}'


def whole_example(text: str, longest: int) -> list[Change]:
    """An example to be read, part by part.

    Args:
        text: Its text.
        longest: So many characters of a part are shown.
    """
    return [
        change._replace(
            note="", pieces=[Piece(SAME, piece.text[:longest]) for piece in change.pieces]
        )
        for change in example_diff(_NO_MESSAGES, text)
    ]


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
    said_before, said_after = ([(b.role, b.text) for b in side] for side in (old, new))
    for edit in _edits(said_before, said_after, run=1):
        gone = list(old[edit.old_start : edit.old_end])
        came = list(new[edit.new_start : edit.new_end])
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
