"""Tells Weights & Biases of a training, where its user has asked for that.

The key is WANDB_API_KEY in the environment of the server, and stays there. Of the training only its
figures and its settings are told: no example, no output of the process, nothing of this computer.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from tunedesk.training_server.job_folder import JobFolder, JobSpec, ProgressWriter

_KEY = "WANDB_API_KEY"
_FINISH_SECONDS = 60.0

Report = Callable[[int, dict[str, float]], None]
"""Takes the figures of a step."""


@contextmanager
def reported_run(
    folder: JobFolder, spec: JobSpec, writer: ProgressWriter | None
) -> Iterator[Report]:
    """A run at Weights & Biases while a job trains, if that is asked for; takes its figures.

    Where it cannot be made, a warning says why, and the training goes on without it.

    Args:
        folder: The folder of the job; wandb keeps its own files in it.
        spec: What to do.
        writer: Where the job tells; None in every process but one, which alone makes the run.
    """
    if spec.wandb is None or writer is None:
        yield _nowhere
        return
    # Read by wandb when it is imported, and by the process that it starts.
    os.environ["WANDB_SILENT"] = "true"
    import wandb

    try:
        run = wandb.init(
            project=spec.wandb["project"],
            name=spec.wandb.get("name") or spec.job_id,
            entity=spec.wandb.get("entity"),
            tags=spec.wandb.get("tags"),
            # A job that goes on after a pause or a crash goes on with its run.
            id=spec.job_id,
            resume="allow",
            config={
                "fine_tuned_model": spec.model_name,
                "method": spec.method,
                "seed": spec.seed,
                **spec.hyperparameters,
            },
            dir=folder.path,
            settings=wandb.Settings(
                console="off",
                disable_code=True,
                disable_git=True,
                x_disable_meta=True,
                x_disable_machine_info=True,
                x_disable_stats=True,
                x_save_requirements=False,
                finish_timeout=_FINISH_SECONDS,
            ),
        )
    except Exception as error:
        said = without_key(" ".join(str(error).split()))[:300]
        text = f"Weights & Biases cannot be told, and the training goes on without: {said}"
        writer.write("message", level="warn", message=text)
        yield _nowhere
        return
    where = f"in {run.dir}: not sent, wandb is offline" if run.offline else f"at {run.url}"
    writer.write("message", level="info", message=f"Weights & Biases run {run.name} {where}")
    exit_code = 1

    def report(step: int, figures: dict[str, float]) -> None:
        # A step that was told before is left out there, as it is in the events.
        run.log(figures, step=step)

    try:
        yield report
        exit_code = 0
    finally:
        _finish(run, exit_code)


def _finish(run: Any, exit_code: int) -> None:
    try:
        run.finish(exit_code)
    except Exception as error:
        print(without_key(f"wandb did not finish: {error}"))


def _nowhere(_step: int, _figures: dict[str, float]) -> None:
    """Takes the figures where nobody wants them."""


def without_key(text: str) -> str:
    """The text without the key, whatever put it there."""
    key = os.environ.get(_KEY)
    return text.replace(key, "…") if key else text
