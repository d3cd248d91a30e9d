"""Filters, sorts and searches in the window; prints the time until the first rows are painted.

Run as `python measure_queries.py PROJECT`. The search index is filled before, as it is in idle
time.
"""

import json
import sys
import time
from pathlib import Path

from window_driver import FirstPaint, WindowDriver

from tunedesk.project.project import Project
from tunedesk.project.query import SORTS, ExampleQuery

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


def main(path: Path) -> None:
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


if __name__ == "__main__":
    main(Path(sys.argv[1]))
