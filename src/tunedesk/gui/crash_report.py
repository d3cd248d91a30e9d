"""What happens when the program has a bug: the work is made safe, then a calm report to copy.

The report holds versions and places in the program, nothing of the user's data.
"""

import contextlib
import logging
import sys
import threading
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

import PySide6.QtCore
from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QPlainTextEdit, QWidget

import tunedesk
from tunedesk.errors import UserError
from tunedesk.gui.theme import Theme
from tunedesk.gui.widgets.dialog import Dialog
from tunedesk.gui.widgets.labels import Label
from tunedesk.i18n import _
from tunedesk.lazy_imports import importing
from tunedesk.paths import user_data_dir
from tunedesk.services.redaction import redacted

SPEAKING = (
    AttributeError,
    ImportError,
    IndexError,
    MemoryError,
    NameError,
    NotImplementedError,
    RecursionError,
    RuntimeError,
    TypeError,
    UnboundLocalError,
)
"""Exceptions whose message Python writes itself; that of others may quote the user's text."""

PACKAGES = ("PySide6-Essentials", "orjson", "jsonschema", "jsonschema-rs", "tiktoken", "gigatoken")


def versions() -> str:
    """The versions of the program and of what it stands on, a line each."""
    # Imported late: they would slow down every start.
    with importing("platform", "importlib.metadata"):
        import platform
        from importlib.metadata import PackageNotFoundError, version

    lines = [
        f"Tunedesk {tunedesk.__version__}",
        f"Python {platform.python_version()}, Qt {PySide6.QtCore.qVersion()}",
        f"{platform.system()} {platform.release()} ({platform.machine()})",
    ]
    for package in PACKAGES:
        try:
            lines.append(f"{package} {version(package)}")
        except PackageNotFoundError:
            lines.append(f"{package} missing")
    return "\n".join(lines)


def report_text(failure: BaseException) -> str:
    """The whole report: when, versions, and where in the program it happened."""
    when = time.strftime("%Y-%m-%d %H:%M:%S")
    parts = [f"Tunedesk crash report, {when}", versions(), *_chain(failure)]
    return redacted("\n\n".join(parts)) + "\n"


def _chain(failure: BaseException) -> list[str]:
    """A failure and what led to it, the first cause first."""
    chain: list[str] = []
    seen: set[int] = set()
    current: BaseException | None = failure
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        chain.append(_one(current))
        current = current.__cause__ or (
            None if current.__suppress_context__ else current.__context__
        )
    return chain[::-1]


def _one(failure: BaseException) -> str:
    frames = traceback.extract_tb(failure.__traceback__)
    lines = [
        f"  {_short(frame.filename)}:{frame.lineno} in {frame.name}: {frame.line}"
        for frame in frames
    ]
    return "\n".join([*lines, _named(failure)])


def _named(failure: BaseException) -> str:
    """The kind of the failure, with its message only where that cannot quote the user."""
    kind = type(failure)
    name = f"{kind.__module__}.{kind.__qualname__}".removeprefix("builtins.")
    if isinstance(failure, SPEAKING) or kind.__module__ == "sqlite3":
        message = str(failure).replace(str(Path.home()), "~")
        return f"{name}: {message}"
    if isinstance(failure, OSError) and failure.strerror:
        return f"{name}: {failure.strerror}"
    return f"{name} (its message is left out, it could quote your texts)"


def _short(filename: str) -> str:
    """A file's place without the folders that tell who the user is."""
    path = Path(filename)
    for folder in map(Path, sys.path):
        if folder.is_absolute() and path.is_relative_to(folder):
            return path.relative_to(folder).as_posix()
    return path.name


KEPT = 20
log = logging.getLogger(__name__)


