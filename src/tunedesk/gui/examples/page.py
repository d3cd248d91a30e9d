"""The Examples page: toolbar, filters, and the table, the form and the side panel side by side."""

import datetime
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QLineEdit, QStackedWidget, QVBoxLayout

from tunedesk.errors import UserError
from tunedesk.examples.json_text import Path as JsonPath
from tunedesk.gui.examples.checking import CheckAll
from tunedesk.gui.examples.clipboard import Clipboard
from tunedesk.gui.examples.columns import Column, query_sorted_by, shown_sort
from tunedesk.gui.examples.filter_bar import FilterBar
from tunedesk.gui.examples.find_replace_dialog import FindReplaceAction
from tunedesk.gui.examples.form.form import ExampleForm
from tunedesk.gui.examples.form.open_example import OpenExample
from tunedesk.gui.examples.import_files import FileImports
from tunedesk.gui.examples.page_layout import EmptyProject, TablePane, ThreeColumns, Toolbar
from tunedesk.gui.examples.panel.side_panel import SidePanel
from tunedesk.gui.examples.row_actions import WAITING, RowActions
from tunedesk.gui.examples.row_menu import RowMenus
from tunedesk.gui.examples.search_index_filler import SearchIndexFiller
from tunedesk.gui.examples.status_figures import FIGURE_KINDS, Figures, find_figures, status_parts
from tunedesk.gui.examples.system_prompt import SystemPromptSetter
from tunedesk.gui.examples.table_model import ExampleTableModel
from tunedesk.gui.examples.table_view import ExampleTable
from tunedesk.gui.live_query import LiveQuery, ProjectChangeSignal
from tunedesk.gui.page import Page, PageContext
from tunedesk.gui.widgets.toast import Toast
from tunedesk.i18n import _
from tunedesk.lazy_imports import importing
from tunedesk.project.project_change import ProjectChange
from tunedesk.project.query import ExampleQuery, query_from_json, query_to_json

COLUMNS = "examples.columns"
SPLITTER = "examples.splitter"
PANEL_SHOWN = "examples.panel"
"""The names under which the window's settings keep how the page looks."""


