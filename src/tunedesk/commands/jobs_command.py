"""`tunedesk jobs`: the fine-tuning jobs of a service, or the runs of a project."""

import argparse
import time

from tunedesk.commands.job_lines import print_event, print_job, print_metrics, print_run
from tunedesk.commands.launch_command import follow
from tunedesk.commands.open_project import open_for_writing
from tunedesk.errors import UserError
from tunedesk.fine_tuning.connection import Connection
from tunedesk.fine_tuning.following import ask, remote_jobs
from tunedesk.fine_tuning.job_calls import JobCalls
from tunedesk.fine_tuning.job_reading import job_state, run_event
from tunedesk.fine_tuning.keys import Keys
from tunedesk.fine_tuning.metric_sources import merged, metric_of_event
from tunedesk.fine_tuning.service import service, service_of
from tunedesk.project.project import Project

_LOOK_SECONDS = {"local": 1.0}
_USUAL_SECONDS = 5.0


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
            print_job(state, options.json)
        return 0
    with connection.client() as client:
        calls = JobCalls(connection, client)
        if options.action == "metrics":
            events = [run_event(row) for row in calls.events(options.job).rows]
            found = (metric_of_event(event) for event in events)
            print_metrics(merged(metric for metric in found if metric), options.json)
            return 0
        if options.action == "follow":
            return _follow(options, connection, calls)
        action = {
            "show": calls.retrieve,
            "cancel": calls.cancel,
            "pause": calls.pause,
            "resume": calls.resume,
        }[options.action]
        state = job_state(action(options.job), connection.provider)
        print_job(state, options.json)
        return int(state.status == "failed")


def _follow(options: argparse.Namespace, connection: Connection, calls: JobCalls) -> int:
    known: set[str] = set()
    while True:
        state = job_state(calls.retrieve(options.job), connection.provider)
        events = [run_event(row) for row in reversed(calls.events(options.job, known).rows)]
        for event in events:
            if event.id not in known:
                print_event(event, options.json)
        known.update(event.id for event in events)
        if state.ended:
            print_job(state, options.json)
            return int(state.status == "failed")
        time.sleep(_LOOK_SECONDS.get(connection.provider.name, _USUAL_SECONDS))
