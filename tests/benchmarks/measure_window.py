"""Measures the window: importing, scrolling, typing, asking, and stalls while bulk work runs.

Run as `python measure_window.py WHAT FILE [OUT]`; prints what came out as JSON. WHAT is
    import   open a data file: when the first rows show, how the window behaves until all is stored;
             the project stays in the folder of documents
    table    go through the rows of a project and scroll
    typing   type into the first example of a project, until its checks and tokens are there
    queries  filter, sort and search until the first rows are painted; the search index is filled
             before, as it is in idle time
    stalls   bulk work: the longest stalls of the event loop for each; the texts of the project have
             blanks around them, and OUT is exported to
"""

import contextlib
import json
import random
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

from bench import most_of_this_process
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from window_driver import FirstPaint, StallWatch, WindowDriver

from tunedesk.gui.examples.form.message_text import MessageText
from tunedesk.project.project import Project
from tunedesk.project.query import SORTS, ExampleQuery

STEPS = 60
KEYS = 40
FILTERS = {
    "a state": ExampleQuery(states=("approved",)),
    "with problems": ExampleQuery(problems=("any",)),
    "one rule": ExampleQuery(problems=("blanks_around",)),
    "a tag": ExampleQuery(tags=("kept",)),
    "a length": ExampleQuery(tokens=(400, None)),
}
SEARCHES = {
    "a rare word": "777",
    "a common word": "never",
    "a phrase": '"you are"',
    "a phrase and a word": '"of the" café',
    "two Chinese letters": "图书",
    "what is nowhere": "xylophone",
}


def import_file(file: Path) -> None:
    """Open a data file."""
    driver = WindowDriver()
    began = time.perf_counter()
    first_rows = driver.open(file)
    stalls = StallWatch()
    driver.wait_until(lambda: not driver.page.imports.busy)
    stored = time.perf_counter() - began
    found = stalls.stop()
    assert driver.window.workspace is not None
    project = driver.window.workspace.project
    examples, path = project.count(), str(project.path)
    began = time.perf_counter()
    driver.close()
    print(
        json.dumps(
            {
                "first_rows": first_rows,
                "stored": stored,
                "stalls": found,
                "closing": time.perf_counter() - began,
                "examples": examples,
                "project": path,
                "memory": most_of_this_process(),
            }
        )
    )


def scroll_table(project: Path) -> None:
    """Go through the rows, and scroll."""
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


def type_text(project: Path) -> None:
    """Press keys, one after the other."""
    driver = WindowDriver()
    driver.open(project)
    driver.wait_calm()
    page = driver.page
    field = next(text for text in page.form.findChildren(MessageText) if text.isVisible())
    field.setFocus()
    example = page.open_example
    driver.wait_until(lambda: example.checks_are_current)
    took, worked = [], []
    for number in range(KEYS):
        QTest.qWait(30)
        before = example.text
        began, cpu = time.perf_counter(), time.process_time()
        QTest.keyClicks(field, "word s"[number % 6])
        assert example.text != before
        while not example.checks_are_current:
            driver.app.processEvents()
        driver.app.processEvents()
        took.append(time.perf_counter() - began)
        worked.append(time.process_time() - cpu)
    checker = example._make_checker()
    record = example.text.encode()
    alone = []
    for number in range(KEYS):
        changed = record.replace(b'"content": "', b'"content": "%d' % number, 1)
        began = time.perf_counter()
        checker.check(changed)
        checker.message_tokens(changed)
        alone.append(time.perf_counter() - began)
    tokens = example.facts.tokens if example.facts else 0
    driver.close()
    print(
        json.dumps(
            {
                "tokens": tokens,
                "wall": statistics.median(took),
                "wall_worst": max(took),
                "work": statistics.median(worked),
                "work_worst": max(worked),
                "check": statistics.median(alone),
            }
        )
    )


