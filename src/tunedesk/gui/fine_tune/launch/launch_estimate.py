"""What the launch page says of the settings on it: worked out in a thread, and its texts."""

import datetime
import re
import shlex
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from typing import NamedTuple

from tunedesk.catalogue.hardware import detect_hardware
from tunedesk.catalogue.memory_estimate import Machine
from tunedesk.catalogue.models import Catalogue
from tunedesk.checks.problem import SetProblem
from tunedesk.fine_tuning.launch_preview import (
    LaunchPreview,
    TimeEstimate,
    estimate_time,
    preview_launch,
    with_base_model,
)
from tunedesk.fine_tuning.launch_settings import (
    ALL_BUT_REJECTED,
    APPROVED,
    VALIDATION_SHARE,
    LaunchSettings,
)
from tunedesk.i18n import _, duration_text, money_text, ngettext
from tunedesk.project.check_project import set_problems
from tunedesk.project.project import Project
from tunedesk.project.query import ExampleQuery
from tunedesk.project.query_language import query_words
from tunedesk.project.run_records import Run
from tunedesk.services import local_install, local_models, local_server
from tunedesk.services.local_models import ModelHere
from tunedesk.services.providers import Provider, provider_label

LAUNCH_ESTIMATE_KINDS = frozenset({"text", "facts", "state", "tags", "added", "deleted", "set"})
"""After these kinds of changes the estimate may be another one."""


class LaunchEstimate(NamedTuple):
    """What a launch would be.

    Attributes:
        preview: What it would do.
        time: How long it may take; None: nobody knows yet.
        machine: What this computer has; None where it does not train.
        seconds: How long it may take with each base model of this computer, by its id.
        fetched: The base models that need not be downloaded any more.
        own: The base models of the user's own that are here.
    """

    preview: LaunchPreview
    time: TimeEstimate | None
    machine: Machine | None
    seconds: Mapping[str, float] = {}
    fetched: frozenset[str] = frozenset()
    own: tuple[ModelHere, ...] = ()


class Counts(NamedTuple):
    """How many examples there are to choose from.

    Attributes:
        approved: The approved ones.
        shown: Those of the filter.
        all: All that are not rejected.
        unseen: Those that the model which is trained further has not seen.
    """

    approved: int
    shown: int
    all: int
    unseen: int = 0


class Start(NamedTuple):
    """What the launch page knows once it is open.

    Attributes:
        counts: How many examples there are.
        names: What the runs of the project are called.
        installed: Whether training on this computer is installed.
        set_problems: What is found in the examples as a set: duplicates.
        unseen: The examples that the run whose model is trained further did not have.
    """

    counts: Counts
    names: frozenset[str]
    installed: bool
    set_problems: tuple[SetProblem, ...] = ()
    unseen: ExampleQuery | None = None


class StartQuestion(NamedTuple):
    """What the page is opened with.

    Attributes:
        shown: The filter of the table.
        parent: The run whose model is trained further; None: a base model is trained.
    """

    shown: ExampleQuery
    parent: Run | None = None


def find_start(project: Project, asked: StartQuestion) -> Start:
    """What the page begins with; called in a thread."""
    unseen, unseen_count = None, 0
    if asked.parent is not None:
        ids = tuple(project.runs.unseen_examples(asked.parent))
        unseen = replace(ALL_BUT_REJECTED, ids=ids)
        unseen_count = project.count(unseen)
    counts = Counts(
        project.count(APPROVED),
        project.count(asked.shown),
        project.count(ALL_BUT_REJECTED),
        unseen_count,
    )
    names = frozenset(run.name for run in project.runs.all())
    installed = local_install.python_with_training() is not None
    return Start(counts, names, installed, tuple(set_problems(project)), unseen)


def estimate_launch(
    project: Project, settings: LaunchSettings, refused: Collection[int] = ()
) -> LaunchEstimate:
    """What a launch with these settings would be; called in a thread.

    Args:
        project: A handle of the project.
        settings: The settings.
        refused: The versions of examples that the base model does not take.
    """
    preview = preview_launch(project, settings, datetime.date.today(), refused=refused)
    here = settings.provider == "local"
    machine = detect_hardware(local_server.server_data_dir()) if here else None
    time = estimate_time(project, preview, machine.device if machine else "cpu")
    if machine is None:
        return LaunchEstimate(preview, time, None)
    models = [model.id for model in Catalogue.load().local_models]
    times = {
        model: estimate_time(project, with_base_model(preview, model), machine.device)
        for model in models
    }
    seconds = {model: each.seconds for model, each in times.items() if each is not None}
    own = tuple(each for each in local_models.models_here() if each.name not in models)
    return LaunchEstimate(preview, time, machine, seconds, fetched_models(models), own)


