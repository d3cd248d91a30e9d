"""What the launch page says of the settings on it, worked out in a thread."""

import datetime
from typing import NamedTuple

from tunedesk.catalogue.hardware import detect_hardware
from tunedesk.catalogue.memory_estimate import Machine
from tunedesk.fine_tuning.launch_preview import (
    LaunchPreview,
    TimeEstimate,
    estimate_time,
    preview_launch,
)
from tunedesk.fine_tuning.launch_settings import ALL_BUT_REJECTED, APPROVED, LaunchSettings
from tunedesk.project.project import Project
from tunedesk.project.query import ExampleQuery
from tunedesk.services import local_install, local_server

OUTLOOK_KINDS = frozenset({"text", "facts", "state", "tags", "added", "deleted", "set"})
"""After these kinds of changes the outlook may be another one."""


class Outlook(NamedTuple):
    """What a launch would be.

    Attributes:
        preparation: What it would do.
        time: How long it may take; None: nobody knows yet.
        machine: What this computer has; None where it does not train.
    """

    preparation: LaunchPreview
    time: TimeEstimate | None
    machine: Machine | None


class Counts(NamedTuple):
    """How many examples there are to choose from.

    Attributes:
        approved: The approved ones.
        shown: Those of the filter.
        all: All that are not rejected.
    """

    approved: int
    shown: int
    all: int


class Start(NamedTuple):
    """What the launch page knows once it is open.

    Attributes:
        counts: How many examples there are.
        runs: How many runs the project has.
        installed: Whether training on this computer is installed.
    """

    counts: Counts
    runs: int
    installed: bool


def find_start(project: Project, shown: ExampleQuery) -> Start:
    """What the page begins with; called in a thread."""
    counts = Counts(project.count(APPROVED), project.count(shown), project.count(ALL_BUT_REJECTED))
    return Start(counts, len(project.runs.all()), local_install.python_with_training() is not None)


def find_outlook(project: Project, settings: LaunchSettings) -> Outlook:
    """What a launch with these settings would be; called in a thread."""
    prepared = preview_launch(project, settings, datetime.date.today())
    here = settings.provider == "local"
    machine = detect_hardware(local_server.server_data_dir()) if here else None
    time = estimate_time(project, prepared, machine.device if machine else "cpu")
    return Outlook(prepared, time, machine)
