"""Goes on with the open project where its file is now, or in a copy if it has none.

`ProjectFileWatch` notices what became of the file; here it is told and acted on.
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
from tunedesk.gui.feedback import Feedback, ProgressHandle
from tunedesk.i18n import _
from tunedesk.paths import documents_dir
from tunedesk.progress import Progress
from tunedesk.project.backups import kept_folder, path_for_kept_copy
from tunedesk.project.lock import FileState, Whereabouts
from tunedesk.project.project import Project

AGAIN_MS = 300
"""So long is waited for work under way before the project goes on under another name."""

READER_WAITS_MS = 1_500
"""Who only reads lets the window that writes go first, whose log it reads."""


class OpenWorkspace(Protocol):
    """What is asked of the workspace of the open project."""

    project: Project

    @property
    def busy(self) -> bool:
        """Whether something is under way that closing the project would cut off."""

    def flush(self) -> None:
        """Write down what was typed a moment ago."""


MOST_COPIES = 3
"""So often a copy is written because somebody types meanwhile; then the window waits for it."""


class CopyWriter(QObject):
    """Writes the open project into another file while its user goes on.

    Its file may have lost its name, so it is read through the connection that is open.

    Attributes:
        running: Whether a copy is being written.

    Signals:
        written: The file: it holds all that was done in the project until now.
        failed: Why it could not be written, as a `UserError`.
    """

    written = Signal(object)
    failed = Signal(object)

    def __init__(self, background: Background, feedback: Feedback, parent: QObject) -> None:
        super().__init__(parent)
        self._background = background
        self._feedback = feedback
        self._task: Task | None = None
        self._left = threading.Event()
        self._left.set()
        self._progress: ProgressHandle | None = None

    @property
    def running(self) -> bool:
        """Whether a copy is being written."""
        return self._task is not None

    def write(self, workspace: OpenWorkspace, path: Path, times: int = 1) -> None:
        """Begin; what is typed meanwhile is in the copy too.

        Args:
            workspace: The open project.
            path: The file.
            times: How often it has been begun.
        """
        project = workspace.project
        try:
            project.write_although_moved()
            workspace.flush()
        except UserError as error:
            self.failed.emit(error)
            return
        before = project.state_of_changes()

        def on_written(_none: None) -> None:
            self._end()
            try:
                workspace.flush()
                again = project.state_of_changes() != before
                if again and times < MOST_COPIES:
                    self.write(workspace, path, times + 1)
                    return
                if again:
                    project.save_copy(path)
            except UserError as error:
                self.failed.emit(error)
                return
            self.written.emit(path)

        def on_error(error: UserError) -> None:
            self._end()
            self.failed.emit(error)

        title = _("Writing a copy of “{name}”").format(name=project.path.stem)
        self._progress = self._feedback.progress(title)
        self._left.clear()
        self._task = self._background.run(
            self._save,
            project,
            path,
            on_result=on_written,
            on_error=on_error,
            on_progress=self._progress.report,
        )

    def stop(self) -> None:
        """Write no longer, and wait until nothing is written any more."""
        if self._task is not None:
            self._task.cancel()
            self._left.wait()
            self._end()

    def _save(self, project: Project, path: Path, progress: Progress) -> None:
        try:
            project.save_copy(path, progress, shared=True)
        finally:
            self._left.set()

    def _end(self) -> None:
        self._task = None
        if self._progress is not None:
            self._progress.close()
            self._progress = None


class FileFollower(QObject):
    """Goes on with the open project where its file is now, or in a copy if it has none."""

    def __init__(
        self,
        window: QWidget,
        background: Background,
        feedback: Feedback,
        workspace: Callable[[], OpenWorkspace | None],
        go_on_in: Callable[[Path], bool],
        close_project: Callable[[], None],
    ) -> None:
        """Follow nothing yet.

        Args:
            window: The window, for questions.
            background: Where copies are written.
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
        self._reopening = False
        self._kept: OpenWorkspace | None = None
        self._again = QTimer(self)
        self._again.setSingleShot(True)
        self._again.timeout.connect(self._go_on)
        self._copies = CopyWriter(background, feedback, self)
        self._copies.written.connect(self._on_copy_written)
        self._copies.failed.connect(self._show_error)

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
        if self._copies.running or workspace.busy or _dialog_is_open():
            self._again.start(AGAIN_MS)  # what is under way would be cut off
            return
        old = workspace.project.path
        if state.path is not None and not state.in_trash:
            self._move_to(workspace, state.path)
        elif workspace.project.read_only:
            self._close_project()
            self._feedback.error(deleted_while_read(old))
        else:
            self._copies.write(workspace, path_for_kept_copy(old))

    def _move_to(self, workspace: OpenWorkspace, new: Path) -> None:
        """Go on with the file under its new name."""
        old = workspace.project.path
        try:
            workspace.project.write_although_moved()
            workspace.flush()
        except UserError as error:
            self._show_error(error)
            return
        self._state = None
        if self._reopen(new):
            self._feedback.toast(moved_sentence(old, new), lasting=True)

    def _on_copy_written(self, path: Path) -> None:
        """Go on in the copy, as soon as nothing is under way that would be cut off."""
        workspace, state = self._workspace(), self._state
        if workspace is None:
            return
        if workspace.busy or _dialog_is_open():
            QTimer.singleShot(AGAIN_MS, self, lambda: self._write_again(workspace, path))
            return
        old = workspace.project.path
        self._state = None
        if path.parent != kept_folder():
            if self._reopen(path):
                if old.parent == kept_folder():
                    old.unlink(missing_ok=True)
                self._feedback.toast(_("The project goes on in {path}.").format(path=path))
        elif state is not None and self._reopen(path):
            error = deleted_error(old, state)
            self._feedback.error(error, _("Save elsewhere …"), self._save_elsewhere)

    def _write_again(self, workspace: OpenWorkspace, path: Path) -> None:
        if self._workspace() is workspace and not self._copies.running:
            self._copies.write(workspace, path)

    def _reopen(self, path: Path) -> bool:
        self._reopening = True
        try:
            return self._go_on_in(path)
        finally:
            self._reopening = False

    def keep_before_closing(self) -> None:
        """The project closes: if its file has no name, a copy is kept; nothing else has it then.

        Raises:
            UserError: It cannot be written.
        """
        workspace = self._workspace()
        self._copies.stop()
        self._again.stop()
        if workspace is None or workspace is self._kept or self._reopening:
            return
        if workspace.project.read_only:
            return
        state = workspace.project.file_state()
        if state.whereabouts is not Whereabouts.DELETED and not state.in_trash:
            return
        old = workspace.project.path
        workspace.project.write_although_moved()
        workspace.flush()
        kept = path_for_kept_copy(old)
        workspace.project.save_copy(kept)
        self._kept = workspace
        self._feedback.error(closed_without_file_error(old, state, kept))

    def tell_of_kept_copy(self, path: Path) -> None:
        """Say of a project that was opened that it is a copy which has no place of its own."""
        if path.parent == kept_folder() and not self._reopening:
            self._feedback.toast(
                _(
                    "“{name}” lost its file while it was open. This is the copy that Tunedesk "
                    "keeps: save it where you want it."
                ).format(name=path.stem),
                _("Save elsewhere …"),
                self._save_elsewhere,
                lasting=True,
            )

    def _show_error(self, error: UserError) -> None:
        self._feedback.error(error, _("Save elsewhere …"), self._save_elsewhere)

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
        """Write the project to another place and go on there; the copy that was kept goes.

        Nothing is done for the file that is open, whichever of its names is chosen.
        """
        workspace = self._workspace()
        if workspace is None or self._copies.running:
            return
        with contextlib.suppress(OSError):
            if path.samefile(workspace.project.path):
                return
        self._copies.write(workspace, path)


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


def closed_without_file_error(old: Path, state: FileState, kept: Path) -> UserError:
    """What to say of a project that was closed when its file had just been deleted."""
    return UserError(
        deleted_error(old, state).sentence,
        _("Nothing is lost: a copy was kept, {path}.").format(path=kept),
    )


def _dialog_is_open() -> bool:
    return QApplication.activeModalWidget() is not None


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
