"""`python -m tunedesk.training_server.as_trained_process --data-dir DIR [--models DIR] [--check]`.

The process beside the window that shows examples as a base model is trained on them
(`training/as_trained.py`). It loads no weights and no torch. A line of JSON comes in for each
question, one goes out for each answer, and it ends with its standard input.

With `--check FOLDER MODEL METHOD` it reads the examples of a launch instead, once and all, by the
functions that validate the files of a job: both come to one verdict. They stand in the folder, one
a line, in `given-training.jsonl` and `given-validation.jsonl`. A line of JSON goes out for each of

    context     how many tokens the model reads at most
    done, of    how many examples were read so far, and of how many
    file, rows  some examples of a file, each a list of the fields of a `RowAsTrained`
    added       words that the template adds of its own, among those of these examples
    failed      why the model cannot be used, or a file not read; nothing follows
"""

import json
import os
import sys
import time
from argparse import ArgumentParser
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO, get_args

from tunedesk.examples.as_trained import RowAsTrained
from tunedesk.training_server.job_folder import STARTER, FileToCheck, FileWord, JobFolder
from tunedesk.training_server.jobs.validation_process import (
    do_without_torch,
    in_parts,
    prepare_reader,
)
from tunedesk.training_server.models import BaseModels
from tunedesk.training_server.settings import ServerSettings
from tunedesk.training_server.thread_pools import call_within

if TYPE_CHECKING:
    from tunedesk.training_server.training.as_trained import ChunkAsTrained

_SECONDS = 10.0
_REPORT_SECONDS = 0.2

Tell = Callable[[Mapping[str, Any]], None]


def answer(request: Mapping[str, Any], models: BaseModels) -> dict[str, Any]:
    """What is said to a question.

    Args:
        request: {"model": its name, "text": the example, as in its file}, or {} for the models.
        models: The base models of this computer.

    Returns:
        {"models": their names}, {"example": an `ExampleAsTrained`, as a dict} or {"refused": why}.
    """
    from tunedesk.training_server.training.as_trained import as_trained, example_reader
    from tunedesk.training_server.training.failures import JobFailedError
    from tunedesk.training_server.training.sequences import REFUSALS

    if "text" not in request:
        return {"models": [model.name for model in models.list()]}
    model = models.find(str(request["model"]))
    if model is None or not model.ref:
        return {"refused": _not_here(str(request["model"]))}
    try:
        record, reader = json.loads(request["text"]), example_reader(model.ref)
        # A template is a stranger's program: it may never end.
        made = asdict(call_within(_SECONDS, as_trained, record, reader))
    except TimeoutError:
        return {"refused": "The chat template of the model takes too long for the example."}
    except JobFailedError as error:
        return {"refused": error.message}
    except REFUSALS as error:
        said = " ".join(str(error).split())[:300]
        return {"refused": f"The chat template of the model refuses the example: {said}"}
    if model.ref == STARTER:
        for text in made["texts"]:
            text.update(ends=[], learnt=[], special=[])
    return {"example": made}


def _not_here(model: str) -> str:
    return f"The model {model} is not on this computer."


def serve(questions: TextIO, answers: TextIO, models: BaseModels) -> None:
    """Answer questions until there are no more."""
    for line in questions:
        request = json.loads(line)
        said = {"number": request.get("number"), **answer(request, models)}
        answers.write(json.dumps(said) + "\n")
        answers.flush()


def given_file(folder: JobFolder, word: FileWord) -> Path:
    """The examples of a launch as they are given, one a line."""
    return folder.path / f"given-{word}.jsonl"


def check(folder: JobFolder, model: str, method: str, models: BaseModels, tell: Tell) -> None:
    """Read all examples of a launch as a training would, and tell what it makes of each.

    Args:
        folder: Holds their files.
        model: The name of the base model.
        method: How it learns.
        models: The base models of this computer.
        tell: Told what is found, as the head of this module says.
    """
    from tunedesk.training_server.training.failures import JobFailedError

    found = models.find(model)
    if found is None or not found.ref:
        tell({"failed": _not_here(model)})
        return
    words = [word for word in get_args(FileWord) if given_file(folder, word).exists()]
    progress = _Progress(sum(_lines_of(given_file(folder, word)) for word in words), tell)
    try:
        if words and all(_check_file(folder, word, method, progress) for word in words):
            reader = prepare_reader(folder, found.ref)
            tell({"context": reader.context})
            for word in words:
                _read_file(folder, word, found.ref, method, progress)
    except JobFailedError as error:
        tell({"failed": error.message})


