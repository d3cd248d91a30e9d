"""The workspace of one open project: its pages, its undo, the file's health, and an orderly end."""

import contextlib
import gc
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Qt, QTimer, Signal
from PySide6.QtWidgets import QFileDialog, QStackedWidget

from tunedesk.errors import UserError
from tunedesk.examples.json_text import Path as JsonPath
from tunedesk.gui.actions import Actions
from tunedesk.gui.background import Background, Task
from tunedesk.gui.feedback import Feedback
from tunedesk.gui.live_query import LiveQuery
from tunedesk.gui.operations import Operations, UndoActions
from tunedesk.gui.page import Page, PageContext
from tunedesk.gui.project_file import (
    ProjectFileWatch,
    SavedState,
    check_for_damage,
    finish_unfinished,
    finished_sentence,
    tell_of_opening,
)
from tunedesk.gui.rail import EXAMPLES, FINE_TUNE, PAGES, Rail
from tunedesk.gui.status_line import RUNNING_WORK_KINDS, StatusLine, StatusPart
from tunedesk.gui.theme import Theme
from tunedesk.i18n import _
from tunedesk.lazy_imports import importing
from tunedesk.paths import computer_work_path
from tunedesk.project.lock import FileState
from tunedesk.project.project import Project
from tunedesk.project.project_change import ProjectChange
from tunedesk.project.query import ExampleQuery
from tunedesk.project.undo import Interrupted
from tunedesk.settings import Settings

if TYPE_CHECKING:
    from tunedesk.fine_tuning.open_work import OpenWork
    from tunedesk.gui.fine_tune.run_work import RunWork
    from tunedesk.gui.recovery import RollingBackups
    from tunedesk.services.keys import Keys


PageMaker = Callable[[PageContext], Page]


FIRST_BACKUP_MS = 60_000
"""Milliseconds after opening; what makes backups is loaded then."""

RUNS_AFTER_MS = 500
"""Runs that go on are looked for when the first page has long been shown."""


