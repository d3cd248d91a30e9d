"""Examples that are exactly the same: all groups with all their rows, and one step to one of each.

A group is what has the same messages; the records may still differ in blanks or in other keys.
"""

from array import array
from collections.abc import Sequence

from PySide6.QtCore import (
    QAbstractListModel,
    QAbstractTableModel,
    QModelIndex,
    QPersistentModelIndex,
    Qt,
    Signal,
)
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QHeaderView,
    QListView,
    QSplitter,
    QStackedWidget,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from tunedesk.gui.diff_view import DiffView
from tunedesk.gui.example_diff import example_diff, whole_example
from tunedesk.gui.examples.table_rows import RowCache
from tunedesk.gui.live_query import LiveQuery
from tunedesk.gui.page import PageContext
from tunedesk.gui.roles_and_states import STATES
from tunedesk.gui.theme import Theme
from tunedesk.gui.widgets.cards import EmptyState
from tunedesk.gui.widgets.dialog import Dialog
from tunedesk.gui.widgets.labels import Label, SectionTitle
from tunedesk.i18n import _, ngettext
from tunedesk.progress import Progress
from tunedesk.project.check_project import duplicate_groups
from tunedesk.project.project import Project

Index = QModelIndex | QPersistentModelIndex
ROOT = QModelIndex()

SHOWN_CHARACTERS = 20_000
"""So much of a text is shown; the table has all of it."""


class GroupsModel(QAbstractListModel):
    """One row a group: how it begins and how many examples it has."""

    def __init__(self, project: Project) -> None:
        super().__init__()
        self._cache = RowCache(project)
        self.groups: list[tuple[int, ...]] = []
        self._first: array[int] = array("q")

    def set_groups(self, groups: list[tuple[int, ...]]) -> None:
        """Show other groups."""
        self.beginResetModel()
        self.groups = groups
        self._first = array("q", [ids[0] for ids in groups])
        self._cache.clear()
        self.endResetModel()

    def rowCount(self, parent: Index = ROOT) -> int:
        """How many groups."""
        return 0 if parent.isValid() else len(self.groups)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """The number of examples and the words of the first."""
        if role not in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return None
        words = self._cache.preview(self._first, index.row(), "") or _("(no text)")
        return f"{len(self.groups[index.row()]):,} ×  {words}"


class RowsModel(QAbstractTableModel):
    """The rows of one group."""

    def __init__(self, project: Project) -> None:
        super().__init__()
        self._cache = RowCache(project)
        self.ids: array[int] = array("q")
        self._titles = (_("Example"), _("State"), _("Source"), _("Tags"), "")

    def set_ids(self, ids: Sequence[int]) -> None:
        """Show the rows of another group."""
        self.beginResetModel()
        self.ids = array("q", ids)
        self._cache.clear()
        self.endResetModel()

    def rowCount(self, parent: Index = ROOT) -> int:
        """How many examples the group has."""
        return 0 if parent.isValid() else len(self.ids)

    def columnCount(self, parent: Index = ROOT) -> int:
        """Number, state, source, tags, and what becomes of it."""
        return 0 if parent.isValid() else len(self._titles)

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> object:
        """The titles of the columns."""
        if role == Qt.ItemDataRole.DisplayRole and orientation == Qt.Orientation.Horizontal:
            return self._titles[section]
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """What is known of the example."""
        if role != Qt.ItemDataRole.DisplayRole:
            return None
        row = self._cache.row(self.ids, index.row())
        if row is None:
            return ""
        source = row.source
        if row.source_line is not None:
            source = _("{source}, line {line}").format(source=source, line=f"{row.source_line:,}")
        state = STATES.get(row.state)
        return (
            f"{row.number:,}",
            state.label if state is not None else "",
            source,
            ", ".join(row.tags),
            _("stays") if index.row() == 0 else "",
        )[index.column()]


