"""What brings a project back: its backups, and the rescue of what can be read of a damaged one."""

import contextlib
from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import QLocale, QObject, QSize, Qt, QTimer, Signal
from PySide6.QtWidgets import (
    QFileDialog,
    QListWidget,
    QListWidgetItem,
    QPlainTextEdit,
    QProgressBar,
    QWidget,
)

from tunedesk.errors import UserError
from tunedesk.gui.background import Background, Task
from tunedesk.gui.dates import moment_text
from tunedesk.gui.feedback import Feedback
from tunedesk.gui.new_project import free_path
from tunedesk.gui.theme import Theme
from tunedesk.gui.widgets.dialog import Dialog
from tunedesk.gui.widgets.labels import Label
from tunedesk.i18n import _, ngettext
from tunedesk.paths import documents_dir
from tunedesk.progress import Progress
from tunedesk.project.backups import (
    Backup,
    KeptCopy,
    back_up,
    backups_of,
    delete_kept_copy,
    go_back,
    is_due,
    kept_copies,
)
from tunedesk.project.project import Project
from tunedesk.project.rescue import RescueReport, rescue

ROW_PADDING = 12
LOOK_FOR_BACKUP_MS = 600_000
"""Whether a backup is due is looked at every ten minutes."""


class RollingBackups(QObject):
    """Makes backups of the open project in a thread, when they are due."""

    def __init__(
        self, project: Project, background: Background, feedback: Feedback, parent: QObject
    ) -> None:
        super().__init__(parent)
        self._project = project
        self._background = background
        self._feedback = feedback
        self._task: Task | None = None
        self._told = False
        self._timer = QTimer(self)
        self._timer.timeout.connect(self.look)
        self._timer.start(LOOK_FOR_BACKUP_MS)
        self.look()

    def look(self) -> None:
        """Make a backup if one is due and none is being made."""
        if self._task is None or self._task.done:
            self._task = self._background.run(
                _back_up_if_due, self._project, on_error=self._show_error
            )

    def close(self) -> None:
        """The project closes."""
        self._timer.stop()
        if self._task is not None:
            self._task.cancel()

    def _show_error(self, error: UserError) -> None:
        # Once: it is tried again and again, and the window is for something else.
        if not self._told:
            self._told = True
            self._feedback.error(error)


def _back_up_if_due(project: Project, progress: Progress) -> None:
    with contextlib.closing(project.handle()) as handle:
        if is_due(handle):
            back_up(handle, progress)


