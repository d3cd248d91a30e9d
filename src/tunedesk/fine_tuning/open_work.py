"""Long work that goes on after a restart: launches, runs that are followed, the installation.

Work of a project is a row of its table `work`. What is installed belongs to this computer, not to a
project: its rows stand in a file of their own in the user's data folder, which is a project file
with nothing else in it. So two windows never install at the same time: a file has one writer.

Models are fetched by the training server as part of the job that needs them, so they are seen with
the run that is followed.
"""

import time
from collections.abc import Callable
from typing import Literal, NamedTuple

from tunedesk.errors import Cancelled, UserError
from tunedesk.i18n import _
from tunedesk.paths import computer_work_path
from tunedesk.progress import Progress, no_progress
from tunedesk.project.project import Project
from tunedesk.project.run_records import Run
from tunedesk.project.work import WorkItem, WorkList, WorkState
from tunedesk.services import local_install

WorkKind = Literal["launch", "follow", "install"]
REPORT_SECONDS = 1.0
"""Between two reports of progress: each is a write into the file."""


class InstallingElsewhereError(UserError):
    """Another window installs already; this one can only wait."""

    def __init__(self) -> None:
        super().__init__(
            _("Another window of Tunedesk is installing training on this computer."),
            _("Wait until it is done."),
        )


class OpenWork(NamedTuple):
    """A piece of work that has not ended.

    Attributes:
        kind: What it is.
        title: What it is called, for people.
        progress: How much of it is done: bytes, or steps of a run.
        total: Of how much; None if that is not known.
        run_id: The run that it belongs to; None for work of this computer.
        is_mine: Whether it was asked for on this computer; what another one does is only shown.
    """

    kind: WorkKind
    title: str
    progress: int
    total: int | None
    run_id: int | None
    is_mine: bool


def open_work(project: Project) -> list[OpenWork]:
    """The work that has not ended: of a project, then of this computer; the oldest first.

    Args:
        project: The project, or a handle of it.
    """
    runs = {run.key: run for run in project.runs.all()}
    found = []
    for item in project.work.items(open_only=True):
        run = runs.get(str(item.parameters.get("run")))
        if run is None or run.ended:
            continue
        if item.kind == "launch":
            title = _("Launching {name}").format(name=run.name)
            found.append(_entry("launch", item, title, run.id))
        elif item.kind == "follow":
            title = _("Training {name}").format(name=run.name)
            found.append(_entry("follow", item, title, run.id))
    installing = unfinished_installation()
    if installing is not None:
        found.append(_entry("install", installing, _("Installing training on this computer"), None))
    return found


def work_of(project: Project, kind: WorkKind, run: Run) -> list[WorkItem]:
    """The work of a kind that was ever asked for with a run, the oldest first."""
    return [item for item in project.work.items(kind) if item.parameters.get("run") == run.key]


def is_from_here(project: Project, run: Run) -> bool:
    """Whether a run was launched, brought in or followed on this computer.

    Only the seal of this computer tells: a project from elsewhere may say anything of itself.
    """
    return any(
        item.is_mine and item.parameters.get("run") == run.key
        for kind in ("launch", "follow")
        for item in project.work.items(kind)
    )


def is_open(item: WorkItem) -> bool:
    """Whether work has not ended."""
    return item.state in ("waiting", "running")


def finish_all(
    project: Project, kind: WorkKind, run: Run, state: WorkState, error: str = ""
) -> None:
    """Write down that the work of a kind with a run has ended."""
    for item in work_of(project, kind, run):
        if is_open(item):
            project.work.finish(item.uid, state, error)


def reporting(work: WorkList, uid: bytes, progress: Progress) -> Progress:
    """A progress that is also written down with the work, now and then."""
    reported = 0.0

    def report(done: int, total: int | None) -> None:
        nonlocal reported
        now = time.monotonic()
        if now - reported >= REPORT_SECONDS:
            reported = now
            work.report(uid, progress=done, total=total)
        progress(done, total)

    return report


# The installation of this computer


def unfinished_installation() -> WorkItem | None:
    """An installation that was begun and has not ended; None: there is none."""
    path = computer_work_path()
    if not path.exists():
        return None
    with Project.open(path, read_only=True) as project:
        found = [item for item in project.work.items("install", open_only=True) if item.is_mine]
    return found[-1] if found else None


def install_training(
    progress: Progress = no_progress,
    say: Callable[[str], None] = lambda _line: None,
    *,
    is_closing: Callable[[], bool] = lambda: False,
) -> None:
    """Install what training on this computer needs, or go on with what was cut off.

    Args:
        progress: Called now and then with the bytes on the disk and the whole; may cancel.
        say: Told what is being done, a sentence at a time.
        is_closing: Whether the window closes: a `Cancelled` then leaves the work to be gone on
            with, instead of ending it.

    Raises:
        InstallingElsewhereError: Another window is at it.
        UserError: It cannot be done.
        Cancelled: By `progress`; what was downloaded is kept.
    """
    path = computer_work_path()
    path.parent.mkdir(parents=True, exist_ok=True)
    with Project.open(path) if path.exists() else Project.create(path) as project:
        if project.read_only:
            raise InstallingElsewhereError
        work = project.work
        open_items = [item for item in work.items("install", open_only=True) if item.is_mine]
        item = open_items[-1] if open_items else work.add("install", {})
        work.claim(item.uid)
        try:
            local_install.install(reporting(work, item.uid, progress), say)
        except Cancelled:
            if is_closing():
                work.release(item.uid)
            else:
                work.finish(item.uid, "cancelled")
            raise
        except UserError as error:
            work.finish(item.uid, "failed", error.sentence)
            raise
        work.finish(item.uid)


def _entry(kind: WorkKind, item: WorkItem, title: str, run_id: int | None) -> OpenWork:
    return OpenWork(kind, title, item.progress, item.total, run_id, item.is_mine)
