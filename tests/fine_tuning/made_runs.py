"""Runs that are launched at a fake service and followed to their end, for tests."""

import datetime

from tests.services.conftest import connection_to

from tunedesk.fine_tuning import launch
from tunedesk.fine_tuning.follow import Follower
from tunedesk.fine_tuning.launch_preview import preview_launch
from tunedesk.fine_tuning.launch_settings import LaunchSettings
from tunedesk.progress import no_wait

TODAY = datetime.date(2026, 11, 24)
MODELS = {
    "openai": "gpt-4.1-mini-2025-04-14",
    "azure": "gpt-4.1-mini-2025-04-14",
    "nebius": "meta-llama/Llama-3.1-8B-Instruct",
}


def begun(project, service, name="openai", **settings):
    model = MODELS.get(name) or service.models[0]
    chosen = LaunchSettings(provider=name, base_model=model, name="night", **settings)
    connection = connection_to(service, name)
    return launch.create_run(
        project, preview_launch(project, chosen, TODAY), connection
    ), connection


def launched(project, service, name="openai", **settings):
    run, connection = begun(project, service, name, **settings)
    return launch.continue_launch(project, run.id, connection, no_wait), connection


def followed(project, run, connection):
    follower = Follower(run.id, lambda _run, _wait: connection)
    for _look in range(40):
        if follower.poll(project) is None:
            return project.runs.get(run.id)
    raise AssertionError("the run does not end")
