"""`python -m tunedesk.training_server.training.dry_run JOB_FOLDER BASE_MODEL METHOD`.

The process that reads the examples of a job as its base model will, before the job waits for its
turn: what is too long, teaches nothing, or is refused by the chat template is found then and not
hours later. It loads no weights and no torch, and ends.
"""

import os
import sys
from pathlib import Path

from tunedesk.training_server.job_folder import DryRunResult, JobFolder


def main(arguments: list[str]) -> int:
    """Examine what a folder holds; returns the exit status."""
    if len(arguments) != 3:
        name = "python -m tunedesk.training_server.training.dry_run"
        print(f"usage: {name} JOB_FOLDER BASE_MODEL METHOD", file=sys.stderr)
        return 2
    os.environ["HF_HUB_OFFLINE"] = "1"
    os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    if hasattr(os, "nice"):
        # Another job may be training meanwhile: it goes first.
        os.nice(10)
    # Transformers imports torch wherever it is installed: thrice the time and memory, for nothing.
    sys.modules["torch"] = None  # type: ignore[assignment]
    folder = JobFolder(Path(arguments[0]).resolve())
    folder.write_dry_run(_dry_run(folder, arguments[1], arguments[2]))
    return 0


def _dry_run(folder: JobFolder, base_model: str, method: str) -> DryRunResult:
    from tunedesk.training_server.training.failures import BadExample, JobFailedError
    from tunedesk.training_server.training.sequences import each_sequence, starter_texts
    from tunedesk.training_server.training.tokenizer import load_example_tokenizer

    try:
        reader = load_example_tokenizer(base_model, lambda: starter_texts(folder.training_file))
    except JobFailedError as error:
        return DryRunResult([], [], (error.code, str(error)))
    training, validation = (
        [
            (made.line, made.message)
            for made in (each_sequence(path, reader, method) if path.exists() else ())
            if isinstance(made, BadExample)
        ]
        for path in (folder.training_file, folder.validation_file)
    )
    return DryRunResult(training, validation)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