class DuplicatesDialog(Dialog):
    """Shows the groups, and keeps one of each: that which was reviewed furthest.

    Signals:
        table_requested: Show them in the table, group by group.
        example_requested: The example to open.
    """

    table_requested = Signal()
    example_requested = Signal(int)

    def __init__(self, context: PageContext, parent: QWidget) -> None:
        super().__init__(context.theme, _("Examples that are the same"), parent=parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.be_large(1040, 640)
        self._project = context.project
        self._operations = context.operations
        self.groups = GroupsModel(self._project)
        self.rows = RowsModel(self._project)
        self._summary = Label(context.theme, _("Looking at all examples …"), "strong", wrap=True)
        self.group_list = _list(self.groups)
        self.row_table = _table(self.rows, context.theme)
        self._texts = (
            DiffView(name=_("The example that stays"), theme=context.theme),
            DiffView(name=_("The chosen example"), theme=context.theme),
        )
        self._headings = (
            SectionTitle(context.theme, _("The one that stays")),
            SectionTitle(context.theme, _("The chosen one")),
        )
        self._nothing = EmptyState(
            context.theme,
            "done",
            _("No two examples are the same"),
            _("Every conversation stands in the project once."),
        )
        self._stack = QStackedWidget()
        self._lay_out()
        show = self.add_button(_("Show in the table"))
        show.clicked.connect(self._show_in_table)
        close = self.add_button(_("Close"))
        close.clicked.connect(self.close)
        self.keep_button = self.add_button(_("Keep one of each"), "primary")
        self.keep_button.setEnabled(False)
        self.keep_button.clicked.connect(self._keep_first)
        self._show_button = show
        show.setEnabled(False)
        self.group_list.selectionModel().currentChanged.connect(self._show_group)
        self.row_table.selectionModel().currentChanged.connect(self._show_texts)
        self.row_table.doubleClicked.connect(self._open)
        self._query = LiveQuery(
            project=self._project,
            background=context.background,
            question=duplicate_groups,
            kinds=frozenset({"text", "facts", "added", "deleted", "order", "state", "tags"}),
            parent=self,
        )
        self._query.ready.connect(self._show_groups)
        self._query.watch(True)
        self.finished.connect(self._query.close)

    def _lay_out(self) -> None:
        texts = QHBoxLayout()
        texts.setSpacing(14)
        for heading, view in zip(self._headings, self._texts, strict=True):
            column = QVBoxLayout()
            column.addWidget(heading)
            column.addWidget(view, 1)
            texts.addLayout(column, 1)
        right = QWidget()
        column = QVBoxLayout(right)
        column.setContentsMargins(14, 0, 0, 0)
        column.setSpacing(12)
        column.addWidget(self.row_table, 2)
        column.addLayout(texts, 3)
        splitter = QSplitter()
        splitter.setChildrenCollapsible(False)
        splitter.addWidget(self.group_list)
        splitter.addWidget(right)
        splitter.setSizes([330, 660])
        splitter.setStretchFactor(1, 1)
        self._stack.addWidget(splitter)
        self._stack.addWidget(self._nothing)
        self.body.addWidget(self._summary)
        self.body.addWidget(self._stack, 1)

    # Showing

    def _show_groups(self, groups: list[tuple[int, ...]]) -> None:
        chosen = self.group_list.currentIndex().row()
        self.groups.set_groups(groups)
        rows, copies = sum(map(len, groups)), sum(len(ids) - 1 for ids in groups)
        self._summary.setText(
            ngettext(
                "{groups} group, {rows} examples in all.",
                "{groups} groups, {rows} examples in all.",
                len(groups),
            ).format(groups=f"{len(groups):,}", rows=f"{rows:,}")
        )
        self._summary.setVisible(bool(groups))
        self.keep_button.setText(
            ngettext("Keep one of each, delete {n}", "Keep one of each, delete {n}", copies).format(
                n=f"{copies:,}"
            )
        )
        self.keep_button.setEnabled(bool(groups) and not self._project.read_only)
        self.keep_button.setAccessibleName(_("Keep one of each"))
        self._show_button.setEnabled(bool(groups))
        self._stack.setCurrentIndex(0 if groups else 1)
        if groups:
            self.group_list.setCurrentIndex(self.groups.index(min(max(chosen, 0), len(groups) - 1)))

    def _show_group(self, index: QModelIndex) -> None:
        self.rows.set_ids(self.groups.groups[index.row()] if index.isValid() else ())
        if self.rows.rowCount() > 1:
            self.row_table.selectRow(1)

    def _show_texts(self, index: QModelIndex) -> None:
        if not index.isValid() or not self.rows.ids:
            for view in self._texts:
                view.show_changes([])
            return
        first = self._text(self.rows.ids[0])
        other = self._text(self.rows.ids[index.row()])
        self._texts[0].show_changes(whole_example(first, SHOWN_CHARACTERS), around=None)
        changes = example_diff(first, other) if first != other else []
        if changes:
            self._texts[1].show_changes(changes, around=60)
        else:
            self._texts[1].show_changes(whole_example(other, SHOWN_CHARACTERS), around=None)

    def _text(self, example_id: int) -> str:
        try:
            return self._project.text(example_id)
        except LookupError:
            return ""

    def _show_in_table(self) -> None:
        self.accept()
        self.table_requested.emit()

    def _open(self, index: QModelIndex) -> None:
        example_id = self.rows.ids[index.row()]
        self.accept()
        self.example_requested.emit(example_id)

    # Keeping one of each

    def _keep_first(self) -> None:
        """Delete all but one of each group, of those that are shown and still the same."""
        shown = {one for ids in self.groups.groups for one in ids[1:]}
        groups = len(self.groups.groups)
        self.keep_button.setEnabled(False)

        def keep_first(project: Project, progress: Progress) -> int:
            kept = [
                (ids[0], *[one for one in ids[1:] if one in shown])
                for ids in duplicate_groups(project)
            ]
            return project.keep_first_of_each(kept, progress)

        def message(deleted: int) -> str:
            return ngettext(
                "{n} copy deleted. Of each of {groups} groups the one that was reviewed furthest"
                " stays, with the tags of all.",
                "{n} copies deleted. Of each of {groups} groups the one that was reviewed furthest"
                " stays, with the tags of all.",
                deleted,
            ).format(n=f"{deleted:,}", groups=f"{groups:,}")

        self._operations.run(
            ngettext("Deleting {n} copy", "Deleting {n} copies", len(shown)).format(
                n=f"{len(shown):,}"
            ),
            keep_first,
            examples=len(shown),
            message=message,
        )
        self.accept()


def _list(model: QAbstractListModel) -> QListView:
    view = QListView()
    view.setAccessibleName(_("Groups"))
    view.setModel(model)
    view.setUniformItemSizes(True)
    view.setTextElideMode(Qt.TextElideMode.ElideRight)
    view.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
    view.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    view.setStyleSheet("QListView::item { padding: 6px 8px; }")
    view.setMinimumWidth(200)
    return view


def _table(model: QAbstractTableModel, theme: Theme) -> QTableView:
    view = QTableView()
    view.setAccessibleName(_("Examples of the group"))
    view.setModel(model)
    view.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
    view.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
    view.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
    view.setTabKeyNavigation(False)
    view.setShowGrid(False)
    view.setStyleSheet("QTableView::item { padding: 0 8px; }")
    view.verticalHeader().hide()
    view.verticalHeader().setDefaultSectionSize(theme.size("row"))
    header = view.horizontalHeader()
    header.setHighlightSections(False)
    header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
    header.setSectionResizeMode(2, QHeaderView.ResizeMode.Stretch)
    header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
    return view