def fetched_models(models: Iterable[str]) -> frozenset[str]:
    """The base models among these whose weights are on this computer."""
    return frozenset(filter(local_models.is_here, models))


def start_text(provider: Provider, estimate: LaunchEstimate | None) -> str:
    """What the button says: that it starts, where to, how many, for how much."""
    if provider.name == "local" or estimate is None:
        return _("Start training")
    preview = estimate.preview
    count = _count(preview)
    if preview.price is None:
        words = ngettext(
            "Start training: send {n} example to {provider}",
            "Start training: send {n} examples to {provider}",
            count,
        )
    else:
        words = ngettext(
            "Start training: send {n} example to {provider}, {price}",
            "Start training: send {n} examples to {provider}, {price}",
            count,
        )
    return _filled_in(words, provider, preview)


def start_description(provider: Provider, estimate: LaunchEstimate | None) -> str:
    """What a screen reader says of the button: how many examples, where to, price and time."""
    if estimate is None:
        return ""
    if provider.name != "local":
        said = start_text(provider, estimate)
    else:
        count = _count(estimate.preview)
        said = ngettext(
            "{n} example, on this computer; nothing to pay",
            "{n} examples, on this computer; nothing to pay",
            count,
        ).format(n=f"{count:,}")
    if estimate.time is None:
        return said
    return _("{what}; about {time}").format(what=said, time=duration_text(estimate.time.seconds))


def _count(preview: LaunchPreview) -> int:
    return len(preview.split.training) + len(preview.split.validation)


def _filled_in(words: str, provider: Provider, preview: LaunchPreview) -> str:
    return words.format(
        n=f"{_count(preview):,}",
        provider=provider_label(provider, preview.settings.base_url),
        price="" if preview.price is None else money_text(preview.price),
    )


def next_name(last: str, project: str, names: Collection[str]) -> str:
    """A name for a new run that no other has: the last one's with the next number, if there is one.

    Args:
        last: What the last run is called; empty before the first.
        project: What the project is called.
        names: What the runs are called.
    """
    numbered = re.fullmatch(r"(.*?)-?v(\d{1,9})", last)
    if numbered:
        base, number = numbered[1], int(numbered[2]) + 1
    else:
        base = re.sub(r"[^a-z0-9]+", "-", (last or project).casefold()).strip("-")[:30].strip("-")
        base, number = base or _("model"), len(names) + 1
    while (name := f"{base}-v{number}".lstrip("-")) in names:
        number += 1
    return name


def command_text(settings: LaunchSettings, project_name: str) -> str | None:
    """The command line for these settings, to be pasted into a shell.

    Returns:
        None, if the command has no option for one of them.
    """
    where = "" if settings.query == ALL_BUT_REJECTED else query_words(settings.query)
    unsaid = (settings.beta, settings.lora_rank, settings.full, settings.wandb_project)
    if where is None or any(unsaid) or settings.metadata or settings.extra_body:
        return None
    options = [
        ("--provider", settings.provider, settings.provider != "local"),
        ("--base-url", settings.base_url, bool(settings.base_url)),
        ("--model", settings.base_model, True),
        ("--method", settings.method, settings.method != "supervised"),
        ("--where", where, bool(where)),
        (
            "--validation",
            f"{settings.validation_share:g}",
            settings.validation_share != VALIDATION_SHARE,
        ),
        ("--epochs", str(settings.epochs), settings.epochs is not None),
        ("--batch-size", str(settings.batch_size), settings.batch_size is not None),
        ("--learning-rate", str(settings.learning_rate), settings.learning_rate is not None),
        ("--seed", str(settings.seed), settings.seed is not None),
        ("--suffix", settings.name, bool(settings.name)),
    ]
    words = ["tunedesk", "launch", project_name]
    for option, value, given in options:
        words += [option, value] if given else []
    return shlex.join([*words, "--without-errors"] if settings.leave_out_errors else words)
