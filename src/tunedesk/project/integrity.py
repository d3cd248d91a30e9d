"""Looking whether a project file is whole: slow for large files, so done in the background."""

import sqlite3

from tunedesk.progress import Progress, no_progress
from tunedesk.project.project import Project

_STEPS_PER_REPORT = 100_000


def find_damage(
    project: Project, progress: Progress = no_progress, *, thorough: bool = False
) -> list[str]:
    """What SQLite finds wrong with the file, in its own words; empty when it is whole.

    Args:
        project: A handle of the project, in a background thread.
        progress: Called now and then; may cancel.
        thorough: Also compare each index with its table.
    """
    connection = project.parts.store.connection
    failure: list[BaseException] = []

    def report() -> int:
        try:
            progress(0, None)
        except BaseException as error:
            failure.append(error)
            return 1
        return 0

    connection.set_progress_handler(report, _STEPS_PER_REPORT)
    try:
        kind = "integrity_check" if thorough else "quick_check"
        found = [row[0] for row in connection.execute(f"PRAGMA {kind}(20)")]
    except sqlite3.OperationalError:
        if failure:
            raise failure[0] from None
        raise
    except sqlite3.DatabaseError as error:
        return [str(error)]
    finally:
        connection.set_progress_handler(None, 0)
    return [] if found == ["ok"] else found
