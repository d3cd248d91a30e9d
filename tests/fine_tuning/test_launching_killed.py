"""The program is killed in the midst of a launch: carried on, there is one job only."""

import datetime
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from tests.fine_tuning import fake_faults
from tests.fine_tuning.conftest import connection_to
from tests.fine_tuning.made_project import library

from tunedesk.fine_tuning import launching
from tunedesk.fine_tuning.launch_settings import LaunchSettings
from tunedesk.fine_tuning.preparation import prepare
from tunedesk.project.project import Project

LAUNCH = """
import sys, time
from pathlib import Path
from tunedesk.fine_tuning import launching
from tunedesk.fine_tuning.connection import Connection
from tunedesk.fine_tuning.keys import Key
from tunedesk.fine_tuning.providers import provider
from tunedesk.project.project import Project

path, url, key = sys.argv[1:]
with Project.open(Path(path)) as project:
    (run,) = project.runs.all()
    connection = Connection(provider("openai"), url, Key(key, "this run"))
    launching.carry_on(project, run.id, connection, time.sleep)
"""


@pytest.mark.parametrize("done", [False, True])
@pytest.mark.parametrize("path", ["/files", "/fine_tuning/jobs"])
def test_killed_while_the_service_has_the_request(tmp_path, openai_service, path, done):
    arrived = threading.Event()
    hanging = fake_faults.hanging(done)
    due = openai_service._due

    def seen(request):
        fault = due(request)
        if fault is hanging:
            arrived.set()
        return fault

    openai_service._due = seen
    openai_service.fail("POST", path, hanging)
    project_path = tmp_path / "Test.tunedesk"
    with library(project_path) as project:
        settings = LaunchSettings(provider="openai", base_model="gpt-4.1-mini-2025-04-14")
        prepared = prepare(project, settings, datetime.date(2026, 11, 24))
        run = launching.begin(project, prepared, connection_to(openai_service))
    root = Path(__file__).parents[2]
    with subprocess.Popen(
        [sys.executable, "-c", LAUNCH, str(project_path), openai_service.url, openai_service.key],
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(root / "src"), str(root)])},
    ) as process:
        try:
            assert arrived.wait(60)
        finally:
            process.kill()
    with Project.open(project_path) as project:
        found = launching.carry_on(project, run.id, connection_to(openai_service), lambda _s: None)
        assert found.stage == "following"
        assert found.job_id in openai_service.jobs
    assert len(openai_service.jobs) == 1
    assert len(openai_service.files) == 2
