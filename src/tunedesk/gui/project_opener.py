"""Makes projects, opens them, and brings data files into new ones.

What is only needed when there is something to open is imported there: the window must show at once.
"""

import contextlib
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QApplication,
    QFileDialog,
    QLineEdit,
    QPlainTextEdit,
    QProgressBar,
    QPushButton,
    QStackedWidget,
    QTextEdit,
    QWidget,
)

from tunedesk.errors import UserError
from tunedesk.gui.actions import is_letter
from tunedesk.gui.background import Background, Task
from tunedesk.gui.feedback import Feedback
from tunedesk.gui.new_project import is_project, project_for, sample_file
from tunedesk.gui.theme import Theme
from tunedesk.gui.welcome.page import WelcomePage
from tunedesk.gui.widgets.cards import EmptyState
from tunedesk.i18n import _
from tunedesk.lazy_imports import importing
from tunedesk.paths import documents_dir
from tunedesk.progress import Progress
from tunedesk.settings import Settings

if TYPE_CHECKING:
    from tunedesk.gui.recovery import Recovery
    from tunedesk.gui.workspace import Workspace
    from tunedesk.project.project import Project


class ProjectWindow(Protocol):
    """What the window does for it."""

    workspace: "Workspace | None"
    stack: QStackedWidget
    welcome: WelcomePage

    def leave(self) -> None:
        """Close the open project, with everything on the disk."""

    def close_project(self) -> None:
        """Close the open project and show the welcome page."""

    def show_workspace(self, project: "Project") -> None:
        """Show a project that has just been opened."""

    def show_welcome(self) -> None:
        """Show the welcome page."""


LOOK_AGAIN_MS, LOOKS = 40, 75
"""How often, and how many times, the text is looked for that had the focus: for three seconds."""


class TypingPlace(QObject):
    """Where somebody was typing when the project was opened again under their hands.

    What is typed until the text is there again goes into it: letters are actions elsewhere, and
    would approve and reject.
    """

    def __init__(self, kind: type[QWidget], name: str, position: int) -> None:
        super().__init__()
        self._kind, self._name, self._position = kind, name, position
        self._typed = ""
        self._looks = 0
        self._window: QWidget | None = None
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._look)

    @classmethod
    def of(cls, widget: QWidget | None) -> "TypingPlace | None":
        """The place of the cursor in a text; None if the focus is in none."""
        if isinstance(widget, QTextEdit | QPlainTextEdit):
            return cls(type(widget), widget.accessibleName(), widget.textCursor().position())
        if isinstance(widget, QLineEdit):
            return cls(type(widget), widget.accessibleName(), widget.cursorPosition())
        return None

    def return_to(self, window: QWidget) -> None:
        """Put the cursor back as soon as the same text shows in the window."""
        self._window = window
        self.setParent(window)
        window.installEventFilter(self)
        self._timer.start(LOOK_AGAIN_MS)

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
        """Keep letters from the actions of the window."""
        asks = event.type() == QEvent.Type.ShortcutOverride
        if asks and isinstance(event, QKeyEvent) and is_letter(event):
            self._typed += event.text()
            event.accept()
            return True
        return False

    def _look(self) -> None:
        self._looks += 1
        if self._window is None:
            return
        for text in self._window.findChildren(self._kind):
            if text.accessibleName() == self._name and text.isVisible() and text.isEnabled():
                self._begin_again(text)
                self._end()
                return
        if self._looks >= LOOKS:
            self._end()

    def _begin_again(self, text: QWidget) -> None:
        text.setFocus()
        if isinstance(text, QTextEdit | QPlainTextEdit):
            cursor = text.textCursor()
            cursor.setPosition(min(self._position, len(text.toPlainText())))
            text.setTextCursor(cursor)
            text.insertPlainText(self._typed)
        elif isinstance(text, QLineEdit):
            text.setCursorPosition(self._position)
            text.insert(self._typed)

    def _end(self) -> None:
        self._timer.stop()
        if self._window is not None:
            self._window.removeEventFilter(self)
        self.deleteLater()


