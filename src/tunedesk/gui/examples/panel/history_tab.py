"""The tab "History": who did what to the open example, what changed, and the way back."""

import contextlib
import datetime
from collections.abc import Sequence

from PySide6.QtCore import QItemSelectionModel, QModelIndex, Qt
from PySide6.QtWidgets import (
    QButtonGroup,
    QHBoxLayout,
    QPushButton,
    QSplitter,
    QStackedLayout,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from tunedesk.gui.background import Background, Task
from tunedesk.gui.diff_view import DiffView
from tunedesk.gui.example_diff import Change, example_diff
from tunedesk.gui.examples.form.open_example import OpenExample
from tunedesk.gui.examples.panel.history_rows import (
    HistoryDelegate,
    HistoryRow,
    HistoryRowsModel,
    detail_changes,
    history_rows,
)
from tunedesk.gui.examples.panel.panel_tab import PanelTab
from tunedesk.gui.theme import Theme
from tunedesk.gui.widgets.cards import EmptyState
from tunedesk.gui.widgets.choices import Chip
from tunedesk.gui.widgets.labels import Label
from tunedesk.gui.widgets.layouts import FlowLayout
from tunedesk.gui.widgets.row_list import ROW, RowList
from tunedesk.i18n import _
from tunedesk.project.change_log import HistoryEntry
from tunedesk.project.change_names import ChangeName
from tunedesk.project.project import Project

_KINDS = frozenset({"text", "state", "tags", "order", "added", "deleted"})


class HistoryTab(PanelTab):
    """The entries of the history above, what one of them changed below."""

    def __init__(
        self,
        *,
        project: Project,
        open_example: OpenExample,
        background: Background,
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
        rows = history_rows(entries, datetime.datetime.now().astimezone())
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
        self._task = self._background.run(
            _version_text,
            self._project,
            row.version_id,
            on_result=lambda text: self._open_example.apply(
                text, ChangeName("back_to_version", {})
            ),
        )

    def _cancel(self) -> None:
        if self._task is not None:
            self._task.cancel()
            self._task = None


def _history(project: Project, example_id: int | None) -> list[HistoryEntry]:
    return project.history(example_id) if example_id is not None else []


def _version_text(project: Project, version_id: int) -> str:
    with contextlib.closing(project.handle()) as handle:
        return handle.version_text(version_id) or ""


def _difference(project: Project, before: int, after: int) -> list[Change]:
    with contextlib.closing(project.handle()) as handle:
        return example_diff(handle.version_text(before) or "", handle.version_text(after) or "")