class Workspace(QObject):
    """Holds the open project and its pages; all but the first are made when they are first shown.

    Attributes:
        project: The open project.
        examples: The page of examples.
        operations: What changes the project.

    Signals:
        page_shown: Another page shows, by its name.
        file_changed: A `FileState`: the project's file is somewhere else, or nowhere.
    """

    page_shown = Signal(str)
    file_changed = Signal(object)

    def __init__(
        self,
        project: Project,
        settings: Settings,
        background: Background,
        feedback: Feedback,
        actions: Actions,
        theme: Theme,
        make_page: PageMaker,
        keys: "Callable[[], Keys]",
    ) -> None:
        super().__init__()
        self._keys = keys
        self._runs: RunWork | None = None
        self._look_for_runs = QTimer(self)
        self._look_for_runs.setSingleShot(True)
        self._look_for_runs.setInterval(RUNS_AFTER_MS)
        self._look_for_runs.timeout.connect(self._find_runs)
        self._finding_runs: Task | None = None
        self._open_work: LiveQuery | None = None
        self._backups: RollingBackups | None = None
        self._first_backup = QTimer(self)
        self._first_backup.setSingleShot(True)
        self._first_backup.setInterval(FIRST_BACKUP_MS)
        self._first_backup.timeout.connect(self.start_backups)
        self.project = project
        self._settings = settings
        self._background = background
        self._feedback = feedback
        self._actions = actions
        self._theme = theme
        self._pages: dict[str, Page] = {}
        self._parts: dict[str, list[StatusPart]] = {}
        self._page_makers: dict[str, Callable[[], Page]] = {FINE_TUNE: self._make_fine_tune_page}
        self._page = EXAMPLES
        self._stack: QStackedWidget | None = None
        self._rail: Rail | None = None
        self._status: StatusLine | None = None
        self._saved: SavedState | None = None
        self._file_watch: ProjectFileWatch | None = None
        self._finishing: Task | None = None
        self.operations = Operations(
            project=project, background=background, feedback=feedback, parent=self
        )
        self._context = PageContext(
            project, settings, background, feedback, self.operations, actions, theme
        )
        self.examples = make_page(self._context)
        self.undo_actions = UndoActions(project, background, actions, feedback, self.flush, self)
        self.undo_actions.turned.connect(self._show_turned)

    def show_in(self, stack: QStackedWidget, rail: Rail, status: StatusLine) -> None:
        """Put the pages into the window and go to where the user was."""
        self._stack, self._rail, self._status = stack, rail, status
        status.running_work.run_asked.connect(self._show_run)
        status.running_work.installation_asked.connect(self._show_installation)
        self._add_page(EXAMPLES, self.examples)
        for page in PAGES:
            self._actions.bind(page.action_id, partial(self.show_page, page.name))
        self._actions.bind("project.save_copy", self._ask_for_copy)
        self._actions.bind("finetune.new", lambda: self.runs().new_run())
        self._actions["finetune.new"].setEnabled(not self.project.read_only)
        self._file_watch = ProjectFileWatch(self.project, self)
        self._file_watch.changed.connect(self._on_file_changed)
        self._file_watch.unfinished.connect(self._finish_unfinished)
        self._saved = SavedState(self.project, status, self)
        self.examples.saving_changed.connect(self._saved.set_unsaved)
        tell_of_opening(self.project, self._feedback, self.operations.tell_of_change)
        view_state = self._stored_view_state()
        self.examples.restore(view_state.get(EXAMPLES, {}))
        shown_last = view_state.get("page")
        known = isinstance(shown_last, str) and shown_last in self._page_makers
        self.show_page(str(shown_last) if known else EXAMPLES)
        # What stands by now stays; going through it all again would hold Python's lock, whichever
        # thread sets it off, for longer than a frame.
        gc.freeze()
        self._look_for_runs.start()
        self._first_backup.start()
        check_for_damage(self.project, self._background, self._feedback)

    def show_page(self, name: str) -> Page:
        """Go to a page by its name; returns it."""
        page = self._pages.get(name) or self._make(name)
        self._page = name
        self._actions.show_page(name)
        if self._stack is not None and self._rail is not None and self._status is not None:
            self._stack.setCurrentWidget(page)
            self._rail.show_page(name)
            self._status.show_parts(self._parts.get(name, []))
        page.focus_main_part()
        self.page_shown.emit(name)
        return page

    def _make(self, name: str) -> Page:
        """Make a page that is not there from the start."""
        page = self._page_makers[name]()
        self._add_page(name, page)
        page.restore(self._stored_view_state().get(name, {}))
        return page

    def _make_fine_tune_page(self) -> Page:
        with importing("tunedesk.gui.fine_tune.page"):
            from tunedesk.gui.fine_tune.page import FineTunePage

        return FineTunePage(self._context, self.runs())

    def start_backups(self) -> "RollingBackups | None":
        """From now on backups are made when they are due; none of a project that is only read."""
        if self._backups is None and not self.project.read_only:
            with importing("tunedesk.gui.recovery"):
                from tunedesk.gui.recovery import RollingBackups

            self._backups = RollingBackups(self.project, self._background, self._feedback, self)
        return self._backups

    def _find_runs(self) -> None:
        """Go on with runs if there are any: what follows them takes a while to load."""
        self._finding_runs = self._background.run(
            _work_goes_on, self.project, on_result=self._go_on_with_runs
        )

    def _go_on_with_runs(self, some: bool) -> None:
        if some:
            self.runs().start()

    def runs(self) -> "RunWork":
        """What launches and follows runs, whichever page shows."""
        if self._runs is None:
            with importing("tunedesk.gui.fine_tune.run_work"):
                from tunedesk.gui.fine_tune.run_work import RunWork

            self._runs = RunWork(
                self._context,
                keys=self._keys(),
                window=self.examples.window(),
                shown_query=self.examples.shown_query,
                parent=self,
            )
            self._runs.run_asked.connect(self._show_run)
            self._runs.examples_asked.connect(self._show_examples)
            self._runs.example_asked.connect(self._show_example)
            self._watch_open_work()
        return self._runs

    def _watch_open_work(self) -> None:
        """Show in the status line what goes on, from when there may be anything."""
        with importing("tunedesk.fine_tuning.open_work"):
            from tunedesk.fine_tuning.open_work import open_work

        self._open_work = LiveQuery(
            project=self.project,
            background=self._background,
            question=open_work,
            kinds=RUNNING_WORK_KINDS,
            parent=self,
        )
        self._open_work.ready.connect(self._show_open_work)
        self.runs().installation.reported.connect(self._open_work.refresh)
        self._open_work.watch(True)

    def _show_open_work(self, works: "list[OpenWork]") -> None:
        if self._status is not None:
            self._status.running_work.show_works(works)

    @property
    def trains_here(self) -> bool:
        """Whether this computer is training for this project."""
        return self._runs is not None and self._runs.trains_here

    def _show_run(self, run_id: int) -> None:
        with importing("tunedesk.gui.fine_tune.page"):
            from tunedesk.gui.fine_tune.page import FineTunePage

        page = self.show_page(FINE_TUNE)
        if isinstance(page, FineTunePage):
            page.choose(run_id)

    def _show_installation(self) -> None:
        self.runs().new_run()

    def _show_examples(self, query: ExampleQuery, title: str) -> None:
        self.show_page(EXAMPLES)
        self.examples.ask(query, title)

    def _show_example(self, example_id: int, path: JsonPath) -> None:
        self.show_page(EXAMPLES)
        self.examples.go_to(example_id, path)

    def _add_page(self, name: str, page: Page) -> None:
        self._pages[name] = page
        if self._stack is not None:
            self._stack.addWidget(page)
        page.status_changed.connect(lambda parts: self._on_status_changed(name, parts))

    def _on_status_changed(self, name: str, parts: list[StatusPart]) -> None:
        self._parts[name] = parts
        if name == self._page and self._status is not None:
            self._status.show_parts(parts)

    def _stored_view_state(self) -> dict[str, Any]:
        view_state = self._settings.places.get(str(self.project.path), {})
        return view_state if isinstance(view_state, dict) else {}

    def _on_file_changed(self, state: FileState) -> None:
        if self._saved is not None:
            self._saved.set_whereabouts(state.whereabouts)
        self.file_changed.emit(state)

    def _finish_unfinished(self) -> None:
        """A full disk stopped a change on the way: put it right as soon as there is room."""
        if self._saved is not None:
            self._saved.set_unfinished(True)
        if self._finishing is None or self._finishing.done:
            self._finishing = self._background.run(
                finish_unfinished, self.project, on_result=self._on_finished
            )

    def _on_finished(self, steps: list[Interrupted] | None) -> None:
        if steps is None or self._saved is None:
            return
        self._saved.set_unfinished(False)
        self.undo_actions.refresh()
        for step in steps:
            self._feedback.toast(finished_sentence(step))

    @property
    def busy(self) -> bool:
        """Whether something is under way that closing the project would cut off."""
        return bool(self.operations.running)

    def import_files(self, paths: list[Path]) -> None:
        """Bring data files in."""
        self.show_page(EXAMPLES)
        self.examples.import_files(paths)

    def _ask_for_copy(self) -> None:
        """Ask where to write a copy of the project."""
        path = self.project.path
        dialog = QFileDialog(self.examples.window(), _("Save a copy"), str(path.parent))
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix("tunedesk")
        dialog.setNameFilters([_("Projects (*.tunedesk)")])
        dialog.selectFile(_("{name} (copy).tunedesk").format(name=path.stem))
        dialog.fileSelected.connect(lambda chosen: self.save_copy(Path(chosen)))
        dialog.open()

    def save_copy(self, path: Path) -> None:
        """Write the whole project, as it is now, into another file."""
        if path.exists() and path.samefile(self.project.path):
            self._feedback.error(
                UserError(
                    _("“{name}” is the project that is open.").format(name=path.name),
                    _("Choose another name for the copy."),
                )
            )
            return
        self.operations.run(
            _("Saving a copy"),
            lambda project, progress: project.save_copy(path, progress),
            message=lambda _none: _("Copy saved: {name}").format(name=path.name),
        )

    def _show_turned(self, change: ProjectChange) -> None:
        """Show where undo or redo has changed something, if the page that shows can."""
        self._pages[self._page].show_change(change)

    def flush(self) -> None:
        """Write down what was typed a moment ago."""
        self.examples.flush()

    def view_state(self) -> dict[str, Any]:
        """What to remember of where the user is."""
        states = self._stored_view_state() | {
            name: page.view_state() for name, page in self._pages.items()
        }
        return states | {"page": self._page}

    def close(self) -> None:
        """Write everything down, end what runs, close the project."""
        if self._file_watch is not None:
            self._file_watch.close()
        try:
            self.flush()
            self.operations.close()
            self.undo_actions.close()
            self._actions.release(
                *(page.action_id for page in PAGES), "finetune.new", "project.save_copy"
            )
            self._look_for_runs.stop()
            self._first_backup.stop()
            if self._backups is not None:
                self._backups.close()
            if self._finding_runs is not None:
                self._finding_runs.cancel()
            if self._open_work is not None:
                self._open_work.close()
            if self._status is not None:
                self._status.running_work.run_asked.disconnect(self._show_run)
                self._status.running_work.installation_asked.disconnect(self._show_installation)
                self._status.running_work.show_works([])
            if self._runs is not None:
                self._runs.close()
            for page in self._pages.values():
                page.close_project()
        finally:
            self._background.finish()
            self._feedback.progress_line.clear()
            self._actions.show_page("")
            for page in self._pages.values():
                page.setParent(None)
                page.deleteLater()
            gc.unfreeze()
            self.project.close()


