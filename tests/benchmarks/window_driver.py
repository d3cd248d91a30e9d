"""A real window on the screen that nobody sees, driven step by step as a user would."""

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QEvent, QEventLoop, QObject, Qt, QTimer

from tunedesk.gui import application
from tunedesk.gui.application import GarbageCollector
from tunedesk.gui.examples.page import ExamplesPage
from tunedesk.gui.main_window import MainWindow
from tunedesk.gui.theme import Theme
from tunedesk.settings import Settings

LONGEST_WAIT = 1800.0
CALM = 0.3
"""Seconds without work in the background after which the window counts as done."""


class FirstPaint(QObject):
    """Finds out when a widget has been painted and the window can take the next key.

    Attributes:
        at: The time, by `time.perf_counter`; None until then.
    """

    def __init__(self, widget: QObject, wanted: Callable[[], bool]) -> None:
        super().__init__()
        self.at: float | None = None
        self._widget = widget
        self._wanted = wanted
        widget.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802  Qt's name
        if event.type() == QEvent.Type.Paint and self._wanted():
            watched.removeEventFilter(self)
            QTimer.singleShot(0, self, self._note)
        return False

    def _note(self) -> None:
        self.at = time.perf_counter()


class StallWatch(QObject):
    """A timer of five milliseconds that notes how late it comes; nothing is subtracted.

    Attributes:
        gaps: Seconds between two ticks, CPU seconds of the window's thread in them (little of it
            says that the thread had to wait), and when the gap began.
    """

    def __init__(self) -> None:
        super().__init__()
        self.gaps: list[tuple[float, float, float]] = []
        self._began = self._last = time.perf_counter()
        self._last_cpu = time.thread_time()
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._tick)
        self._timer.start(5)

    def _tick(self) -> None:
        now, cpu = time.perf_counter(), time.thread_time()
        self.gaps.append((now - self._last, cpu - self._last_cpu, self._last - self._began))
        self._last, self._last_cpu = now, cpu

    def stop(self) -> dict[str, object]:
        """End the watch; the longest gap, the number of those over 50 ms, and the worst few."""
        self._tick()
        self._timer.stop()
        worst = sorted(self.gaps, reverse=True)
        return {
            "longest": worst[0][0],
            "cpu": worst[0][1],
            "most_cpu": max(cpu for _gap, cpu, _at in worst),
            "over_50_ms": sum(gap > 0.05 for gap, _cpu, _at in worst),
            "worst": [[round(number, 4) for number in gap] for gap in worst[:8]],
            "seconds": time.perf_counter() - self._began,
        }


class WindowDriver:
    """The window as `tunedesk` opens it, but for the event loop, which runs when it is waited."""

    def __init__(self) -> None:
        sys.setswitchinterval(application.SWITCH_INTERVAL)
        self.app = application._application()
        GarbageCollector(self.app)
        look = Theme("light", 1.0, self.app)
        look.apply(self.app)
        self.window = MainWindow(Settings(), look)
        self.window.background.crashed.connect(self._crash)
        self.window.background.user_error.connect(self._crash)
        self.window.actions_.watch(self.app)
        self.window.show()
        self.wait_seconds(0.3)

    def _crash(self, error: BaseException) -> None:
        sys.stderr.write(f"The work in the background failed: {error!r} {error.__cause__!r}\n")
        os._exit(1)

    @property
    def page(self) -> ExamplesPage:
        """The page of examples of the open project."""
        assert self.window.workspace is not None
        page = self.window.workspace.examples
        assert isinstance(page, ExamplesPage)
        return page

    def open(self, path: Path) -> float:
        """Open a project or a data file; the seconds until its first rows are on the screen."""
        began = time.perf_counter()
        self.window.open_path(path)
        table = self.page.table
        painted = FirstPaint(table.viewport(), lambda: self.page.model.rowCount() > 0)
        self.wait_until(lambda: painted.at is not None)
        assert painted.at is not None
        return painted.at - began

    def wait_until(self, done: Callable[[], bool]) -> None:
        """Run the event loop until something is so."""
        if done():
            return
        loop = QEventLoop()
        timer = QTimer()
        end = time.perf_counter() + LONGEST_WAIT

        def look() -> None:
            if done():
                loop.quit()
            elif time.perf_counter() > end:
                raise TimeoutError("The window did not come to an end with it.")

        timer.timeout.connect(look)
        timer.start(2)
        loop.exec()

    def wait_seconds(self, duration: float) -> None:
        """Run the event loop for so long."""
        end = time.perf_counter() + duration
        self.wait_until(lambda: time.perf_counter() >= end)

    def wait_calm(self) -> None:
        """Run the event loop until nothing has been under way in the background for a moment."""
        calm_since = [time.perf_counter()]

        def calm() -> bool:
            now = time.perf_counter()
            # Filling the search index is work for idle time.
            busy = self.window.background.busy - (self.page.filler._task is not None)
            if busy or not self.page.model.is_complete:
                calm_since[0] = now
            return now - calm_since[0] > CALM

        self.wait_until(calm)

    def close(self) -> None:
        """Close the window as the user does."""
        self.window.close()
