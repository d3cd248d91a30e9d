"""`tunedesk launch` and `tunedesk jobs`: fine-tune a model, and see to jobs.

Both tell of runs and jobs in the same way: a line for people, or an object a line for scripts.
"""

import argparse
import datetime
import json
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tunedesk.catalogue.models import STARTER_ID, default_base_model
from tunedesk.checks.messages import sentences
from tunedesk.checks.problem import severity
from tunedesk.commands.progress_line import ProgressLine
from tunedesk.commands.project_commands import open_for_writing
from tunedesk.errors import UserError
from tunedesk.fine_tuning.follow import Follower, list_jobs
from tunedesk.fine_tuning.launch import default_run_name
from tunedesk.fine_tuning.launch_check import LaunchAsTrained, LaunchReader, findings_of
from tunedesk.fine_tuning.launch_preview import LaunchPreview, preview_launch
from tunedesk.fine_tuning.launch_settings import ALL_BUT_REJECTED, LaunchSettings
from tunedesk.fine_tuning.parse_job import JobState, job_state
from tunedesk.fine_tuning.run_service import RunService, changed_sentence
from tunedesk.project.importing import import_file
from tunedesk.project.project import Project
from tunedesk.project.query_language import parse_query
from tunedesk.project.run_records import Metric, Run, RunError, RunEvent
from tunedesk.services.connect import connect_to_provider
from tunedesk.services.connection import Connection
from tunedesk.services.jobs_client import JobsClient
from tunedesk.services.keys import Keys
from tunedesk.services.providers import provider_named
from tunedesk.services.redaction import redacted, redacted_json
from tunedesk.services.service_errors import why_it_failed
from tunedesk.workers import WorkerPool


def print_event(event: RunEvent, as_json: bool) -> None:
    """Print a line of a job's log."""
    if as_json:
        line = {"event": event.id, "time": event.time / 1000, "level": event.level}
        _print_object({**line, "message": event.message, "data": dict(event.data)})
    else:
        mark = "" if event.level == "info" else f"{event.level}: "
        print(f"{_clock(event.time)}  {mark}{redacted(event.message)}", flush=True)


def print_run(project: Project, run: Run, as_json: bool, more: Mapping[str, Any] = {}) -> None:
    """Print how a run stands; as JSON with more that is known of it."""
    parents = project.runs.parents(run)
    if as_json:
        _print_object(
            {
                "run": run.id,
                "key": run.key,
                "job": run.job_id,
                "name": run.name,
                "provider": run.provider,
                "base_model": run.base_model,
                "parents": [parent.id for parent in parents],
                "stage": run.stage,
                "status": run.status,
                "step": run.step,
                "total_steps": run.total_steps,
                "fine_tuned_model": run.fine_tuned_model or None,
                "trained_tokens": run.trained_tokens,
                "training_examples": run.training.examples if run.training else None,
                "validation_examples": run.validation.examples if run.validation else 0,
                "error": {"code": run.error.code, "message": run.error.message}
                if run.error
                else None,
                **more,
            }
        )
        return
    print(f"{run.id}  {run.name}: {run.status or run.stage}, job {run.job_id or '(none yet)'}")
    if parents:
        print(f"  trained further from: {', '.join(parent.name for parent in parents)}")
    if run.fine_tuned_model:
        print(f"  model: {run.fine_tuned_model}")
    if run.error:
        _print_error(run.error, run.provider)


def print_job(state: JobState, provider_name: str, as_json: bool) -> None:
    """Print a job as its service tells of it."""
    if as_json:
        _print_object(
            {
                "job": state.id,
                "status": state.status,
                "model": state.model,
                "fine_tuned_model": state.fine_tuned_model or None,
                "created_at": None if state.created_at is None else state.created_at / 1000,
                "finished_at": None if state.finished_at is None else state.finished_at / 1000,
                "trained_tokens": state.trained_tokens,
                "method": state.method,
                "hyperparameters": state.hyperparameters,
                "metadata": state.metadata,
                "error": {"code": state.error.code, "message": state.error.message}
                if state.error
                else None,
            }
        )
        return
    made = "" if state.created_at is None else f"{_day(state.created_at)}  "
    tuned = f"  {state.fine_tuned_model}" if state.fine_tuned_model else ""
    print(f"{state.id}  {made}{state.status:<16}  {state.model}{tuned}")
    if state.error and state.status == "failed":
        _print_error(state.error, provider_name)


