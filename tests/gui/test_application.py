"""The whole start and end, in a process of its own."""

import gc
import os
import signal
import subprocess
import sys
import threading
import weakref
from contextlib import contextmanager

from PySide6.QtWidgets import QWidget

from tunedesk.project.project import Project
from tunedesk.settings import Settings

START = """
import sys
from pathlib import Path
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication
from tunedesk.gui import application
from tunedesk.gui.main_window import MainWindow
from tunedesk.settings import Settings

def ready():
    window = next(w for w in QApplication.topLevelWidgets() if isinstance(w, MainWindow))
    if window.workspace is None and window.stack.currentWidget() is not window.welcome:
        QTimer.singleShot(10, ready)
        return
    print("ready", window.windowTitle(), flush=True)
    {then}

show = MainWindow.show

def show_and_tell(window):
    show(window)
    QTimer.singleShot(0, ready)

MainWindow.show = show_and_tell
path = Path(sys.argv[1]) if len(sys.argv) > 1 else None
sys.exit(application.run(path, "dark"))
"""


@contextmanager
def _start(then, *arguments):
    process = subprocess.Popen(
        [sys.executable, "-c", START.format(then=then), *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"QT_QPA_PLATFORM": "offscreen"},
    )
    with process:
        try:
            yield process
        finally:
            process.kill()


def _settings():
    from tunedesk.paths import settings_file

    return Settings.load(settings_file())


def test_starts_and_ends_by_closing():
    with _start("window.close()") as process:
        output, errors = process.communicate(timeout=60)
    assert process.returncode == 0, errors
    assert output.startswith("ready Tunedesk")
    assert "Traceback" not in errors
    # The theme of the command line is for this time only.
    assert _settings().theme == "system"
    assert "geometry" in _settings().window


def test_ends_in_order_when_the_system_asks(tmp_path):
    path = tmp_path / "Work.tunedesk"
    Project.create(path).close()
    with _start("pass", str(path)) as process:
        assert process.stdout.readline().startswith("ready Work")
        process.send_signal(signal.SIGTERM)
        _output, errors = process.communicate(timeout=60)
    # Windows has no such wish: there it is ended at once, and only the project must be whole.
    if sys.platform != "win32":
        assert process.returncode == 0, errors
        assert str(path) in _settings().recent_projects
    with Project.open(path) as project:
        assert not project.read_only


def test_file_that_is_not_there_is_no_crash(tmp_path):
    with _start("window.close()", str(tmp_path / "gone.jsonl")) as process:
        _output, errors = process.communicate(timeout=60)
    assert process.returncode == 0, errors
    assert "Traceback" not in errors


class Knot(QWidget):
    """A widget in a circle of references, as closed dialogs are."""

    def __init__(self) -> None:
        super().__init__()
        self.circle = self


def allocate():
    """More objects than it takes to set the collector off."""
    return [[number] for number in range(20 * gc.get_threshold()[0])]


def test_a_thread_collects_no_widget(qapp, garbage):
    gc.collect()
    knot = weakref.ref(Knot())
    thread = threading.Thread(target=allocate)
    thread.start()
    thread.join()
    assert knot() is not None
    kept = allocate()
    garbage.poll()
    assert knot() is None
    assert kept