class _Progress:
    """Tells now and then how far it is: each example is checked once and read once."""

    def __init__(self, examples: int, tell: Tell) -> None:
        self.tell = tell
        self._examples = examples
        self._checked = self._read = 0
        self._told = 0.0

    def add(self, *, checked: int = 0, read: int = 0) -> None:
        self._checked += checked
        self._read += read
        if time.monotonic() - self._told >= _REPORT_SECONDS:
            self._told = time.monotonic()
            self.tell({"done": (self._checked + self._read) // 2, "of": self._examples})


def _lines_of(path: Path) -> int:
    with path.open("rb") as file:
        return sum(1 for _line in file)


def _check_file(folder: JobFolder, word: FileWord, method: str, progress: _Progress) -> bool:
    """Check a file as the server does; whether there is anything in it to read."""
    from tunedesk.training_server.jobs.file_validation import validate_file

    path = given_file(folder, word)
    seen = 0

    def on_batch(verdict: Any, bad: Any) -> None:
        nonlocal seen
        if bad:
            rows = [RowAsTrained(each.line, 0, 0, 0, "checks", each.text, []) for each in bad]
            progress.tell({"file": word, "rows": rows})
        now = verdict.examples + len(verdict.bad)
        progress.add(checked=now - seen)
        seen = now

    given = FileToCheck(str(path), path.name, path.name)
    verdict = validate_file(
        given, method, word == "training", True, folder.records_file(word), on_batch
    )
    if verdict.unusable is not None:
        progress.tell({"failed": verdict.unusable[1]})
    return verdict.unusable is None


def _read_file(
    folder: JobFolder, word: FileWord, ref: str, method: str, progress: _Progress
) -> None:
    """Read the good examples of a file as the base model does."""
    from tunedesk.training_server.training.as_trained import rows_as_trained
    from tunedesk.training_server.training.sequences import record_chunks, refuse_slow_template

    path = folder.records_file(word)
    if not path.exists():
        return
    chunks = record_chunks(folder, word, ref, method)
    overdue = 0
    with in_parts(rows_as_trained, read_in_worker, chunks, path.stat().st_size) as parts:
        for part in parts:
            progress.tell({"file": word, "rows": part.rows, "added": part.added})
            progress.add(read=len(part.rows))
            overdue += part.overdue
            refuse_slow_template(overdue)


def read_in_worker(chunk: tuple[Any, ...]) -> "ChunkAsTrained":
    """What a base model makes of some examples, in a worker process.

    Args:
        chunk: The fields of a `Chunk`, whose module would load torch before this one can forbid it.
    """
    do_without_torch()
    from tunedesk.training_server.training.as_trained import rows_as_trained
    from tunedesk.training_server.training.sequences import Chunk

    return rows_as_trained(Chunk(*chunk))


def main(arguments: Sequence[str]) -> int:
    """Answer what comes from the standard input, or check; returns the exit status."""
    parser = ArgumentParser(prog="python -m tunedesk.training_server.as_trained_process")
    parser.add_argument("--data-dir", type=Path, required=True, help="the server's folder")
    parser.add_argument("--models", type=Path, help="a folder with model folders")
    parser.add_argument(
        "--check", nargs=3, metavar=("FOLDER", "MODEL", "METHOD"), help="read all of a launch"
    )
    options = parser.parse_args(arguments)
    os.environ["HF_HUB_OFFLINE"] = "1"
    os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    do_without_torch()
    models = BaseModels(ServerSettings(options.data_dir, "", models_dir=options.models), 0)
    # What libraries print must not stand among the answers.
    answers, sys.stdout = sys.stdout, sys.stderr
    if options.check:
        folder, model, method = options.check

        def tell(values: Mapping[str, Any]) -> None:
            answers.write(json.dumps(values) + "\n")
            answers.flush()

        check(JobFolder(Path(folder).resolve()), model, method, models, tell)
        return 0
    with open(sys.stdin.fileno(), encoding="utf-8", closefd=False) as questions:
        serve(questions, answers, models)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