def print_metrics(metrics: Iterable[Metric], as_json: bool) -> None:
    """Print the figures of the steps, as a table separated by tabs or an object a line."""
    names = [name for name in Metric._fields if name != "time"]
    if not as_json:
        print("\t".join(names))
    for metric in metrics:
        values: dict[str, Any] = {name: getattr(metric, name) for name in names}
        if as_json:
            _print_object({name: value for name, value in values.items() if value is not None})
        else:
            print("\t".join("" if value is None else f"{value:g}" for value in values.values()))


def _print_error(error: RunError, provider_name: str) -> None:
    why = why_it_failed(error, provider_name)
    print(f"  {' '.join(part for part in (why.sentence, why.advice) if part)}")
    said = redacted(error.message)
    if said and said not in (why.sentence, why.advice):
        print(f"  {said}")


def _print_object(value: dict[str, Any]) -> None:
    # What an older Tunedesk kept may hold what a service said as it was.
    print(json.dumps(redacted_json(value), ensure_ascii=False), flush=True)


def _clock(time: int) -> str:
    return datetime.datetime.fromtimestamp(time / 1000).strftime("%H:%M:%S")


def _day(time: int) -> str:
    return datetime.datetime.fromtimestamp(time / 1000).strftime("%Y-%m-%d %H:%M")


def run_launch(options: argparse.Namespace) -> int:
    """Launch one run, and follow it if that was asked for: 0 if all is well, 1 if it failed."""
    settings = _settings(options)
    with _project(options.project) as project:
        if options.further:
            settings = _further(project, settings, options)
        preview = preview_launch(project, settings, datetime.date.today())
        reader = LaunchReader()
        found = _as_trained(project, reader, preview) if preview.may_start else None
        if found is not None and found.refused and settings.leave_out_errors:
            refused = reader.refused(settings)
            preview = preview_launch(project, settings, datetime.date.today(), refused=refused)
            found = _as_trained(project, reader, preview)
        _print_preview(project, preview)
        as_trained = {} if found is None else {"as_trained": found.to_json(project.number_of)}
        if found is not None:
            _print_as_trained(project, found)
        if not preview.may_start or (found is not None and found.refused):
            if options.json and as_trained:
                _print_object(as_trained)
            return 1
        connection = connect_to_provider(
            settings.provider,
            settings.base_url,
            Keys(),
            time.sleep,
            variable=options.key_env or "",
            plain_http=options.plain_http,
        )
        service = RunService(project, Keys(), variable=options.key_env or "")
        with ProgressLine(settings.name or default_run_name()) as line:
            now = service.launch(preview, time.sleep, line.progress, connection=connection)
        if options.follow:
            now = follow_run(project, service.follower(now.id, connection), options.json)
        print_run(project, now, options.json, as_trained)
        return 1 if now.status == "failed" else 0


def _further(
    project: Project, settings: LaunchSettings, options: argparse.Namespace
) -> LaunchSettings:
    """The same settings with the tuned model of a run as their base model."""
    parent = project.runs.find(options.further)
    if not parent.fine_tuned_model:
        raise UserError(
            f"The run “{parent.name}” has no tuned model that could be trained further."
        )
    provider = provider_named(settings.provider)
    if parent.provider != provider.name or not provider.trains_tuned:
        raise UserError(
            f"The model of the run “{parent.name}” cannot be trained further there.",
            f"It is where it was trained: --provider {parent.provider}.",
        )
    query = settings.query
    if options.only_new:
        query = replace(query, ids=tuple(project.runs.unseen_examples(parent)))
    return replace(settings, base_model=parent.fine_tuned_model, query=query)


