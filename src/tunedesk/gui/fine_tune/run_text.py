"""What the screens say of a run: its state, where it trains, how far it is, how long it takes."""

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

from tunedesk.catalogue.memory_estimate import Machine
from tunedesk.catalogue.models import Catalogue
from tunedesk.errors import UserError
from tunedesk.i18n import _, duration_text, ngettext
from tunedesk.project.run_records import Metric, Run, RunCheckpoint
from tunedesk.services.providers import host_of, provider_label, provider_named

SPEED_STEPS = 50
"""The speed is that of the last steps, so that a pause long ago does not count."""


class StateText(NamedTuple):
    """How the state of a run is shown.

    Attributes:
        text: The word of its badge.
        tone: The tone of its badge.
    """

    text: str
    tone: str


_STAGES = {
    "preparing": StateText(_("Preparing"), "accent"),
    "uploading": StateText(_("Sending"), "accent"),
    "creating": StateText(_("Starting"), "accent"),
}
_STATUSES = {
    "validating_files": StateText(_("Checking files"), "accent"),
    "queued": StateText(_("Waiting"), "accent"),
    "running": StateText(_("Training"), "warning"),
    "paused": StateText(_("Paused"), "muted"),
    "succeeded": StateText(_("Ready"), "success"),
    "failed": StateText(_("Failed"), "error"),
    "cancelled": StateText(_("Cancelled"), "muted"),
}


def status_text(status: str) -> str:
    """A job's status as it is shown; one that is not known in the service's own words."""
    return _STATUSES[status].text if status in _STATUSES else status


def state_text(run: Run) -> StateText:
    """The badge of a run; a state that is not known shows in the service's own words."""
    if run.ended and run.status not in _STATUSES:
        return _STATUSES["failed" if run.error else "cancelled"]
    if not run.status:
        return _STAGES.get(run.stage, _STAGES["creating"])
    return _STATUSES.get(run.status, StateText(run.status, "muted"))


def provider_text(run: Run) -> str:
    """Where it trains: this computer, OpenAI, or the host of another server."""
    if run.provider == "local":
        return _("this computer")
    try:
        return provider_label(provider_named(run.provider), run.base_url)
    except UserError:
        return run.provider


def elsewhere_text(run: Run) -> str:
    """What is said of a run that another computer launched."""
    if run.provider == "local" and not run.settings.get("base_url"):
        return _(
            "This run was launched on another computer and trains there. Nothing is started on "
            "this one for it before you want it."
        )
    return _(
        "This run was launched on another computer. Nothing is asked of {host} before you want it."
    ).format(host=host_of(run.base_url) or provider_text(run))


def model_text(run: Run) -> str:
    """The base model by the name that people know."""
    return model_title(run.provider, run.base_model)


def model_title(provider_name: str, base_model: str) -> str:
    """The title of a base model at a provider; its id if it is in no list."""
    catalogue = Catalogue.load()
    known = catalogue.find_local(base_model) or catalogue.find(base_model)
    if known is not None:
        return known.title
    try:
        models = provider_named(provider_name).models
    except UserError:
        return base_model
    return next((model.title for model in models if model.id == base_model), base_model)


def facts_text(run: Run, parents: Sequence[str] = ()) -> str:
    """One line on what is trained: the base model, where, how many examples.

    Args:
        run: The run.
        parents: The names of the runs whose models it goes on from, the nearest first.
    """
    base = model_text(run)
    if parents:
        base = _("{model}, trained further from {runs}").format(
            model=base, runs=" ← ".join(f"“{name}”" for name in parents)
        )
    parts = [base, provider_text(run)]
    if run.training is not None and run.training.examples:
        count = run.training.examples
        if run.validation is None:
            words = ngettext("{n} example", "{n} examples", count).format(n=f"{count:,}")
        else:
            words = ngettext(
                "{n} example, {held} held back", "{n} examples, {held} held back", count
            ).format(n=f"{count:,}", held=f"{run.validation.examples:,}")
        parts.append(words)
    return " · ".join(parts)


