"""What is known of a run, in rows: settings, data, results, origin; also of runs side by side."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from tunedesk.errors import UserError
from tunedesk.fine_tuning.curves import Points, RunCurves, format_accuracy, format_loss
from tunedesk.fine_tuning.launch_settings import LaunchSettings
from tunedesk.i18n import _, duration_text
from tunedesk.project.run_records import Run, RunEvent, RunFile
from tunedesk.services.providers import provider_named


def model_step(events: Sequence[RunEvent]) -> int | None:
    """The step whose weights the tuned model has, where the service says that it is not the last.

    Our training server keeps the step of the lowest validation loss.
    """
    told = (event.data.get("model_step") for event in reversed(events))
    return next((step for step in told if type(step) is int), None)


class Fact(NamedTuple):
    """One line.

    Attributes:
        group: What it belongs to: settings, data or results.
        name: What it says something of.
        value: What it says; empty where nothing is known.
        compared: What runs are compared by, where that is not the text.
    """

    group: str
    name: str
    value: str
    compared: Any = None

    @property
    def sameness(self) -> Any:
        """Two facts are the same if these are equal."""
        return self.value if self.compared is None else self.compared


def settings_facts(run: Run) -> list[Fact]:
    """How it was trained: what the service says it used, else what was asked for."""
    group = _("Settings")
    asked = LaunchSettings.from_json(run.settings)
    used = hyperparameters(run)

    def number(name: str, wanted: float | int | None) -> str:
        value = used.get(name)
        if isinstance(value, bool) or not isinstance(value, int | float):
            value = wanted
        return _("automatic") if value is None else f"{value:g}"

    facts = [
        Fact(group, _("Base model"), run.base_model),
        Fact(group, _("Service"), _service(run)),
        Fact(group, _("Method"), _method(run)),
        Fact(group, _("Epochs"), number("n_epochs", asked.epochs)),
        Fact(group, _("Batch size"), number("batch_size", asked.batch_size)),
        Fact(
            group,
            _("Learning rate"),
            number("learning_rate_multiplier", asked.learning_rate),
        ),
    ]
    if _method_name(run) == "dpo":
        facts.append(Fact(group, _("Beta"), number("beta", asked.beta)))
    seed = run.job.get("seed")
    facts.append(
        Fact(
            group,
            _("Seed"),
            str(seed) if isinstance(seed, int) else number("seed", asked.seed),
        )
    )
    if asked.lora_rank is not None or asked.full:
        facts.append(
            Fact(
                group,
                _("What learns"),
                _("all weights")
                if asked.full
                else _("an adapter of rank {n}").format(n=asked.lora_rank),
            )
        )
    if asked.extra_body:
        text = json.dumps(dict(asked.extra_body), ensure_ascii=False, sort_keys=True)
        facts.append(Fact(group, _("Further fields"), text))
    return facts


def data_facts(run: Run) -> list[Fact]:
    """What it was trained on, and what was held back."""
    group = _("Data")
    return [
        Fact(group, _("Examples trained on"), _examples(run.training)),
        Fact(group, _("Examples held back"), _examples(run.validation) or _("none")),
        Fact(group, _("Hash of the training file"), run.training.sha256 if run.training else ""),
        Fact(
            group, _("Hash of the validation file"), run.validation.sha256 if run.validation else ""
        ),
    ]


def result_facts(run: Run, curves: RunCurves) -> list[Fact]:
    """What came of it."""
    group = _("Results")
    train, valid = curves.points("train_loss"), curves.validation()
    calm = train.smoothed()
    return [
        Fact(group, _("State"), _state(run)),
        Fact(group, _("Steps"), _steps(run, curves)),
        Fact(group, _("Training loss at the end (smoothed)"), _last(calm)),
        Fact(group, _("Lowest validation loss"), _lowest(valid)),
        Fact(group, _("Validation loss at the end"), _last(valid)),
        Fact(group, _("Accuracy at the end"), _accuracy(curves)),
        Fact(
            group,
            _("Tokens trained"),
            "" if run.trained_tokens is None else f"{run.trained_tokens:,}",
        ),
        Fact(group, _("Time"), _duration(run), compared=""),
        Fact(group, _("Model"), run.fine_tuned_model, compared=""),
    ]


def _state(run: Run) -> str:
    """The state of the job, else how far the launch is; other words of a service as they are."""
    known = {
        "validating_files": _("validating_files"),
        "queued": _("queued"),
        "running": _("running"),
        "paused": _("paused"),
        "succeeded": _("succeeded"),
        "failed": _("failed"),
        "cancelled": _("cancelled"),
        "preparing": _("preparing"),
        "uploading": _("uploading"),
        "creating": _("creating"),
        "following": _("following"),
        "ended": _("ended"),
    }
    state = run.status or run.stage
    return known.get(state, state)


def origin_facts(run: Run) -> list[Fact]:
    """Where the record comes from."""
    group = _("Record")
    return [
        Fact(group, _("Begun"), moment(run.created_at)),
        Fact(group, _("Ended"), moment(run.finished_at) if run.finished_at else ""),
        Fact(group, _("Job"), run.job_id),
        Fact(group, _("Tunedesk"), run.program_version),
    ]


def hyperparameters(run: Run) -> Mapping[str, Any]:
    """Those that the service says it uses, wherever it says so (facts 1.4, 4)."""
    found: dict[str, Any] = {}
    plain = run.job.get("hyperparameters")
    if isinstance(plain, dict):
        found |= plain
    method = run.job.get("method")
    if isinstance(method, dict):
        inner = method.get(str(method.get("type")))
        if isinstance(inner, dict) and isinstance(inner.get("hyperparameters"), dict):
            found |= inner["hyperparameters"]
    return found


def moment(milliseconds: int) -> str:
    """A time as it is here: "2026-11-20 14:02"."""
    return datetime.fromtimestamp(milliseconds / 1000).strftime("%Y-%m-%d %H:%M")


def _method_name(run: Run) -> str:
    method = run.job.get("method")
    told = method.get("type") if isinstance(method, dict) else None
    return str(told or run.settings.get("method") or "supervised")


def _method(run: Run) -> str:
    name = _method_name(run)
    titles = {"supervised": _("by examples"), "dpo": _("by preferences")}
    return titles.get(name, name)


def _service(run: Run) -> str:
    try:
        title = provider_named(run.provider).title
    except UserError:
        title = run.provider
    return title if run.provider != "custom" else f"{title}, {run.base_url}"


def _examples(file: RunFile | None) -> str:
    return "" if file is None else f"{file.examples:,}"


def _steps(run: Run, curves: RunCurves) -> str:
    done = max(run.step or 0, curves.last_step)
    if run.total_steps and done != run.total_steps:
        return _("{done} of {total}").format(done=f"{done:,}", total=f"{run.total_steps:,}")
    return f"{done:,}" if done else ""


def _last(points: Points) -> str:
    return format_loss(float(points.values[-1])) if len(points) else ""


def _lowest(points: Points) -> str:
    if not len(points):
        return ""
    index = int(points.values.argmin())
    return _("{loss} at step {step}").format(
        loss=format_loss(float(points.values[index])), step=f"{points.steps[index]:,}"
    )


def _accuracy(curves: RunCurves) -> str:
    parts = []
    train, full = curves.points("train_accuracy"), curves.points("full_valid_accuracy")
    valid = full if len(full) else curves.points("valid_accuracy").smoothed()
    for text, points in (
        (_("{share} training"), train.smoothed()),
        (_("{share} validation"), valid),
    ):
        if len(points):
            parts.append(text.format(share=format_accuracy(float(points.values[-1]))))
    return ", ".join(parts)


def _duration(run: Run) -> str:
    if run.finished_at is None:
        return ""
    return duration_text(max(0, run.finished_at - run.created_at) / 1000)


@dataclass(frozen=True)
class ComparedRow:
    """One line of the comparison.

    Attributes:
        group: What it belongs to: settings, data or results.
        name: What is compared.
        values: What it is in each run, in their order; empty where nothing is known.
        differs: Whether the runs differ in it.
    """

    group: str
    name: str
    values: tuple[str, ...]
    differs: bool


def compare(runs: Sequence[tuple[Run, RunCurves]]) -> list[ComparedRow]:
    """The lines in their groups; those of which nothing is known of any run are left out."""
    columns = [
        [*settings_facts(run), *data_facts(run), *result_facts(run, curves)] for run, curves in runs
    ]
    keys = list(dict.fromkeys((fact.group, fact.name) for column in columns for fact in column))
    groups = list(dict.fromkeys(group for group, _name in keys))
    keys.sort(key=lambda key: groups.index(key[0]))
    found = [{(fact.group, fact.name): fact for fact in column} for column in columns]
    rows = []
    for group, name in keys:
        facts = [column.get((group, name), Fact(group, name, "")) for column in found]
        if any(fact.value for fact in facts):
            differs = len({str(fact.sameness) for fact in facts}) > 1
            rows.append(ComparedRow(group, name, tuple(fact.value for fact in facts), differs))
    return rows