def follow_run(project: Project, follower: Follower, as_json: bool) -> Run:
    """Print a line for each event until the run has ended."""
    printed, noted = 0, ""
    while True:
        pause = follower.poll(project, time.sleep)
        events = project.runs.events(follower.run_id)[::-1]
        for event in events[printed:]:
            print_event(event, as_json)
        printed = len(events)
        now = project.runs.get(follower.run_id)
        if now.note and now.note != noted:
            print(f"tunedesk: {now.note}", file=sys.stderr)
        noted = now.note
        if pause is None:
            return now
        time.sleep(pause)


def _settings(options: argparse.Namespace) -> LaunchSettings:
    if options.further and options.model:
        raise UserError("--further names the model: leave --model out.")
    if options.only_new and not options.further:
        raise UserError("--only-new needs --further: new since that run.")
    if not 0 <= options.validation <= 0.5:
        raise UserError("--validation is a share between 0 and 0.5, such as 0.2.")
    provider = provider_named(options.provider).name
    return LaunchSettings(
        provider=provider,
        base_url=options.base_url or "",
        base_model=options.model or (default_base_model() if provider == "local" else STARTER_ID),
        method=options.method,
        query=parse_query(options.where) if options.where else ALL_BUT_REJECTED,
        leave_out_errors=options.without_errors,
        validation_share=options.validation,
        name=options.suffix or "",
        epochs=options.epochs,
        batch_size=options.batch_size,
        learning_rate=options.learning_rate,
        seed=options.seed,
    )


def _project(path: Path) -> Project:
    """The project, or a new one beside a data file, with the file's examples in it."""
    if path.suffix == ".tunedesk":
        return open_for_writing(path)
    if not path.is_file():
        raise UserError(f"“{path}” is not there.")
    beside = path.with_suffix(".tunedesk")
    if beside.exists():
        raise UserError(
            f"There is a project “{beside.name}” beside this file already.",
            f"Launch that, or bring the file into it first: tunedesk import {beside} {path}",
        )
    project = Project.create(beside)
    try:
        with WorkerPool() as pool, ProgressLine(path.name) as line:
            summary = import_file(project, path, pool, line.progress)
        if summary.failure is not None:
            raise summary.failure
    except BaseException:
        project.close()
        beside.unlink(missing_ok=True)
        raise
    return project


def _print_preview(project: Project, preview: LaunchPreview) -> None:
    """Say on stderr what will be done, and what stands against it."""

    def show(text: str) -> None:
        print(text, file=sys.stderr)

    split, settings = preview.split, preview.settings
    show(
        f"{len(split.training):,} examples to train on, {len(split.validation):,} held back; "
        f"{preview.tokens:,} tokens, {preview.epochs} epochs, {settings.base_model}"
    )
    if preview.price is not None:
        show(f"about ${preview.price:,.2f}. {preview.price_source}")
    for reason, ids in preview.left_out.items():
        show(f"left out ({reason}): {len(ids):,}")
    for code, ids in {**preview.errors, **preview.warnings}.items():
        how = severity(code, provider_named(settings.provider).target)
        show(f"{how}: {sentences.title(code)}: {_numbers(project, ids)}")
    for text in preview.notes:
        show(text)
    for text in preview.stops:
        show(f"tunedesk: {text}")
    if preview.errors:
        show("tunedesk: errors stop a launch; fix them, or add --without-errors.")


def _numbers(project: Project, ids: Sequence[int]) -> str:
    numbers = ", ".join(str(project.number_of(example_id)) for example_id in ids[:8])
    more = f" and {len(ids) - 8:,} more" if len(ids) > 8 else ""
    return f"examples {numbers}{more}"


def _as_trained(
    project: Project, reader: LaunchReader, preview: LaunchPreview
) -> LaunchAsTrained | None:
    """What the base model makes of the examples; None where that is not known here."""
    try:
        with ProgressLine("Reading the examples as the model will") as line:
            return reader.read(project, preview, line.progress)
    except UserError as error:
        # The server reads them as well, and has the last word.
        print(f"tunedesk: {error.sentence}", file=sys.stderr)
        return None


