"""Starts the window again and again on a busy computer and opens a project: no crash, no report.

Each start is a process of its own with a fresh home. Threads change places far more often than
usual, so that two that load the same parts at once are likely to meet.
"""

import contextlib
import multiprocessing
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.abuse.outcome import Outcome
from tests.project.made_examples import new_example

from tunedesk.project.project import Project

SECONDS = 120
HARMLESS = ("", "This plugin does not support propagateSizeHints()")
"""What Qt says where there is no screen."""

WINDOW = """
import sys, threading
from pathlib import Path
from PySide6.QtCore import QTimer
from tunedesk.gui import application

sys.setswitchinterval(1e-5)
application.SWITCH_INTERVAL = 1e-5

def load_much(window):
    # What several threads load at once when a project with runs opens.
    from tunedesk.catalogue.token_encodings import load_encoding
    from tunedesk.checks.schema import OwnSchema
    from tunedesk.fine_tuning.open_work import unfinished_installation
    from tunedesk.services.connection import Connection
    from tunedesk.services.local_server import running
    from tunedesk.services.providers import provider_named

    def client():
        Connection(provider_named("local"), "http://127.0.0.1:9/v1", None).client().close()

    works = (client, running, lambda: load_encoding("o200k_base"), unfinished_installation,
             lambda: OwnSchema({"type": "object"}).reasons(1))
    for work in works:
        window.background.run(work)
    window.workspace.show_page("fine_tune")

def look(window):
    if window.crashes.dialog() is not None:
        print(window.crashes.dialog().text(), file=sys.stderr)
    if window.background.busy and window.crashes.dialog() is None:
        QTimer.singleShot(50, lambda: look(window))
    else:
        window.close()

real_show = application.MainWindow.show

def show(window):
    real_show(window)

    def ready():
        if window.workspace is None:
            QTimer.singleShot(10, ready)
            return
        load_much(window)
        QTimer.singleShot(700, lambda: look(window))

    QTimer.singleShot(0, ready)

application.MainWindow.show = show
sys.exit(application.run(Path(sys.argv[1])))
"""


def run(count: int, seed: int) -> Outcome:
    """Start so many times, with a busy process for each processor."""
    failures = []
    with tempfile.TemporaryDirectory() as folder, _busy():
        path = Path(folder) / "Test.tunedesk"
        with Project.create(path) as project:
            project.add_examples([new_example(str(number)) for number in range(300)])
        for number in range(count):
            home = Path(folder) / f"home {seed} {number}"
            home.mkdir()
            wrong = _start(path, home)
            if wrong:
                failures.append(f"start {number}: {wrong}")
    return Outcome(count, failures)


def _start(path: Path, home: Path) -> str:
    """What went wrong at one start: "" if nothing did."""
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
        "QT_QPA_PLATFORM": "offscreen",
        "HOME": str(home),
        "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring",
        **{name: str(home / name) for name in ("XDG_DATA_HOME", "XDG_CONFIG_HOME")},
    }
    try:
        done = subprocess.run(
            [sys.executable, "-c", WINDOW, str(path)],
            env=environment,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return f"it did not end within {SECONDS} seconds"
    reports = [report.read_text() for report in home.rglob("crash-*.txt")]
    said = "\n".join(line for line in done.stderr.splitlines() if line.strip() not in HARMLESS)
    if done.returncode or said or reports:
        return f"status {done.returncode}: {' '.join(reports)[-600:]} {said[-600:]}"
    return ""


def _burn() -> None:
    while True:
        sum(range(10_000))


@contextlib.contextmanager
def _busy() -> Iterator[None]:
    processes = [
        multiprocessing.get_context("spawn").Process(target=_burn, daemon=True)
        for _number in range(os.cpu_count() or 1)
    ]
    for process in processes:
        process.start()
    try:
        yield
    finally:
        for process in processes:
            process.kill()
            process.join()