def ask_queries(path: Path) -> None:
    """Ask each query in turn."""
    began = time.perf_counter()
    with Project.open(path) as project:
        while project.fill_search(1.0):
            pass
        project.add_tag(list(project.first_ids(ExampleQuery(), 50)), "kept")
        project.set_state(list(project.first_ids(ExampleQuery(), 50)), "approved")
    filled = time.perf_counter() - began
    driver = WindowDriver()
    driver.open(path)
    driver.wait_calm()
    queries = {f"filter: {name}": query for name, query in FILTERS.items()}
    for sort in SORTS:
        queries[f"sort: {sort}"] = ExampleQuery(sort=sort)
        queries[f"sort: {sort}, descending"] = ExampleQuery(sort=sort, descending=True)
    queries |= {f"search: {words}": ExampleQuery(search=text) for words, text in SEARCHES.items()}
    found = {name: until_shown(driver, query) for name, query in queries.items()}
    driver.close()
    print(json.dumps({"filled": filled, "queries": found}))


def until_shown(driver: WindowDriver, query: ExampleQuery) -> tuple[float, float, int]:
    """Seconds until the first rows (or "Nothing matches") and until all, and how many."""
    page = driver.page
    model = page.model
    came: list[bool] = []

    def note() -> None:
        came.append(True)
        page.table.viewport().update()  # also where the rows are those that show already

    began = time.perf_counter()
    model.modelReset.connect(note)
    model.complete.connect(note)
    page.ask(query)
    painted = FirstPaint(page.table.viewport(), lambda: bool(came))

    def shown() -> bool:
        return painted.at is not None or (bool(came) and not model.rowCount())

    driver.wait_until(shown)
    first = (painted.at or time.perf_counter()) - began
    driver.wait_until(lambda: model.is_complete)
    everything = time.perf_counter() - began
    model.modelReset.disconnect(note)
    model.complete.disconnect(note)
    driver.wait_calm()
    return first, everything, model.rowCount()


def watch_stalls(path: Path, out: Path) -> None:
    """Do each work in turn and watch."""
    # Here: what the others measure must not find them loaded.
    from tunedesk.fine_tuning.launch_settings import LaunchSettings
    from tunedesk.gui.examples.export_dialog import start_export
    from tunedesk.gui.examples.find_replace import FindOptions, replace_all
    from tunedesk.gui.examples.fixes import Fixes
    from tunedesk.gui.fine_tune.launch.launch_estimate import LaunchEstimate, estimate_launch

    driver = WindowDriver()
    driver.open(path)
    driver.wait_calm()
    page, window = driver.page, driver.window
    assert window.workspace is not None
    project, operations = window.workspace.project, window.workspace.operations
    background = window.background
    fixes = window.findChild(Fixes)
    assert fixes is not None
    options = FindOptions("never", "at no time", match_case=True)

    def replace() -> None:
        pool = background.pool
        operations.run(
            "Replacing",
            lambda project, progress: replace_all(project, pool, options, ExampleQuery(), progress),
        )

    def estimate() -> LaunchEstimate:
        with contextlib.closing(project.handle()) as handle:
            return estimate_launch(handle, LaunchSettings())

    def prepare_launch() -> None:
        background.run(estimate)

    works: dict[str, Callable[[], object]] = {
        "finding and replacing": replace,
        "undoing that": window.actions_["edit.undo"].trigger,
        "fixing all": lambda: fixes._fix_all("blanks_around"),
        "preparing a launch": prepare_launch,
        "checking all": page.check.start,
        "exporting": lambda: start_export(operations, out, ExampleQuery(), leave_out_errors=False),
    }
    found = {}
    for name, work in works.items():
        stalls = StallWatch()
        work()
        driver.wait_calm()
        found[name] = stalls.stop()
    driver.close()
    print(json.dumps(found))


MEASURES: dict[str, Callable[..., None]] = {
    "import": import_file,
    "table": scroll_table,
    "typing": type_text,
    "queries": ask_queries,
    "stalls": watch_stalls,
}

if __name__ == "__main__":
    MEASURES[sys.argv[1]](*map(Path, sys.argv[2:]))
