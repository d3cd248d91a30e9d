"""The Fine-tune page: the runs at the left, the chosen one beside them."""

from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QSplitter, QStackedWidget, QVBoxLayout, QWidget

from tunedesk.gui.actions import Actions
from tunedesk.gui.background import Background
from tunedesk.gui.examples.panel.project_answer import ProjectAnswer
from tunedesk.gui.feedback import Feedback
from tunedesk.gui.fine_tune.run_list import RunList
from tunedesk.gui.fine_tune.run_list_model import RunRow, find_runs
from tunedesk.gui.fine_tune.run_view import RunView
from tunedesk.gui.fine_tune.run_work import RunWork
from tunedesk.gui.page import Page
from tunedesk.gui.theme import Theme
from tunedesk.gui.widgets.action_button import ActionButton
from tunedesk.gui.widgets.empty_state import EmptyState
from tunedesk.gui.widgets.label import Label
from tunedesk.i18n import _
from tunedesk.project.project import Project
from tunedesk.settings import Settings

LIST_KINDS = frozenset({"runs", "metrics"})
SPLITTER = "fine_tune.splitter"
LIST_WIDTH = 320


class FineTunePage(Page):
    """Everything that is done with the runs of one project."""

    def __init__(
        self,
        *,
        project: Project,
        settings: Settings,
        background: Background,
        feedback: Feedback,
        actions: Actions,
        theme: Theme,
        work: RunWork,
    ) -> None:
        super().__init__()
        self._work = work
        self._project = project
        self._settings = settings
        self._background = background
        self._feedback = feedback
        self._actions = actions
        self._theme = theme
        self.list = RunList(theme)
        self.view = RunView(
            project=project,
            background=background,
            actions=actions,
            theme=theme,
            on_place=self._go_to_line,
        )
        self._rows = ProjectAnswer(
            project=project,
            background=background,
            question=find_runs,
            kinds=LIST_KINDS,
            parent=self,
        )
        self._lay_out()
        self._rows.ready.connect(self._take_rows)
        self.list.run_chosen.connect(self._show_run)

    def _lay_out(self) -> None:
        self.splitter = QSplitter(Qt.Orientation.Horizontal)
        self.splitter.setChildrenCollapsible(False)
        self.splitter.addWidget(self.list)
        self.splitter.addWidget(self.view)
        self.splitter.setStretchFactor(1, 1)
        self.list.setMinimumWidth(180)
        self.splitter.setSizes([LIST_WIDTH, 900])
        self.empty = EmptyState(
            self._theme,
            "fine_tune",
            _("No runs yet"),
            _(
                "Fine-tuning shows your examples to a model that somebody else has trained, until "
                "it answers as they do. It can be done on this computer, where nothing leaves it, "
                "or by a service that you choose."
            ),
        )
        self.first = ActionButton(
            self._theme, self._actions["finetune.new"], _("Fine-tune"), kind="primary"
        )
        self.empty.add_button(self.first)
        self.stack = QStackedWidget()
        for widget in (QWidget(), self.empty, self.splitter):
            self.stack.addWidget(widget)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self._header())
        column.addWidget(self.stack, 1)

    def _header(self) -> QFrame:
        header = QFrame()
        header.setProperty("surface", "toolbar")
        header.setAccessibleName(_("Runs toolbar"))
        header.setFixedHeight(self._theme.size("toolbar"))
        row = QHBoxLayout(header)
        row.setContentsMargins(14, 0, 14, 0)
        row.setSpacing(self._theme.size("gap"))
        row.addWidget(Label(self._theme, _("Runs"), "title"))
        row.addStretch(1)
        for action_id, label, kind in (
            ("finetune.bring_in", _("Bring in a run…"), ""),
            ("finetune.compare", _("Compare runs…"), ""),
            ("finetune.new", _("New run…"), "primary"),
        ):
            row.addWidget(
                ActionButton(
                    self._theme, self._actions[action_id], label, kind=kind, show_key=False
                )
            )
        return header

    # What the window asks

    def place(self) -> dict[str, Any]:
        """The chosen run."""
        self._settings.window[SPLITTER] = self.splitter.sizes()
        return {"run": self.list.chosen}

    def restore(self, place: dict[str, Any]) -> None:
        """Begin at the run that was chosen, or at the newest."""
        run = place.get("run")
        if type(run) is int and run:
            self.list.choose(run)
        sizes = self._settings.window.get(SPLITTER)
        if isinstance(sizes, list) and len(sizes) == 2 and all(type(s) is int for s in sizes):
            self.splitter.setSizes(sizes)
        self._rows.watch(True)

    def take_focus(self) -> None:
        """Begin in the list, or at the first step."""
        if self.stack.currentWidget() is self.empty:
            self.first.setFocus()
        else:
            self.list.setFocus()

    def shut(self) -> None:
        """The project closes."""
        self._rows.close()
        self.view.close_project()

    # What shows

    def choose(self, run_id: int) -> None:
        """Choose a run, as soon as it is there."""
        self.list.choose(run_id)

    def _take_rows(self, rows: list[RunRow]) -> None:
        self.list.show_rows(rows)
        self.stack.setCurrentWidget(self.splitter if rows else self.empty)

    def _show_run(self, run_id: int) -> None:
        self.view.show_run(run_id)

    def _go_to_line(self, line: int, message: int | None) -> None:
        """Show the example that a line of the training file was."""
