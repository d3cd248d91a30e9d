"""`python -m tunedesk.training_server.training.run JOB_FOLDER`: the process of one job.

Started as it is, by `accelerate launch` or by torchrun.
"""

import gc
import os
import sys
from pathlib import Path

from tunedesk.training_server.job_folder import JobFolder


def main(arguments: list[str]) -> int:
    """Train what a folder says; returns the exit status."""
    if len(arguments) != 1:
        print("usage: python -m tunedesk.training_server.training.run JOB_FOLDER", file=sys.stderr)
        return 2
    # The libraries read these when they are imported: nothing is fetched, nothing is reported.
    os.environ["HF_HUB_OFFLINE"] = "1"
    os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    folder = JobFolder(Path(arguments[0]).resolve())
    spec = folder.read_spec()
    if spec.device == "cpu":
        # Threads wait for each other all the time. The usual way, to spin meanwhile, made a
        # training 10 times slower where another program computed too.
        os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    if spec.wandb is None:
        # Transformers and TRL import wandb wherever it is installed, which takes a second.
        sys.modules["wandb"] = None  # type: ignore[assignment]
    # To look for garbage among a million new objects, none of which is any, takes a fifth of the
    # time of these imports.
    gc.disable()
    from tunedesk.training_server.training.job import run_job

    gc.freeze()
    gc.enable()
    return run_job(folder)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
