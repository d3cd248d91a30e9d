"""The training of the benchmark by the server.

`measure_training.py MODELS EXAMPLES DATA` prints the seconds from the first step told to the last
one, whose checkpoint is then saved, the CPU seconds of the training process in that time, and those
of the server. What is told is read from the file that the training process writes.
"""

import json
import sys
import time
from pathlib import Path

import psutil
from benchmark_server import running_server
from training_data import BATCH, DROPOUT, EPOCHS, RANK, SEED

LOOK_SECONDS = 0.02
LONGEST = 1800.0


def cpu_of(processes: list[psutil.Process]) -> float:
    """CPU seconds of some processes."""
    return sum(sum(process.cpu_times()[:2]) for process in processes)


def main() -> None:
    """Train."""
    models, examples, data = map(Path, sys.argv[1:])
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


if __name__ == "__main__":
    main()
