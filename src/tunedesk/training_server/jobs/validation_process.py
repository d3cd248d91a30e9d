"""`python -m tunedesk.training_server.jobs.validation_process JOB_FOLDER`.

The process that reads the files of a job before it waits for its turn: by Tunedesk's own checks,
then as the base model will read them. What is wrong, too long, teaches nothing, or is refused by
the chat template is found then and not hours later; the tokens that it makes are what the training
reads. It loads no weights and no torch. A process of its own, so that the server answers meanwhile
and whoever cancels the job is rid of it at once.
"""

import json
import os
import shutil
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, get_args

from tunedesk.training_server.job_folder import (
    STARTER,
    FileWord,
    JobFolder,
    ValidationRequest,
    leave_out,
)
from tunedesk.workers import WorkerPool

if TYPE_CHECKING:
    from tunedesk.training_server.jobs.file_validation import BadLine, FileVerdict
    from tunedesk.training_server.training.failures import BadExample
    from tunedesk.training_server.training.sequences import Chunk, Sequences, TokenisedChunk
    from tunedesk.training_server.training.tokenizer import ExampleTokenizer

Made = TypeVar("Made")

_REPORT_SECONDS = 0.5
_BYTES_ALONE = 4_000_000
"""Of a file of records: with less, other processes would have been started for nothing."""


def main(arguments: list[str]) -> int:
    """Do what a folder's request asks; returns the exit status."""
    if len(arguments) != 1:
        name = "python -m tunedesk.training_server.jobs.validation_process"
        print(f"usage: {name} JOB_FOLDER", file=sys.stderr)
        return 2
    os.environ["HF_HUB_OFFLINE"] = "1"
    os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    folder = JobFolder(Path(arguments[0]).resolve())
    request = folder.read_request()
    do_without_torch()
    with folder.report_file.open("ab") as file:
        _validate(folder, request, _Report(file))
    return 0


def do_without_torch() -> None:
    """Keep Transformers from importing torch: thrice the time and memory, for nothing."""
    if "torch" not in sys.modules:
        sys.modules["torch"] = None  # type: ignore[assignment]


class _Report:
    """Appends to `report.jsonl`."""

    def __init__(self, file: Any) -> None:
        self._file = file
        self._counted_at = 0.0

    def write(self, kind: str, **values: Any) -> None:
        self._file.write(json.dumps({"kind": kind, **values}).encode() + b"\n")
        self._file.flush()

    def count(self, kind: str, **values: Any) -> None:
        """Say how far it is, now and then."""
        if time.monotonic() - self._counted_at >= _REPORT_SECONDS:
            self._counted_at = time.monotonic()
            self.write(kind, **values)


def _validate(folder: JobFolder, request: ValidationRequest, report: _Report) -> None:
    is_worth_it = not request.files
    for word in request.files:
        verdict = _check(folder, request, word, report)
        unusable = verdict.unusable and list(verdict.unusable)
        report.write("checked", file=word, examples=verdict.examples, unusable=unusable)
        is_worth_it = is_worth_it or verdict.is_worth_reading
        if not verdict.is_worth_reading:
            break
    if request.base_model is not None and is_worth_it:
        _tokenise(folder, request, request.base_model, report)
    report.write("done")


def _check(
    folder: JobFolder, request: ValidationRequest, word: FileWord, report: _Report
) -> "FileVerdict":
    from tunedesk.training_server.jobs.file_validation import validate_file

    def on_batch(verdict: "FileVerdict", bad: "Sequence[BadLine]") -> None:
        for each in bad:
            report.write("bad", file=word, line=each.line, text=each.text)
        report.count("read", file=word, examples=verdict.examples + len(verdict.bad))

    return validate_file(
        request.files[word],
        request.method,
        word == "training",
        request.skip_bad,
        folder.records_file(word),
        on_batch,
    )


def _tokenise(
    folder: JobFolder, request: ValidationRequest, base_model: str, report: _Report
) -> None:
    from tunedesk.training_server.training.failures import JobFailedError
    from tunedesk.training_server.training.sequences import note_sequences

    made: dict[FileWord, Sequences] = {}
    try:
        prepare_reader(folder, base_model)
        for word in get_args(FileWord):
            if folder.records_file(word).exists():
                made[word] = _tokenise_file(folder, request.method, base_model, word, report)
    except JobFailedError as error:
        report.write("failure", code=error.code, message=error.message)
        return
    if request.skip_bad:
        for word, each in made.items():
            if each.bad:
                leave_out(folder.records_file(word), {bad.line for bad in each.bad})
    if request.skip_bad or not any(each.bad for each in made.values()):
        note_sequences(folder, base_model, made)


def prepare_reader(folder: JobFolder, base_model: str) -> "ExampleTokenizer":
    """What reads as the base model does; a new starter learns to.

    Raises:
        JobFailedError: The model cannot be used.
    """
    from tunedesk.training_server.training.sequences import starter_texts
    from tunedesk.training_server.training.starter import train_tokenizer
    from tunedesk.training_server.training.tokenizer import load_example_tokenizer

    if base_model == STARTER:
        part = folder.tokenizer.with_name(f"{folder.tokenizer.name}.part")
        shutil.rmtree(part, ignore_errors=True)
        train_tokenizer(starter_texts(folder.training_file)).save_pretrained(part)
        part.rename(folder.tokenizer)
    return load_example_tokenizer(base_model, folder.tokenizer)


def _tokenise_file(
    folder: JobFolder, method: str, base_model: str, word: FileWord, report: _Report
) -> "Sequences":
    from tunedesk.training_server.training.sequences import (
        record_chunks,
        tokenise_chunk,
        write_sequences,
    )

    with folder.records_file(word).open("rb") as file:
        total = sum(1 for _line in file)

    def on_chunk(read: int, bad: "Sequence[BadExample]") -> None:
        for each in bad:
            report.write("bad", file=word, line=each.line, text=each.message)
        report.count("tokenised", file=word, examples=read, of=total)

    size = folder.records_file(word).stat().st_size
    chunks = record_chunks(folder, word, base_model, method)
    with in_parts(tokenise_chunk, tokenise_in_worker, chunks, size) as tokenised:
        return write_sequences(tokenised, folder.tokens_file(word), method, on_chunk)


@contextmanager
def in_parts(
    here: "Callable[[Chunk], Made]",
    in_worker: "Callable[[tuple[Any, ...]], Made]",
    chunks: "Iterator[Chunk]",
    size: int,
) -> "Iterator[Iterator[Made]]":
    """What each part of a file makes, in their order.

    Args:
        here: Makes it in this process, if the file is small.
        in_worker: The same in processes that stand back, one for each processor; it is given the
            fields of the `Chunk`.
        chunks: The parts.
        size: The bytes of the file.
    """
    if size <= _BYTES_ALONE:
        yield map(here, chunks)
        return
    with WorkerPool() as pool:
        yield pool.map_ordered(in_worker, map(tuple, chunks))


def tokenise_in_worker(chunk: tuple[Any, ...]) -> "TokenisedChunk":
    """Turn some examples into tokens, in a worker process.

    Args:
        chunk: The fields of a `Chunk`, whose module would load torch before this one can forbid it.
    """
    do_without_torch()
    from tunedesk.training_server.training.sequences import Chunk, tokenise_chunk

    return tokenise_chunk(Chunk(*chunk))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
