"""`tunedesk launch`: fine-tune a model on the examples of a project or a data file."""

import argparse
import datetime
import sys
import time
from pathlib import Path

from tunedesk.checks.messages import sentences
from tunedesk.checks.problem import severity
from tunedesk.commands.job_lines import print_event, print_run
from tunedesk.commands.open_project import open_for_writing
from tunedesk.commands.progress_line import ProgressLine
from tunedesk.errors import UserError
from tunedesk.fine_tuning import launching
from tunedesk.fine_tuning.connection import Connection
from tunedesk.fine_tuning.following import Follower
from tunedesk.fine_tuning.keys import Keys
from tunedesk.fine_tuning.launch_settings import ALL_BUT_REJECTED, LaunchSettings
from tunedesk.fine_tuning.preparation import Preparation, prepare
from tunedesk.fine_tuning.providers import provider
from tunedesk.fine_tuning.service import service
from tunedesk.project.importing import import_file
from tunedesk.project.project import Project
from tunedesk.project.query_language import parse_query
from tunedesk.project.run_records import Run
from tunedesk.workers import WorkerPool


def run(options: argparse.Namespace) -> int:
    """Launch one run, and follow it if that was asked for: 0 if all is well, 1 if it failed."""
    settings = _settings(options)
    with _project(options.project) as project:
        prepared = prepare(project, settings, datetime.date.today())
        _tell(project, prepared)
        if not prepared.may_start:
            return 1
        connection = service(
            settings.provider,
            settings.base_url,
            Keys(),
            time.sleep,
            variable=options.key_env or "",
            plain_http=options.plain_http,
        )
        begun = launching.begin(project, prepared, connection)
        with ProgressLine(begun.name) as line:
            now = launching.carry_on(project, begun.id, connection, time.sleep, line.progress)
        if options.follow:
            now = follow(project, now.id, connection, options.json)
        print_run(now, options.json)
        return 1 if now.status == "failed" else 0


def follow(project: Project, run_id: int, connection: Connection, as_json: bool) -> Run:
    """Print a line for each event until the run has ended."""
    follower, told, noted = Follower(run_id), 0, ""
    while True:
        looked = follower.look(project, connection)
        events = project.runs.events(run_id)[::-1]
        for event in events[told:]:
            print_event(event, as_json)
        told = len(events)
        now = project.runs.get(run_id)
        if now.note and now.note != noted:
            print(f"tunedesk: {now.note}", file=sys.stderr)
        noted = now.note
        if looked is None:
            return now
        time.sleep(looked)


def _settings(options: argparse.Namespace) -> LaunchSettings:
    if not 0 <= options.validation <= 0.5:
        raise UserError("--validation is a share between 0 and 0.5, such as 0.2.")
    return LaunchSettings(
        provider=provider(options.provider).name,
        base_url=options.base_url or "",
        base_model=options.model,
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
            import_file(project, path, pool, line.progress)
    except BaseException:
        project.close()
        beside.unlink(missing_ok=True)
        raise
    return project


def _tell(project: Project, prepared: Preparation) -> None:
    """Say on stderr what will be done, and what stands against it."""

    def say(text: str) -> None:
        print(text, file=sys.stderr)

    halves, settings = prepared.split, prepared.settings
    say(
        f"{len(halves.training):,} examples to train on, {len(halves.validation):,} held back; "
        f"{prepared.tokens:,} tokens, {prepared.epochs} epochs, {settings.base_model}"
    )
    if prepared.price is not None:
        say(f"about ${prepared.price:,.2f}. {prepared.price_source}")
    for reason, ids in prepared.left_out.items():
        say(f"left out ({reason}): {len(ids):,}")
    for code, ids in {**prepared.errors, **prepared.warnings}.items():
        how = severity(code, provider(settings.provider).target)
        numbers = ", ".join(str(project.number_of(example_id)) for example_id in ids[:8])
        more = f" and {len(ids) - 8:,} more" if len(ids) > 8 else ""
        say(f"{how}: {sentences.title(code)}: examples {numbers}{more}")
    for text in prepared.notes:
        say(text)
    for text in prepared.stops:
        say(f"tunedesk: {text}")
    if prepared.errors:
        say("tunedesk: errors stop a launch; mend them, or add --without-errors.")
