"""The rows of the training server: what it costs beside TRL alone, and how soon it answers."""

import json
import shutil
import statistics
from pathlib import Path

from bench import Bench
from table import Row, seconds

EPOCHS = 2
BATCH = 2
EXAMPLES = 200
RATE = 2e-4
RANK = 16
DROPOUT = 0.05
SEED = 7
MOST_OVERHEAD = 0.05
EVENTS = 100_000
SMALL = 18
MOST_SECONDS = 60.0
MOST_SECONDS_BESIDE = 5.0


def server(bench: Bench) -> list[Row]:
    """The training of the benchmark, bare and by the server in turn; talking; listing events."""
    folder = bench.folder / "server"
    folder.mkdir(parents=True, exist_ok=True)
    examples = write_training_file(folder / "training.jsonl")
    make_model(folder / "models" / "benchmark", examples)
    return [
        *_overhead(bench, folder, examples),
        *_validation(bench, folder),
        *_answers(bench, folder),
    ]


def _overhead(bench: Bench, folder: Path, examples: Path) -> list[Row]:
    models, bare, ours = folder / "models", [], []
    for _time in range(bench.repeats):
        # In turn, so that whatever else the computer does falls on both.
        out = _fresh(folder / "bare")
        bare.append(bench.measure("baseline_trl.py", models / "benchmark", examples, out))
        ours.append(
            bench.measure(
                "measure_server.py", "training", models, examples, _fresh(folder / "data")
            )
        )
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


def _validation(bench: Bench, folder: Path) -> list[Row]:
    small = write_training_file(folder / "small.jsonl", SMALL)
    data = _fresh(folder / "validation")
    found = bench.measure(
        "measure_server.py", "validation", folder / "models", bench.file, small, data
    )
    large, beside = found["large"], found["small"]
    first = f"{seconds(found['first_step'])} (memory until then {found['memory']:.0f} MB)"
    return [
        Row(
            f"{bench.rows:,} examples validated by the server, with their tokens",
            f"{MOST_SECONDS:.0f} s",
            seconds(large),
            large / MOST_SECONDS,
        ),
        Row(
            f"a job of {SMALL} examples beside it",
            f"{MOST_SECONDS_BESIDE:.0f} s",
            seconds(beside),
            beside / MOST_SECONDS_BESIDE,
        ),
        Row(f"the first step of a training of these {bench.rows:,}", "none set", first),
        Row("a validation that is cancelled is gone", "none set", seconds(found["cancelled"])),
    ]


def _answers(bench: Bench, folder: Path) -> list[Row]:
    data, times = _fresh(folder / "events"), max(5, bench.repeats)
    found = bench.measure("measure_server.py", "answers", folder / "models", data, EVENTS, times)
    first = f"{seconds(found['warm'])} (loading the model first: {seconds(found['cold'])})"
    newest = f"{seconds(found['newest'])} (a page of 1,000 far back: {seconds(found['deep'])})"
    return [
        Row("the first streamed token of that model", "none set", first),
        Row(f"the newest 100 of {EVENTS:,} events of a job", "none set", newest),
    ]


def _fresh(folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    return folder


def write_training_file(path: Path, examples: int = EXAMPLES) -> Path:
    """Conversations of some 100 tokens."""
    with path.open("w", encoding="utf-8") as out:
        for number in range(examples):
            question = f"Which clause of contract {number} deals with the deposit of the tenant?"
            answer = " ".join(
                f"Clause {number * 7 % 97 + part} says that {part} months' rent is held back."
                for part in range(1, 5)
            )
            messages = [
                {"role": "user", "content": question},
                {"role": "assistant", "content": answer},
            ]
            out.write(json.dumps({"messages": messages}) + "\n")
    return path


def make_model(folder: Path, training_file: Path) -> Path:
    """A Llama of some 3 million random weights, with a tokenizer for the examples."""
    if folder.is_dir():
        return folder
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    from tunedesk.training_server.training.starter import train_tokenizer

    lines = training_file.read_text(encoding="utf-8").splitlines()
    texts = [message["content"] for line in lines for message in json.loads(line)["messages"]]
    tokenizer = train_tokenizer(texts)
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=256,
        intermediate_size=704,
        num_hidden_layers=4,
        num_attention_heads=4,
        num_key_value_heads=4,
        max_position_embeddings=2048,
        tie_word_embeddings=True,
        bos_token_id=None,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    torch.manual_seed(SEED)
    part = folder.with_name(f"{folder.name}.part")
    LlamaForCausalLM(config).save_pretrained(part)
    tokenizer.save_pretrained(part)
    part.rename(folder)
    return folder
