"""Does bulk work in the window; prints the longest stalls of its event loop for each.

Run as `python measure_stalls.py PROJECT OUT`; the project's texts have blanks around them.
"""

import contextlib
import json
import sys
from collections.abc import Callable
from pathlib import Path

from window_driver import StallWatch, WindowDriver

from tunedesk.fine_tuning.launch_settings import LaunchSettings
from tunedesk.gui.examples.export_dialog import start_export
from tunedesk.gui.examples.find_replace import FindOptions, replace_all
from tunedesk.gui.examples.fixes import Fixes
from tunedesk.gui.fine_tune.launch.outlook import Outlook, find_outlook
from tunedesk.project.project import Project
from tunedesk.project.query import ExampleQuery


def main(path: Path, out: Path) -> None:
    driver = WindowDriver()
    driver.open(path)
    driver.wait_calm()
    page, window = driver.page, driver.window
    assert window.desk is not None
    project, operations = window.desk.project, window.desk.operations
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

    def prepare_launch() -> None:
        background.run(_launch_outlook, project)

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


def _launch_outlook(project: Project) -> Outlook:
    with contextlib.closing(project.handle()) as handle:
        return find_outlook(handle, LaunchSettings())


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
