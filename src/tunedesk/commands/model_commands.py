"""`tunedesk models` and `export-model`: base models here, and tuned ones that are taken along."""

import argparse
import json
import sys
from typing import Any

from tunedesk.catalogue.models import STARTER_ID, Catalogue
from tunedesk.commands.progress_line import ProgressLine
from tunedesk.errors import UserError
from tunedesk.fine_tuning.model_export import (
    export_model,
    export_to_ollama,
    give_to_ollama,
    proof_text,
)
from tunedesk.i18n import _
from tunedesk.paths import models_dir, user_data_dir
from tunedesk.project.project import Project
from tunedesk.project.run_records import Run
from tunedesk.services import local_models, ollama
from tunedesk.training_server.models import BaseModels, LeftOut
from tunedesk.training_server.settings import ServerSettings


def run_models(options: argparse.Namespace) -> int:
    """Do what is asked of the base models."""
    if options.models_command == "list":
        return _list(options.json)
    if options.models_command == "get":
        model = local_models.catalogue_model(options.name)
        if local_models.is_here(model.id):
            if not options.if_missing:
                _say(_("{model} is here already.").format(model=model.title))
            return 0
        with ProgressLine(model.title) as line:
            folder = local_models.get(
                model, from_hub=options.original, progress=line.progress, say=_say
            )
        _say(_("{model} is here: {folder}").format(model=model.title, folder=folder))
        return 0
    if options.models_command == "add":
        with ProgressLine(options.source.name) as line:
            folder = local_models.add(options.source, options.name or "", line.progress)
        left_out = _why_left_out(folder.relative_to(models_dir()).as_posix())
        if left_out is not None:
            local_models.remove(left_out.name)
            raise UserError(
                _("{path} cannot be used as a model: {reason}").format(
                    path=options.source, reason=left_out.reason
                )
            )
        _say(_("Added as {name}.").format(name=folder.relative_to(models_dir()).as_posix()))
        return 0
    local_models.remove(options.name)
    _say(_("Removed."))
    return 0


def run_export_model(options: argparse.Namespace) -> int:
    """Write the tuned model of a run so that it can be taken elsewhere."""
    found = ollama.find() if options.to == "ollama" else None
    if options.out is None and found is None:
        raise UserError(
            _("Ollama was not found on this computer.")
            if options.to == "ollama"
            else _("Say what is to be made: --out PATH."),
            _("With --out PATH a folder with the model and a Modelfile is made.")
            if options.to == "ollama"
            else "",
        )
    if options.name and options.to != "ollama":
        raise UserError(_("--name is what Ollama is to call the model: it goes with --to ollama."))
    with Project.open(options.project, read_only=True) as project:
        run = _run(project, options.run)
        name = options.name or ollama.model_name(run.name)
        if found is not None:
            ollama.check_name(found, name)
        with ProgressLine(run.name) as line:
            more: dict[str, Any] = {
                "step": options.checkpoint,
                "size": options.size,
                "progress": line.progress,
            }
            if options.out is None:
                assert found is not None
                told = export_to_ollama(project, run, found, name, **more)
            else:
                told = export_model(project, run, options.to, options.out, **more)
                if found is not None:
                    folder = options.out.expanduser()
                    give_to_ollama(run, found, name, folder, told, line.progress)
    if told:
        _say(proof_text(told))
    if options.out is not None:
        print(options.out.expanduser())
    if found is not None:
        _say(_("Ollama has it. Ask it: {command}").format(command=f"ollama run {name}"))
    elif options.to == "ollama":
        _say(
            _("Ollama was not found here. Where it is: {command}").format(
                command=f"cd {options.out} && ollama create {name} -f Modelfile"
            )
        )
    return 0


def _run(project: Project, word: str | None) -> Run:
    """The run that a word means; without one, the newest that has a model on this computer."""
    if word:
        return project.runs.find(word)
    found = [each for each in project.runs.all() if each.provider == "local" and each.succeeded]
    if not found:
        raise UserError(
            _("No run of this project has a model on this computer."),
            _("Train one first: tunedesk launch PROJECT."),
        )
    return max(found, key=lambda run: run.created_at)


def _list(as_json: bool) -> int:
    here = {model.name: model for model in local_models.models_here()}
    known = Catalogue.load().local_models
    rows: list[dict[str, Any]] = [
        {
            "id": model.id,
            "name": model.short_name,
            "here": model.is_built_in or model.id in here,
            "bytes": here[model.id].bytes if model.id in here else model.weight_bytes,
            "licence": model.licence,
            "note": model.note,
        }
        for model in known
    ]
    ids = {model.id for model in known}
    rows += [
        {"id": each.name, "name": each.name, "here": True, "bytes": each.bytes}
        for each in here.values()
        if each.name not in ids and _why_left_out(each.name) is None
    ]
    if as_json:
        for row in rows:
            print(json.dumps(row, ensure_ascii=False))
        return 0
    width = max(len(str(row["name"])) for row in rows)
    for row in rows:
        state = _("built in") if row["id"] == STARTER_ID else _("here") if row["here"] else ""
        size = f"{row['bytes'] / 1e9:.2f} GB" if row["bytes"] else ""
        print(f"{row['name']:<{width}}  {state:<8}  {size:>8}  {row.get('note', '')}".rstrip())
    for each in _base_models().left_out_quietly():
        print(f"{each.name}: {each.reason}", file=sys.stderr)
    return 0


def _why_left_out(name: str) -> LeftOut | None:
    """Why the server does not offer the folder of this name; None if it does."""
    found = _base_models().left_out_quietly()
    return next((each for each in found if each.name == name), None)


def _base_models() -> BaseModels:
    settings = ServerSettings(user_data_dir() / "server", "", models_dir=models_dir())
    return BaseModels(settings, 0)


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