class Recovery(QObject):
    """Goes back to a backup, and rescues a damaged project, from the window."""

    def __init__(
        self,
        *,
        window: QWidget,
        theme: Theme,
        background: Background,
        feedback: Feedback,
        open_project: Callable[[], Path | None],
        close_project: Callable[[], None],
        open_path: Callable[[Path], object],
    ) -> None:
        """Begin without doing anything.

        Args:
            window: The window, for dialogs.
            theme: Their look.
            background: Where the work runs.
            feedback: Tells what came of it.
            open_project: Gives the file of the open project; None without.
            close_project: Closes the open project.
            open_path: Opens a project.
        """
        super().__init__(window)
        self._window = window
        self._theme = theme
        self._background = background
        self._feedback = feedback
        self._open_project = open_project
        self._close_project = close_project
        self._open_path = open_path

    def show_backups(self) -> None:
        """Show the backups of the open project."""
        path = self._open_project()
        if path is not None:
            self.offer(path)

    def show_kept_copies(self) -> "KeptCopiesDialog":
        """Show the copies of projects that lost their file while they were open."""
        dialog = KeptCopiesDialog(self._theme, self._feedback, self._window)
        dialog.open_asked.connect(self._open_path)
        dialog.open()
        return dialog

    def offer(self, path: Path) -> "RecoveryDialog":
        """Show what can be done for a project: its backups, and a rescue."""
        dialog = RecoveryDialog(self._theme, path, backups_of(path), self._window)
        dialog.go_back_asked.connect(lambda backup: self.go_back(path, backup))
        dialog.rescue_asked.connect(lambda: self.rescue(path))
        dialog.open()
        return dialog

    def choose_and_rescue(self) -> None:
        """Ask which project is damaged."""
        path = self._open_project()
        folder = documents_dir() if path is None else path.parent
        dialog = QFileDialog(self._window, _("Which project is damaged?"), str(folder))
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.setNameFilters([_("Projects (*.tunedesk)"), _("All files (*)")])
        dialog.fileSelected.connect(lambda name: self.rescue(Path(name)))
        dialog.open()

    def go_back(self, path: Path, backup: Backup) -> None:
        """Close the project if it is open, put the backup in its place, and open it again."""
        self._close(path)
        waiting = WorkDialog(self._theme, _("Going back to a backup…"), None, self._window)

        def done(_kept: Backup | None) -> None:
            self._open_path(path)
            self._feedback.toast(
                _("The project is as it was on {when}. What it was just now is a backup too.")
                .format(when=when_text(backup))
            )  # fmt: skip

        def failed(error: UserError) -> None:
            self._open_path(path)
            self._feedback.error(error)

        waiting.open()
        self._background.run(
            go_back, path, backup, on_result=done, on_error=failed, on_finished=waiting.end
        )

    def rescue(self, path: Path) -> None:
        """Write what can be read into a new project beside it, and open that."""
        self._close(path)
        out = free_path(path.parent, _("{name} rescued").format(name=path.stem))
        title = _("Rescuing “{name}”…").format(name=path.stem)
        task: Task | None = None
        waiting = WorkDialog(
            self._theme, title, lambda: task.cancel() if task else None, self._window
        )

        def done(report: RescueReport) -> None:
            self._open_path(report.path)
            if report.lines:
                RescueDialog(self._theme, report, self._window).open()
            else:
                self._feedback.toast(rescued_sentence(report))

        waiting.open()
        task = self._background.run(
            rescue,
            path,
            out,
            on_result=done,
            on_error=self._feedback.error,
            on_progress=waiting.report,
            on_finished=waiting.end,
        )

    def _close(self, path: Path) -> None:
        shown = self._open_project()
        if shown is not None and (shown == path or _is_same(shown, path)):
            self._close_project()


def _is_same(one: Path, other: Path) -> bool:
    try:
        return one.samefile(other)
    except OSError:
        return False


