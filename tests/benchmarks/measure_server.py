"""Measures the training server, asked by the openai SDK; prints seconds as JSON.

Run as
    python measure_server.py training MODELS EXAMPLES DATA    from the first step told to the last
        one, whose checkpoint is then saved, with the CPU seconds of the training process and of the
        server
    python measure_server.py validation MODELS EXAMPLES SMALL DATA    until many examples are
        validated, until those of a small file are that came meanwhile, and from there to the first
        step; until a validation that is cancelled is gone
    python measure_server.py answers MODELS DATA EVENTS TIMES    until the first streamed token, and
        pages of the events of a job that has very many
"""

import contextlib
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import openai
import psutil
from server_measurements import BATCH, DROPOUT, EPOCHS, RANK, SEED

from tunedesk.training_server.store.job_store import NewJob
from tunedesk.training_server.store.stores import Stores

KEY = "sk-benchmark"
LOOK_SECONDS = 0.02
LONGEST = 1800.0


@contextlib.contextmanager
def running_server(data_dir: Path, models: Path) -> Iterator[tuple[openai.OpenAI, int]]:
    """A server on a data directory; a client that asks it, and the id of its process."""
    command = [sys.executable, "-m", "tunedesk", "serve", "--port", "0"]
    command += ["--data-dir", str(data_dir), "--models", str(models)]
    environment = os.environ | {"TUNEDESK_SERVER_API_KEY": KEY, "OMP_NUM_THREADS": "1"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stdout is not None
        url = process.stdout.readline().split()[-1]
        try:
            with openai.OpenAI(base_url=url, api_key=KEY, max_retries=0) as client:
                yield client, process.pid
        finally:
            process.terminate()
            process.wait(timeout=60)


def cpu_of(processes: list[psutil.Process]) -> float:
    """CPU seconds of some processes."""
    return sum(sum(process.cpu_times()[:2]) for process in processes)


def measure_training(models: Path, examples: Path, data: Path) -> None:
    """Train; what is told is read from the file that the training process writes."""
    with running_server(data, models) as (client, pid):
        with examples.open("rb") as file:
            uploaded = client.files.create(file=file, purpose="fine-tune").id
        hyperparameters = {"n_epochs": EPOCHS, "batch_size": BATCH, "rank": RANK}
        job = client.fine_tuning.jobs.create(
            model="benchmark",
            training_file=uploaded,
            seed=SEED,
            hyperparameters=hyperparameters | {"dropout": DROPOUT},  # type: ignore[arg-type]
        )
        told = data / "jobs" / job.id / "progress.jsonl"
        server = [psutil.Process(pid)]
        trainers: list[psutil.Process] = []
        marks: list[tuple[float, float, float]] = []
        steps, total, loss, offset = 0, -1, 0.0, 0
        end = time.monotonic() + LONGEST
        while steps != total and time.monotonic() < end:
            time.sleep(LOOK_SECONDS)
            if not told.exists():
                continue
            trainers = trainers or server[0].children(recursive=True)
            with told.open("rb") as lines:
                lines.seek(offset)
                fresh = [line for line in lines if line.endswith(b"\n")]
            offset += sum(map(len, fresh))
            for line in map(json.loads, fresh):
                if line["kind"] == "failed":
                    raise RuntimeError(line["message"])
                if line["kind"] == "metrics":
                    steps, total, loss = line["step"], line["total_steps"], line["train_loss"]
                    if steps in (1, total):
                        marks.append((time.perf_counter(), cpu_of(trainers), cpu_of(server)))
        (began, cpu_began, server_began), (ended, cpu_ended, server_ended) = marks
        found = {
            "seconds": ended - began,
            "cpu": cpu_ended - cpu_began,
            "server_cpu": server_ended - server_began,
            "steps": steps,
            "loss": loss,
        }
        while client.fine_tuning.jobs.retrieve(job.id).status == "running":
            time.sleep(0.1)
    print(json.dumps(found))


def wait_for(client: openai.OpenAI, job_id: str, *statuses: str) -> float:
    """Wait until a job has one of these statuses; the time at which it had."""
    end = time.monotonic() + LONGEST
    while time.monotonic() < end:
        job = client.fine_tuning.jobs.retrieve(job_id)
        if job.status in statuses:
            return time.perf_counter()
        if job.status == "failed":
            raise RuntimeError(job.error and job.error.message)
        time.sleep(LOOK_SECONDS)
    raise RuntimeError(f"The job is {job.status}.")


def measure_validation(models: Path, examples: Path, small: Path, data: Path) -> None:
    """Validate a large file and a small one beside it; train from the large one to the first step;
    validate it again, and cancel that."""
    with running_server(data, models) as (client, pid):
        jobs = client.fine_tuning.jobs
        ids = []
        for path in (examples, small):
            with path.open("rb") as file:
                ids.append(client.files.create(file=(f"{path.name}", file), purpose="fine-tune").id)

        def create(file_id: str) -> str:
            hyperparameters = {"n_epochs": 1, "batch_size": BATCH}
            made = jobs.create(
                model="benchmark",
                training_file=file_id,
                hyperparameters=hyperparameters,  # type: ignore[arg-type]
            )
            return made.id

        server = psutil.Process(pid)
        began = time.perf_counter()
        large = create(ids[0])
        time.sleep(1.0)
        small_began = time.perf_counter()
        beside = create(ids[1])
        small_seconds = wait_for(client, beside, "queued", "running", "succeeded") - small_began
        large_seconds = wait_for(client, large, "queued", "running") - began
        running = wait_for(client, large, "running")
        memory = 0.0
        while not any(event.type == "metrics" for event in jobs.list_events(large, limit=3).data):
            if jobs.retrieve(large).status == "failed":
                raise RuntimeError(jobs.retrieve(large).error)
            with contextlib.suppress(psutil.Error):
                sizes = [each.memory_info().rss for each in server.children(recursive=True)]
                memory = max(memory, sum(sizes) / 1e6)
            time.sleep(LOOK_SECONDS)
        first_step = time.perf_counter() - running
        jobs.cancel(large)
        while server.children(recursive=True):
            time.sleep(LOOK_SECONDS)
        again = create(ids[0])
        while not server.children(recursive=True):
            time.sleep(LOOK_SECONDS)
        time.sleep(3.0)
        cancelled_at = time.perf_counter()
        jobs.cancel(again)
        while server.children(recursive=True):
            time.sleep(LOOK_SECONDS)
        found = {
            "large": large_seconds,
            "small": small_seconds,
            "first_step": first_step,
            "memory": memory,
            "cancelled": time.perf_counter() - cancelled_at,
        }
    print(json.dumps(found))


def write_events(data: Path, count: int) -> str:
    """A job with so many events, as a long training leaves them; its id."""
    data.mkdir(parents=True)
    stores = Stores.open(data)
    new = NewJob("benchmark", "supervised", {}, None, 1, None, None, "file-none", None)
    with stores.database.writing():
        job = stores.jobs.add(new, "ft:benchmark:local::events01")
        for step in range(1, count + 1):
            figures = {"step": step, "total_steps": count, "train_loss": 1 / step}
            text = f"Step {step}/{count}: training loss={1 / step:.2f}"
            stores.events.add(job.id, text, data=figures, once=f"step:{step}")
        stores.jobs.move(job.id, ("validating_files",), "cancelled")
    stores.database.close()
    return job.id


def first_token(client: openai.OpenAI) -> float:
    """Seconds until the first text of an answer is there.

    The weights are random: now and then the answer ends before it has a text, and is asked again.
    """
    for _attempt in range(20):
        began = time.perf_counter()
        with client.chat.completions.create(
            model="benchmark",
            messages=[{"role": "user", "content": "Which clause deals with the deposit?"}],
            stream=True,
            max_tokens=8,
        ) as stream:
            for chunk in stream:
                if chunk.choices and chunk.choices[0].delta.content:
                    return time.perf_counter() - began
    raise RuntimeError("No text came.")


def timed(work: Callable[[], object]) -> float:
    """Seconds that a work takes."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def measure_answers(models: Path, data: Path, count: int, times: int) -> None:
    """Ask a model and list the events of a job."""
    job_id = write_events(data, count)
    with running_server(data, models) as (client, _pid):
        listing = client.fine_tuning.jobs.list_events
        cold = first_token(client)
        warm = [first_token(client) for _time in range(times)]
        newest = [timed(lambda: listing(job_id, limit=100)) for _time in range(times)]
        page = listing(job_id, limit=1000)
        pages = 1
        began = time.perf_counter()
        deep = []
        while page.has_next_page() and len(deep) < 10 * times:
            page_began = time.perf_counter()
            page = page.get_next_page()
            deep.append(time.perf_counter() - page_began)
            pages += 1
        whole = time.perf_counter() - began
    found = {
        "cold": cold,
        "warm": statistics.median(warm),
        "newest": statistics.median(newest),
        "deep": deep[-1] if deep else 0.0,
        "pages": pages,
        "whole": whole,
    }
    print(json.dumps(found))


if __name__ == "__main__":
    if sys.argv[1] == "training":
        measure_training(*map(Path, sys.argv[2:]))
    elif sys.argv[1] == "validation":
        measure_validation(*map(Path, sys.argv[2:]))
    else:
        measure_answers(Path(sys.argv[2]), Path(sys.argv[3]), *map(int, sys.argv[4:]))
