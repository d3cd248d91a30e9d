"""The Fine-tune page: the runs at the left, the chosen one beside them; or the base models."""

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QSplitter, QStackedWidget, QVBoxLayout, QWidget

from tunedesk.catalogue.hardware import detect_hardware
from tunedesk.fine_tuning.launch_settings import LaunchSettings, further_settings
from tunedesk.gui.fine_tune.run_actions import RunActions
from tunedesk.gui.fine_tune.run_list import RunList, RunRow, find_runs
from tunedesk.gui.fine_tune.run_text import memory_text
from tunedesk.gui.fine_tune.run_view import RunView
from tunedesk.gui.fine_tune.run_work import RunWork
from tunedesk.gui.fine_tune.suitability_dialog import SuitabilityDialog
from tunedesk.gui.live_query import LiveQuery
from tunedesk.gui.page import Page, PageContext
from tunedesk.gui.status_line import StatusPart
from tunedesk.gui.widgets.buttons import ActionButton
from tunedesk.gui.widgets.cards import EmptyState
from tunedesk.gui.widgets.choices import Chip
from tunedesk.gui.widgets.labels import Label
from tunedesk.i18n import _
from tunedesk.lazy_imports import importing
from tunedesk.services.file_references import FileReference
from tunedesk.services.local_server import server_data_dir

if TYPE_CHECKING:
    from tunedesk.fine_tuning.run_report import RunPage
    from tunedesk.gui.fine_tune.models_view import ModelsView

LIST_KINDS = frozenset({"runs", "metrics"})
SPLITTER = "fine_tune.splitter"
LIST_WIDTH, LIST_LEAST = 320, 160
VIEW_LEAST = 614
"""The view of a run has so much room, as far as the list can give it."""
EMPTY_WIDTH = 620
"""No line of the explanation is wider than can be read with ease."""