class RecoveryDialog(Dialog):
    """The backups of a project, the newest first; and the way to a rescue.

    Attributes:
        list: The backups.

    Signals:
        go_back_asked: The `Backup` to go back to.
        rescue_asked: What can be read of the project as it is shall be rescued.
    """

    go_back_asked = Signal(object)
    rescue_asked = Signal()

    def __init__(
        self, theme: Theme, path: Path, backups: Sequence[Backup], parent: QWidget | None = None
    ) -> None:
        title = _("Backups of “{name}”").format(name=path.stem)
        super().__init__(theme, title, parent=parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.be_large(620, 480)
        self._backups = [backup for backup in backups if not backup.damaged]
        words = (
            _("Choose what to go back to. What the project is now becomes a backup too, so"
              " nothing is lost by it.")
            if self._backups
            else _("There are no backups of this project yet. They are made by themselves, about"
                   " every hour in which something changes, while the project is open.")
        )  # fmt: skip
        self.body.addWidget(Label(theme, words, "base", wrap=True))
        self.list = QListWidget()
        self.list.setAccessibleName(_("Backups, the newest first"))
        for backup in self._backups:
            item = QListWidgetItem(backup_text(backup))
            item.setSizeHint(QSize(0, self.fontMetrics().height() + ROW_PADDING))
            self.list.addItem(item)
        self.list.itemActivated.connect(lambda _item: self._go_back())
        self.body.addWidget(self.list, 1)
        self.rescue = self.add_button(_("Rescue what can be read"))
        self.rescue.setToolTip(
            _("Writes all that can be read of the project as it is into a new one")
        )
        self.rescue.clicked.connect(self._rescue)
        self.add_cancel()
        self.back = self.add_button(_("Go back"), "primary", default=True)
        self.back.clicked.connect(self._go_back)
        self.list.currentRowChanged.connect(lambda row: self.back.setEnabled(row >= 0))
        self.list.setVisible(bool(self._backups))
        if not self._backups:
            self.body.addStretch()
        self.back.setEnabled(False)
        self.list.setCurrentRow(0 if self._backups else -1)
        (self.list if self._backups else self.rescue).setFocus()

    def _go_back(self) -> None:
        row = self.list.currentRow()
        if 0 <= row < len(self._backups):
            self.accept()
            self.go_back_asked.emit(self._backups[row])

    def _rescue(self) -> None:
        self.accept()
        self.rescue_asked.emit()


class KeptCopiesDialog(Dialog):
    """The copies of projects that lost their file while they were open, the latest first.

    Each may be all that there is of a project, so none goes by itself.

    Attributes:
        list: The copies.

    Signals:
        open_asked: The file to open.
    """

    open_asked = Signal(object)

    def __init__(self, theme: Theme, feedback: Feedback, parent: QWidget | None = None) -> None:
        super().__init__(theme, _("Kept copies"), parent=parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.be_large(620, 420)
        self._feedback = feedback
        self._copies: list[KeptCopy] = []
        self._words = Label(theme, "", "base", wrap=True)
        self.body.addWidget(self._words)
        self.list = QListWidget()
        self.list.setAccessibleName(_("Kept copies, the latest first"))
        self.list.itemActivated.connect(lambda _item: self._open())
        self.list.currentRowChanged.connect(self._on_row)
        self.body.addWidget(self.list, 1)
        self.body.addStretch()
        self.remove = self.add_button(_("Delete…"))
        self.remove.clicked.connect(self._ask)
        self.close_button = self.add_button(_("Close"))
        self.close_button.clicked.connect(self.reject)
        self.open_button = self.add_button(_("Open"), "primary", default=True)
        self.open_button.clicked.connect(self._open)
        self._refresh()

    def _refresh(self) -> None:
        self._copies = kept_copies()
        self.list.clear()
        for copy in self._copies:
            item = QListWidgetItem(kept_copy_text(copy))
            item.setToolTip(str(copy.path))
            item.setSizeHint(QSize(0, self.fontMetrics().height() + ROW_PADDING))
            self.list.addItem(item)
        self._words.setText(kept_copies_text(self._copies))
        self.list.setVisible(bool(self._copies))
        self.list.setCurrentRow(0 if self._copies else -1)
        self._on_row(self.list.currentRow())
        (self.list if self._copies else self.close_button).setFocus()

    def _on_row(self, row: int) -> None:
        for button in (self.remove, self.open_button):
            button.setEnabled(row >= 0)

    def _chosen(self) -> KeptCopy | None:
        row = self.list.currentRow()
        return self._copies[row] if 0 <= row < len(self._copies) else None

    def _open(self) -> None:
        copy = self._chosen()
        if copy is not None:
            self.accept()
            self.open_asked.emit(copy.path)

    def _ask(self) -> None:
        copy = self._chosen()
        if copy is not None:
            self._feedback.confirm(
                _("Delete the copy of “{name}”?").format(name=copy.path.stem),
                _("It may be all that there is of this project. It cannot be brought back."),
                _("Delete the copy"),
                lambda: self._delete(copy),
                danger=True,
                parent=self,
            )

    def _delete(self, copy: KeptCopy) -> None:
        try:
            delete_kept_copy(copy.path)
        except UserError as error:
            self.reject()
            self._feedback.error(error)
            return
        self._refresh()


def kept_copies_text(copies: Sequence[KeptCopy]) -> str:
    """What kept copies are, how many there are and how large they are together."""
    if not copies:
        return _(
            "There are none. When the file of a project is deleted or replaced while it is open,"
            " Tunedesk goes on in a copy, which is kept until you delete it."
        )
    return ngettext(
        "The file of this project was deleted or replaced while it was open; Tunedesk keeps a copy"
        " until you delete it ({size}).",
        "The files of these {n} projects were deleted or replaced while they were open; Tunedesk"
        " keeps a copy of each until you delete it ({size} together).",
        len(copies),
    ).format(
        n=f"{len(copies):,}",
        size=QLocale().formattedDataSize(sum(copy.size for copy in copies)),
    )


def kept_copy_text(copy: KeptCopy) -> str:
    """A kept copy in one line: when it was written last, how large it is, its name."""
    return _("{when}, {size}: {name}").format(
        name=copy.path.stem,
        when=moment_text(int(copy.time * 1000)),
        size=QLocale().formattedDataSize(copy.size),
    )


class WorkDialog(Dialog):
    """Says what is being done while no project is open, with progress and Cancel."""

    def __init__(
        self,
        theme: Theme,
        title: str,
        on_cancel: Callable[[], object] | None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(theme, title, parent=parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setMinimumWidth(420)
        self._ended = False
        self._on_cancel = on_cancel
        self.bar = QProgressBar()
        self.bar.setRange(0, 0)
        self.bar.setAccessibleName(title)
        self.body.addWidget(self.bar)
        if on_cancel is not None:
            self.add_cancel()

    def report(self, done: int, total: int | None) -> None:
        """Show how far it came."""
        self.bar.setRange(0, total or 0)
        self.bar.setValue(done)

    def end(self) -> None:
        """The work has ended."""
        self._ended = True
        self.accept()

    def reject(self) -> None:
        """Escape and Cancel stop the work; it says itself when it has ended."""
        if not self._ended and self._on_cancel is not None:
            self._on_cancel()


class RescueDialog(Dialog):
    """What was rescued, and what could not be read."""

    def __init__(self, theme: Theme, report: RescueReport, parent: QWidget | None = None) -> None:
        super().__init__(theme, _("Rescued, but not all of it"), parent=parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.be_large(640, 480)
        self.body.addWidget(Label(theme, rescued_sentence(report), "base", wrap=True))
        self.list = QPlainTextEdit("\n".join(report.lines))
        self.list.setReadOnly(True)
        self.list.setTabChangesFocus(True)
        self.list.setAccessibleName(_("What could not be read"))
        self.body.addWidget(self.list, 1)
        if report.list_path is not None:
            kept = _("Also kept as {name}").format(name=report.list_path.name)
            self.add_note(Label(theme, kept, "small", "muted"))
        close = self.add_button(_("Close"), "primary", default=True)
        close.clicked.connect(self.accept)
        close.setFocus()


def rescued_sentence(report: RescueReport) -> str:
    """How much was rescued, and into which project."""
    return ngettext(
        "{n} example was rescued into “{name}”. The damaged project is as it was.",
        "{n} examples were rescued into “{name}”. The damaged project is as it was.",
        report.examples,
    ).format(n=f"{report.examples:,}", name=report.path.stem)


def when_text(backup: Backup) -> str:
    """When a backup was made."""
    return moment_text(int(backup.time * 1000))


def backup_text(backup: Backup) -> str:
    """A backup in one line: when, how many examples, how large."""
    size = QLocale().formattedDataSize(backup.size)
    if backup.before_going_back:
        text = ngettext(
            "{when}, before going back: {n} example, {size}",
            "{when}, before going back: {n} examples, {size}",
            backup.examples,
        )
    else:
        text = ngettext(
            "{when}: {n} example, {size}", "{when}: {n} examples, {size}", backup.examples
        )
    return text.format(when=when_text(backup), n=f"{backup.examples:,}", size=size)