def share_done(run: Run) -> float | None:
    """How much of its steps are done, from 0 to 1; None while that is not known."""
    if run.succeeded:
        return 1.0
    if run.step is None or not run.total_steps:
        return None
    return min(1.0, run.step / run.total_steps)


def epochs_of(run: Run) -> int | None:
    """How many epochs it trains, as the service says or as was asked; None if nobody said."""
    for part in (run.job, *(_methods(run.job))):
        given = _within(part, "hyperparameters", "n_epochs")
        if type(given) is int and given > 0:
            return given
    asked = run.settings.get("epochs")
    return asked if type(asked) is int and asked > 0 else None


def epoch_now(run: Run) -> int | None:
    """The epoch that the last known step belongs to, from 1."""
    epochs = epochs_of(run)
    if not epochs or not run.total_steps or run.step is None:
        return None
    return min(epochs, max(1, math.ceil(run.step * epochs / run.total_steps)))


def seconds_left(run: Run, metrics: Sequence[Metric], now: int) -> float | None:
    """How long it still takes at the speed of the last steps: an estimate; None without one.

    Args:
        run: The run.
        metrics: Its figures, by step.
        now: The time, in milliseconds since 1970.
    """
    timed = [metric for metric in metrics[-SPEED_STEPS:] if metric.time]
    if run.status != "running" or len(timed) < 2 or not run.total_steps:
        return None
    first, last = timed[0], timed[-1]
    if last.step <= first.step or last.time <= first.time:
        return None
    each = (last.time - first.time) / (last.step - first.step)
    left = (run.total_steps - last.step) * each - max(0, now - last.time)
    return max(0.0, left / 1000)


def progress_text(run: Run, left: float | None = None) -> str:
    """How far it is: "step 198 of 309 · epoch 2 of 3 · about 6 min left"."""
    parts = []
    if run.step is not None and run.total_steps:
        parts.append(
            _("step {step} of {total}").format(step=f"{run.step:,}", total=f"{run.total_steps:,}")
        )
    elif run.step is not None:
        parts.append(_("step {step}").format(step=f"{run.step:,}"))
    epoch, epochs = epoch_now(run), epochs_of(run)
    if epoch and epochs:
        parts.append(_("epoch {epoch} of {epochs}").format(epoch=epoch, epochs=epochs))
    if left is not None:
        parts.append(_("about {time} left").format(time=duration_text(left)))
    return " · ".join(parts)


def checkpoint_text(point: RunCheckpoint) -> str:
    """A checkpoint in words: its step, and how good it was."""
    step = f"{point.step:,}"
    for name in ("full_valid_loss", "valid_loss"):
        loss = point.metrics.get(name)
        if isinstance(loss, int | float) and not isinstance(loss, bool):
            return _("Checkpoint at step {step}, validation loss {loss}").format(
                step=step, loss=loss_text(loss)
            )
    return _("Checkpoint at step {step}").format(step=step)


def memory_text(machine: Machine) -> str:
    """The memory of a computer: "3.1 of 8.0 GB free"; empty where nobody tells."""
    if not machine.memory_total:
        return ""
    return _("{free} of {total} GB free").format(
        free=f"{machine.memory_free / 1e9:.1f}", total=f"{machine.memory_total / 1e9:.1f}"
    )


def need_text(need: int, machine: Machine) -> str:
    """The memory that a training needs of what there is: "about 1.1 of 8.0 GB"."""
    if not need or not machine.memory_total:
        return memory_text(machine)
    return _("about {need} of {total} GB").format(
        need=f"{need / 1e9:.1f}", total=f"{machine.memory_total / 1e9:.1f}"
    )


def loss_text(loss: float) -> str:
    """A loss with as many digits as tell it from its neighbours."""
    return f"{loss:.2f}" if loss >= 0.1 else f"{loss:.3f}"


def _methods(job: dict[str, Any]) -> list[Any]:
    method = job.get("method")
    if not isinstance(method, dict):
        return []
    return [part for part in method.values() if isinstance(part, dict)]


def _within(value: Any, *names: str) -> Any:
    for name in names:
        if not isinstance(value, dict):
            return None
        value = value.get(name)
    return value
