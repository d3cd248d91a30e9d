"""What a launch would do, said before it does anything: counts, problems, length, price, time.

How long a training takes is always an estimate, which says how it was made: from an earlier run of
the same model in this project, if there is one; otherwise, on this computer, by arithmetic: a token
costs about 6 operations for each weight (2 forwards, 4 backwards; Kaplan et al. 2020, section 2.1),
about 4 where only an adapter learns, and each step something beside that.
"""

import datetime
import hashlib
import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal, NamedTuple, TypeVar

from tunedesk.catalogue.cost import Estimate, cut_at_limit, estimate
from tunedesk.catalogue.hyperparameters import learner_here, resolve_auto, setting_problems
from tunedesk.catalogue.memory_estimate import Device
from tunedesk.catalogue.models import STARTER_ID, Catalogue
from tunedesk.catalogue.targets import THIS_COMPUTER, target
from tunedesk.catalogue.token_encodings import model_encoding
from tunedesk.checks.problem import severity
from tunedesk.examples.kinds.unreadable import UNREADABLE
from tunedesk.fine_tuning.launch_settings import LaunchSettings
from tunedesk.i18n import _, ngettext
from tunedesk.progress import Progress, no_progress
from tunedesk.project.exporting import TrainingRow, training_rows
from tunedesk.project.project import Project
from tunedesk.project.run_records import Run
from tunedesk.services.providers import Provider, longest_example, provider_label, provider_named


class Split(NamedTuple):
    """The two sides.

    Attributes:
        training: What is trained on, in the order it came.
        validation: What is held back, in the order it came.
    """

    training: list[TrainingRow]
    validation: list[TrainingRow]


def split(rows: Sequence[TrainingRow], share: float, least_training: int = 1) -> Split:
    """Hold a share of the examples back.

    Args:
        rows: The examples.
        share: The share to hold back, from 0 to 1; rounded to whole groups of one question.
        least_training: How many must be left to train on; less is held back for it if need be.
    """
    wanted = min(round(len(rows) * share), len(rows) - least_training)
    if wanted <= 0:
        return Split(list(rows), [])
    groups: dict[object, list[TrainingRow]] = {}
    for row in rows:
        groups.setdefault(row.uid if row.question is None else row.question, []).append(row)
    held: set[int] = set()
    for group in sorted(groups.values(), key=_rank):
        if len(held) >= wanted:
            break
        if len(held) + len(group) <= wanted:
            held.update(row.example_id for row in group)
    return Split(
        [row for row in rows if row.example_id not in held],
        [row for row in rows if row.example_id in held],
    )


def _rank(group: Sequence[TrainingRow]) -> bytes:
    return min(hashlib.blake2b(row.uid, digest_size=8).digest() for row in group)


LeftOutReason = Literal["unreadable", "other_method", "errors", "refused"]


def left_out_sentence(reason: LeftOutReason, count: int) -> str:
    """What is said of examples that are not trained on."""
    if reason == "unreadable":
        text = ngettext(
            "{n} row is not a JSON object and is left out.",
            "{n} rows are not JSON objects and are left out.",
            count,
        )
    elif reason == "other_method":
        text = ngettext(
            "{n} example is for another method of training and is left out.",
            "{n} examples are for another method of training and are left out.",
            count,
        )
    elif reason == "refused":
        text = ngettext(
            "{n} example that the base model does not take is left out.",
            "{n} examples that the base model does not take are left out.",
            count,
        )
    else:
        text = ngettext(
            "{n} example with errors is left out.",
            "{n} examples with errors are left out.",
            count,
        )
    return text.format(n=f"{count:,}")


