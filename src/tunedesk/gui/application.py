"""Starts the window: settings, theme, crash report, garbage collection, signals, event loop."""

import gc
import signal
import socket
import sys
from pathlib import Path
from types import FrameType

from PySide6.QtCore import QObject, QSocketNotifier, QTimer
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QApplication, QWidget

from tunedesk.gui.main_window import MainWindow
from tunedesk.gui.theme import Theme
from tunedesk.gui.widgets import accessible_roles
from tunedesk.paths import APP_NAME, resource, settings_file
from tunedesk.settings import Settings

NAMES = ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")


class EndSignals(QObject):
    """Closes a window on the system's signals.

    Python runs its handlers only when the interpreter gets a turn, which an idle event loop never
    gives; so the signal's number is written into a socket that the event loop watches.
    """

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._window = window
        self._ours, self._theirs = socket.socketpair()
        for end in (self._ours, self._theirs):
            end.setblocking(False)
        self._notifier = QSocketNotifier(self._ours.fileno(), QSocketNotifier.Type.Read, self)
        self._notifier.activated.connect(self._read)
        self._old_fd = signal.set_wakeup_fd(self._theirs.fileno(), warn_on_full_buffer=False)
        self._old = {
            number: signal.signal(number, self._ignore)
            for name in NAMES
            if (number := getattr(signal, name, None)) is not None
        }

    def close(self) -> None:
        """Give the signals back."""
        signal.set_wakeup_fd(self._old_fd)
        for number, handler in self._old.items():
            signal.signal(number, handler)
        self._notifier.setEnabled(False)
        self._ours.close()
        self._theirs.close()

    def _read(self) -> None:
        self._ours.recv(64)
        self._window.close()

    def _ignore(self, _number: int, _frame: FrameType | None) -> None:
        """The socket tells; without a handler of Python nothing would be written to it."""


LOOK_EVERY_MS = 500


class GarbageCollector(QObject):
    """Collects from time to time, as Python would, as long as it lives."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        gc.disable()
        timer = QTimer(self)
        timer.timeout.connect(self.poll)
        timer.start(LOOK_EVERY_MS)

    def poll(self) -> None:
        """Collect the oldest generation that is due."""
        due = [
            generation
            for generation, (count, threshold) in enumerate(
                zip(gc.get_count(), gc.get_threshold(), strict=True)
            )
            if threshold and count > threshold
        ]
        if due:
            gc.collect(due[-1])


SWITCH_INTERVAL = 0.0002
"""How long a thread may hold Python's lock while the window waits for it. Every call into Qt gives
the lock away and asks for it again, so at the usual 5 ms a frame beside an import takes seconds."""


def run(
    path: Path | None = None,
    theme: str | None = None,
    *,
    sample: bool = False,
    settings: Settings | None = None,
) -> int:
    """Open the window and return when it has been closed.

    Args:
        path: A project to open, or a data file to bring into a new one.
        theme: "system", "light" or "dark" for this time only; None takes the user's choice.
        sample: Open the sample project, if no path is given.
        settings: The settings to use; None reads the user's own.

    Returns:
        The exit code.
    """
    sys.setswitchinterval(SWITCH_INTERVAL)
    settings = settings or Settings.load(settings_file())
    app = _application()
    GarbageCollector(app)
    look = Theme(theme or settings.theme, settings.zoom, app)
    look.apply(app)
    window = MainWindow(settings, look)
    window.crashes.install()
    window.actions_.watch(app)
    ends = EndSignals(window)
    if path is not None or sample:
        window.open_at_start(path)
    window.show()
    code = app.exec()
    window.close()
    ends.close()
    return code


def _application() -> QApplication:
    """The application object; there is one in a process."""
    app = QApplication.instance()
    if not isinstance(app, QApplication):
        app = QApplication(sys.argv[:1])
    app.setApplicationName(APP_NAME)
    app.setApplicationDisplayName(APP_NAME)
    app.setDesktopFileName("tunedesk")
    accessible_roles.install()
    app.setWindowIcon(QIcon(str(resource("icons/tunedesk.svg"))))
    return app
