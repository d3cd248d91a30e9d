"""The folder of a job: where the server and the process that trains meet, and nowhere else.

The server writes `job.json`, the records and `control`; rank 0 of the training process writes
`progress.jsonl`, `checkpoints/step-N/` and `model/`. Neither waits for the other: the server
reads the progress as it grows, the trainer looks at `control` after each step.

    DATA/jobs/JOB_ID/
      job.json            what to do; never changes once written
      training.jsonl      one {"line": n, "record": {...}} a line; n: line in the user's file
      validation.jsonl    the same; only if there is a validation file
      request.json        what the process that validates is asked (`jobs/validation_process.py`)
      report.jsonl        what it found, appended by it
      report.txt          all that it printed
      training.arrow      the rows of tokens that the examples make, as the base model reads them
      validation.arrow    the same of validation.jsonl
      tokens.json         how many they are, and for which base model; written last
      tokenizer/          the tokenizer of a new starter, trained on the examples
      control             "pause" or "cancel"; absent otherwise
      progress.jsonl      what happened, appended by rank 0 (`ProgressWriter`)
      checkpoints/step-N/ whole as soon as it has this name: made as step-N.part, then renamed
      model/              the tuned model, made as model.part, then renamed
      log.txt             all that the process printed
      trainer/            what the trainer has not finished; gone when the job has ended

The lines of `report.jsonl`; each has "kind", and "file" ("training" or "validation"):

    read        examples; how many were checked so far
    bad         line, text; what cannot be trained on, whoever found it
    checked     examples (good ones), unusable (null, or code and message)
    tokenised   examples, of; how many were turned into tokens so far
    failure     code, message; the base model cannot be used (without "file")
    done        the last line (without "file")

The lines of `progress.jsonl`; each has "kind", and "step" where named:

    started     step (0, or that of the checkpoint it goes on from), total_steps, device, processes,
                precision (of the frozen weights: "float32" or "bfloat16"), hyperparameters
                (numbers in force: batch_size, n_epochs, learning_rate_multiplier)
    metrics     step, total_steps, seconds (since this process began to train), train_loss,
                train_mean_token_accuracy, and where there are any valid_loss,
                valid_mean_token_accuracy, full_valid_loss, full_valid_mean_token_accuracy; one
                line a step, full_* at the ends of epochs;
                of preferences also *_reward_margin and *_reward_accuracy
    checkpoint  step, metrics (as above, without total_steps), pausing (true for that of a pause);
                written after the rename; the trainer keeps the last three and removes older ones
    epoch       step, epoch
    message     level ("info" | "warn" | "error"), message, step (optional), data (optional: values
                for programs, such as model_step, the step whose weights the tuned model has)
    paused      step; the last line of a process that was told to pause
    cancelled   step; the last line of one that was told to cancel
    done        step, trained_tokens; after model/ has its name
    failed      code, message, param (or null), lines (optional: list of {"line", "message"})

The process ends with 0 after paused, cancelled and done, with 1 after failed. One that ends
without any of these lines died; the server says so.
"""

import json
import math
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal, Self, get_args

from tunedesk.catalogue.memory_estimate import Device
from tunedesk.catalogue.models import STARTER_ID

STARTER = STARTER_ID
"""The built-in base model; as `base_model` it is this name, every other one is a folder."""

ADAPTER_NAME = "adapter_config.json"
"""The file that a model folder has if it holds an adapter to another model."""

JobCommand = Literal["pause", "cancel"]
"""What the server asks of the process that trains."""


@dataclass(frozen=True)
class JobSpec:
    """What `job.json` holds: all that the training process has to know.

    Attributes:
        job_id: The job's id.
        method: How it learns.
        base_model: `STARTER`, or the absolute path of a model folder; it may be a tuned model's
            (with an adapter), which is then trained on.
        model_name: The name that the tuned model will have.
        hyperparameters: n_epochs, batch_size (of all processes together) and
            learning_rate_multiplier as numbers, beta for dpo; "rank", "alpha", "dropout" where
            given, "full": true for training all weights.
        seed: Of everything random.
        max_tokens: The longest example, in tokens of the model; None: the model's context.
        skip_bad: Leave out examples that cannot be trained on, each named in a message.
        processes: How many processes train together.
        device: "cpu", "cuda" or "mps".
        wandb: The settings of the integration (project, name, entity, tags); None without.
    """

    job_id: str
    method: Literal["supervised", "dpo"]
    base_model: str
    model_name: str
    hyperparameters: dict[str, Any]
    seed: int
    max_tokens: int | None
    skip_bad: bool
    processes: int
    device: Device
    wandb: dict[str, Any] | None = None