def _print_as_trained(project: Project, found: LaunchAsTrained) -> None:
    """Say on stderr what the base model makes of the examples."""
    for each in findings_of(found):
        how = f"{each.tone}: " if each.tone in ("error", "warning") else ""
        which = f": {_numbers(project, each.ids)}" if each.ids else ""
        print(f"{how}{each.text.removesuffix('.')}{which}", file=sys.stderr)
    if found.refused:
        text = "tunedesk: the base model does not take these; fix them, or add --without-errors."
        print(text, file=sys.stderr)


def run_jobs(options: argparse.Namespace) -> int:
    """Do what was asked: 0 if all is well, 1 if the job failed."""
    if options.action != "list" and not options.job:
        raise UserError(
            f"`tunedesk jobs {options.action}` needs the job.",
            "`tunedesk jobs list` names them; with --project FILE, the runs of a project.",
        )
    if options.project:
        with Project.open(options.project, read_only=True) as project:
            if options.action == "list":
                for each in project.runs.all():
                    print_run(project, each, options.json)
                return 0
        return _of_project(options)
    connection = connect_to_provider(
        options.provider,
        options.base_url or "",
        Keys(),
        time.sleep,
        variable=options.key_env or "",
        plain_http=options.plain_http,
    )
    return _of_service(options, connection)


def _of_project(options: argparse.Namespace) -> int:
    with open_for_writing(options.project) as project:
        found = project.runs.find(options.job)
        if options.action == "metrics":
            print_metrics(project.runs.metrics(found.id), options.json)
            return 0
        service = RunService(project, Keys(), variable=options.key_env or "")
        if options.action == "follow":
            # Without a key, say, it is not waited for one: a command says so and ends.
            follower = service.follower(found.id, service.connect(found.id, time.sleep))
            found = follow_run(project, follower, options.json)
        elif options.action == "cancel":
            found, sentence = service.cancel(found.id, time.sleep)
            print(f"tunedesk: {sentence}", file=sys.stderr)
        elif options.action == "pause":
            found = service.pause(found.id, time.sleep)
        elif options.action == "resume":
            found = service.resume(found.id, time.sleep)
            changed = changed_sentence(project.runs.changed_examples(found.id))
            if changed:
                print(f"tunedesk: {changed}", file=sys.stderr)
        print_run(project, found, options.json)
        return int(found.status == "failed")


def _of_service(options: argparse.Namespace, connection: Connection) -> int:
    if options.action == "list":
        for state in list_jobs(connection):
            print_job(state, connection.provider.name, options.json)
        return 0
    if options.action in ("follow", "metrics"):
        return _followed(options, connection)
    with connection.client() as client:
        calls = JobsClient(connection, client)
        action = {
            "show": calls.retrieve,
            "cancel": calls.cancel,
            "pause": calls.pause,
            "resume": calls.resume,
        }[options.action]
        state = job_state(action(options.job), connection.provider)
    return _print_state(state, options, connection)


def _print_state(state: JobState, options: argparse.Namespace, connection: Connection) -> int:
    print_job(state, connection.provider.name, options.json)
    return int(state.status == "failed")


def _followed(options: argparse.Namespace, connection: Connection) -> int:
    """Follow a job of a service, or tell its figures, as if it had been brought into a project."""
    with (
        TemporaryDirectory(prefix="tunedesk-") as folder,
        Project.create(Path(folder, "job.tunedesk")) as project,
    ):
        service = RunService(project, Keys(), variable=options.key_env or "")
        run = service.adopt_job(options.job, connection)
        follower = service.follower(run.id, connection)
        if options.action == "metrics":
            follower.poll(project, time.sleep)
            print_metrics(project.runs.metrics(run.id), options.json)
            return 0
        run = follow_run(project, follower, options.json)
        return _print_state(job_state(run.job, connection.provider), options, connection)
