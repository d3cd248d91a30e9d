"""Puts the history of an example into words."""

import datetime
from collections.abc import Sequence

from tunedesk.gui.examples.panel.conversation_diff import Change
from tunedesk.gui.examples.panel.history_rows import HistoryRow, when
from tunedesk.gui.examples.panel.word_diff import ADDED, REMOVED, Piece
from tunedesk.gui.state_look import STATES
from tunedesk.i18n import _
from tunedesk.project.history import HistoryEntry


def history_rows(entries: Sequence[HistoryEntry], now: datetime.datetime) -> list[HistoryRow]:
    """The entries as rows of a list, the newest first."""
    rows = []
    present = next((e.version_after for e in entries if e.version_after is not None), None)
    for entry in entries:
        time = datetime.datetime.fromtimestamp(entry.time / 1000, tz=now.tzinfo)
        rows.append(
            HistoryRow(
                key=entry.change_id,
                title=_title(entry),
                note=_("{who} · {time}").format(who=entry.actor, time=when(time, now)),
                version_id=entry.version_after,
                quiet=entry.direction != "done",
                present=entry.version_after is not None and entry.version_after == present,
                tooltip=_("{name}\n{time}, on the computer {machine}").format(
                    name=_title(entry),
                    time=f"{time:%Y-%m-%d %H:%M:%S}",
                    machine=entry.machine,
                ),
            )
        )
    return rows


def detail_changes(entry: HistoryEntry) -> list[Change]:
    """What an entry changed beside the text, as the diff shows it."""
    changes = []
    for field, before, after in entry.details:
        if field == "state":
            pieces = _pair(_state(before), _state(after))
            changes.append(Change(_("State"), "", "", pieces))
        elif field == "tags":
            changes.append(Change(_("Tags"), "", "", _pair(before, after)))
        elif field == "deleted":
            gone = after not in ("0", "")
            note = _("deleted") if gone else _("brought back")
            changes.append(Change(_("Example"), "", note, []))
        elif field == "moved":
            changes.append(Change(_("Example"), "", _("moved in the table"), []))
    return changes


def _title(entry: HistoryEntry) -> str:
    if entry.direction == "undone":
        return _("Undo: {name}").format(name=entry.name)
    if entry.direction == "redone":
        return _("Redo: {name}").format(name=entry.name)
    return entry.name


def _state(key: str) -> str:
    look = STATES.get(key)
    return look.label if look else key


def _pair(before: str, after: str) -> list[Piece]:
    pieces = []
    if before:
        pieces.append(Piece(REMOVED, before))
    if after:
        pieces.append(Piece(ADDED, after))
    return pieces
