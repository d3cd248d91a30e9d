"""Draws the loss chart of a long run while figures come; prints the time of each redraw and move.

Run as `python measure_chart.py STEPS`.
"""

import json
import os
import statistics
import sys
import time
from collections.abc import Callable

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import numpy as np
from PySide6.QtWidgets import QApplication

from tunedesk.fine_tuning.charted_run import ChartedRun
from tunedesk.fine_tuning.curves import RunCurves
from tunedesk.gui.fine_tune.chart.loss_chart import LossChart
from tunedesk.gui.theme import Theme
from tunedesk.project.run_records import Metric

SIZE = (1100, 520)
REDRAWS = 30
COME = 50  # new steps at each redraw
MOVES = 60


def main(steps: int) -> None:
    app = QApplication(sys.argv[:1])
    theme = Theme("light")
    theme.apply(app)
    chart = LossChart(theme=theme)
    chart.resize(*SIZE)
    chart.show()
    app.processEvents()
    made = metrics(steps + REDRAWS * COME)
    began = time.perf_counter()
    curves = RunCurves.from_metrics(made[:steps])
    read = time.perf_counter() - began
    total = len(made)

    def show() -> None:
        run = ChartedRun("long", curves, (steps // 3, steps // 2), total, 3)
        chart.show_runs([run])
        chart._draw_if_stale()  # at once: what is measured is the work, not the wait before it
        chart.curve_view.canvas.viewport().repaint()

    began = time.perf_counter()
    show()
    first = time.perf_counter() - began

    def come() -> None:
        nonlocal curves
        done = len(curves)
        curves = curves.with_more(made[done : done + COME])
        show()

    redraw = timed(come, REDRAWS)
    places = iter(np.linspace(0, total, MOVES))

    def move() -> None:
        chart.curve_view.read(float(next(places)))
        chart.curve_view.canvas.viewport().repaint()

    found = {
        "seconds": redraw["median"],
        "read": read,
        "first": first,
        "redraw": redraw,
        "move": timed(move, MOVES),
    }
    chart.close()
    print(json.dumps(found))


def metrics(steps: int) -> list[Metric]:
    """The figures of a run with a batch of one: they jump."""
    chance = np.random.default_rng(0)
    at = np.arange(1, steps + 1) / steps
    train = (0.5 + 2.5 * np.exp(-5 * at)) * np.exp(0.35 * chance.standard_normal(steps))
    valid = (0.9 + 2.0 * np.exp(-6 * at)) * np.exp(0.2 * chance.standard_normal(steps))
    return [Metric(step + 1, float(train[step]), None, float(valid[step])) for step in range(steps)]


def timed(step: Callable[[], None], times: int) -> dict[str, float]:
    """The median and the worst of a step, in seconds, and the CPU seconds of the median."""
    took, worked = [], []
    for _time in range(times):
        began, cpu = time.perf_counter(), time.thread_time()
        step()
        took.append(time.perf_counter() - began)
        worked.append(time.thread_time() - cpu)
    return {
        "median": statistics.median(took),
        "worst": max(took),
        "work": statistics.median(worked),
    }


if __name__ == "__main__":
    main(int(sys.argv[1]))
