"""The benchmark of the training server: what it costs, and how soon it answers."""

import shutil
import statistics
from pathlib import Path

from bench import Bench
from table import Row, seconds
from training_data import make_model, write_training_file

MOST_OVERHEAD = 0.05
EVENTS = 100_000


def server(bench: Bench) -> list[Row]:
    """The training of the benchmark, bare and by the server in turn; talking; listing events."""
    folder = bench.folder / "server"
    folder.mkdir(parents=True, exist_ok=True)
    examples = write_training_file(folder / "training.jsonl")
    make_model(folder / "models" / "benchmark", examples)
    return [*_overhead(bench, folder, examples), *_answers(bench, folder)]


def _overhead(bench: Bench, folder: Path, examples: Path) -> list[Row]:
    models, bare, ours = folder / "models", [], []
    for _time in range(bench.repeats):
        # In turn, so that whatever else the computer does falls on both.
        out = _fresh(folder / "bare")
        bare.append(bench.measure("bare_training.py", models / "benchmark", examples, out))
        ours.append(bench.measure("measure_training.py", models, examples, _fresh(folder / "data")))
    if {run["steps"] for run in bare} != {run["steps"] for run in ours}:
        raise RuntimeError("The two trainings had different numbers of steps.")

    def median(runs: list[dict[str, float]], name: str) -> float:
        return statistics.median(run[name] for run in runs)

    wall = median(ours, "seconds") / median(bare, "seconds") - 1
    cpu = median(ours, "cpu") / median(bare, "cpu") - 1
    work = f"LoRA of a model of 3 million weights, {bare[0]['steps']} steps, by the server"
    target = f"5 % over TRL alone: {seconds(median(bare, 'seconds'))} (CPU"
    target += f" {median(bare, 'cpu'):.1f} s)"
    measured = f"{seconds(median(ours, 'seconds'))}, {wall:+.1%} (CPU {median(ours, 'cpu'):.1f} s,"
    measured += f" {cpu:+.1%}; of the server beside it {median(ours, 'server_cpu'):.1f} s)"
    return [Row(work, target, measured, max(0.0, wall) / MOST_OVERHEAD)]


def _answers(bench: Bench, folder: Path) -> list[Row]:
    data, times = _fresh(folder / "events"), max(5, bench.repeats)
    found = bench.measure("measure_talking.py", folder / "models", data, EVENTS, times)
    first = f"{seconds(found['warm'])} (loading the model first: {seconds(found['cold'])})"
    newest = f"{seconds(found['newest'])} (a page of 1,000 far back: {seconds(found['deep'])})"
    return [
        Row("the first streamed token of that model", "none set", first),
        Row(f"the newest 100 of {EVENTS:,} events of a job", "none set", newest),
    ]


def _fresh(folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    return folder