class FineTunePage(Page):
    """Everything that is done with the runs of one project."""

    def __init__(self, context: PageContext, work: RunWork) -> None:
        super().__init__()
        self._context = context
        self._work = work
        self._project = context.project
        self._settings = context.settings
        self._background = context.background
        self._feedback = context.feedback
        self._actions = context.actions
        self._theme = context.theme
        self.list = RunList(self._theme)
        self.view = RunView(context, work.keys)
        self.run_actions = RunActions(context, work, self)
        self._rows = LiveQuery(
            project=self._project,
            background=self._background,
            question=find_runs,
            kinds=LIST_KINDS,
            parent=self,
        )
        self._here = ""
        self._wants_focus = False
        self._dragged = False
        self._lay_out()
        self._rows.ready.connect(self._on_rows)
        self.list.run_chosen.connect(self.view.show_run)
        self.view.shown.connect(self._on_shown)
        for signal in (self._work.launching.begun, self._work.launching.stopped):
            signal.connect(self._on_shown)
        self.view.result.model_chosen.connect(lambda _model: self._on_shown())
        self.view.reference_asked.connect(self._show_reference)
        self.view.follow_asked.connect(self._work.following.begin)
        self.view.stop_asked.connect(self.run_actions.cancel_now)
        self.run_actions.further_asked.connect(self._train_further)
        self.run_actions.try_asked.connect(self._try)
        self.run_actions.take_along_asked.connect(self._take_along)
        self.run_actions.serve_asked.connect(self._serve)
        self.run_actions.report_asked.connect(self._save_report)
        self.run_actions.print_asked.connect(self._print_report)
        self._handlers = {
            "finetune.adopt_job": self._adopt_job,
            "finetune.compare": self._compare,
            "finetune.suitability": self._show_suitability,
        }
        for action_id, handler in self._handlers.items():
            self._actions.bind(action_id, handler)
        self._actions["finetune.compare"].setEnabled(False)  # until the runs are known
        self._actions["finetune.adopt_job"].setEnabled(not self._project.read_only)

    def _lay_out(self) -> None:
        self.splitter = QSplitter(Qt.Orientation.Horizontal)
        self.splitter.setChildrenCollapsible(False)
        self.splitter.addWidget(self.list)
        self.splitter.addWidget(self.view)
        self.splitter.setStretchFactor(1, 1)
        self.list.setMinimumWidth(LIST_LEAST)
        self.splitter.splitterMoved.connect(self._on_splitter_moved)
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
        self.empty.add_button(
            ActionButton(
                self._theme,
                self._actions["finetune.suitability"],
                _("Should you tune at all?"),
            )
        )
        self.stack = QStackedWidget()
        for widget in (QWidget(), self.empty, self.splitter):
            self.stack.addWidget(widget)
        self.models: ModelsView | None = None
        self.parts = QStackedWidget()
        self.parts.addWidget(self.stack)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self._header())
        column.addWidget(self.parts, 1)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Give the list its usual width, less in a narrow window, until the user drags it."""
        super().resizeEvent(event)
        if not self._dragged:
            width = max(LIST_LEAST, min(LIST_WIDTH, self.width() // 4, self.width() - VIEW_LEAST))
            self.splitter.setSizes([width, self.width() - width])
        side = max(24, (self.width() - EMPTY_WIDTH) // 2)
        self.empty.setContentsMargins(side, 0, side, 0)

    def _on_splitter_moved(self) -> None:
        self._dragged = True

    def _header(self) -> QFrame:
        header = QFrame()
        header.setProperty("surface", "toolbar")
        header.setAccessibleName(_("Fine-tune toolbar"))
        header.setFixedHeight(self._theme.size("toolbar"))
        row = QHBoxLayout(header)
        row.setContentsMargins(14, 0, 14, 0)
        row.setSpacing(self._theme.size("gap"))
        row.addWidget(Label(self._theme, _("Fine-tune"), "title"))
        self.runs_chip = Chip(self._theme, _("Runs"))
        self.models_chip = Chip(self._theme, _("Models"))
        for chip in (self.runs_chip, self.models_chip):
            chip.setAutoExclusive(True)
            row.addWidget(chip)
        self.runs_chip.setChecked(True)
        self.models_chip.toggled.connect(self._show_models)
        row.addStretch(1)
        for action_id, label, kind in (
            ("finetune.adopt_job", _("Bring in a run…"), ""),
            ("finetune.compare", _("Compare runs…"), ""),
            ("finetune.new", _("New run…"), "primary"),
        ):
            row.addWidget(
                ActionButton(
                    self._theme, self._actions[action_id], label, kind=kind, show_key=False
                )
            )
        return header

    def _show_models(self, shown: bool) -> None:
        if self.models is None:
            with importing("tunedesk.gui.fine_tune.models_view"):
                from tunedesk.gui.fine_tune.models_view import ModelsView

            self.models = ModelsView(self._theme, self._project, self._background, self._feedback)
            self.models.train_asked.connect(self._train_with)
            self.models.elsewhere_asked.connect(self._work.new_run)
            self.parts.addWidget(self.models)
        self.parts.setCurrentWidget(self.models if shown else self.stack)
        self.models.watch(shown)

    def _train_with(self, model: str) -> None:
        """Open the launch page with a base model of this computer chosen."""
        settings = self._work.last_settings() or LaunchSettings()
        self._work.new_run(replace(settings, provider="local", base_url="", base_model=model))

    def _train_further(self) -> None:
        """Open the launch page with the chosen model as the base of a new run."""
        if self.view.run is not None and self.view.model:
            self._work.new_run(further_settings(self.view.run, self.view.model))

    # What the window asks

    def view_state(self) -> dict[str, Any]:
        """The chosen run."""
        if self._dragged:
            self._settings.window[SPLITTER] = self.splitter.sizes()
        return {"run": self.list.chosen}

    def restore(self, view_state: dict[str, Any]) -> None:
        """Begin at the run that was chosen, or at the newest."""
        run = view_state.get("run")
        if type(run) is int and run:
            self.list.choose(run)
        sizes = self._settings.window.get(SPLITTER)
        if isinstance(sizes, list) and len(sizes) == 2 and all(type(s) is int for s in sizes):
            self.splitter.setSizes(sizes)
            self._dragged = True
        self._rows.watch(True)
        self._background.run(find_here, on_result=self._on_machine_text)

    def focus_main_part(self) -> None:
        """Begin in the list, or at the first step."""
        if self.models_chip.isChecked():
            self.models_chip.setFocus()
            return
        shown = self.stack.currentWidget()
        self._wants_focus = shown not in (self.empty, self.splitter)
        if self._wants_focus:
            self.setFocus()
        elif shown is self.empty:
            self.first.setFocus()
        else:
            self.list.setFocus()

    def close_project(self) -> None:
        """The project closes."""
        self._actions.release(*self._handlers)
        self._rows.close()
        self.run_actions.close()
        if self.models is not None:
            self.models.close_project()
        self.view.close_project()

    # What shows

    def choose(self, run_id: int) -> None:
        """Choose a run, as soon as it is there, and go on from it with the keyboard."""
        self.runs_chip.setChecked(True)
        self.list.choose(run_id)
        self.focus_main_part()

    def _on_rows(self, rows: list[RunRow]) -> None:
        self.list.show_rows(rows)
        self.runs_chip.set_count(len(rows))
        self._actions["finetune.compare"].setEnabled(True)
        self._publish_status()
        self.stack.setCurrentWidget(self.splitter if rows else self.empty)
        if self._wants_focus:
            self.focus_main_part()

    def _on_shown(self, _run_id: int = 0) -> None:
        """Another run shows, or it stands otherwise."""
        self.run_actions.show_run(
            self.view.run, has_model=bool(self.view.model), is_elsewhere=self.view.is_elsewhere
        )
        self._publish_status()

    def _publish_status(self) -> None:
        parts = []
        if self._work.trains_here:
            parts.append(StatusPart("", _("Training goes on when this window closes")))
        if self._here:
            parts.append(StatusPart("", self._here))
        self.status_changed.emit(parts)

    def _on_machine_text(self, words: str) -> None:
        self._here = words
        self._publish_status()

    # Dialogs

    def _show_reference(self, reference: FileReference) -> None:
        """Show the example that a line of the training file was."""
        run = self.view.run
        if run is None:
            return
        if self._project.runs.example_at(run.id, reference.part, reference.line) is None:
            self._feedback.toast(
                _("Line {line} is not known: this run was not launched here.").format(
                    line=reference.line
                )
            )
            return
        self.run_actions.show_examples(reference.part, reference.line, reference.message)

    def _try(self) -> None:
        with importing("tunedesk.gui.fine_tune.playground"):
            from tunedesk.gui.fine_tune.playground import PlaygroundDialog

        details = self.view.details
        if details is not None and self.view.model:
            PlaygroundDialog(
                self._context,
                run=details.run,
                checkpoints=details.checkpoints,
                model=self.view.model,
                keys=self._work.keys,
                parent=self.window(),
            ).open()

    def _take_along(self) -> None:
        with importing("tunedesk.gui.fine_tune.take_along_dialog"):
            from tunedesk.gui.fine_tune.take_along_dialog import TakeAlongDialog

        details = self.view.details
        if details is not None:
            TakeAlongDialog(
                self._context, details.run, details.checkpoints, self.view.model, self.window()
            ).open()

    def _serve(self) -> None:
        with importing("tunedesk.gui.fine_tune.serve_dialog"):
            from tunedesk.gui.fine_tune.serve_dialog import ServeDialog

        if self.view.model:
            ServeDialog(self._context, self.view.model, self.window()).open()

    def _save_report(self) -> None:
        with importing("tunedesk.gui.fine_tune.run_report_saver"):
            from tunedesk.gui.fine_tune.run_report_saver import RunReportSaver

        if (report := self._report()) is not None:
            RunReportSaver(self._feedback, self.window()).ask(report)

    def _print_report(self) -> None:
        with importing("tunedesk.gui.fine_tune.run_report_saver"):
            from tunedesk.gui.fine_tune.run_report_saver import RunReportSaver

        if (report := self._report()) is not None:
            RunReportSaver(self._feedback, self.window()).print_(report)

    def _report(self) -> "RunPage | None":
        with importing("tunedesk.fine_tuning.run_report"):
            from tunedesk.fine_tuning.run_report import RunPage

        details = self.view.details
        if details is None:
            return None
        return RunPage(
            run=details.run,
            chart=details.chart,
            advice=details.advice,
            events=details.events,
            checkpoints=details.checkpoints,
            snippet=self.view.result.python,
            note="" if details.run.ended else _("This run is still under way."),
        )

    def _compare(self) -> None:
        with importing("tunedesk.gui.fine_tune.compare_dialog"):
            from tunedesk.gui.fine_tune.compare_dialog import CompareRunsDialog

        with_figures = [row for row in self.list.row_model.rows() if row.run.step]
        if len(with_figures) < 2:
            self._feedback.toast(
                _("Comparing takes two runs, and only one run has figures so far.")
                if with_figures
                else _("There is no run to compare yet.")
            )
            return
        CompareRunsDialog(
            self._context,
            rows=self.list.row_model.rows(),
            chosen=self.list.chosen,
            parent=self.window(),
        ).open()

    def _show_suitability(self) -> None:
        dialog = SuitabilityDialog(self._context, self)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.launch_asked.connect(self._actions["finetune.new"].trigger)
        dialog.open()

    def _adopt_job(self) -> None:
        with importing("tunedesk.gui.fine_tune.adopt_job_dialog"):
            from tunedesk.gui.fine_tune.adopt_job_dialog import AdoptJobDialog

        dialog = AdoptJobDialog(self._context, self._work.keys, self.window())
        dialog.brought_in.connect(self._on_adopted)
        dialog.open()

    def _on_adopted(self, run_id: int) -> None:
        self.choose(run_id)
        self._work.following.follow(run_id)


def find_here() -> str:
    """What this computer has to train with, in words; called in a thread."""
    machine = detect_hardware(server_data_dir())
    memory = memory_text(machine)
    if not memory:
        return ""
    if machine.device == "cpu":
        return _("This computer: {memory}").format(memory=memory)
    if machine.device == "mps":
        return _("This Mac: {memory}").format(memory=memory)
    return _("{gpu}: {memory}").format(gpu=machine.device_name, memory=memory)
