"""Starts the window: settings, theme, the crash report's hooks, and the event loop."""

import sys
from pathlib import Path

from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QApplication

from tunedesk.gui.end_signals import EndSignals
from tunedesk.gui.garbage import GarbageCollector
from tunedesk.gui.main_window import MainWindow
from tunedesk.gui.theme import Theme
from tunedesk.paths import APP_NAME, resource, settings_file
from tunedesk.settings import Settings

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
    app.setWindowIcon(QIcon(str(resource("icons/tunedesk.svg"))))
    return app