class ExamplesPage(Page):
    """Everything that is done with the examples of one project."""

    def __init__(
        self,
        context: PageContext,
    ) -> None:
        super().__init__()
        self._context = context
        self._project = project = context.project
        self._settings = context.settings
        self._background = background = context.background
        self._feedback = context.feedback
        self._actions = actions = context.actions
        self._theme = theme = context.theme
        context.operations.flush_before(self.flush)
        self._figures: Figures | None = None
        self._unspoken = 0
        self._lapsed: list[Toast] = []
        self.open_example = OpenExample(project, background, self)
        self.model = ExampleTableModel(project, background, self)
        self.table = ExampleTable(self.model, theme)
        self.toolbar = Toolbar(theme, actions)
        self.filters = FilterBar(theme)
        self._make_parts()
        self._lay_out()
        self._connect()

    # Building

    def _make_parts(self) -> None:
        context, project = self._context, self._project
        self.form = ExampleForm(context, self.open_example)
        self.panel = SidePanel(context=context, open_example=self.open_example)
        self.row_actions = RowActions(
            context=context,
            model=self.model,
            table=self.table,
            open_example=self.open_example,
            parent=self,
        )
        self.menus = RowMenus(
            actions=self._actions,
            row_actions=self.row_actions,
            model=self.model,
            table=self.table,
            tags=lambda: self._figures.tags if self._figures else [],
        )
        self.replace = FindReplaceAction(
            context=context, model=self.model, row_actions=self.row_actions, page=self
        )
        self.clipboard = Clipboard(
            context=context,
            rows=self.row_actions.rows,
            behind=self.row_actions.insert_after_id,
            parent=self,
        )
        self.imports = FileImports(context, self)
        self.check = CheckAll(context, self)
        self.prompts = SystemPromptSetter(context, self.row_actions, self)
        self.pane = TablePane(
            model=self.model, table=self.table, actions=self._actions, theme=self._theme
        )
        self.empty = EmptyProject(self._theme, self._actions)
        self.empty.paste_requested.connect(self.clipboard.paste)
        self.filler = SearchIndexFiller(project, self._background, self)
        self.feed = ProjectChangeSignal(project, self)
        self.figures = LiveQuery(
            project=project,
            background=self._background,
            question=find_figures,
            kinds=FIGURE_KINDS,
            parent=self,
        )

    def _lay_out(self) -> None:
        self.columns = ThreeColumns(self.pane, self.form, self.panel)
        self.stack = QStackedWidget()
        self.stack.addWidget(self.columns)
        self.stack.addWidget(self.empty)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        for widget in (self.toolbar, self.filters, self.stack):
            column.addWidget(widget)
        column.setStretch(2, 1)

    def _connect(self) -> None:
        search, table = self.toolbar.search, self.table
        search.search_changed.connect(self._search)
        search.left.connect(self._leave_search)
        self.filters.query_requested.connect(self.ask)
        self.row_actions.query_requested.connect(self.ask)
        self.row_actions.system_prompt_requested.connect(self.prompts.ask_text)
        self.pane.clear_requested.connect(self.filters.clear)
        self.pane.position_changed.connect(self.form.set_row_position)
        table.header.sort_requested.connect(self._sort_by)
        table.current_example_changed.connect(self._open)
        table.entered.connect(self.form.focus_messages)
        table.copy_requested.connect(self.clipboard.copy)
        table.paste_requested.connect(self.clipboard.paste)
        table.files_dropped.connect(self.import_files)
        self.row_actions.example_created.connect(self._write_new)
        self.row_actions.examples_added.connect(table.go_to_first_of)
        self.clipboard.pasted.connect(table.go_to_first_of)
        self.form.leave_requested.connect(table.setFocus)
        self.form.system_prompt_wanted.connect(self.prompts.ask)
        self.panel.filter_requested.connect(self.ask)
        self.panel.duplicates_requested.connect(self._show_duplicates)
        self.panel.versions_requested.connect(self._show_merge_versions)
        self.panel.example_requested.connect(self.go_to)
        self.panel.close_requested.connect(lambda: self._show_panel(False))
        self.panel.leave_requested.connect(table.setFocus)
        self.check.checked.connect(self._show_checked)
        self.imports.problems_requested.connect(self._show_checked)
        self.feed.changed.connect(self._on_project_changed)
        self.feed.changed.connect(self.filler.on_project_changed)
        table.current_example_changed.connect(self.filler.stand_back)
        table.verticalScrollBar().valueChanged.connect(self.filler.stand_back)
        self.open_example.text_changed.connect(self.filler.stand_back)
        self.open_example.saving_changed.connect(self.saving_changed)
        self.figures.ready.connect(self._on_figures)
        self.model.complete.connect(self._on_rows_complete)
        self.open_example.loaded.connect(self._on_example_loaded)
        for signal in (self.open_example.loaded, self.open_example.facts_changed):
            signal.connect(self._show_begun)
        self.open_example.approval_lapsed.connect(self._tell_lapsed)
        self._connect_actions()

    def _connect_actions(self) -> None:
        self._handlers: dict[str, Callable[..., object]] = {
            "edit.search": self._go_to_search,
            "edit.replace": self.replace.open,
            "project.import": self.imports.choose,
            "project.export": self._export,
            "project.check": self.check.start,
            "project.duplicates": self._show_duplicates,
            "go.table": self._focus_table,
            "go.form": self.form.focus_messages,
            "go.problem": self.panel.next_problem,
            "view.panel": self._show_panel,
            "panel.problems": lambda: self._focus_panel("problems"),
            "panel.tokens": lambda: self._focus_panel("tokens"),
            "panel.history": lambda: self._focus_panel("history"),
        }
        for action_id, handler in self._handlers.items():
            self._actions.bind(action_id, handler)
        for action_id in ("project.import", "project.check"):
            self._actions[action_id].setEnabled(not self._project.read_only)

    # What the window asks

    def flush(self) -> None:
        """Write down what was typed a moment ago."""
        self.open_example.flush()

    def view_state(self) -> dict[str, Any]:
        """Filter, open example and scroll."""
        self._settings.window[SPLITTER] = self.columns.sizes()
        self._settings.window[COLUMNS] = self.table.header.layout_to_json()
        return {"query": query_to_json(self.model.query), **self.table.view_state()}

    def restore(self, view_state: dict[str, Any]) -> None:
        """Begin where the user was, or at the first example."""
        window = self._settings.window
        self.table.header.restore_layout(window.get(COLUMNS))
        self.columns.restore_widths(window.get(SPLITTER))
        self._show_panel(window.get(PANEL_SHOWN, True) is not False, asked=False)
        example, offset = view_state.get("example"), view_state.get("offset")
        self.table.restore_view(
            example if type(example) is int else None, offset if type(offset) is int else 0
        )
        query = query_from_json(view_state.get("query"))
        self._show_whether_empty()
        self._on_example_loaded()
        self.row_actions.prepare()
        self.filters.show_query(query)
        self._ask(query)
        self.figures.watch(True)
        self.panel.tokens.recheck_stale()

    def focus_main_part(self) -> None:
        """Begin in the table, or at the first step of an empty project."""
        if self.stack.currentWidget() is self.empty:
            self.empty.first.setFocus()
        else:
            self.table.setFocus()

    def import_files(self, paths: list[Path]) -> None:
        """Bring files in."""
        self.imports.start(paths)

    def close_project(self) -> None:
        """The project closes."""
        self._actions.release(*self._handlers)
        for part in (
            self.row_actions,
            self.clipboard,
            self.imports,
            self.replace,
            self.filler,
            self.figures,
            self.feed,
            self.model,
        ):
            part.close()
        self.panel.close_project()
        self.open_example.close()

    # Which rows show

    def shown_query(self) -> ExampleQuery:
        """The filter, search and order of the table."""
        return self.model.query

    def ask(self, query: ExampleQuery, title: str = "") -> None:
        """Show the examples of a query; `title` says what it is, where chips cannot.

        If the open example is not among them, the first of them is opened.
        """
        if query.sort == "number" and title:
            now = self.model.query
            query = replace(query, sort=now.sort, descending=now.descending)
        self.table.go_to_example(self.open_example.example_id, first_if_missing=True)
        self.filters.show_query(query, title)
        self._ask(query)

    def _ask(self, query: ExampleQuery) -> None:
        self.toolbar.search.show_search(query.search)
        self.table.header.show_sort(shown_sort(query), query.descending)
        in_order = shown_sort(query) is None and not query.duplicated
        self.table.can_reorder = in_order and not self._project.read_only
        self.form.set_search(query.search)
        self.model.ask(query)

    def _search(self, search: str) -> None:
        query = replace(self.model.query, search=search)
        self.filters.show_query(query)
        self._ask(query)

    def _leave_search(self, to_first: bool) -> None:
        self.table.setFocus()
        if to_first:
            self.table.go_to_first()

    def _go_to_search(self) -> None:
        self.toolbar.search.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.toolbar.search.selectAll()

    def _sort_by(self, column: int) -> None:
        self.ask(query_sorted_by(self.model.query, Column(column)))

    # Which example is open

    def go_to(self, example_id: int, path: JsonPath = ()) -> None:
        """Open an example and go to a value in it, whatever the filter shows."""
        self.table.go_to_example(example_id)
        self.open_example.open(example_id)
        if path:
            self.open_example.go_to(path)

    def show_change(self, change: ProjectChange) -> None:
        """Open the example that undo or redo has changed; the cursor goes where its text did."""
        if change.ids is None or len(change.ids) != 1 or not self._project.rows(change.ids):
            return
        (example_id,) = change.ids
        was_open = example_id == self.open_example.example_id
        if not was_open:
            self.go_to(example_id)
        if "text" in change.kinds and not self._writes_elsewhere():
            self.form.focus_change(None if was_open else self._text_before(example_id))

    def _text_before(self, example_id: int) -> str | None:
        """The text of an example before the last step in its history; None if that is not known."""
        step = next(iter(self._project.history(example_id)), None)
        before = None if step is None else step.version_before
        return None if before is None else self._project.version_text(before)

    def _writes_elsewhere(self) -> bool:
        """Whether the focus is in a field that is not part of the form."""
        focus = QApplication.focusWidget()
        return isinstance(focus, QLineEdit) and not self.form.isAncestorOf(focus)

    def _open(self, example_id: int) -> None:
        if example_id == self.open_example.example_id:
            return
        try:
            self.open_example.open(example_id)
        except UserError as error:
            self._feedback.error(error)
        self.model.release_current()

    def _write_new(self, example_id: int) -> None:
        if not self.model.query.unfiltered:
            self.ask(replace(ExampleQuery(), sort=self.model.query.sort))
        self.go_to(example_id)
        self.open_example.begin_new()
        self._show_whether_empty()
        self.form.focus_messages()

    def _show_begun(self) -> None:
        example = self.open_example
        begun = example.example_id if example.is_being_begun else None
        self.model.show_begun(begun, example.problems if begun else (), example.target)
        unspoken = len(example.facts.problems) - len(example.problems) if example.facts else 0
        if unspoken != self._unspoken:
            self._unspoken = unspoken
            self._show_totals()

    def _tell_lapsed(self, number: int) -> None:
        text = _("Example {number} is to be reviewed again: its text is not the approved one.")
        self._lapsed = [toast for toast in self._lapsed if not toast.over]
        self._lapsed.append(self._feedback.toast(text.format(number=f"{number:,}")))

    def _on_rows_complete(self) -> None:
        """The rows are there: without any, an example that was deleted is not open either."""
        open_id = self.open_example.example_id
        if not self.model.rowCount() and open_id is not None and not self._project.rows([open_id]):
            self.open_example.open(None)

    def _on_example_loaded(self) -> None:
        self.row_actions.enable(self.open_example.example_id is not None)

    # What follows changes

    def _on_project_changed(self, change: ProjectChange) -> None:
        self.model.apply_change(change)
        if change.undone is not None:
            # Undo brings an approved text back, and the approval with it.
            for toast in [toast for toast in self._lapsed if not toast.over]:
                toast.close_now()
        if "settings" in change.kinds:
            self.row_actions.prepare()
        shown = self.stack.currentWidget() is self.columns
        if ("deleted" if shown else "added") in change.kinds:
            self._show_whether_empty()

    def _show_whether_empty(self) -> None:
        some = len(self._project.first_ids(ExampleQuery(), 1)) > 0
        self.stack.setCurrentWidget(self.columns if some else self.empty)
        self.filters.setVisible(some)
        self.toolbar.search.setEnabled(some)
        for action_id in ("project.export", "project.check", "project.duplicates", "edit.search"):
            writes = action_id == "project.check"
            self._actions[action_id].setEnabled(some and not (writes and self._project.read_only))

    def _on_figures(self, figures: Figures) -> None:
        self._figures = figures
        self.row_actions.waiting = sum(figures.totals.by_state.get(state, 0) for state in WAITING)
        self.filters.show_choices(figures.tags, figures.sources)
        self._show_totals()

    def _show_totals(self) -> None:
        if self._figures is None:
            return
        spoken = self.open_example.spoken_totals(self._figures.totals)
        figures = self._figures._replace(totals=spoken)
        self.filters.show_totals(spoken, figures.lapsed)
        self.status_changed.emit(status_parts(figures, datetime.date.today()))

    # Panel and dialogs

    def _show_panel(self, shown: bool, *, asked: bool = True) -> None:
        self.columns.want_panel(shown, asked=asked)
        self._actions["view.panel"].setChecked(shown)
        self._settings.window[PANEL_SHOWN] = shown

    def _focus_table(self) -> None:
        self.columns.show_table()
        self.table.setFocus()

    def _focus_panel(self, tab: str) -> None:
        self._show_panel(True)
        self.panel.focus_tab(tab)

    def _show_checked(self) -> None:
        self._show_panel(True)
        self.panel.show_all_problems()

    def _show_duplicates(self) -> None:
        with importing("tunedesk.gui.examples.duplicates"):
            from tunedesk.gui.examples.duplicates import DuplicatesDialog

        self.flush()
        dialog = DuplicatesDialog(self._context, self.window())
        dialog.table_requested.connect(lambda: self.ask(ExampleQuery(duplicated=True)))
        dialog.example_requested.connect(self.go_to)
        dialog.open()

    def _show_merge_versions(self) -> None:
        with importing("tunedesk.gui.examples.merge_versions"):
            from tunedesk.gui.examples.merge_versions import MergeVersionsDialog

        self.flush()
        MergeVersionsDialog(self._context, self.window()).open()

    def _export(self) -> None:
        with importing("tunedesk.gui.examples.export_dialog"):
            from tunedesk.gui.examples.export_dialog import ExportDialog

        self.flush()
        ExportDialog(self._context, self.model.query, self.window()).open()
