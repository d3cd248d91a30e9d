"""The tab "History": who did what to the open example, what changed, and the way back."""

import contextlib
import datetime
from collections.abc import Sequence
from typing import NamedTuple

from PySide6.QtCore import (
    QItemSelectionModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QRect,
    QSize,
    Qt,
)
from PySide6.QtGui import QFontMetrics, QPainter
from PySide6.QtWidgets import (
    QButtonGroup,
    QHBoxLayout,
    QPushButton,
    QSplitter,
    QStackedLayout,
    QStackedWidget,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from tunedesk.gui.background import Background, Task
from tunedesk.gui.dates import how_long_ago
from tunedesk.gui.diff_view import DiffView
from tunedesk.gui.example_diff import ADDED, REMOVED, Change, Piece, example_diff
from tunedesk.gui.examples.form.open_example import OpenExample
from tunedesk.gui.examples.panel.panel_tab import PanelTab
from tunedesk.gui.operations import Operations
from tunedesk.gui.roles_and_states import STATES
from tunedesk.gui.theme import Theme
from tunedesk.gui.widgets.cards import EmptyState
from tunedesk.gui.widgets.choices import Chip
from tunedesk.gui.widgets.labels import Label, plain_tooltip
from tunedesk.gui.widgets.layouts import FlowLayout
from tunedesk.gui.widgets.row_list import ROW, RowList, RowListModel, paint_background
from tunedesk.i18n import _
from tunedesk.progress import Progress
from tunedesk.project.change_log import HistoryEntry
from tunedesk.project.change_names import ChangeName
from tunedesk.project.project import Project

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


class HistoryRowsModel(RowListModel[HistoryRow]):
    """The entries, the latest first."""

    def row_text(self, row: HistoryRow, role: int) -> str | None:
        """What was done and when; the exact time in the tooltip."""
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            parts = [row.title, row.note]
            if row.present and role == Qt.ItemDataRole.AccessibleTextRole:
                parts.append(_("the text as it is now"))
            return ", ".join(parts)
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


def history_rows(entries: Sequence[HistoryEntry]) -> list[HistoryRow]:
    """The entries as rows of a list, the newest first."""
    rows = []
    present = next((e.version_after for e in entries if e.version_after is not None), None)
    for entry in entries:
        time = datetime.datetime.fromtimestamp(entry.time / 1000)
        rows.append(
            HistoryRow(
                key=entry.change_id,
                title=_title(entry),
                note=_("{who} · {time}").format(who=entry.actor, time=how_long_ago(entry.time)),
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


_KINDS = frozenset({"text", "state", "tags", "order", "added", "deleted"})


class HistoryTab(PanelTab):
    """The entries of the history above, what one of them changed below."""

    def __init__(
        self,
        *,
        project: Project,
        open_example: OpenExample,
        background: Background,
        operations: Operations,
        theme: Theme,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(
            project=project,
            background=background,
            question=_history,
            kinds=_KINDS,
            parent=parent,
        )
        self._open_example = open_example
        self._background = background
        self._operations = operations
        self._entries: dict[int, HistoryEntry] = {}
        self._first_version: int | None = None
        self._task: Task | None = None
        self.list: RowList[HistoryRow] = RowList(
            _("History"), HistoryRowsModel(), HistoryDelegate(theme, self)
        )
        self.list.setUniformItemSizes(True)
        self.list.selectionModel().currentChanged.connect(self._show_entry)
        self.diff = DiffView(name=_("What changed"), theme=theme)
        self._nothing = Label(theme, "", "base", "muted", wrap=True)
        self._nothing.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.step_chip = Chip(theme, _("This step"))
        self.original_chip = Chip(theme, _("Since the original"))
        self.back_button = QPushButton(_("Back to this"))
        self.back_button.setAccessibleName(_("Back to this"))
        self.back_button.setToolTip(_("Give the example this text again; it can be undone"))
        self.back_button.clicked.connect(self._go_back)
        self._empty = EmptyState(theme, "history", _("No example is open"))
        self._stack = QStackedLayout(self)
        self._stack.addWidget(self._empty)
        self._stack.addWidget(self._build())
        open_example.loaded.connect(self._ask)
        self._ask()

    def watch(self, watched: bool) -> None:
        """Say whether the tab is seen."""
        if watched:
            self.show_answer(list(self._entries.values()))  # "just now" was some time ago
        super().watch(watched)

    def focus_main_part(self) -> None:
        """Give the keyboard to the list."""
        self.list.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def close_project(self) -> None:
        """Let go of the project."""
        super().close_project()
        self._cancel()

    def _build(self) -> QWidget:
        group = QButtonGroup(self)
        chips = FlowLayout(spacing=6)
        chips.setContentsMargins(14, 10, 14, 8)
        for chip in (self.step_chip, self.original_chip):
            group.addButton(chip)
            chips.addWidget(chip)
        self.step_chip.setChecked(True)
        group.buttonClicked.connect(self._show_chosen)
        self._below = QStackedWidget()
        for part in (self.diff, self._nothing):
            self._below.addWidget(part)
        middle = QHBoxLayout()
        middle.setContentsMargins(14, 0, 6, 0)
        middle.addWidget(self._below)
        foot = QHBoxLayout()
        foot.setContentsMargins(14, 8, 14, 12)
        foot.addWidget(self.back_button)
        foot.addStretch()
        lower = QWidget()
        column = QVBoxLayout(lower)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(chips)
        column.addLayout(middle, 1)
        column.addLayout(foot)
        splitter = QSplitter(Qt.Orientation.Vertical)
        splitter.setChildrenCollapsible(False)
        splitter.addWidget(self.list)
        splitter.addWidget(lower)
        splitter.setStretchFactor(0, 2)
        splitter.setStretchFactor(1, 3)
        splitter.setSizes([240, 340])
        return splitter

    def _ask(self) -> None:
        example_id = self._open_example.example_id
        if example_id is None:
            self.show_answer([])
        self._query.ask(example_id)

    def show_answer(self, answer: Sequence[HistoryEntry]) -> None:
        """Show the entries, keeping the chosen one, or the latest if that was chosen."""
        entries = answer
        chosen = self.list.chosen()
        was_latest = chosen is None or self.list.currentIndex().row() == 0
        self._entries = {entry.change_id: entry for entry in entries}
        with_text = [entry for entry in entries if entry.version_after is not None]
        self._first_version = with_text[-1].version_after if with_text else None
        rows = history_rows(entries)
        self._stack.setCurrentIndex(1 if rows else 0)
        if rows == self.list.rows():
            return
        self.list.row_model.set_rows(rows)
        keys = [row.key for row in rows]
        if rows:
            number = 0
            if not was_latest and chosen is not None and chosen.key in keys:
                number = keys.index(chosen.key)
            self.list.selectionModel().setCurrentIndex(
                self.list.row_model.index(number), QItemSelectionModel.SelectionFlag.ClearAndSelect
            )

    def _show_chosen(self) -> None:
        self._show_entry(self.list.currentIndex(), QModelIndex())

    def _show_entry(self, current: QModelIndex, _previous: QModelIndex) -> None:
        """Work out what the entry changed, in the background."""
        self._cancel()
        row: HistoryRow | None = current.data(ROW) if current.isValid() else None
        entry = self._entries.get(row.key) if row is not None else None
        if row is None or entry is None:
            self._show_changes([])
            return
        self.back_button.setEnabled(
            entry.version_after is not None and not row.present and not self._open_example.read_only
        )
        before = entry.version_before
        if self.original_chip.isChecked() and entry.version_after is not None:
            before = self._first_version
        if before is None or entry.version_after is None or before == entry.version_after:
            self._show_changes(detail_changes(entry), first=entry.version_before is None)
            return
        details = detail_changes(entry)
        self._task = self._background.run(
            _difference,
            self._project,
            before,
            entry.version_after,
            on_result=lambda changes: self._show_changes([*changes, *details]),
        )

    def _show_changes(self, changes: Sequence[Change], *, first: bool = False) -> None:
        self.diff.show_changes(changes)
        self._nothing.setText(
            _("This is how the example began.") if first else _("The text did not change.")
        )
        self._below.setCurrentIndex(0 if changes else 1)

    def _go_back(self) -> None:
        """Give the example the text of the chosen entry, as a change of its own."""
        row = self.list.chosen()
        if row is None or row.version_id is None:
            return
        self._cancel()
        version_id = row.version_id

        def go_back(project: Project, _progress: Progress) -> None:
            text = project.version_text(version_id) or ""
            self._open_example.apply(text, ChangeName("back_to_version", {}))
            self._open_example.flush()

        self._operations.run(
            _("Going back to an earlier text…"),
            go_back,
            examples=1,
            message=lambda _none: _("The example has this earlier text again."),
        )

    def _cancel(self) -> None:
        if self._task is not None:
            self._task.cancel()
            self._task = None


def _history(project: Project, example_id: int | None) -> list[HistoryEntry]:
    return project.history(example_id) if example_id is not None else []


def _difference(project: Project, before: int, after: int) -> list[Change]:
    with contextlib.closing(project.handle()) as handle:
        return example_diff(handle.version_text(before) or "", handle.version_text(after) or "")
