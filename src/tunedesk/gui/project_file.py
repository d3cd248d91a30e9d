"""The file of the open project: where it lies, whether it is whole, and what the window says of it.

A file may be renamed, replaced or deleted while it is open. The system tells of that for folders of
this computer only, so a thread asks for the file's number instead: two calls of the system, twice a
second, and never in the thread of the window, which a network drive that hangs must not hold up.
"""

import contextlib
import threading
from collections.abc import Callable

from PySide6.QtCore import QObject, Signal

from tunedesk.errors import UserError
from tunedesk.gui.background import Background, Task
from tunedesk.gui.feedback import Feedback
from tunedesk.gui.status_line import StatusLine
from tunedesk.i18n import _
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
