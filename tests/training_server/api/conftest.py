"""A real server process for the tests, and the openai SDK to ask it as a stranger's script does."""

import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import openai
import psutil
import pytest

KEY = "sk-test-key"


@dataclass
class RunningServer:
    """A server process; started again by `start` after `kill` or `stop`."""

    data_dir: Path
    options: tuple[str, ...] = ()
    process: subprocess.Popen | None = None
    url: str = ""
    clients: list = field(default_factory=list)

    def start(self):
        environment = os.environ | {"TUNEDESK_SERVER_API_KEY": KEY}
        self.process = subprocess.Popen(
            [
                *(sys.executable, "-m", "tunedesk", "serve", "--port", "0"),
                *("--data-dir", str(self.data_dir), *self.options),
            ],
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
        )
        line = self.process.stdout.readline()
        assert line.startswith("Listening on http://127.0.0.1:"), line
        self.url = line.split()[-1]
        return self.client()

    def client(self, strict=True, **options):
        """The SDK, strict about what it is answered."""
        client = openai.OpenAI(
            base_url=self.url,
            api_key=options.pop("api_key", KEY),
            _strict_response_validation=strict,
            max_retries=0,
            **options,
        )
        self.clients.append(client)
        return client

    def trainers(self, job_id=""):
        """The processes that train for it, for one job or for all."""
        found = []
        for process in psutil.process_iter():
            try:
                mark = process.environ().get("TUNEDESK_JOB_FOLDER", "")
            except (psutil.Error, OSError):
                continue
            if mark.startswith(str(self.data_dir / "jobs" / job_id)):
                found.append(process)
        return found

    def kill(self):
        self._end("kill")

    def stop(self):
        """Stop it calmly and return its exit status."""
        return self._end("terminate")

    def _end(self, how):
        for client in self.clients:
            client.close()
        self.clients.clear()
        getattr(self.process, how)()
        status = self.process.wait(timeout=60)
        self.process.stdout.close()
        return status


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    """One server for the tests that leave each other alone."""
    running = RunningServer(tmp_path_factory.mktemp("server"))
    running.start()
    yield running
    assert running.stop() == 0


@pytest.fixture
def client(server):
    """The SDK, asking that server."""
    return server.client()


@pytest.fixture
def own_server(tmp_path):
    """A server that the test may kill; not started yet."""
    running = RunningServer(tmp_path / "data")
    yield running
    if running.process is not None and running.process.poll() is None:
        running.kill()


@pytest.fixture(scope="session")
def trained(server):
    """A job that was trained to its end, for the tests that only look at it."""
    client = server.client()
    job = client.fine_tuning.jobs.create(
        model="tunedesk-starter",
        training_file=upload(client, chat_lines(10)),
        validation_file=upload(client, chat_lines(2, 20), "valid.jsonl"),
        suffix="Law & order",
        seed=7,
        metadata={"purpose": "test"},
        method={
            "type": "supervised",
            "supervised": {"hyperparameters": {"n_epochs": 4, "batch_size": 5}},
        },
    )
    return wait_for(client, job.id, "succeeded", seconds=300)


def chat_lines(count, start=0):
    """The bytes of a file with so many small conversations."""
    rows = (
        {
            "messages": [
                {"role": "user", "content": f"What is section {number}?"},
                {
                    "role": "assistant",
                    "content": f"Section {number} is about letter {chr(97 + number % 26)}.",
                },
            ]
        }
        for number in range(start, start + count)
    )
    return "".join(json.dumps(row) + "\n" for row in rows).encode()


def upload(client, content, name="train.jsonl", purpose="fine-tune"):
    """Upload a file and return its id."""
    return client.files.create(file=(name, content), purpose=purpose).id


def wait_for(client, job_id, *statuses, seconds=120):
    """Wait until a job has one of these statuses, and return it."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        job = client.fine_tuning.jobs.retrieve(job_id)
        if job.status in statuses:
            return job
        if job.status in ("succeeded", "failed", "cancelled"):
            break
        time.sleep(0.05)
    raise AssertionError(f"{job.status}, not {statuses}: {job.error}")


def told(client, job_id):
    """The events of a job, oldest first."""
    return list(client.fine_tuning.jobs.list_events(job_id, limit=100))[::-1]