@dataclass(frozen=True)
class LaunchPreview:
    """What a launch would do.

    Attributes:
        settings: What it was asked with.
        split: What is trained on and what is held back.
        left_out: Examples that are not trained on, by the reason; `left_out_sentence` says it.
        errors: The examples with each problem that stops the launch, by its code.
        warnings: The examples with each problem that may be accepted, by its code.
        stops: Whatever else stands against the launch, a sentence each.
        notes: What the user should know, a sentence each.
        tokens: The tokens of the examples to train on, each up to the limit. An estimate.
        longest: The tokens of the longest.
        over_limit: How many are longer than the limit, and would be cut at the end.
        epochs: How often each is gone through.
        batch_size: How many make one step.
        price: In USD, estimated; None: it costs nothing, or is not known.
        price_source: How the price was worked out; empty without one.
        leaves: What leaves this computer, and to whom.
    """

    settings: LaunchSettings
    split: Split
    left_out: Mapping[LeftOutReason, tuple[int, ...]] = field(default_factory=dict)
    errors: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    warnings: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    stops: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    tokens: int = 0
    longest: int = 0
    over_limit: int = 0
    epochs: int = 0
    batch_size: int = 1
    price: float | None = None
    price_source: str = ""
    leaves: str = ""

    @property
    def may_start(self) -> bool:
        """Whether nothing stands against the launch but what the user may accept."""
        return not self.errors and not self.stops

    @property
    def billable_tokens(self) -> int:
        """Tokens times epochs."""
        return self.tokens * self.epochs

    @property
    def steps(self) -> int:
        """How many steps it takes."""
        return math.ceil(len(self.split.training) / self.batch_size) * self.epochs


def preview_launch(
    project: Project,
    settings: LaunchSettings,
    today: datetime.date,
    progress: Progress = no_progress,
    refused: Collection[int] = (),
) -> LaunchPreview:
    """Say what a launch would do; reads the project and touches nothing.

    Args:
        project: The project, or a handle of it in a background thread.
        settings: What to launch.
        today: For closing dates.
        progress: May cancel.
        refused: The versions of examples that the base model does not take, as a
            `fine_tuning.launch_check.LaunchReader` found; left out as examples with errors are.

    Raises:
        UserError: The provider is not known.
    """
    provider = provider_named(settings.provider)
    limits = target(provider.target)
    rows = training_rows(project, settings.query, progress)
    kept: list[TrainingRow] = []
    left_out: dict[LeftOutReason, list[int]] = {}
    errors: dict[str, list[int]] = {}
    warnings: dict[str, list[int]] = {}
    for row in rows:
        found = {code: _severity(code, provider.target) for code in row.codes}
        if row.kind is UNREADABLE:
            left_out.setdefault("unreadable", []).append(row.example_id)
            continue
        if row.kind.method is not None and row.kind.method != settings.method:
            left_out.setdefault("other_method", []).append(row.example_id)
            continue
        bad = [code for code, how in found.items() if how == "error"]
        if bad and settings.leave_out_errors:
            left_out.setdefault("errors", []).append(row.example_id)
            continue
        if settings.leave_out_errors and row.version_id in refused:
            left_out.setdefault("refused", []).append(row.example_id)
            continue
        for code in bad:
            errors.setdefault(code, []).append(row.example_id)
        for code in (code for code, how in found.items() if how == "warning"):
            warnings.setdefault(code, []).append(row.example_id)
        kept.append(row)
    sides = split(kept, settings.validation_share, min(limits.least_examples, len(kept)))
    lengths = [row.tokens for row in sides.training]
    trained = cut_at_limit(lengths, _limit(settings))
    epochs, batch_size = _repetition(settings, len(lengths))
    cost = estimate(trained.examples, trained.tokens, provider.target, settings.base_model, epochs)
    return LaunchPreview(
        settings=settings,
        split=sides,
        left_out=_frozen(left_out),
        errors=_frozen(errors),
        warnings=_frozen(warnings),
        stops=tuple(_stops(provider, settings, len(lengths), limits.least_examples, today)),
        notes=tuple(
            _notes(provider, settings, sides, limits.advised_examples, today)
            + _other_tokenizer(project, settings)
        ),
        tokens=trained.tokens,
        longest=max(lengths, default=0),
        over_limit=trained.over_limit,
        epochs=epochs,
        batch_size=batch_size,
        price=cost.price,
        price_source=_price_source(cost),
        leaves=_leaves(provider, settings, sides),
    )


