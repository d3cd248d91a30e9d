"""`tunedesk jobs`: the fine-tuning jobs of a service, or the runs of a project."""

import argparse
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from tunedesk.commands.job_lines import print_job, print_metrics, print_run
from tunedesk.commands.launch_command import follow
from tunedesk.commands.open_project import open_for_writing
from tunedesk.errors import UserError
from tunedesk.fine_tuning.connection import Connection
from tunedesk.fine_tuning.following import Follower, ask, bring_in, remote_jobs
from tunedesk.fine_tuning.job_calls import JobCalls
from tunedesk.fine_tuning.job_reading import JobState, job_state
from tunedesk.fine_tuning.keys import Keys
from tunedesk.fine_tuning.service import service, service_of
from tunedesk.project.project import Project


def run(options: argparse.Namespace) -> int:
    """Do what was asked: 0 if all is well, 1 if the job failed."""
    if options.action != "list" and not options.job:
        raise UserError(
            f"`tunedesk jobs {options.action}` needs the job.", "`tunedesk jobs list` names them."
        )
    if options.project:
        with Project.open(options.project, read_only=True) as project:
            if options.action == "list":
                for each in project.runs.all():
                    print_run(each, options.json)
                return 0
        return _of_project(options)
    connection = service(
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
        if options.action != "show":
            connection = service_of(found, Keys(), time.sleep, variable=options.key_env or "")
            if options.action == "follow":
                found = follow(project, found.id, connection, options.json)
            else:
                found = ask(project, found.id, connection, options.action)
        print_run(found, options.json)
        return int(found.status == "failed")


def _of_service(options: argparse.Namespace, connection: Connection) -> int:
    if options.action == "list":
        for state in remote_jobs(connection):
            print_job(state, connection.provider.name, options.json)
        return 0
    if options.action in ("follow", "metrics"):
        return _followed(options, connection)
    with connection.client() as client:
        calls = JobCalls(connection, client)
        action = {
            "show": calls.retrieve,
            "cancel": calls.cancel,
            "pause": calls.pause,
            "resume": calls.resume,
        }[options.action]
        state = job_state(action(options.job), connection.provider)
    return _tell(state, options, connection)


def _tell(state: JobState, options: argparse.Namespace, connection: Connection) -> int:
    print_job(state, connection.provider.name, options.json)
    return int(state.status == "failed")


def _followed(options: argparse.Namespace, connection: Connection) -> int:
    """Follow a job of a service, or tell its figures, as if it had been brought into a project."""
    with (
        TemporaryDirectory(prefix="tunedesk-") as folder,
        Project.create(Path(folder, "job.tunedesk")) as project,
    ):
        run = bring_in(project, options.job, connection)
        if options.action == "metrics":
            Follower(run.id).look(project, connection)
            print_metrics(project.runs.metrics(run.id), options.json)
            return 0
        run = follow(project, run.id, connection, options.json)
        return _tell(job_state(run.job, connection.provider), options, connection)