class CrashHandler(QObject):
    """Takes every exception that nobody caught, in any thread.

    Signals:
        crashed: The exception; handled in the GUI thread.
        user_error: A `UserError` that nobody caught, to be shown as any other.
    """

    crashed = Signal(object)
    user_error = Signal(object)

    def __init__(
        self, theme: Theme, make_safe: Callable[[], None], parent: QObject | None = None
    ) -> None:
        """Begin without taking anything yet.

        Args:
            theme: For the dialog.
            make_safe: Writes down what the user typed last; called before anything is shown.
            parent: The owner.
        """
        super().__init__(parent)
        self._theme = theme
        self._make_safe = make_safe
        self._dialog: CrashDialog | None = None
        self.crashed.connect(self.handle)

    def install(self) -> None:
        """Take what reaches the interpreter's own hooks."""
        sys.excepthook = self._from_interpreter
        threading.excepthook = self._from_thread

    def uninstall(self) -> None:
        """Give the hooks back."""
        sys.excepthook = sys.__excepthook__
        threading.excepthook = threading.__excepthook__

    def handle(self, failure: BaseException) -> None:
        """Make the work safe, keep the report and show it; a second one joins the first.

        A `UserError` is no bug: what a view reads in passing may be damaged, or the disk be gone.
        """
        if isinstance(failure, UserError):
            self.user_error.emit(failure)
            return
        try:
            self._make_safe()
            safe = True
        except Exception as second:
            log.error("The last changes could not be written.\n%s", report_text(second))
            safe = False
        text, kept = self.keep(failure)
        if self._dialog is not None:
            self._dialog.add(text)
            return
        self._dialog = CrashDialog(self._theme, text, kept, safe, self._window())
        self._dialog.finished.connect(self._forget)
        self._dialog.open()

    def keep(self, failure: BaseException) -> tuple[str, Path | None]:
        """Write the report without showing it; returns it and its file."""
        text = report_text(failure)
        log.error("A bug was reported.\n%s", text)
        return text, _keep(text)

    def dialog(self) -> "CrashDialog | None":
        """The report that shows now."""
        return self._dialog

    def _window(self) -> QWidget | None:
        parent = self.parent()
        return parent if isinstance(parent, QWidget) else None

    def _forget(self) -> None:
        self._dialog = None

    def _from_interpreter(
        self,
        kind: type[BaseException],
        failure: BaseException,
        traceback: TracebackType | None,
    ) -> None:
        if isinstance(failure, KeyboardInterrupt):
            sys.__excepthook__(kind, failure, traceback)
            return
        self.crashed.emit(failure.with_traceback(traceback))

    def _from_thread(self, arguments: threading.ExceptHookArgs) -> None:
        if arguments.exc_value is not None:
            self.crashed.emit(arguments.exc_value)


class CrashDialog(Dialog):
    """Says that something went wrong inside, that the work is safe, and shows the report."""

    def __init__(
        self, theme: Theme, text: str, kept: Path | None, safe: bool, parent: QWidget | None
    ) -> None:
        super().__init__(theme, _("Something went wrong in Tunedesk"), parent=parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.resize(640, 460)
        words = (
            _("Your work is safe: every change is on the disk. You can go on working.")
            if safe
            else _(
                "The last second of typing may not be on the disk. Copy the text you were "
                "writing before you go on."
            )
        )
        self.body.addWidget(Label(theme, words, "base", wrap=True))
        self.body.addWidget(
            Label(
                theme,
                _(
                    "The report below tells the makers where it happened. It holds none of your "
                    "examples and no keys; nothing is sent."
                ),
                "base",
                "muted",
                wrap=True,
            )
        )
        self._report = QPlainTextEdit(text)
        self._report.setReadOnly(True)
        self._report.setFont(theme.font("mono"))
        self._report.setAccessibleName(_("Report"))
        self._report.setTabChangesFocus(True)
        self.body.addWidget(self._report, 1)
        if kept is not None:
            note = Label(theme, _("Also kept as {name}").format(name=kept.name), "small", "muted")
            self.add_note(note)
        self.copy = self.add_button(_("Copy report"))
        self.copy.clicked.connect(self._copy)
        close = self.add_button(_("Go on working"), "primary", default=True)
        close.clicked.connect(self.accept)
        close.setFocus()

    def text(self) -> str:
        """The report as it is shown and copied."""
        return self._report.toPlainText()

    def add(self, text: str) -> None:
        """Put a further report below."""
        self._report.appendPlainText("\n" + text)

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self.text())
        self.copy.setText(_("Copied"))


def _keep(text: str) -> Path | None:
    """Write the report beside earlier ones; a disk that is full keeps none."""
    with contextlib.suppress(OSError):
        folder = user_data_dir() / "reports"
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"crash-{time.strftime('%Y%m%d-%H%M%S')}.txt"
        path.write_text(text, encoding="utf-8")
        for old in sorted(folder.glob("crash-*.txt"))[:-KEPT]:
            old.unlink()
        return path
    return None