def with_base_model(preview: LaunchPreview, base_model: str) -> LaunchPreview:
    """The same launch with another base model, as far as its size and time go."""
    settings = replace(preview.settings, base_model=base_model)
    epochs, batch_size = _repetition(settings, len(preview.split.training))
    found = replace(preview, settings=settings, epochs=epochs, batch_size=batch_size)
    if preview.over_limit == 0 and preview.longest <= _limit(settings):
        return found  # without going through all examples for each model
    trained = cut_at_limit((row.tokens for row in preview.split.training), _limit(settings))
    return replace(found, tokens=trained.tokens, over_limit=trained.over_limit)


def _limit(settings: LaunchSettings) -> int:
    """The most tokens of an example that are trained on."""
    provider = provider_named(settings.provider)
    return longest_example(provider, settings.base_model) or target(provider.target).token_limit


def _repetition(settings: LaunchSettings, examples: int) -> tuple[int, int]:
    """How often so many examples are gone through, and how many make one step."""
    automatic = resolve_auto(
        {"n_epochs": settings.epochs or "auto", "batch_size": settings.batch_size or "auto"},
        examples,
        learner_here(settings.base_model, settings.method, settings.full)
        if settings.provider == "local"
        else "service",
    )
    return (int(automatic["n_epochs"]) if examples else 0), int(automatic["batch_size"])


def _severity(code: str, target_name: str) -> str:
    try:
        return severity(code, target_name)
    except KeyError:
        # Found by a newer Tunedesk.
        return "hint"


_Key = TypeVar("_Key", bound=str)


def _frozen(found: Mapping[_Key, list[int]]) -> dict[_Key, tuple[int, ...]]:
    return {name: tuple(ids) for name, ids in found.items()}


def _stops(
    provider: Provider, settings: LaunchSettings, training: int, least: int, today: datetime.date
) -> list[str]:
    stops = []
    if training < least:
        stops.append(
            ngettext(
                "There is {n} example to train on; at least {least} are needed.",
                "There are {n} examples to train on; at least {least} are needed.",
                training,
            ).format(n=training, least=least)
        )
    if provider.is_closed(today):
        stops.append(provider.ends_note)
    ended = next(
        (
            model
            for model in provider.models
            if model.id == settings.base_model and model.ends is not None and model.ends <= today
        ),
        None,
    )
    if ended is not None:
        stops.append(
            _("{model} takes no new jobs since {day}.").format(model=ended.title, day=ended.ends)
        )
    if settings.method not in provider.methods:
        stops.append(
            _("{provider} has no such method of training.").format(provider=provider.title)
        )
    elif any(
        model.id == settings.base_model and settings.method not in model.methods
        for model in provider.models
    ):
        stops.append(
            _(
                "{provider} does not train this base model by “{method}”: choose another one."
            ).format(provider=provider.title, method=settings.method)
        )
    problem = provider.suffix_problem(settings.name)
    if problem:
        stops.append(problem)
    metadata = settings.metadata if provider.metadata else {}
    return stops + setting_problems(settings.numbers, metadata, provider.limits)


def _notes(
    provider: Provider, settings: LaunchSettings, sides: Split, advised: int, today: datetime.date
) -> list[str]:
    notes = []
    training, held = len(sides.training), len(sides.validation)
    if 0 < training < advised:
        notes.append(
            ngettext(
                "{n} example to train on is little: {advised} or more are advised.",
                "{n} examples to train on are few: {advised} or more are advised.",
                training,
            ).format(n=training, advised=advised)
        )
    wanted = round((training + held) * settings.validation_share)
    if held < wanted:
        notes.append(
            _("{held} of {wanted} are held back, so that enough are left to train on.").format(
                held=held, wanted=wanted
            )
        )
    if provider.ends_note and not provider.is_closed(today):
        notes.append(provider.ends_note)
    return notes


def _other_tokenizer(project: Project, settings: LaunchSettings) -> list[str]:
    """What is said where tokens were counted by another tokenizer than the base model's."""
    own = model_encoding(settings.base_model) if settings.provider == THIS_COMPUTER else None
    counted, model = project.context.check_settings.encoding, settings.base_model
    if own is None or own.name == counted:
        return []
    here = Catalogue.load().find_local(model)
    return [
        _(
            "The tokens were counted by {encoding}; those of {model} differ a little, and are "
            "counted from this run on."
        ).format(encoding=counted.partition("@")[0], model=model if here is None else here.title)
    ]