class Preparation(QObject):
    """Opens a project in a thread, where that takes long, and hands it over open.

    It has threads of its own: those of the window are stopped whenever a project closes.

    Attributes:
        path: The project.
        page: What shows meanwhile where no other project is open.

    Signals:
        opened: The open `Project`.
        failed: Why it cannot be opened, as a `UserError`.
        ended: After one of these, or after Cancel.
    """

    opened = Signal(object)
    failed = Signal(object)
    ended = Signal()

    def __init__(
        self, path: Path, theme: Theme, background: Background, feedback: Feedback
    ) -> None:
        super().__init__()
        self.path = path
        self._project: Project | None = None
        self._background = Background(self)
        self._background.crashed.connect(background.crashed)
        self._task: Task | None = None
        title = _("Bringing “{name}” up to date").format(name=path.stem)
        self.page = EmptyState(
            theme,
            "check",
            title,
            _("It comes from an older version, or much was under way. This happens once."),
        )
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        self._bar.setRange(0, 0)
        self._bar.setAccessibleName(title)
        self._cancel = QPushButton(_("Cancel"))
        self._cancel.clicked.connect(self.cancel)
        self.page.add_button(self._bar)
        self.page.add_button(self._cancel)
        self._progress = feedback.progress(title, self.cancel)

    def start(self, author: str, project: "Project | None" = None) -> None:
        """Begin.

        Args:
            author: Who opens it; empty for the system's user.
            project: The project, where it is open already and has work to finish.
        """
        self._task = self._background.run(
            self._open,
            author,
            project,
            on_error=self.failed.emit,
            on_progress=self._report,
            on_finished=self._on_finished,
        )

    def _report(self, done: int, total: int | None) -> None:
        self._bar.setRange(0, total or 0)
        self._bar.setValue(done)
        self._progress.report(done, total)

    def cancel(self) -> None:
        """Stop; the project is as it was, or what is left is done the next time."""
        self._cancel.setEnabled(False)
        if self._task is not None:
            self._task.cancel()

    def close(self) -> None:
        """Stop, and wait until it has; nothing is signalled any more."""
        self._background.close()
        self._give_up()
        self._progress.close()
        self.page.setParent(None)
        self.page.deleteLater()
        self.deleteLater()

    def _open(self, author: str, project: "Project | None", progress: Progress) -> None:
        with importing("tunedesk.project.project"):
            from tunedesk.project.project import Project

        if project is None:
            project = Project.open(self.path, author=author, progress=progress, finish=False)
        try:
            project.finish_interrupted(progress)
        except BaseException:
            project.close()
            raise
        self._project = project

    def _on_finished(self) -> None:
        if self._task is not None and not self._task.cancelled and self._project is not None:
            project, self._project = self._project, None
            self.opened.emit(project)
        self.ended.emit()

    def _give_up(self) -> None:
        if self._project is not None:
            self._project.close()
            self._project = None


