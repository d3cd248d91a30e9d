"""The history of an example as rows: what was done, who did it, when, and what else changed."""

import datetime
from collections.abc import Sequence
from typing import NamedTuple

from PySide6.QtCore import (
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QRect,
    QSize,
    Qt,
)
from PySide6.QtGui import QFontMetrics, QPainter
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from tunedesk.gui.example_diff import ADDED, REMOVED, Change, Piece
from tunedesk.gui.roles_and_states import STATES
from tunedesk.gui.theme import Theme
from tunedesk.gui.widgets.labels import plain_tooltip
from tunedesk.gui.widgets.row_list import ROW, RowListModel, paint_background
from tunedesk.i18n import _, ngettext
from tunedesk.project.change_log import HistoryEntry

_MARGIN = 14
_DOT = 8


class HistoryRow(NamedTuple):
    """One entry of the history.

    Attributes:
        key: The number of the change.
        title: What was done.
        note: Who did it and when.
        version_id: The version that the text of the example has since; None if it did not change.
        quiet: Whether it is an undo or redo, shown more quietly.
        present: Whether the example has this text now.
        tooltip: The exact time and the computer.
    """

    key: int
    title: str
    note: str
    version_id: int | None
    quiet: bool
    present: bool
    tooltip: str


def when(time: datetime.datetime, now: datetime.datetime) -> str:
    """A time as a person says it."""
    seconds = (now - time).total_seconds()
    if seconds < 60:
        return _("just now")
    if seconds < 3600:
        minutes = int(seconds // 60)
        return ngettext("{count} minute ago", "{count} minutes ago", minutes).format(count=minutes)
    if time.date() == now.date():
        return _("today, {time}").format(time=f"{time:%H:%M}")
    if time.date() == now.date() - datetime.timedelta(days=1):
        return _("yesterday, {time}").format(time=f"{time:%H:%M}")
    return f"{time:%Y-%m-%d, %H:%M}"


class HistoryRowsModel(RowListModel[HistoryRow]):
    """The entries, the latest first."""

    def row_text(self, row: HistoryRow, role: int) -> str | None:
        """What was done and when; the exact time in the tooltip."""
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return f"{row.title}, {row.note}"
        return plain_tooltip(row.tooltip) if role == Qt.ItemDataRole.ToolTipRole else None


class HistoryDelegate(QStyledItemDelegate):
    """Paints an entry in two lines, with a dot on the line of time."""

    def __init__(self, theme: Theme, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._theme = theme

    def sizeHint(
        self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> QSize:
        """Two lines."""
        base = QFontMetrics(self._theme.font("base")).height()
        small = QFontMetrics(self._theme.font("small")).height()
        return QSize(200, base + small + 18)

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        """Paint the entry."""
        row: HistoryRow = index.data(ROW)
        theme, rect = self._theme, option.rect
        chosen = bool(option.state & QStyle.StateFlag.State_Selected)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        paint_background(painter, option, theme, chosen)
        self._paint_time_line(painter, rect, index, row)
        left = rect.left() + _MARGIN + _DOT + 10
        width = rect.right() - _MARGIN - left
        base = QFontMetrics(theme.font("strong"))
        small = QFontMetrics(theme.font("small"))
        painter.setFont(theme.font("base" if row.quiet else "strong"))
        painter.setPen(theme.color("text_muted" if row.quiet else "text"))
        title = QRect(left, rect.top() + 8, width, base.height())
        painter.drawText(title, 0, base.elidedText(row.title, Qt.TextElideMode.ElideRight, width))
        painter.setFont(theme.font("small"))
        painter.setPen(theme.color("text_muted"))
        note = QRect(left, title.bottom() + 2, width, small.height())
        painter.drawText(note, 0, small.elidedText(row.note, Qt.TextElideMode.ElideRight, width))
        painter.restore()

    def _paint_time_line(
        self,
        painter: QPainter,
        rect: QRect,
        index: QModelIndex | QPersistentModelIndex,
        row: HistoryRow,
    ) -> None:
        middle = rect.left() + _MARGIN + _DOT // 2
        dot = QRect(middle - _DOT // 2, rect.top() + 13, _DOT, _DOT)
        painter.setPen(self._theme.color("border_strong"))
        if index.row() > 0:
            painter.drawLine(middle, rect.top(), middle, dot.top() - 3)
        if index.row() + 1 < index.model().rowCount():
            painter.drawLine(middle, dot.bottom() + 4, middle, rect.bottom())
        color = self._theme.color("accent" if row.version_id is not None else "border_strong")
        painter.setPen(color)
        painter.setBrush(color if row.present else self._theme.color("surface"))
        painter.drawEllipse(dot)


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
