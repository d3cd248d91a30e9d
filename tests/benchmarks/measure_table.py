"""Goes through the rows of a project and scrolls; prints the time of each step and frame.

Run as `python measure_table.py PROJECT`.
"""

import json
import random
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from window_driver import WindowDriver

STEPS = 60


def main(project: Path) -> None:
    driver = WindowDriver()
    opened = driver.open(project)
    driver.wait_calm()
    page = driver.page
    table, app = page.table, driver.app
    table.setFocus()

    def next_row() -> None:
        QTest.keyClick(table, Qt.Key.Key_Down)
        app.processEvents()
        while page.open_example.example_id != table.current_id():
            app.processEvents()

    bar = table.verticalScrollBar()
    chance = random.Random(1)

    def wheel() -> None:
        bar.setValue((bar.value() + 3 * bar.singleStep()) % max(1, bar.maximum()))
        app.processEvents()

    def leap() -> None:
        bar.setValue(chance.randrange(bar.maximum() + 1))
        app.processEvents()

    found = {
        "opened": opened,
        "examples": page.model.rowCount(),
        "next_row": timed(next_row, driver),
        "wheel": timed(wheel, driver),
        "leap": timed(leap, driver),
    }
    driver.close()
    print(json.dumps(found))


def timed(step: Callable[[], None], driver: WindowDriver) -> dict[str, float]:
    """The median and the 95th percentile of a step, a little apart as keys are."""
    took, worked = [], []
    for _step in range(STEPS):
        QTest.qWait(15)
        began, cpu = time.perf_counter(), time.thread_time()
        step()
        took.append(time.perf_counter() - began)
        worked.append(time.thread_time() - cpu)
    took.sort()
    return {
        "work": statistics.median(worked),
        "median": statistics.median(took),
        "most": took[int(len(took) * 0.95)],
        "worst": took[-1],
    }


if __name__ == "__main__":
    main(Path(sys.argv[1]))
