"""The file of the open project: where it lies, whether it is whole, and what the window says of it.

A file may be renamed, replaced or deleted while it is open. The system tells of that for folders of
this computer only, so a thread asks for the file's number instead: two calls of the system, twice a
second, and never in the thread of the window, which a network drive that hangs must not hold up.
"""

import contextlib
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from PySide6.QtCore import QObject, Qt, QTimer, Signal
from PySide6.QtWidgets import QApplication, QFileDialog, QWidget

from tunedesk.errors import UserError
from tunedesk.gui.background import Background, Task
from tunedesk.gui.feedback import Feedback
from tunedesk.gui.status_line import StatusLine
from tunedesk.i18n import _
from tunedesk.paths import documents_dir, user_data_dir
from tunedesk.progress import Progress
from tunedesk.project.damage import DiskFullError
from tunedesk.project.lock import FileState, Whereabouts
from tunedesk.project.project import Project
from tunedesk.project.undo import (
    MOST_TOLD_APART,
    Interrupted,
    interrupted_sentence,
    interrupted_summary,
)

LOOK_SECONDS = 0.4
CONFIRM_SECONDS = 0.1
"""A program that writes a file by renaming leaves it without a name for a moment."""

LOOKS_BETWEEN = 5
"""Each fifth look, about every two seconds, also whether a full disk has room again, and whether
nobody writes."""

CLOSE_SECONDS = 2.0
"""So long is waited at most for a drive that hangs."""

AGAIN_MS = 300
"""So long is waited for work under way before the project goes on under another name."""

READER_WAITS_MS = 1_500
"""Who only reads lets the window that writes go first, whose log it reads."""


