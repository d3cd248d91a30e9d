"""What can be done with the chosen run: pause, resume, cancel, rename, delete, and the rest."""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QFileDialog, QLineEdit, QWidget

from tunedesk.errors import UserError
from tunedesk.fine_tuning.follow import JobCommand
from tunedesk.fine_tuning.launch_settings import LaunchSettings
from tunedesk.fine_tuning.run_service import RunService, changed_sentence, result_files
from tunedesk.gui.fine_tune.run_dataset import RunDatasetDialog
from tunedesk.gui.fine_tune.run_text import provider_text
from tunedesk.gui.fine_tune.run_work import RunWork
from tunedesk.gui.fine_tune.save_files import beside_project, file_name, folder_opener, write_whole
from tunedesk.gui.operations import OperationMessage
from tunedesk.gui.page import PageContext
from tunedesk.gui.theme import Theme
from tunedesk.gui.widgets.dialog import Dialog
from tunedesk.gui.widgets.labels import Label
from tunedesk.i18n import _, ngettext
from tunedesk.progress import Progress, Wait
from tunedesk.project.project import Project
from tunedesk.project.run_records import Run
from tunedesk.services.providers import provider_named, providers

LONGEST = 120


class RenameDialog(Dialog):
    """One field, and what another name does not change.

    Signals:
        renamed: The new name.
    """

    renamed = Signal(str)

    def __init__(self, theme: Theme, name: str, parent: QWidget | None = None) -> None:
        super().__init__(theme, _("Rename run"), parent=parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setMinimumWidth(420)
        self.name = QLineEdit(name)
        self.name.setAccessibleName(_("Name"))
        self.name.setMaxLength(LONGEST)
        self.name.selectAll()
        self.body.addWidget(self.name)
        self.body.addWidget(
            Label(theme, _("The name of its model stays as it is."), "small", "muted", wrap=True)
        )
        self.add_cancel()
        self.save = self.add_button(_("Rename"), "primary", default=True)
        self.save.clicked.connect(self._rename)
        self.name.textChanged.connect(lambda text: self.save.setEnabled(bool(text.strip())))

    def _rename(self) -> None:
        self.renamed.emit(self.name.text().strip())
        self.accept()


_READING = (
    "run.examples",
    "run.save_report",
    "run.print_report",
    "run.try",
    "run.take_along",
    "run.serve",
)
"""What can be done in a project that is open for reading."""


class RunActions(QObject):
    """Connects the actions of runs, and enables those that the chosen run allows.

    Signals:
        try_asked: Ask the tuned model something.
        serve_asked: Let other programs ask the chosen model.
        take_along_asked: Take the chosen model along.
        further_asked: Train the chosen model further, in a new run.
        report_asked: Save the page of the run.
        print_asked: Print it.
    """

    try_asked = Signal()
    serve_asked = Signal()
    take_along_asked = Signal()
    further_asked = Signal()
    report_asked = Signal()
    print_asked = Signal()

    def __init__(self, context: PageContext, work: RunWork, page: QWidget) -> None:
        super().__init__(page)
        self._project = context.project
        self._operations = context.operations
        self._feedback = context.feedback
        self._actions = context.actions
        self._theme = context.theme
        self._work = work
        self._page = page
        self._run: Run | None = None
        self._has_model = False
        self._is_elsewhere = False
        self._handlers: dict[str, Callable[..., object]] = {
            "run.carry_on": self._carry_on,
            "run.again": self._run_again,
            "run.train_further": self.further_asked.emit,
            "run.try": self.try_asked.emit,
            "run.take_along": self.take_along_asked.emit,
            "run.serve": self.serve_asked.emit,
            "run.pause": lambda: self._ask("pause"),
            "run.resume": lambda: self._ask("resume"),
            "run.cancel": self._cancel,
            "run.rename": self._rename,
            "run.examples": lambda: self.show_examples("training", 1, None),
            "run.save_results": self._save_results,
            "run.save_report": self.report_asked.emit,
            "run.print_report": self.print_asked.emit,
            "run.hide": self._hide,
            "run.delete_model": self._delete_model,
        }
        for action_id, handler in self._handlers.items():
            self._actions.bind(action_id, handler)
        self.show_run(None, has_model=False)

    def close(self) -> None:
        """The project closes."""
        self._actions.release(*self._handlers)

    def show_run(self, run: Run | None, *, has_model: bool, is_elsewhere: bool = False) -> None:
        """Enable what can be done with a run.

        Args:
            run: The chosen run; None for none.
            has_model: Whether it has a tuned model or a checkpoint that can be asked.
            is_elsewhere: Whether it goes on and this computer neither launched nor follows it:
                until the user wants to follow it, it can be launched from here or hidden only.
        """
        self._run, self._has_model, self._is_elsewhere = run, has_model, is_elsewhere
        writes = not self._project.read_only
        for action_id, may in self._allowed(run).items():
            reads = action_id in _READING
            self._actions[action_id].setEnabled(may and (writes or reads))

    def _allowed(self, run: Run | None) -> dict[str, bool]:
        if run is None:
            return dict.fromkeys(self._handlers, False)
        following_ = run.stage == "following" and not self._is_elsewhere
        pausing = following_ and _pausing(run)
        launching = self._work.launching.is_launching(run.id)
        ended, cut_off = run.ended, not run.ended and run.stage != "following"
        # Nothing is sent for a launch of another computer before its address and price were read.
        again = ended or (cut_off and self._is_elsewhere)
        return {
            "run.carry_on": cut_off and not self._is_elsewhere and not launching,
            "run.again": again and run.settings.get("provider") in providers(),
            "run.train_further": ended and self._has_model and _trains_tuned(run),
            "run.try": self._has_model,
            "run.take_along": ended and self._has_model and run.provider == "local",
            "run.serve": self._has_model and run.provider == "local",
            "run.pause": pausing and run.status in ("running", "queued", "validating_files"),
            "run.resume": pausing and run.status == "paused",
            "run.cancel": not ended and not self._is_elsewhere,
            "run.rename": True,
            "run.examples": run.training is not None and bool(run.settings),
            "run.save_results": ended and bool(result_files(run)),
            "run.save_report": True,
            "run.print_report": True,
            "run.hide": ended or self._is_elsewhere,
            "run.delete_model": ended and bool(run.fine_tuned_model),
        }

    def _show_again(self) -> None:
        self.show_run(self._run, has_model=self._has_model, is_elsewhere=self._is_elsewhere)

    # What goes on

    def _carry_on(self) -> None:
        if self._run is not None:
            self._work.launching.carry_on(self._run)
            self._show_again()

    def _run_again(self) -> None:
        """Open the launch page with the settings of the run: nothing is sent before it is read."""
        if self._run is not None:
            self._work.new_run(LaunchSettings.from_json(self._run.settings))

    def _cancel(self) -> None:
        run = self._run
        if run is None:
            return
        if run.stage != "following":
            self._work.launching.cancel(run)
            return
        if run.provider == "local":
            words = _(
                "The training stops for good. Checkpoints that it has made by now can still be "
                "used."
            )
        else:
            words = _(
                "The training stops for good. Checkpoints that it has made by now can still be "
                "used. {provider} may charge for what was trained until now."
            ).format(provider=provider_text(run))
        self._feedback.confirm(
            _("Stop “{name}”?").format(name=run.name),
            words,
            _("Stop the run"),
            lambda: self._ask("cancel", run.id),
            danger=True,
            no_text=_("Keep training"),
        )

    def cancel_now(self) -> None:
        """Stop the training without a further question, as the advice card offers."""
        if self._run is not None and self._run.stage == "following":
            self._cancel()

    def _ask(self, command: JobCommand, run_id: int | None = None) -> None:
        """Ask the service to pause, go on with or stop a run; shown in the status line."""
        run_id = run_id or (self._run.id if self._run else None)
        if run_id is None:
            return
        number, keys = run_id, self._work.keys
        titles = {
            "pause": _("Pausing “{name}”"),
            "resume": _("Resuming “{name}”"),
            "cancel": _("Stopping “{name}”"),
        }

        def work(handle: Project, _progress: Progress, wait: Wait) -> str:
            service = RunService(handle, keys)
            {"cancel": service.cancel, "pause": service.pause, "resume": service.resume}[command](
                number, wait
            )
            return (
                changed_sentence(handle.runs.changed_examples(number))
                if command == "resume"
                else ""
            )

        for action_id in ("run.pause", "run.resume"):
            self._actions[action_id].setEnabled(False)
        self._operations.run(
            titles[command].format(name=self._project.runs.get(number).name),
            work,
            waits=True,
            message=lambda changed: changed or None,
            on_finished=lambda: self._asked(number),
        )

    def _asked(self, run_id: int) -> None:
        self._work.following.follow(run_id)
        self._show_again()

    # The record

    def _rename(self) -> None:
        run = self._run
        if run is None:
            return
        dialog = RenameDialog(self._theme, run.name, self._page.window())
        dialog.renamed.connect(lambda name: self._project.runs.rename(run.id, name))
        dialog.open()

    def _hide(self) -> None:
        run = self._run
        if run is None:
            return
        self._feedback.confirm(
            _("Take “{name}” off the list?").format(name=run.name),
            _("Its record stays in the project file; a tuned model stays where it is."),
            _("Take it off"),
            lambda: self._project.runs.delete(run.id),
        )

    def show_examples(self, part: str, line: int, message: int | None) -> None:
        """Show what the run was trained on, at a line of a file and a message in it."""
        run = self._run
        if run is None:
            return
        dialog = RunDatasetDialog(
            project=self._project,
            run=run,
            theme=self._theme,
            part=part,
            line=line,
            message=message,
            parent=self._page.window(),
        )
        dialog.examples_asked.connect(self._work.examples_asked)
        dialog.example_asked.connect(lambda number: self._work.example_asked.emit(number, ()))
        dialog.open()

    # The result

    def _save_results(self) -> None:
        run = self._run
        if run is None:
            return
        window = self._page.window()
        dialog = QFileDialog(window, _("Save result files"), beside_project(window))
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.setOption(QFileDialog.Option.ShowDirsOnly)
        dialog.fileSelected.connect(lambda folder: self.save_results(run, Path(folder)))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def save_results(self, run: Run, folder: Path) -> None:
        """Fetch the result files of a run into a folder."""
        keys = self._work.keys

        def work(handle: Project, _progress: Progress, wait: Wait) -> list[Path]:
            paths = []
            for number, content in enumerate(
                RunService(handle, keys).fetch_results(run.id, wait), 1
            ):
                path = folder / f"{file_name(run.name)}-results-{number}.csv"
                write_whole(path, content)
                paths.append(path)
            return paths

        def saved(paths: list[Path]) -> OperationMessage:
            words = ngettext("{n} file is saved.", "{n} files are saved.", len(paths))
            return OperationMessage(
                words.format(n=len(paths)), _("Open folder"), folder_opener(paths[0])
            )

        self._operations.run(
            _("Fetching the results of “{name}”").format(name=run.name),
            work,
            waits=True,
            message=saved,
        )

    def _delete_model(self) -> None:
        run = self._run
        if run is None:
            return
        where = provider_text(run)
        self._feedback.confirm(
            _("Delete the model of “{name}”?").format(name=run.name),
            _(
                "The tuned model and the files that were sent for it are deleted for good "
                "({provider}): nothing can answer with it any more. The record of the run, its "
                "curves and the examples stay in this project."
            ).format(provider=where),
            _("Delete model and files"),
            lambda: self.delete_model(run),
            danger=True,
        )

    def delete_model(self, run: Run) -> None:
        """Delete the tuned model and the files of a run at its service."""
        keys = self._work.keys

        def work(handle: Project, _progress: Progress, wait: Wait) -> None:
            RunService(handle, keys).delete_model(run.id, wait)

        self._operations.run(
            _("Deleting the model of “{name}”").format(name=run.name),
            work,
            waits=True,
            message=lambda _none: _("The model is deleted."),
        )


def _trains_tuned(run: Run) -> bool:
    """Whether its service takes a tuned model as the base of another run."""
    known = providers().get(str(run.settings.get("provider")))
    return known is not None and known.trains_tuned


def _pausing(run: Run) -> bool:
    try:
        return provider_named(run.provider).pausing
    except UserError:
        return False