def _price_source(cost: Estimate) -> str:
    if cost.price_per_million is None:
        return ""
    catalogue = Catalogue.load()
    return _(
        "Estimated: {tokens} tokens at {price} {currency} for a million, price of {day}."
    ).format(
        tokens=f"{cost.billable_tokens:,}",
        price=f"{cost.price_per_million:g}",
        currency=catalogue.currency,
        day=catalogue.price_date,
    )


def _leaves(provider: Provider, settings: LaunchSettings, sides: Split) -> str:
    if provider.name == "local":
        return _("Nothing.")
    count = len(sides.training) + len(sides.validation)
    return ngettext(
        "{n} example, whole, goes to {provider}.", "{n} examples, whole, go to {provider}.", count
    ).format(n=f"{count:,}", provider=provider_label(provider, settings.base_url))


_OPERATIONS: dict[Device, float] = {"cpu": 4e10, "mps": 2e12, "cuda": 2e13}
"""Operations a second, as trainings reach them: 2 cores measured here, the others cautiously."""
_STEP_SECONDS: dict[Device, float] = {"cpu": 0.03, "mps": 0.05, "cuda": 0.1}
_START_SECONDS = 12.0
"""Until the first step, measured here: loading the libraries and the model."""
_LEAST_STEPS = 10
_USUAL_EPOCHS = 3
"""Of 33 examples and more; fewer are gone through more often (`catalogue.hyperparameters`)."""


class TimeEstimate(NamedTuple):
    """An estimate.

    Attributes:
        seconds: How long it takes.
        source: How that was worked out, in a sentence.
    """

    seconds: float
    source: str


def estimate_time(
    project: Project, preview: LaunchPreview, device: Device = "cpu"
) -> TimeEstimate | None:
    """How long a run takes; None where nothing can be said.

    Args:
        project: The project, or a handle of it.
        preview: What would be launched.
        device: Where this computer trains.
    """
    settings = preview.settings
    if not preview.tokens:
        return None
    for run in project.runs.all():
        if _is_alike(run, preview):
            measured = _measured(project, run)
            if measured is not None:
                start, per_token = measured
                return TimeEstimate(
                    start + per_token * preview.billable_tokens,
                    _("Estimated from the run “{name}”.").format(name=run.name),
                )
    model = Catalogue.load().find_local(settings.base_model)
    if model is None or settings.provider != "local":
        return None
    learns_whole = settings.full or model.id == STARTER_ID
    operations = (6 if learns_whole else 4) * model.size.parameters * preview.billable_tokens
    seconds = _START_SECONDS + operations / _OPERATIONS[device]
    seconds += preview.steps * _STEP_SECONDS[device]
    # What is held back is measured after each epoch, by one forward pass.
    held = sum(min(row.tokens, _limit(settings)) for row in preview.split.validation)
    forward = 2 * model.size.parameters * held * preview.epochs
    seconds += forward / _OPERATIONS[device]
    source = _("Estimated from the size of the model; the first run here will tell better.")
    if settings.epochs is None and preview.epochs > _USUAL_EPOCHS and not learns_whole:
        more = ngettext(
            "The examples are few, so each is gone through {n} time.",
            "The examples are few, so each is gone through {n} times.",
            preview.epochs,
        ).format(n=preview.epochs)
        source = f"{source} {more}"
    return TimeEstimate(seconds, source)


def _is_alike(run: Run, preview: LaunchPreview) -> bool:
    settings = preview.settings
    return (
        run.provider == settings.provider
        and run.succeeded
        and run.base_model == settings.base_model
        and bool(run.settings.get("full")) == settings.full
    )


def _measured(project: Project, run: Run) -> tuple[float, float] | None:
    """The seconds until the first step and for each token of a run; None if it was too short."""
    metrics = [metric for metric in project.runs.metrics(run.id) if metric.time]
    if len(metrics) < _LEAST_STEPS or not run.trained_tokens:
        return None
    seconds = (metrics[-1].time - metrics[0].time) / 1000
    if seconds <= 0:
        return None
    start = max((metrics[0].time - run.created_at) / 1000, 0.0)
    return min(start, 10 * _START_SECONDS), seconds / run.trained_tokens