class ProjectFileWatch(QObject):
    """Notices within a second that the file of a project was renamed, replaced or deleted.

    Signals:
        changed: A `FileState`: something became of the file, or it is in its place again.
        unfinished: Now and then while a change waits that a full disk stopped on the way.
    """

    changed = Signal(object)
    unfinished = Signal()

    def __init__(self, project: Project, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._project = project
        self._log: tuple[int, int] | None = None
        self._folded: tuple[int, int] | None = None
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="project file", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Look no more; before the project is closed."""
        self._closed.set()
        self._thread.join(CLOSE_SECONDS)

    def _watch(self) -> None:
        told: FileState | None = None
        looks = 0
        while not self._closed.wait(LOOK_SECONDS):
            looks += 1
            if looks % LOOKS_BETWEEN == 0:
                if self._project.has_unfinished:
                    self.unfinished.emit()
                self._fold_when_quiet()
            state = self._project.file_state()
            if state == told or (told is None and state.whereabouts is Whereabouts.IN_PLACE):
                continue
            if self._closed.wait(CONFIRM_SECONDS):
                return
            if self._project.file_state() == state:
                told = state
                self.changed.emit(state)

    def _fold_when_quiet(self) -> None:
        """Bring into the file itself what was written, so that a copy of the file has it too.

        Backups, syncs and people copy the file alone, or move it to another disk; the log beside
        it stays where it was.
        """
        log = self._project.log_state()
        if log is not None and log == self._log and log != self._folded:
            with contextlib.suppress(UserError), contextlib.closing(self._project.handle()) as own:
                own.fold_log()
            self._folded = log
        self._log = log


class OpenWorkspace(Protocol):
    """What is asked of the workspace of the open project."""

    project: Project

    @property
    def busy(self) -> bool:
        """Whether something is under way that closing the project would cut off."""

    def flush(self) -> None:
        """Write down what was typed a moment ago."""


class FileFollower(QObject):
    """Goes on with the open project where its file is now, or in a copy if it has none."""

    def __init__(
        self,
        window: QWidget,
        feedback: Feedback,
        workspace: Callable[[], OpenWorkspace | None],
        go_on_in: Callable[[Path], bool],
        close_project: Callable[[], None],
    ) -> None:
        """Follow nothing yet.

        Args:
            window: The window, for questions.
            feedback: Tells what has become of the file.
            workspace: Gives the workspace of the open project; None if none is open.
            go_on_in: Closes the open project and opens it again in this file; whether it could.
            close_project: Closes the open project.
        """
        super().__init__(window)
        self._window = window
        self._feedback = feedback
        self._workspace = workspace
        self._go_on_in = go_on_in
        self._close_project = close_project
        self._state: FileState | None = None
        self._moves = False
        self._again = QTimer(self)
        self._again.setSingleShot(True)
        self._again.timeout.connect(self._go_on)

    def follow(self, state: FileState) -> None:
        """Something became of the file; if it is only away for a while, it is waited for."""
        self._state = state
        self._again.stop()
        workspace = self._workspace()
        if state.whereabouts in (Whereabouts.MOVED, Whereabouts.DELETED):
            if workspace is not None and workspace.project.read_only:
                self._again.start(READER_WAITS_MS)
            else:
                self._go_on()
        elif state.whereabouts is Whereabouts.OVERWRITTEN:
            self._give_up()

    def _give_up(self) -> None:
        """Another program wrote into the file: what it holds now is not this project any more."""
        workspace = self._workspace()
        if workspace is None:
            return
        path = workspace.project.path
        try:
            self._close_project()
        except UserError:
            self._close_project()  # what was typed last has no place any more
        self._feedback.error(overwritten_error(path))

    def _go_on(self) -> None:
        workspace, state = self._workspace(), self._state
        if workspace is None or state is None:
            return
        if workspace.busy or QApplication.activeModalWidget() is not None:
            self._again.start(AGAIN_MS)  # what is under way would be cut off
            return
        old = workspace.project.path
        if state.path is not None and not state.in_trash:
            new = state.path
            if self._written(workspace) and self._go_on_in(new):
                self._feedback.toast(moved_sentence(old, new))
        elif workspace.project.read_only:
            self._close_project()
            self._feedback.error(deleted_while_read(old))
        else:
            new = _path_for_kept_copy(old)
            if self._written(workspace, new) and self._moved_into(new):
                error = deleted_error(old, state)
                self._feedback.error(error, _("Save elsewhere …"), self._save_elsewhere)

    def _moved_into(self, copy: Path) -> bool:
        self._moves = True
        try:
            return self._go_on_in(copy)
        finally:
            self._moves = False

    def tell_of_kept_copy(self, path: Path) -> None:
        """Say of a project that was opened that it is a copy which has no place of its own."""
        if path.parent == _kept_folder() and not self._moves:
            self._feedback.toast(
                _(
                    "“{name}” lost its file while it was open. This is the copy that Tunedesk "
                    "keeps: save it where you want it."
                ).format(name=path.stem),
                _("Save elsewhere …"),
                self._save_elsewhere,
                lasting=True,
            )

    def _written(self, workspace: OpenWorkspace, copy: Path | None = None) -> bool:
        """Write what was typed a moment ago, and a copy of the whole; False if that fails."""
        try:
            workspace.project.write_although_moved()
            workspace.flush()
            if copy is not None:
                workspace.project.save_copy(copy)
        except UserError as error:
            self._feedback.error(error, _("Save elsewhere …"), self._save_elsewhere)
            return False
        return True

    def _save_elsewhere(self) -> None:
        """Ask where the project shall go on that has lost its file."""
        workspace = self._workspace()
        if workspace is None:
            return
        name = workspace.project.path.name
        dialog = QFileDialog(self._window, _("Save elsewhere"), str(documents_dir()))
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix("tunedesk")
        dialog.setNameFilters([_("Projects (*.tunedesk)")])
        dialog.selectFile(name)
        dialog.fileSelected.connect(lambda chosen: self.go_on_elsewhere(Path(chosen)))
        dialog.open()

    def go_on_elsewhere(self, path: Path) -> None:
        """Write the project to another place and go on there; the copy that was kept goes."""
        workspace = self._workspace()
        if workspace is None or workspace.project.path == path:
            return
        old = workspace.project.path
        if self._written(workspace, path) and self._go_on_in(path):
            if old.parent == _kept_folder():
                old.unlink(missing_ok=True)
            self._feedback.toast(_("The project goes on in {path}.").format(path=path))


class SavedState(QObject):
    """Says in the status line how it stands with saving, and never more than is true."""

    def __init__(self, project: Project, status: StatusLine, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._read_only = project.read_only
        self._status = status
        self._whereabouts = Whereabouts.IN_PLACE
        self._unsaved = ""
        self._unfinished = False
        self._show()

    def set_unfinished(self, unfinished: bool) -> None:
        """A change that a full disk stopped on the way waits for room."""
        self._unfinished = unfinished
        self._show()

    def set_whereabouts(self, whereabouts: Whereabouts) -> None:
        """The file is somewhere else."""
        self._whereabouts = whereabouts
        self._show()

    def set_unsaved(self, unsaved: str) -> None:
        """What was typed is not on the disk: "" it is, "waiting" not yet, "failed" it cannot be."""
        self._unsaved = unsaved
        self._show()

    def _show(self) -> None:
        if self._whereabouts is Whereabouts.DELETED:
            self._status.show_saved(_("The file was deleted"), "error")
        elif self._whereabouts is Whereabouts.MOVED:
            self._status.show_saved(_("The file was moved"), "warning")
        elif self._whereabouts is Whereabouts.OVERWRITTEN:
            self._status.show_saved(_("The file was written over"), "error")
        elif self._whereabouts is Whereabouts.UNREACHABLE:
            self._status.show_saved(_("The file cannot be reached"), "error")
        elif self._read_only:
            self._status.show_saved(_("Open for reading only"), "warning")
        elif self._unfinished:
            self._status.show_saved(_("Waiting for room on the disk"), "error")
        elif self._unsaved == "failed":
            self._status.show_saved(_("The last change is not saved"), "error")
        elif self._unsaved:
            self._status.show_saved(_("Saving …"))
        else:
            self._status.show_saved(_("All changes saved"))


def moved_sentence(old: Path, new: Path) -> str:
    """What to say of a project that goes on under its new name."""
    if new.parent == old.parent:
        return _(
            "“{old}” was renamed to “{new}” while it was open. Tunedesk goes on with it there."
        ).format(old=old.stem, new=new.stem)
    return _(
        "“{name}” was moved to {folder} while it was open. Tunedesk goes on with it there."
    ).format(name=new.stem, folder=new.parent)


def deleted_error(old: Path, state: FileState) -> UserError:
    """What to say of a project that goes on in a copy that Tunedesk keeps."""
    if state.replaced:
        sentence = _("“{name}” was replaced by another file while it was open.")
    elif state.in_trash:
        sentence = _("“{name}” was put into the trash while it was open.")
    else:
        sentence = _("“{name}” was deleted, or moved to another disk, while it was open.")
    return UserError(
        sentence.format(name=old.stem),
        _("Nothing is lost: it goes on in a copy that Tunedesk keeps. Save it where you want it."),
    )


def overwritten_error(path: Path) -> UserError:
    """What to say of a project that was closed since another program wrote into its file."""
    return UserError(
        _("“{name}” was written over by another program while it was open.").format(name=path.stem),
        _(
            "It was closed, and the file left as it is now. What was in it before is among its "
            "backups: see the Project menu."
        ),
    )


def deleted_while_read(old: Path) -> UserError:
    """What to say of a project that was open for reading only and is there no more."""
    return UserError(
        _("“{name}” was deleted or replaced, so it can be read no longer.").format(name=old.stem),
        _("It was open for reading only here: nothing of yours is lost."),
    )


def _path_for_kept_copy(project: Path) -> Path:
    """A name of its own, in Tunedesk's folder, for the copy of a project that has no file."""
    folder = _kept_folder()
    path = folder / project.name
    number = 2
    while path.exists():
        path = folder / f"{project.stem} {number}{project.suffix}"
        number += 1
    return path


def _kept_folder() -> Path:
    return user_data_dir() / "kept"


def tell_of_opening(
    project: Project, feedback: Feedback, tell_of_change: Callable[..., object]
) -> None:
    """Tell what the user should know of this project before working on it."""
    holder = project.held_by
    if holder is not None and holder.user:
        feedback.toast(
            _("{user} has this project open on {machine}; you can read it here.").format(
                user=holder.user, machine=holder.machine
            )
        )
    elif holder is not None:
        feedback.toast(_("This project is open elsewhere; you can read it here."))
    elif project.read_only:
        feedback.toast(_("This project can only be read."))
    if project.storage_note:
        feedback.toast(project.storage_note)
    if len(project.interrupted) > MOST_TOLD_APART:
        feedback.toast(interrupted_summary(project.interrupted), lasting=True)
        return
    for step in project.interrupted:
        _tell_of_interrupted(step, feedback, tell_of_change)


def finish_unfinished(project: Project) -> list[Interrupted] | None:
    """Put right what a full disk stopped on the way; None if there is no room yet."""
    with contextlib.closing(project.handle()) as handle:
        try:
            return handle.finish_unfinished()
        except DiskFullError:
            return None


def finished_sentence(step: Interrupted) -> str:
    """What became of a change that a full disk had stopped on the way."""
    if step.outcome == "taken back":
        return _("There is room on the disk again: “{step}” was taken back.").format(step=step.name)
    return _("There is room on the disk again: “{step}” is finished.").format(step=step.name)


def _tell_of_interrupted(
    step: Interrupted, feedback: Feedback, tell_of_change: Callable[..., object]
) -> None:
    sentence = interrupted_sentence(step)
    if step.outcome == "kept" and step.examples:
        tell_of_change(sentence, step.change_id, lasting=True)
    else:
        feedback.toast(sentence, lasting=True)


DAMAGE_CHECK_DELAY_MS = 5_000
"""Milliseconds after opening: the first rows and the search come first."""


def check_for_damage(project: Project, background: Background, feedback: Feedback) -> Task:
    """Check the project's file in a thread; damage is shown as one error."""

    def on_found(found: list[str]) -> None:
        if found:
            feedback.error(damage_error(project))

    return background.run(_find, project, on_result=on_found, delay_ms=DAMAGE_CHECK_DELAY_MS)


def damage_error(project: Project) -> UserError:
    """What to say of a damaged file, and what to do next."""
    return UserError(
        _("“{name}” is damaged on the disk, though it can be read.").format(name=project.path.name),
        _(
            "Go back to a backup, or rescue what can be read into a new project: both are in the"
            " Project menu."
        ),
    )


def _find(project: Project, progress: Progress) -> list[str]:
    with contextlib.closing(project.handle()) as handle:
        return handle.find_damage(progress)
