"""Takes the tuned model of a local run along: where it lies, its card, and what is made of it."""

import json
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tunedesk.catalogue.hyperparameters import LEARNING_RATES, TrainedPart
from tunedesk.catalogue.models import STARTER_ID, Catalogue
from tunedesk.errors import UserError
from tunedesk.fine_tuning.curves import RunCurves, format_loss
from tunedesk.fine_tuning.launch_settings import LaunchSettings
from tunedesk.fine_tuning.run_facts import (
    Fact,
    data_facts,
    hyperparameters,
    model_step,
    result_facts,
    settings_facts,
)
from tunedesk.fine_tuning.sample_questions import message_text, questions_of, sample_questions
from tunedesk.i18n import _, ngettext
from tunedesk.paths import user_data_dir
from tunedesk.progress import Progress, no_progress
from tunedesk.project.project import Project
from tunedesk.project.run_records import Run
from tunedesk.services import local_models, ollama
from tunedesk.services.local_server import server_data_dir

KINDS = ("folder", "adapter", "gguf", "ollama")
WITH_SIZES = ("gguf", "ollama")
MOST_QUESTIONS = 8
"""So many questions of the run are asked to prove a GGUF file."""
_MOST_LOOKED_AT = 400
"""Of so many examples the system prompts are counted."""


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
        kind: One of `KINDS`; "ollama": a folder with a GGUF file and a Modelfile.
        out: The folder or file that is made; not there yet. "~" is the user's home.
        step: The step of the checkpoint; None: the tuned model.
        size: "exact", "smaller" or "smallest"; for a GGUF file.
        progress: Called now and then with the bytes that are there; may cancel.

    Returns:
        What was proved of a GGUF file (`training_server.gguf_file.Proof`), for "ollama" with
        "template", "system" and "parameters" beside it; else nothing.

    Raises:
        UserError: The model is not on this computer, or cannot be written.
        Cancelled: By `progress`.
    """
    out = out.expanduser()
    _check_out(kind, out, size)
    folder = model_folder(run, step)
    _check_base(run, folder)
    base = _base_name(run)
    model = Catalogue.load().find_local(base)
    with tempfile.TemporaryDirectory(prefix="tunedesk-export-") as place:
        card, questions, system = (Path(place) / each for each in ("card", "questions", "system"))
        card.write_text(model_card(project, run, step), encoding="utf-8")
        questions.write_text(json.dumps(held_back_questions(project, run)), encoding="utf-8")
        system.write_text(common_system_prompt(project, run), encoding="utf-8")
        options = ["--size", size, "--name", run.name, "--base-name", base, "--card", str(card)]
        options += ["--questions", str(questions), "--system", str(system)]
        options += ["--licence", model.licence if model else ""]
        return local_models.export(folder, kind, out, options, progress)


def export_to_ollama(
    project: Project,
    run: Run,
    found: ollama.Ollama,
    name: str,
    *,
    step: int | None = None,
    size: str = "exact",
    progress: Progress = no_progress,
) -> dict[str, Any]:
    """Make a model in Ollama of this computer, with template, system prompt and stop marks.

    Args:
        project: The project of the run.
        run: The run.
        found: Ollama.
        name: What the model is called there; not there yet.
        step: The step of the checkpoint; None: the tuned model.
        size: As in `export_model`.
        progress: As in `export_model`.

    Returns:
        As `export_model` for "ollama".

    Raises:
        UserError: As `export_model`, or Ollama does not take it.
        Cancelled: By `progress`; then there is no such model.
    """
    ollama.check_name(found, name)  # before anything that takes long
    user_data_dir().mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="ollama-", dir=user_data_dir()) as place:
        out = Path(place) / "model"
        told = export_model(project, run, "ollama", out, step=step, size=size, progress=progress)
        give_to_ollama(run, found, name, out, told, progress)
    return told


def give_to_ollama(
    run: Run,
    found: ollama.Ollama,
    name: str,
    folder: Path,
    told: dict[str, Any],
    progress: Progress = no_progress,
) -> None:
    """Make a model in Ollama of a folder that `export_model` wrote for it.

    Args:
        run: The run.
        found: Ollama.
        name: What the model is called there; not there yet.
        folder: The folder.
        told: What `export_model` returned.
        progress: Called with the bytes that are sent; may cancel.

    Raises:
        UserError: Ollama does not take it.
    """
    model = Catalogue.load().find_local(_base_name(run))
    settings = {key: told[key] for key in ("template", "system", "parameters")}
    settings["license"] = model.licence if model else ""
    ollama.create(found, name, folder / "model.gguf", settings, progress)


def _check_out(kind: str, out: Path, size: str) -> None:
    """Say at once what stands against what is wanted."""
    if not out.name:
        raise UserError(_("Say what is to be made: the name of a folder or file."))
    if kind not in WITH_SIZES and size != "exact":
        raise UserError(_("Only a GGUF file can be made smaller."))
    if kind == "gguf" and out.suffix != ".gguf":
        raise UserError(
            _("The name of a GGUF file ends in .gguf, or no program takes it for one."),
            _("Write it to {path}.").format(path=out.with_name(f"{out.name}.gguf")),
        )
    above = next((each for each in out.absolute().parents if each.exists()), None)
    if above is not None and not above.is_dir():
        raise UserError(
            _("{path} is a file, not a folder.").format(path=above), _("Take another folder.")
        )
    if out.exists():
        raise UserError(_("{path} is there already.").format(path=out), _("Give another name."))


def _base_name(run: Run) -> str:
    """The base model of a run, as the world knows it."""
    return run.base_model.split(":")[1] if run.base_model.startswith("ft:") else run.base_model


def _check_base(run: Run, folder: Path) -> None:
    """Say what to do where the base model of an adapter is not here any more."""
    try:
        held = json.loads((folder / "adapter_config.json").read_text(encoding="utf-8"))
        base = Path(held["base_model_name_or_path"])
    except (OSError, ValueError, KeyError, TypeError):
        return
    if (base / "config.json").is_file():
        return
    name = _base_name(run)
    model = Catalogue.load().find_local(name)
    raise UserError(
        _("{model} is no longer on this computer, and its tuned models need it.").format(
            model=model.title if model else name
        ),
        _("Fetch it again: {command}").format(
            command=f"tunedesk models get {model.short_name}"
            if model
            else f"tunedesk models add FOLDER --name {name}"
        ),
    )


def held_back_questions(project: Project, run: Run) -> list[dict[str, Any]]:
    """The questions that a file is proved with: those held back first, as the model was asked."""
    found = [
        {"messages": list(each.messages), **({"tools": each.more["tools"]} if each.more else {})}
        for each in sample_questions(project, run.id)
        if not each.is_completion and each.more.keys() <= {"tools"}
    ]
    return found[:MOST_QUESTIONS]


def common_system_prompt(project: Project, run: Run) -> str:
    """The system prompt that most of the examples of a run have; empty where most have none."""
    counted: Counter[str] = Counter()
    for text in _training_texts(project, run):
        question = next(questions_of(text, "training"), None)
        if question is not None:
            counted[message_text(question.system) if question.system else ""] += 1
    prompt, times = counted.most_common(1)[0] if counted else ("", 0)
    return prompt if times * 2 > counted.total() else ""


def _training_texts(project: Project, run: Run) -> Iterator[str]:
    for line in range(1, _MOST_LOOKED_AT + 1):
        example = project.runs.example_at(run.id, "training", line)
        if example is None:
            return
        yield project.version_text(example.version_id) or ""


def proof_text(told: dict[str, Any]) -> str:
    """What was proved of a GGUF file, in sentences."""
    said = _("Proved: the same tokens in {tokens} of {texts} texts.").format(
        tokens=told["same_tokens"], texts=told["texts"]
    )
    answered = ngettext(
        "{alike} of {all} test prompt is answered as here, word for word.",
        "{alike} of {all} test prompts are answered as here, word for word.",
        told["questions"],
    ).format(alike=told["same_answers"], all=told["questions"])
    return f"{said} {answered}" if told["questions"] else said


def export_sizes(run: Run, step: int | None = None) -> dict[str, int]:
    """How many bytes what is made will have, by its kind; a GGUF file by its size ("exact", ...).

    Raises:
        UserError: As `model_folder`.
    """
    folder = model_folder(run, step)
    _check_base(run, folder)
    return local_models.export_sizes(folder)


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
    curves = RunCurves.from_metrics(project.runs.metrics(run.id))
    kept = model_step(project.runs.events(run.id)) if step is None else step
    facts = [
        *(_real_rate(run, fact) for fact in settings_facts(run)),
        *data_facts(run),
        *_step_facts(curves, kept),
        *result_facts(run, curves),
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


def _real_rate(run: Run, fact: Fact) -> Fact:
    """The learning rate itself in place of the multiplier that a job is given."""
    multiplier = hyperparameters(run).get("learning_rate_multiplier")
    if fact.name != _("Learning rate") or not isinstance(multiplier, int | float):
        return fact
    asked = LaunchSettings.from_json(run.settings)
    part: TrainedPart = "full" if asked.full else "lora"
    usual = LEARNING_RATES["starter" if _base_name(run) == STARTER_ID else part, asked.method]
    return fact._replace(value=f"{usual * multiplier:g}")


def _step_facts(curves: RunCurves, step: int | None) -> list[Fact]:
    """The losses of the step whose weights a model has."""
    if step is None:
        return []
    found = []
    for name, points in (
        (_("Training loss of its weights (smoothed)"), curves.points("train_loss").smoothed()),
        (_("Validation loss of its weights"), curves.validation()),
    ):
        at = [
            float(loss)
            for each, loss in zip(points.steps, points.values, strict=True)
            if each == step
        ]
        if at:
            found.append(Fact(_("Results"), name, format_loss(at[0])))
    return found
