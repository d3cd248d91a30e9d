"""This computer's own server: started, found again, used from the first example to the answer."""

import datetime
import json
import os
import signal
import socket
import time

import psutil
import pytest
from tests.fine_tuning.made_project import library

from tunedesk.errors import UserError
from tunedesk.fine_tuning import launch
from tunedesk.fine_tuning.follow import Follower
from tunedesk.fine_tuning.launch_preview import preview_launch
from tunedesk.fine_tuning.launch_settings import LaunchSettings
from tunedesk.project.project import Project
from tunedesk.server_file import find_server
from tunedesk.services import local_install, local_server
from tunedesk.services.chat_client import stream_completion
from tunedesk.services.connection import Connection
from tunedesk.services.providers import provider_named

TODAY = datetime.date(2026, 11, 24)


@pytest.fixture
def data(tmp_path, monkeypatch):
    """The user's data folder; a server that was started in it ends with the test."""
    for module in ("services.local_server", "services.local_install", "fine_tuning.launch"):
        monkeypatch.setattr(f"tunedesk.{module}.user_data_dir", lambda: tmp_path)
    yield tmp_path
    found = find_server(local_server.server_data_dir())
    if found is not None:
        process = psutil.Process(found.pid)
        process.send_signal(signal.SIGTERM)
        process.wait(30)


def test_none_runs_where_none_was_started(data):
    assert local_server.running() is None


def test_without_the_extra_it_says_so(data, monkeypatch):
    monkeypatch.setattr(local_install, "is_built_in", lambda: False)
    with pytest.raises(UserError, match="not installed"):
        local_server.ensure_running(time.sleep)


def test_what_it_said_before_it_died_is_told(data, monkeypatch):
    (data / "models").mkdir()
    monkeypatch.setattr(local_server, "IDLE_SECONDS", "never")
    with pytest.raises(UserError, match="did not start"):
        local_server.ensure_running(time.sleep)


def test_from_examples_to_the_trained_answer_over_a_restart_of_the_window(data, monkeypatch):
    monkeypatch.setenv("TUNEDESK_SERVER_API_KEY", "another key of this shell")
    connection = local_server.ensure_running(time.sleep)
    again = local_server.ensure_running(time.sleep)
    assert again.base_url == connection.base_url
    path = data / "Library.tunedesk"
    with library(path, 12) as project:
        settings = LaunchSettings(validation_share=0.1, name="night")
        run = launch.create_run(project, preview_launch(project, settings, TODAY), connection)
        run = launch.continue_launch(project, run.id, connection, time.sleep)
        assert run.stage == "following"
    # The window was closed; the server trained on.
    with Project.open(path) as project:
        found = local_server.running()
        follower = Follower(run.id, lambda _run, _wait: found)
        while (pause := follower.poll(project)) is not None:
            time.sleep(pause)
        ended = project.runs.get(run.id)
        assert ended.succeeded
        assert ended.step == ended.total_steps
        metrics = project.runs.metrics(run.id)
        assert [metric.step for metric in metrics] == list(range(1, ended.total_steps + 1))
        assert metrics[-1].train_loss < metrics[0].train_loss / 10
        assert project.runs.checkpoints(run.id)
        first = project.runs.example_at(run.id, "training", 1)
        question, answer = json.loads(project.text(first.example_id))["messages"]
        asked = stream_completion(found, ended.fine_tuned_model, [question])
        assert "".join(piece.text for piece in asked) == answer["content"]


def test_the_server_outlives_whoever_started_it(data):
    connection = local_server.ensure_running(time.sleep)
    pid = find_server(local_server.server_data_dir()).pid
    if hasattr(os, "getsid"):
        assert os.getsid(pid) != os.getsid(0)
    assert connection.key_value not in " ".join(psutil.Process(pid).cmdline())
    local_server.stop()
    assert local_server.running() is None
    psutil.Process(pid).wait(30)


def test_the_address_of_before_is_taken_again_if_it_is_free(data):
    folder = local_server.server_data_dir()
    folder.mkdir()
    assert local_server._port(folder) == 0
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        url = f"http://127.0.0.1:{port}/v1"
        local_server._note_port(folder, Connection(provider_named("local"), url, None))
        assert local_server._port(folder) == 0
    assert local_server._port(folder) == port