class ProjectOpener(QObject):
    """Opens projects in one window.

    Attributes:
        preparing: What is under way before a project can be opened; None for nothing.
    """

    def __init__(
        self,
        window: ProjectWindow,
        parent: QWidget,
        settings: Settings,
        theme: Theme,
        background: Background,
        feedback: Feedback,
    ) -> None:
        super().__init__(parent)
        self._window = window
        self._parent = parent
        self._settings = settings
        self._theme = theme
        self._background = background
        self._feedback = feedback
        self._recovery: Recovery | None = None
        self.preparing: Preparation | None = None

    def open_path(self, path: Path) -> None:
        """Open a project, or bring a data file into a new one."""
        path = path.expanduser().absolute()
        if is_project(path):
            self._open_project(path)
        elif not path.is_file():
            self._feedback.error(
                UserError(
                    _("{name} is not there.").format(name=path.name),
                    _("It may have been moved or renamed."),
                )
            )
        elif self._window.workspace is not None:
            self._window.workspace.import_files([path])
        else:
            self._bring_in(path, project_for(path))

    def new_project(self) -> None:
        """Ask for a name and begin on a blank page."""
        with importing("tunedesk.gui.new_project"):
            from tunedesk.gui.new_project import NewProjectDialog

        dialog = NewProjectDialog(self._theme, documents_dir(), self._parent)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.accepted.connect(lambda: self._create(dialog.path))
        dialog.open()

    def choose_and_open(self) -> None:
        """Ask for a project or a data file and open it."""
        dialog = QFileDialog(self._parent, _("Open"), str(self._folder()))
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.setNameFilters(
            [
                _("Projects and data (*.tunedesk *.jsonl *.json *.ndjson)"),
                _("All files (*)"),
            ]
        )
        dialog.fileSelected.connect(lambda name: self.open_path(Path(name)))
        dialog.open()

    def open_sample(self) -> None:
        """Open the sample: the project made from it before, or a new one."""
        path = documents_dir() / (_("Night library") + ".tunedesk")
        if path.exists():
            self._open_project(path)
        else:
            self._bring_in(sample_file(), path)

    def _create(self, path: Path) -> bool:
        with importing("tunedesk.project.project"):
            from tunedesk.project.project import Project

        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            project = Project.create(path, self._settings.author)
        except OSError as error:
            self._feedback.error(
                UserError(
                    _("The project could not be made: {reason}.").format(reason=error.strerror),
                    _("Choose another folder."),
                )
            )
            return False
        except UserError as error:
            self._feedback.error(error)
            return False
        self.stop_preparing()
        self._show(project)
        return True

    def _open_project(self, path: Path) -> bool:
        """Open a project at once, or begin to in a thread if that takes long.

        Returns:
            False if it cannot be opened.
        """
        with importing("tunedesk.project.opening", "tunedesk.project.project"):
            from tunedesk.project.opening import opens_slowly
            from tunedesk.project.project import Project

        workspace = self._window.workspace
        if workspace is not None and _is_same_file(workspace.project.path, path):
            self.stop_preparing()
            return True
        if self.preparing is not None and _is_same_file(self.preparing.path, path):
            return True
        self.stop_preparing()
        if opens_slowly(path):
            self._prepare(path)
            return True
        try:
            project = Project.open(path, author=self._settings.author, finish=False)
            with closed_on_error(project):
                if project.finishes_slowly():
                    self._prepare(path, project)
                    return True
                project.finish_interrupted()
        except UserError as error:
            self._on_not_opened(path, error)
            return False
        self._show(project)
        return True

    def _show(self, project: "Project") -> None:
        with closed_on_error(project):
            self._window.leave()
        self._window.show_workspace(project)

    def _on_not_opened(self, path: Path, error: UserError) -> None:
        if not path.exists():
            self._forget(path)
        with importing("tunedesk.project.damage"):
            from tunedesk.project.damage import ProjectDamagedError

        if isinstance(error, ProjectDamagedError):
            help_text = _("What can be done…")
            self._feedback.error(error, help_text, lambda: self.recovery().offer(path))
        else:
            self._feedback.error(error)

    def _prepare(self, path: Path, project: "Project | None" = None) -> None:
        """Open a project in a thread and show it then.

        Args:
            path: The project.
            project: The same, where it is open already and has work to finish.
        """
        self.preparing = Preparation(path, self._theme, self._background, self._feedback)
        self._window.stack.addWidget(self.preparing.page)
        if self._window.workspace is None:
            self.show_preparing()
        self.preparing.failed.connect(partial(self._on_not_opened, path))
        self.preparing.opened.connect(self._show)
        self.preparing.ended.connect(self._on_prepared)
        self.preparing.start(self._settings.author, project)

    def show_preparing(self) -> bool:
        """Show what is under way before a project can be opened; False if nothing is."""
        if self.preparing is None:
            return False
        self._window.show_welcome()
        self._window.stack.setCurrentWidget(self.preparing.page)
        return True

    def stop_preparing(self) -> None:
        """Open no longer what is being opened in a thread."""
        preparing, self.preparing = self.preparing, None
        if preparing is not None:
            preparing.close()

    def _on_prepared(self) -> None:
        self.stop_preparing()
        if self._window.workspace is None:
            self._window.show_welcome()

    def recovery(self) -> "Recovery":
        """What goes back to backups and rescues damaged projects."""
        if self._recovery is None:
            with importing("tunedesk.gui.recovery"):
                from tunedesk.gui.recovery import Recovery

            self._recovery = Recovery(
                window=self._parent,
                theme=self._theme,
                background=self._background,
                feedback=self._feedback,
                open_project=self._open_project_path,
                close_project=self._window.close_project,
                open_path=self.open_path,
            )
        return self._recovery

    def _open_project_path(self) -> Path | None:
        workspace = self._window.workspace
        return None if workspace is None else workspace.project.path

    def go_on_in(self, path: Path) -> bool:
        """Open the project again in another file, with the user where they were."""
        if self._window.workspace is None:
            return False
        old = self._window.workspace.project.path
        typing = TypingPlace.of(QApplication.focusWidget())
        self._window.leave()
        self._settings.places[str(path)] = self._settings.places.pop(str(old), {})
        if not old.exists():
            self._forget(old)
        if self._open_project(path):
            if typing is not None:
                typing.return_to(self._parent)
            return True
        self._window.show_welcome()
        return False

    def _bring_in(self, data_file: Path, project: Path) -> None:
        if self._create(project) and self._window.workspace is not None:
            self._window.workspace.import_files([data_file])

    def _forget(self, path: Path) -> None:
        name = str(path)
        if name in self._settings.recent_projects:
            self._settings.recent_projects.remove(name)
            self._settings.save()
            self._window.welcome.refresh()

    def _folder(self) -> Path:
        """Where the user most likely looks for a file."""
        recent = [Path(name).parent for name in self._settings.recent_projects]
        return next((p for p in [*recent, documents_dir()] if p.is_dir()), Path.home())


@contextlib.contextmanager
def closed_on_error(project: "Project") -> Iterator[None]:
    """Close a project if something fails: it must not stay locked."""
    try:
        yield
    except BaseException:
        project.close()
        raise


def _is_same_file(one: Path, other: Path) -> bool:
    """Whether two names are of one file, by links or other ways."""
    try:
        return one.samefile(other)
    except OSError:
        return one == other