FileWord = Literal["training", "validation"]
"""Which of the two files of a job: what is trained on, or what is measured with."""


@dataclass(frozen=True)
class FileToCheck:
    """A file of the server that a job names.

    Attributes:
        path: Where its bytes lie.
        id: Its id.
        filename: The user's name for it.
    """

    path: str
    id: str
    filename: str


@dataclass(frozen=True)
class ValidationRequest:
    """What `request.json` holds: what the process that validates has to do.

    Attributes:
        method: The method of the job.
        skip_bad: Whether bad examples are left out instead of making a file bad.
        base_model: As in the `JobSpec`; None: the files are only checked.
        files: The files to check, by "training" and "validation"; none if that is done.
    """

    method: str
    skip_bad: bool
    base_model: str | None
    files: dict[FileWord, FileToCheck]


@dataclass(frozen=True)
class JobFolder:
    """The folder of one job, and the names in it."""

    path: Path

    @property
    def spec_file(self) -> Path:
        """What to do."""
        return self.path / "job.json"

    @property
    def training_file(self) -> Path:
        """The examples to train on."""
        return self.path / "training.jsonl"

    @property
    def validation_file(self) -> Path:
        """The examples to measure with; may be absent."""
        return self.path / "validation.jsonl"

    def records_file(self, word: FileWord) -> Path:
        """The examples to train on or to measure with."""
        return self.training_file if word == "training" else self.validation_file

    def tokens_file(self, word: FileWord) -> Path:
        """The rows of tokens of these examples; may be absent."""
        return self.path / f"{word}.arrow"

    @property
    def tokens_summary(self) -> Path:
        """What the files of tokens hold; there only when they are whole."""
        return self.path / "tokens.json"

    @property
    def tokenizer(self) -> Path:
        """The tokenizer of a new starter; there only when it is whole."""
        return self.path / "tokenizer"

    @property
    def request_file(self) -> Path:
        """What the process that validates has to do."""
        return self.path / "request.json"

    @property
    def report_file(self) -> Path:
        """What it found."""
        return self.path / "report.jsonl"

    @property
    def report_log(self) -> Path:
        """What it printed."""
        return self.path / "report.txt"

    @property
    def control_file(self) -> Path:
        """What the server asks of the process."""
        return self.path / "control"

    @property
    def progress_file(self) -> Path:
        """What happened."""
        return self.path / "progress.jsonl"

    @property
    def log_file(self) -> Path:
        """What the process printed."""
        return self.path / "log.txt"

    @property
    def checkpoints(self) -> Path:
        """The folder of the checkpoints."""
        return self.path / "checkpoints"

    @property
    def work(self) -> Path:
        """Where the trainer writes before all is whole; what lies there is offered to nobody."""
        return self.path / "trainer"

    @property
    def model(self) -> Path:
        """The tuned model; there only when it is whole."""
        return self.path / "model"

    def checkpoint(self, step: int) -> Path:
        """The checkpoint of a step; there only when it is whole."""
        return self.checkpoints / f"step-{step}"

    def checkpoint_steps(self) -> list[int]:
        """The steps whose checkpoints are whole, oldest first."""
        if not self.checkpoints.is_dir():
            return []
        names = (entry.name for entry in self.checkpoints.iterdir() if entry.is_dir())
        numbers = (name.removeprefix("step-") for name in names if name.startswith("step-"))
        return sorted(int(number) for number in numbers if number.isdigit())

    def write_spec(self, spec: JobSpec) -> None:
        """Write `job.json`, last of the server's files: a folder that has it is complete."""
        write_whole(self.spec_file, json.dumps(asdict(spec), indent=1))

    def read_spec(self) -> JobSpec:
        """What to do."""
        return JobSpec(**json.loads(self.spec_file.read_text(encoding="utf-8")))

    def write_request(self, request: ValidationRequest) -> None:
        """Write `request.json`."""
        write_whole(self.request_file, json.dumps(asdict(request)))

    def read_request(self) -> ValidationRequest:
        """What the process that validates has to do."""
        values = json.loads(self.request_file.read_text(encoding="utf-8"))
        files = {word: FileToCheck(**file) for word, file in values.pop("files").items()}
        return ValidationRequest(**values, files=files)

    def remove_tokens(self) -> None:
        """Remove what only a training needs, and can be made again."""
        for path in (self.tokens_summary, *map(self.tokens_file, get_args(FileWord))):
            path.unlink(missing_ok=True)

    def send_command(self, control: JobCommand | None) -> None:
        """Ask the process for something at its next step; None takes the command back."""
        if control is None:
            self.control_file.unlink(missing_ok=True)
        else:
            write_whole(self.control_file, control)

    def pending_command(self) -> JobCommand | None:
        """What the server asks for."""
        try:
            text = self.control_file.read_text(encoding="utf-8").strip()
        except FileNotFoundError:
            return None
        return "pause" if text == "pause" else "cancel" if text == "cancel" else None


