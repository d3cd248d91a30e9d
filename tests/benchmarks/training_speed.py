"""How much faster the server trains than TRL at its defaults: alternating pairs, one thread each.

    python tests/benchmarks/training_speed.py MODEL                      the sample, and 1,000 rows
    python tests/benchmarks/training_speed.py MODEL --steps 20 --pairs 3
    python tests/benchmarks/training_speed.py MODEL --shapes --steps 6   rows of every other shape

MODEL is a model folder (`tunedesk models get smollm2-135m` makes one). Both learn the last answers
of the same conversations in the same order, by LoRA on all linear layers, in batches of the same
size. What counts is the CPU time of the steps after the first; loading and saving are left out.
TRL is asked once as it comes (it computes activations anew for the gradients, to save memory), once
without that. The losses of the last steps stand beside.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

RANK = 16
SEED = 7
RATE = 2e-4
SAMPLE = Path(__file__).parents[2] / "resources" / "samples" / "night_library.jsonl"
MANNERS = ("server", "trl", "trl without checkpointing")

Record = dict[str, Any]


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", type=Path)
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--pairs", type=int, default=2)
    parser.add_argument("--examples", type=Path, default=None, help="a file instead of the sample")
    parser.add_argument("--shapes", action="store_true", help="one row, tiny ones, long ones, ...")
    parser.add_argument("--one", nargs=3, default=None, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one is not None:
        manner, rows, batch = options.one
        measure_one(manner, options.model, Path(rows), int(batch), options.steps)
        return
    print("| rows | batch | way | CPU seconds a step | against the server | loss |")
    print("| --- | --- | --- | --- | --- | --- |")
    with tempfile.TemporaryDirectory() as folder:
        chosen = shapes(options.steps) if options.shapes else data_sets(options.examples)
        for name, records, batch in chosen:
            path = Path(folder) / "rows.json"
            path.write_text(json.dumps(records), encoding="utf-8")
            found: dict[str, list[dict[str, float]]] = {manner: [] for manner in MANNERS}
            for _pair in range(options.pairs):
                for manner in MANNERS:
                    found[manner].append(run(manner, options, path, batch))
            ours = statistics.median(each["cpu"] for each in found["server"])
            for manner, every in found.items():
                cpu = statistics.median(each["cpu"] for each in every)
                print(
                    f"| {name} | {batch} | {manner} | {cpu:.2f} | {cpu / ours:.2f} "
                    f"| {every[-1]['loss']:.3f} |",
                    flush=True,
                )


def run(manner: str, options: argparse.Namespace, rows: Path, batch: int) -> dict[str, float]:
    """Measure one way in a process of its own."""
    command = [sys.executable, __file__, str(options.model), "--steps", str(options.steps)]
    command += ["--one", manner, str(rows), str(batch)]
    quiet = {"OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1", "TRANSFORMERS_VERBOSITY": "error"}
    done = subprocess.run(
        command, check=True, capture_output=True, text=True, env=os.environ | quiet
    )
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def data_sets(given: Path | None) -> list[tuple[str, list[Record], int]]:
    """What is learnt: name, conversations, and the batch that "auto" would be."""
    from server_measurements import write_training_file

    lines = (given or SAMPLE).read_text(encoding="utf-8").splitlines()
    sample = [record for record in map(json.loads, lines) if is_plain(record)]
    with tempfile.TemporaryDirectory() as folder:
        path = write_training_file(Path(folder) / "rows.jsonl", 1000)
        thousand = list(map(json.loads, path.read_text(encoding="utf-8").splitlines()))
    return [("the sample", sample, 1), ("1,000 rows", thousand, 2)]


WORDS = ("shelf", "old", "maps", "stands", "behind", "a", "door", "that", "few", "of", "us", "open")


def shapes(steps: int) -> list[tuple[str, list[Record], int]]:
    """Rows of shapes at the edge: where what is spared elsewhere might cost more than it spares."""

    def row(number: int, asked: int, answered: int) -> Record:
        question, answer = (
            " ".join(WORDS[(number * 5 + place) % len(WORDS)] for place in range(length))
            for length in (asked, answered)
        )
        return {
            "messages": [
                {"role": "user", "content": question},
                {"role": "assistant", "content": answer},
            ]
        }

    def rows(asked: int, answered: int, batch: int) -> list[Record]:
        return [row(number, asked, answered) for number in range(steps * batch)]

    mixed = [row(n, *((4, 2) if n % 4 else (150, 120))) for n in range(steps * 8)]
    return [
        ("one row again and again", [row(0, 30, 30)] * steps, 1),
        ("tiny rows", rows(2, 1, 1), 1),
        ("tiny rows", rows(2, 1, 8), 8),
        ("a long question, a word", rows(1200, 1, 1), 1),
        ("a word, a long answer", rows(1, 1200, 1), 1),
        ("long rows", rows(400, 400, 2), 2),
        ("short and long together", mixed, 8),
        ("usual rows", rows(60, 60, 16), 16),
    ]


def is_plain(record: Record) -> bool:
    """Whether it is a conversation of texts that ends with an answer."""
    messages = record.get("messages", [])
    texts = all(isinstance(message.get("content"), str) for message in messages)
    roles = {message["role"] for message in messages} <= {"system", "user", "assistant"}
    return texts and roles and bool(messages) and messages[-1]["role"] == "assistant"


def measure_one(manner: str, model: Path, rows: Path, batch: int, steps: int) -> None:
    """Train some steps; prints the CPU seconds of a step, and the mean loss of the last five."""
    records = json.loads(rows.read_text(encoding="utf-8"))
    train = train_by_server if manner == "server" else train_by_trl
    marks: list[float] = []
    losses = train(manner, model, records, batch, steps, marks)
    cpu = (marks[-1] - marks[0]) / (len(marks) - 1)
    print(json.dumps({"cpu": cpu, "loss": statistics.mean(losses[-5:])}))


def train_by_server(
    _manner: str, model: Path, records: list[Record], batch: int, steps: int, marks: list[float]
) -> list[float]:
    """As a job does, in the process that it would have."""
    from tunedesk.training_server.job_folder import JobFolder, JobSpec, read_progress
    from tunedesk.training_server.training.job import run_job
    from tunedesk.training_server.training.progress_callback import ProgressCallback

    class Marking(ProgressCallback):
        def on_step_end(self, *given: Any, **named: Any) -> Any:
            marks.append(time.process_time())
            return super().on_step_end(*given, **named)

    import tunedesk.training_server.training.job as job_module

    job_module.ProgressCallback = Marking  # type: ignore[misc]
    with tempfile.TemporaryDirectory() as name:
        folder = JobFolder(Path(name))
        with folder.training_file.open("w", encoding="utf-8") as out:
            for line, record in enumerate(records[: steps * batch], start=1):
                *before, answer = record["messages"]
                shown = [
                    {**message, "weight": 0} if message["role"] == "assistant" else message
                    for message in before
                ]
                entry = {"line": line, "record": {"messages": [*shown, answer]}}
                out.write(json.dumps(entry) + "\n")
        numbers = {"n_epochs": 1, "batch_size": batch, "learning_rate_multiplier": 1.0}
        hyperparameters = numbers | {"rank": RANK, "dropout": 0.0}
        spec = JobSpec(
            "ftjob-speed", "supervised", str(model), "speed", hyperparameters, SEED, None, False,
            1, "cpu",
        )  # fmt: skip
        folder.write_spec(spec)
        if run_job(folder):
            raise RuntimeError(folder.progress_file.read_text(encoding="utf-8"))
        lines = [line for line, _end in read_progress(folder.progress_file)]
    return [line["train_loss"] for line in lines if line["kind"] == "metrics"]


def train_by_trl(
    manner: str, model: Path, records: list[Record], batch: int, steps: int, marks: list[float]
) -> list[float]:
    """By TRL alone."""
    from datasets import Dataset
    from peft import LoraConfig
    from transformers import TrainerCallback
    from trl import SFTConfig, SFTTrainer

    class Watch(TrainerCallback):
        def on_step_end(self, *_given: Any, **_named: Any) -> None:
            marks.append(time.process_time())

    rows = [
        {"prompt": record["messages"][:-1], "completion": record["messages"][-1:]}
        for record in records[: steps * batch]
    ]
    more = {} if manner == "trl" else {"gradient_checkpointing": False}
    with tempfile.TemporaryDirectory() as out:
        config = SFTConfig(
            output_dir=out,
            # Of a row beyond 1,024 tokens nothing would be left to learn, and it would be dropped.
            max_length=None,
            num_train_epochs=1,
            per_device_train_batch_size=batch,
            learning_rate=RATE,
            warmup_steps=int(0.05 * steps),
            use_cpu=True,
            bf16=False,
            logging_steps=1,
            save_strategy="no",
            report_to="none",
            disable_tqdm=True,
            seed=SEED,
            data_seed=SEED,
            **more,
        )
        adapter = LoraConfig(
            r=RANK, lora_alpha=2 * RANK, target_modules="all-linear", task_type="CAUSAL_LM"
        )
        trainer = SFTTrainer(
            model=str(model),
            args=config,
            train_dataset=Dataset.from_list(rows),
            peft_config=adapter,
            callbacks=[Watch()],
        )
        trainer.train()
    return [log["loss"] for log in trainer.state.log_history if "loss" in log]


if __name__ == "__main__":
    main()