def _work_goes_on(project: Project) -> bool:
    """Whether a run of the project, or an installation on this computer, has not ended."""
    with contextlib.closing(project.handle()) as handle:
        if any(not run.ended for run in handle.runs.all()):
            return True
    if not computer_work_path().exists():
        return False
    with importing("tunedesk.fine_tuning.open_work"):
        from tunedesk.fine_tuning.open_work import unfinished_installation

    return unfinished_installation() is not None


TOLD_THAT_TRAINING_GOES_ON = "fine_tune.told_that_training_goes_on"
"""The user's setting that keeps that they know."""


def ask_about_training(
    settings: Settings, feedback: Feedback, on_yes: Callable[[], object]
) -> bool:
    """Ask, unless the user has agreed before.

    Args:
        settings: Where it is kept that they have agreed.
        feedback: Asks in the window.
        on_yes: Called when they agree.

    Returns:
        Whether they are being asked now.
    """
    if settings.window.get(TOLD_THAT_TRAINING_GOES_ON):
        return False

    def agree() -> None:
        settings.window[TOLD_THAT_TRAINING_GOES_ON] = True
        on_yes()

    feedback.confirm(
        _("Close while this computer trains?"),
        _(
            "Training goes on when this window closes; the next time you open the project, "
            "everything is there. To stop it, cancel the run first."
        ),
        _("Close the window"),
        agree,
    )
    return True