def write_whole(path: Path, text: str) -> None:
    """Write a file that is there as a whole or not at all."""
    part = path.with_name(f"{path.name}.part")
    with part.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)


def read_records(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """The records of `training.jsonl` or `validation.jsonl`, each with its line in the file."""
    with path.open(encoding="utf-8") as file:
        for text in file:
            entry = json.loads(text)
            yield entry["line"], entry["record"]


def leave_out(path: Path, lines: set[int]) -> None:
    """Take the records of some lines out of such a file; it is there as a whole at any time."""
    part = path.with_name(f"{path.name}.part")
    with path.open("rb") as file, part.open("wb") as kept:
        kept.writelines(text for text in file if json.loads(text)["line"] not in lines)
    part.replace(path)


class ProgressWriter:
    """Appends to `progress.jsonl`; used by rank 0 of the training process, in a `with`.

    What an earlier process of the same job already told of a step is not told again: lines of
    the same kind and step are left out, except "started", which each process tells once.
    """

    def __init__(self, folder: JobFolder) -> None:
        self._told = {
            (line["kind"], line["step"])
            for line, _end in read_progress(folder.progress_file)
            if "step" in line and line["kind"] in ("metrics", "checkpoint", "epoch")
        }
        self._file = folder.progress_file.open("ab")
        if self._file.tell() and not _ends_with_line_feed(folder.progress_file):
            # The process before was killed in the middle of a line.
            self._file.write(b"\n")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()

    def write(self, kind: str, **values: Any) -> None:
        """Append a line; it is on the disk for good unless it is a line of metrics."""
        step = values.get("step")
        if kind in ("metrics", "checkpoint", "epoch"):
            if (kind, step) in self._told:
                return
            self._told.add((kind, step))
        line = json.dumps({"kind": kind, **_without_nan(values)}, allow_nan=False)
        self._file.write(line.encode() + b"\n")
        self._file.flush()
        if kind != "metrics":
            os.fsync(self._file.fileno())

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def read_progress(path: Path, offset: int = 0) -> Iterator[tuple[dict[str, Any], int]]:
    """The whole lines from an offset on, each with the offset after it.

    A line that is not finished is left for the next time; one that was cut off by a death and
    then followed by others is passed over.
    """
    try:
        file = path.open("rb")
    except FileNotFoundError:
        return
    with file:
        file.seek(offset)
        for line in file:
            if not line.endswith(b"\n"):
                return
            offset += len(line)
            try:
                value = json.loads(line)
            except ValueError:
                continue
            if isinstance(value, dict) and "kind" in value:
                yield value, offset


def _without_nan(value: Any) -> Any:
    """The value with null for figures that are not numbers: JSON has no NaN, a loss may be one."""
    if isinstance(value, dict):
        return {name: _without_nan(inner) for name, inner in value.items()}
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def _ends_with_line_feed(path: Path) -> bool:
    with path.open("rb") as file:
        file.seek(-1, os.SEEK_END)
        return file.read(1) == b"\n"
