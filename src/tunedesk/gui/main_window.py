"""The window: menu bar, rail, pages and status line around one open project.

What only an open project or a dialog needs is imported there: the window must show at once.
"""

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QByteArray, QSize, Qt, QTimer
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent, QKeyEvent
from PySide6.QtWidgets import (
    QAbstractButton,
    QHBoxLayout,
    QMainWindow,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from tunedesk.errors import UserError
from tunedesk.gui.actions import Actions
from tunedesk.gui.background import Background
from tunedesk.gui.crash_report import CrashHandler
from tunedesk.gui.feedback import Feedback
from tunedesk.gui.menu_bar import Menus, ViewActions
from tunedesk.gui.new_project import is_project
from tunedesk.gui.project_opener import ProjectOpener
from tunedesk.gui.rail import PAGES, Rail
from tunedesk.gui.status_line import StatusLine
from tunedesk.gui.theme import Theme
from tunedesk.gui.welcome.page import WelcomePage
from tunedesk.gui.widgets.layouts import focus_next
from tunedesk.i18n import _
from tunedesk.lazy_imports import importing
from tunedesk.settings import Settings

if TYPE_CHECKING:
    from tunedesk.gui.file_follower import FileFollower
    from tunedesk.gui.workspace import PageMaker, Workspace
    from tunedesk.project.project import Project
    from tunedesk.services.keys import Keys

SMALLEST = (800, 480)
"""What a screen of 1280x800 has at a scale of 150 %, less the panels of a desktop."""
USUAL = (1280, 800)


class MainWindow(QMainWindow):
    """Shows the welcome page, or the workspace of the open project.

    Attributes:
        feedback: Shows messages, errors and questions.
        actions_: Every action of the window.
        workspace: The open project with its pages; None on the welcome page.
    """

    def __init__(
        self, settings: Settings, theme: Theme, make_page: "PageMaker | None" = None
    ) -> None:
        """Build the window; it shows the welcome page until `open_path` is called.

        Args:
            settings: The user's settings, kept up to date.
            theme: The theme of the application.
            make_page: Makes the page of examples; a test may bring its own.
        """
        super().__init__()
        self._settings = settings
        self._theme = theme
        self._make_page = make_page
        self._told_at_close = False
        self._keys: Keys | None = None
        self._follower: FileFollower | None = None
        self.background = Background(self)
        self.feedback = Feedback(self, theme)
        self.actions_ = Actions(settings, self)
        self.workspace: Workspace | None = None
        self.crashes = CrashHandler(theme, self.flush, self)
        self.background.crashed.connect(self.crashes.handle)
        self.background.user_error.connect(self._show_error)
        self.crashes.user_error.connect(self._show_error)
        self.opener = ProjectOpener(self, self, settings, theme, self.background, self.feedback)
        self._connect_actions()
        self.actions_.add_to(self)
        self.menus = Menus(self.menuBar(), self.actions_, settings)
        self.menus.open_requested.connect(self.open_path)
        self._build()
        self.setMinimumSize(*SMALLEST)
        self.setAcceptDrops(True)
        self._restore_geometry()
        self.show_welcome()

    def _build(self) -> None:
        self.rail = Rail(self._theme, self.actions_)
        self.welcome = WelcomePage(self._settings, self.actions_, self._theme)
        self.welcome.open_requested.connect(self.open_path)
        for page in PAGES:
            self.rail.add_page(page.name, page.action_id, page.name, page.title)
        self.stack = QStackedWidget()
        self.stack.addWidget(self.welcome)
        self.status = StatusLine(self._theme, self.feedback.progress_line)
        middle = QHBoxLayout()
        middle.setSpacing(0)
        middle.addWidget(self.rail)
        middle.addWidget(self.stack, 1)
        central = QWidget()
        outer = QVBoxLayout(central)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        outer.addLayout(middle, 1)
        outer.addWidget(self.status)
        self.setCentralWidget(central)

    def _connect_actions(self) -> None:
        bind = self.actions_.bind
        bind("project.new", self.opener.new_project)
        bind("project.open", self.opener.choose_and_open)
        bind("project.sample", self.opener.open_sample)
        bind("project.rescue", lambda: self.opener.recovery().choose_and_rescue())
        bind("project.kept", lambda: self.opener.recovery().show_kept_copies())
        bind("app.preferences", self.show_preferences)
        bind("app.quit", self._quit)
        bind("help.keys", self.show_keys)
        bind("help.guide", self.show_guide)
        bind("help.about", self.show_about)
        self.view = ViewActions(self, self.actions_, self._theme, self._settings)

    # Opening and closing

    def open_at_start(self, path: Path | None) -> None:
        """Open a file, or the sample for None, as soon as the window shows.

        Until then it is empty: the welcome page would only flash by.
        """
        blank = QWidget()
        self.stack.addWidget(blank)
        self.stack.setCurrentWidget(blank)

        def begin() -> None:
            try:
                self.open_path(path) if path is not None else self.opener.open_sample()
            finally:
                self.stack.removeWidget(blank)
                blank.deleteLater()
                if self.workspace is None and self.opener.preparing is None:
                    self.show_welcome()

        QTimer.singleShot(0, self, begin)

    def open_path(self, path: Path) -> None:
        """Open a project, or bring a data file into a new one."""
        self.opener.open_path(path)

    def close_project(self) -> None:
        """Close the project and go back to the welcome page."""
        self.leave()
        if not self.opener.show_preparing():
            self.show_welcome()

    def keys(self) -> "Keys":
        """The keys of services; one for this run only lasts as long as the window."""
        if self._keys is None:
            with importing("tunedesk.services.keys"):
                from tunedesk.services.keys import Keys

            self._keys = Keys()
        return self._keys

    def flush(self) -> None:
        """Write down what was typed a moment ago."""
        if self.workspace is not None:
            self.workspace.flush()

    # What shows

    def show_welcome(self) -> None:
        """Show the welcome page; no project is open."""
        self.rail.hide()
        self.status.hide()
        self.welcome.refresh()
        self.stack.setCurrentWidget(self.welcome)
        self.setWindowTitle("Tunedesk")
        self.setWindowFilePath("")
        self.menus.refresh()
        self.welcome.focus_main_part()

    def show_workspace(self, project: "Project") -> None:
        """Show a project that has just been opened."""
        with importing("tunedesk.gui.file_follower", "tunedesk.gui.workspace"):
            from tunedesk.gui.file_follower import FileFollower
            from tunedesk.gui.workspace import Workspace

        try:
            if self._make_page is None:
                with importing("tunedesk.gui.examples.page"):
                    from tunedesk.gui.examples.page import ExamplesPage

                self._make_page = ExamplesPage
            workspace = Workspace(
                project,
                self._settings,
                self.background,
                self.feedback,
                self.actions_,
                self._theme,
                self._make_page,
                self.keys,
            )
        except Exception:
            # A bug, and on its way to the crash report; the project must not stay locked.
            project.close()
            self.show_welcome()
            raise
        self.workspace = workspace
        path = project.path
        self._settings.remember_project(path)
        self._settings.save()
        self.actions_.bind("project.close", self.close_project)
        self.actions_.bind("project.backups", lambda: self.opener.recovery().show_backups())
        workspace.page_shown.connect(lambda _name: self.menus.refresh())
        if self._follower is None:
            self._follower = FileFollower(
                self,
                self.background,
                self.feedback,
                lambda: self.workspace,
                self.opener.go_on_in,
                self.close_project,
            )
        workspace.file_changed.connect(self._follower.follow)
        workspace.show_in(self.stack, self.rail, self.status)
        self._follower.tell_of_kept_copy(path)
        self.rail.show()
        self.status.show()
        title = (
            _("{project} (read only) – Tunedesk")
            if workspace.project.read_only
            else _("{project} – Tunedesk")
        )
        self.setWindowTitle(title.format(project=path.stem))
        self.setWindowFilePath(str(path))
        self.menus.refresh()

    def leave(self) -> None:
        """Close the open project, with everything on the disk."""
        if self.workspace is None:
            return
        if self._follower is not None:
            self._follower.keep_before_closing()
        workspace, self.workspace = self.workspace, None
        self._settings.places[str(workspace.project.path)] = workspace.view_state()
        self._settings.save()
        self.actions_.release("project.close", "project.backups")
        try:
            workspace.close()
        except UserError:
            self.show_welcome()  # it is closed all the same
            raise

    # Dialogs

    def show_keys(self) -> None:
        """Show all keys."""
        with importing("tunedesk.gui.help_dialogs"):
            from tunedesk.gui.help_dialogs import KeysDialog

        KeysDialog(self._theme, self.actions_, self).open()

    def show_preferences(self) -> None:
        """Show what can be chosen."""
        with importing("tunedesk.gui.preferences"):
            from tunedesk.gui.preferences import PreferencesDialog

        dialog = PreferencesDialog(self._theme, self._settings, self.background, self)
        dialog.changed.connect(self.view.refresh)
        dialog.changed.connect(self._name_author)
        dialog.open()

    def _name_author(self) -> None:
        """The history names who works here as they have just said."""
        if self.workspace is not None:
            self.workspace.project.set_author(self._settings.author)

    def show_guide(self) -> None:
        """Say in a few words how one works with the program."""
        with importing("tunedesk.gui.help_dialogs"):
            from tunedesk.gui.help_dialogs import GuideDialog

        GuideDialog(self._theme, self.actions_, self).open()

    def show_about(self) -> None:
        """Say what this program is."""
        with importing("tunedesk.gui.help_dialogs"):
            from tunedesk.gui.help_dialogs import AboutDialog

        AboutDialog(self._theme, self).open()

    # The window itself

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter presses the focused button, as everybody expects; Qt does so in dialogs only."""
        focused = self.focusWidget()
        plain = event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        enter = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
        if enter and not plain and isinstance(focused, QAbstractButton) and focused.isEnabled():
            focused.click()
            return
        super().keyPressEvent(event)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Take files of this computer that no page took."""
        if any(url.isLocalFile() for url in event.mimeData().urls()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Open the project, or bring the files in."""
        paths = [Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()]
        event.acceptProposedAction()
        if self.workspace is not None and not any(map(is_project, paths)):
            self.workspace.import_files(paths)
        elif paths:
            self.open_path(paths[0])

    def focusNextPrevChild(self, forward: bool) -> bool:
        """Let Tab go through the window as its widgets stand, round and round."""
        self.feedback.remember_focus()
        return focus_next(self, forward)

    def closeEvent(self, event: QCloseEvent) -> None:
        """Write what is not written, remember the place, end the threads.

        Nothing is asked, but once whether training shall go on; and never when the system ends
        the program.
        """
        if event.spontaneous() and self._asks_about_training():
            event.ignore()
            return
        self._settings.window["geometry"] = bytes(self.saveGeometry().toBase64().data()).decode(
            "ascii"
        )
        self._settings.save()
        try:
            self.flush()
            if self._follower is not None:
                self._follower.keep_before_closing()
        except UserError as error:
            # The disk is full, say. Told once; whoever closes again has decided.
            if not self._told_at_close:
                self._told_at_close = True
                self.feedback.error(error)
                event.ignore()
                return
            self._follower = None
        self.hide()
        try:
            self.opener.stop_preparing()
            with contextlib.suppress(UserError):  # told the first time
                self.leave()
        except Exception as failure:
            self.crashes.keep(failure)
        finally:
            self.background.close()
            self.crashes.uninstall()
            event.accept()

    def _quit(self) -> None:
        if not self._asks_about_training():
            self.close()

    def _asks_about_training(self) -> bool:
        """Whether the user is now being asked."""
        if self.workspace is None or not self.workspace.trains_here:
            return False
        with importing("tunedesk.gui.workspace"):
            from tunedesk.gui.workspace import ask_about_training

        return ask_about_training(self._settings, self.feedback, self.close)

    def _restore_geometry(self) -> None:
        stored = self._settings.window.get("geometry")
        if isinstance(stored, str) and self.restoreGeometry(
            QByteArray.fromBase64(stored.encode("ascii", "ignore"))
        ):
            # It may have been kept on a larger screen, or at a smaller scale.
            if not self.screen().availableGeometry().contains(self.frameGeometry()):
                self._fit(self.size())
            return
        self._fit(QSize(*USUAL))

    def _fit(self, wanted: QSize) -> None:
        """Take a size, or all of the screen where that is smaller."""
        self.resize(wanted)
        screen = self.screen().availableGeometry()
        if screen.width() <= wanted.width() or screen.height() <= wanted.height():
            self.resize(wanted.boundedTo(screen.size()))
            self.setWindowState(Qt.WindowState.WindowMaximized)

    def _show_error(self, error: UserError) -> None:
        """Show what went wrong in the background; that the file has moved is told once, apart."""
        with importing("tunedesk.project.damage"):
            from tunedesk.project.damage import ProjectFileMovedError

        if not isinstance(error, ProjectFileMovedError):
            self.feedback.error(error)
