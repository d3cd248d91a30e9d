"""Runs made for the tests: curves of a known shape with a known noise, and records around them."""

from collections.abc import Callable

import numpy as np

from tunedesk.fine_tuning.advice import advice
from tunedesk.fine_tuning.charted_run import ChartedRun
from tunedesk.fine_tuning.curves import RunCurves
from tunedesk.project.run_records import Metric, Run, RunCheckpoint, RunFile

Shape = Callable[[float], float]


def made_metrics(
    steps: int,
    train: Shape,
    *,
    total: int | None = None,
    noise: float = 0.1,
    full: Shape | None = None,
    full_every: int = 50,
    batches: Shape | None = None,
    batch_noise: float = 0.1,
    accuracy: bool = False,
    seed: int = 0,
) -> list[Metric]:
    """Figures of so many steps; the shapes are functions of the share of the run that is done."""
    chance = np.random.default_rng(seed)
    whole = total or steps
    found = []
    for step in range(1, steps + 1):
        at = step / whole
        loss = train(at) * float(np.exp(noise * chance.standard_normal()))
        held_back = None
        if batches is not None:
            held_back = batches(at) * float(np.exp(batch_noise * chance.standard_normal()))
        whole_set = full(at) if full is not None and step % full_every == 0 else None
        share = 1 - min(1.0, loss / 4) if accuracy else None
        found.append(Metric(step, loss, share, held_back, None, whole_set, None))
    return found


def made_curves(steps: int, train: Shape, **more) -> RunCurves:
    return RunCurves.from_metrics(made_metrics(steps, train, **more))


def made_chart(name: str = "pharmacy-v4", steps: int = 120, **more) -> ChartedRun:
    curves = made_curves(steps, falling, full=falling, full_every=20, accuracy=True, **more)
    return ChartedRun(name, curves, (40, 80, 120), steps, 3, 80)


def made_run(name: str = "pharmacy-v4", **more) -> Run:
    values = {
        "id": 1,
        "key": "k",
        "created_at": 1_763_640_000_000,
        "provider": "local",
        "base_url": "",
        "base_model": "tunedesk-starter",
        "settings": {"epochs": 3},
        "stage": "ended",
        "status": "succeeded",
        "training": RunFile("file-1", "a" * 64, 1000, 412),
        "validation": RunFile("file-2", "b" * 64, 200, 103),
        "finished_at": 1_763_643_600_000,
        "total_steps": 120,
    }
    return Run(name=name, **values | more)


def made_checkpoints(*steps: int) -> list[RunCheckpoint]:
    return [RunCheckpoint(f"ckpt-{step}", step, f"ft:model:ckpt-{step}") for step in steps]


def falling(at: float) -> float:
    return 0.5 + 2.5 * float(np.exp(-5 * at))


def falling_slowly(at: float) -> float:
    return 1.0 + 1.5 * float(np.exp(-1.5 * at))


def falling_to_flat(at: float) -> float:
    return 0.9 + 2.0 * float(np.exp(-15 * at))


def turning(at: float) -> float:
    """Lowest at two fifths of the run."""
    return 1.0 + 1.5 * float(np.exp(-8 * at)) + 0.6 * max(0.0, at - 0.4)


def flat(at: float) -> float:
    return 1.8


TOTAL = 300


def said(curves, *, ended=None, checkpoints=(100, 200, 300), epochs=3, validates=None, total=TOTAL):
    there = [step for step in checkpoints if step <= curves.last_step]
    over = curves.last_step >= total if ended is None else ended
    return advice(curves, made_checkpoints(*there), total, epochs, over, validates=validates)


def codes(curves, **more):
    return [one.code for one in said(curves, **more)]


def logged(*figures, every=10):
    """A run that logs every tenth step: pairs of training and validation loss of all."""
    rows = [(one if isinstance(one, tuple) else (one, None)) for one in figures]
    return RunCurves.from_metrics(
        Metric(every * (number + 1), train, None, None, None, full, None)
        for number, (train, full) in enumerate(rows)
    )
