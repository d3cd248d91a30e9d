"""What a launch would do, said before it does anything: counts, problems, length, price, time."""

import datetime
import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from tunedesk.checks.automatic import resolve
from tunedesk.checks.local_models import STARTER_ID
from tunedesk.checks.models import Catalogue
from tunedesk.checks.problem import severity
from tunedesk.checks.targets import target
from tunedesk.fine_tuning.addresses import called
from tunedesk.fine_tuning.example_length import longest_example
from tunedesk.fine_tuning.launch_settings import LaunchSettings
from tunedesk.fine_tuning.providers import Provider, provider
from tunedesk.fine_tuning.setting_limits import setting_problems
from tunedesk.fine_tuning.split import Split, split
from tunedesk.i18n import _, ngettext
from tunedesk.progress import Progress, no_progress
from tunedesk.project.project import Project
from tunedesk.project.training_rows import TrainingRow, training_rows


@dataclass(frozen=True)
class Preparation:
    """What a launch would do.

    Attributes:
        settings: What it was asked with.
        split: What is trained on and what is held back.
        left_out: Examples that are not trained on, by the reason in a sentence.
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
    left_out: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
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


def prepare(
    project: Project,
    settings: LaunchSettings,
    today: datetime.date,
    progress: Progress = no_progress,
) -> Preparation:
    """Say what a launch would do; reads the project and touches nothing.

    Args:
        project: The project, or a handle of it in a background thread.
        settings: What to launch.
        today: For closing dates.
        progress: May cancel.

    Raises:
        UserError: The provider is not known.
    """
    place = provider(settings.provider)
    limits = target(place.target)
    rows = training_rows(project, settings.query, progress)
    kept: list[TrainingRow] = []
    left_out: dict[str, list[int]] = {}
    errors: dict[str, list[int]] = {}
    warnings: dict[str, list[int]] = {}
    for row in rows:
        found = {code: _severity(code, place.target) for code in row.codes}
        if row.unreadable:
            left_out.setdefault(_("no JSON object"), []).append(row.example_id)
            continue
        bad = [code for code, how in found.items() if how == "error"]
        if bad and settings.leave_out_errors:
            left_out.setdefault(_("with errors"), []).append(row.example_id)
            continue
        for code in bad:
            errors.setdefault(code, []).append(row.example_id)
        for code in (code for code, how in found.items() if how == "warning"):
            warnings.setdefault(code, []).append(row.example_id)
        kept.append(row)
    halves = split(kept, settings.validation_share, min(limits.least_examples, len(kept)))
    lengths = [row.tokens for row in halves.training]
    limit = longest_example(place, settings.base_model) or limits.token_limit
    tokens = sum(min(length, limit) for length in lengths)
    automatic = resolve(
        {"n_epochs": settings.epochs or "auto", "batch_size": settings.batch_size or "auto"},
        len(lengths),
        place.name == "local" and settings.base_model == STARTER_ID,
    )
    epochs = int(automatic["n_epochs"]) if lengths else 0
    price, price_source = _price(place, settings, tokens * epochs)
    return Preparation(
        settings=settings,
        split=halves,
        left_out=_frozen(left_out),
        errors=_frozen(errors),
        warnings=_frozen(warnings),
        stops=tuple(_stops(place, settings, len(lengths), limits.least_examples, today)),
        notes=tuple(_notes(place, settings, halves, limits.advised_examples, today)),
        tokens=tokens,
        longest=max(lengths, default=0),
        over_limit=sum(length > limit for length in lengths),
        epochs=epochs,
        batch_size=int(automatic["batch_size"]),
        price=price,
        price_source=price_source,
        leaves=_leaves(place, settings, halves),
    )


def _severity(code: str, target_name: str) -> str:
    try:
        return severity(code, target_name)
    except KeyError:
        # Found by a newer Tunedesk.
        return "hint"


def _frozen(found: Mapping[str, list[int]]) -> dict[str, tuple[int, ...]]:
    return {name: tuple(ids) for name, ids in found.items()}


def _stops(
    place: Provider, settings: LaunchSettings, training: int, least: int, today: datetime.date
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
    if place.is_closed(today):
        stops.append(place.ends_note)
    ended = next(
        (
            model
            for model in place.models
            if model.id == settings.base_model and model.ends is not None and model.ends <= today
        ),
        None,
    )
    if ended is not None:
        stops.append(
            _("{model} takes no new jobs since {day}.").format(model=ended.title, day=ended.ends)
        )
    if settings.method not in place.methods:
        stops.append(_("{place} has no such method of training.").format(place=place.title))
    elif any(
        model.id == settings.base_model and settings.method not in model.methods
        for model in place.models
    ):
        stops.append(
            _("{place} does not train this base model by “{method}”: choose another one.").format(
                place=place.title, method=settings.method
            )
        )
    problem = place.suffix_problem(settings.name)
    if problem:
        stops.append(problem)
    metadata = settings.metadata if place.metadata else {}
    return stops + setting_problems(settings.numbers, metadata, place.limits)


def _notes(
    place: Provider, settings: LaunchSettings, halves: Split, advised: int, today: datetime.date
) -> list[str]:
    notes = []
    training, held = len(halves.training), len(halves.validation)
    if 0 < training < advised:
        notes.append(
            _("{n} examples are few: {advised} or more are advised.").format(
                n=training, advised=advised
            )
        )
    wanted = round((training + held) * settings.validation_share)
    if held < wanted:
        notes.append(
            _("{held} of {wanted} are held back, so that enough are left to train on.").format(
                held=held, wanted=wanted
            )
        )
    if place.ends_note and not place.is_closed(today):
        notes.append(place.ends_note)
    return notes


def _price(place: Provider, settings: LaunchSettings, billable: int) -> tuple[float | None, str]:
    if place.name != "openai":
        return None, ""
    catalogue = Catalogue.load()
    model = catalogue.find(settings.base_model)
    if model is None or model.price is None:
        return None, ""
    return billable * model.price.training / 1e6, _(
        "Estimated: {tokens} tokens at {price} {currency} for a million, price of {day}."
    ).format(
        tokens=f"{billable:,}",
        price=f"{model.price.training:g}",
        currency=catalogue.currency,
        day=catalogue.price_date,
    )


def _leaves(place: Provider, settings: LaunchSettings, halves: Split) -> str:
    if place.name == "local":
        return _("Nothing.")
    count = len(halves.training) + len(halves.validation)
    return ngettext(
        "{n} example, whole, goes to {place}.", "{n} examples, whole, go to {place}.", count
    ).format(n=f"{count:,}", place=called(place, settings.base_url))
