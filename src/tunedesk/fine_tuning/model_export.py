"""Takes the tuned model of a local run along: where it lies, its card, and what is made of it."""

import tempfile
from pathlib import Path
from typing import Any

from tunedesk.catalogue.models import Catalogue
from tunedesk.errors import UserError
from tunedesk.fine_tuning.curves import RunCurves
from tunedesk.fine_tuning.run_facts import data_facts, model_step, result_facts, settings_facts
from tunedesk.i18n import _
from tunedesk.progress import Progress, no_progress
from tunedesk.project.project import Project
from tunedesk.project.run_records import Run
from tunedesk.services import local_models
from tunedesk.services.local_server import server_data_dir

KINDS = ("folder", "adapter", "gguf")


def export_model(
    project: Project,
    run: Run,
    kind: str,
    out: Path,
    *,
    step: int | None = None,
    size: str = "exact",
    progress: Progress = no_progress,
) -> dict[str, Any]:
    """Write the tuned model of a run, or one of its checkpoints, as a folder or file.

    Args:
        project: The project of the run.
        run: The run.
        kind: One of `KINDS`.
        out: The folder or file that is made; not there yet.
        step: The step of the checkpoint; None: the model as it was at the end.
        size: "exact", "smaller" or "smallest"; for a GGUF file.
        progress: Called now and then with the bytes that are there; may cancel.

    Returns:
        What was proved of a GGUF file (`training_server.export_model.Proof`); else nothing.

    Raises:
        UserError: The model is not on this computer, or cannot be written.
        Cancelled: By `progress`.
    """
    if not out.name:
        raise UserError(_("Say what is to be made: the name of a folder or file."))
    if kind != "gguf" and size != "exact":
        raise UserError(_("Only a GGUF file can be made smaller."))
    if kind == "gguf" and out.suffix != ".gguf":
        raise UserError(
            _("The name of a GGUF file ends in .gguf, or no program takes it for one."),
            _("Write it to {path}.").format(path=out.with_name(f"{out.name}.gguf")),
        )
    folder = model_folder(run, step)
    base = run.base_model.split(":")[1] if run.base_model.startswith("ft:") else run.base_model
    with tempfile.TemporaryDirectory(prefix="tunedesk-export-") as place:
        card = Path(place) / "card.md"
        card.write_text(model_card(project, run, step), encoding="utf-8")
        options = ["--size", size, "--name", run.name, "--base-name", base, "--card", str(card)]
        return local_models.export(folder, kind, out, options, progress)


def model_folder(run: Run, step: int | None = None) -> Path:
    """Where the tuned model of a run lies, or a checkpoint of it.

    Raises:
        UserError: It is not on this computer.
    """
    if run.provider != "local" or not run.job_id or "/" in run.job_id or ".." in run.job_id:
        raise UserError(
            _("The model of {run} is not on this computer.").format(run=run.name),
            _("Only models that were trained on this computer can be taken along."),
        )
    job = server_data_dir() / "jobs" / run.job_id
    folder = job / "model" if step is None else job / "checkpoints" / f"step-{step}"
    if folder.is_dir():
        return folder
    steps = sorted(int(each.name[5:]) for each in job.glob("checkpoints/step-*[0-9]"))
    raise UserError(
        _("The model of {run} is not there.").format(run=run.name)
        if step is None
        else _("{run} has no checkpoint of step {step}.").format(run=run.name, step=step),
        _("There are checkpoints of the steps {steps}.").format(steps=", ".join(map(str, steps)))
        if steps
        else _("It was deleted, or trained by another user or computer: take it along there."),
    )


def model_card(project: Project, run: Run, step: int | None = None) -> str:
    """The page that goes with a model: what it is, how it was made, and what it is not for."""
    facts = [
        *settings_facts(run),
        *data_facts(run),
        *result_facts(run, RunCurves.from_metrics(project.runs.metrics(run.id))),
    ]
    models = Catalogue.load().local_models
    model = next((each for each in models if each.id == run.base_model), None)
    licence = model.licence if model else ""
    # What the hub and other programs read of a card.
    head = [f"license: {licence.lower()}"] if licence else []
    lines = ["---", *head, f"base_model: {run.base_model}", "---", "", f"# {run.name}", ""]
    lines.append(
        _("A language model, tuned from {base} with Tunedesk.").format(base=run.base_model)
    )
    kept = model_step(project.runs.events(run.id)) if step is None else step
    if kept is not None:
        lines.append(
            _(
                "Its weights are those of step {step}; the figures below are of the whole training."
            ).format(step=kept)
        )
    lines += ["", "| | |", "| --- | --- |"]
    lines += [f"| {fact.name} | {fact.value} |" for fact in facts if fact.value]
    if model is not None and model.package is not None:
        lines += [
            "",
            _("Where the base came from the Python index, it had been quantised to 4 bits once."),
        ]
    lines += ["", _("## Licence"), ""]
    lines.append(
        _(
            "The base model has the licence {licence}; the tuned one may be used as that allows."
        ).format(licence=licence)
        if licence
        else _("The licence is that of the base model: look there before you pass it on.")
    )
    lines += ["", _("## What it must not be used for"), ""]
    lines.append(
        _(
            "It says what sounds like its examples, also where that is wrong. Decide nothing by "
            "its answers that somebody has not checked: no diagnosis, no advice on law or money. "
            "It may give away what its examples hold."
        )
    )
    return "\n".join(lines) + "\n"
