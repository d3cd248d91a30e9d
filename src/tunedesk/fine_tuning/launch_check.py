"""What the base model of a launch makes of all its examples, read before anything starts.

They are read by the process that shows an example as it is trained on
(`tunedesk.training_server.as_trained_process`), by the functions with which the training server
validates the files of a job: what is refused here is what would be refused there.
"""

import contextlib
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import orjson

from tunedesk.catalogue.models import STARTER_ID, base_name
from tunedesk.errors import UserError
from tunedesk.examples.as_trained import Refusal, Remark, RowAsTrained
from tunedesk.fine_tuning.as_trained import command, shortened
from tunedesk.fine_tuning.launch_preview import LaunchPreview
from tunedesk.fine_tuning.launch_settings import LaunchSettings
from tunedesk.formats.writers.jsonl import RecordWriter
from tunedesk.i18n import _, ngettext
from tunedesk.progress import Progress, no_progress
from tunedesk.project.exporting import TrainingRow, version_records
from tunedesk.project.project import Project
from tunedesk.services import local_models
from tunedesk.services.local_install import python_with_training

_POLL_SECONDS = 0.05


@dataclass(frozen=True)
class LaunchAsTrained:
    """What the base model of a launch is trained on, of all examples together.

    Attributes:
        model: The name of the base model.
        context: The most tokens that it reads.
        examples: How many examples were read, refused ones too.
        tokens: The tokens of those that are trained on or measured with.
        learnt: How many of them are learnt.
        longest: The tokens of the longest text; those of the validation count, too.
        longest_id: The example that it belongs to; None without one.
        refused: The examples that are not trained on, by the reason; without those of which the
            launch tells the same as errors.
        reasons: For each reason what the server says of the first of them.
        remarks: The examples that are trained on at a cost, by what it is.
        added: Words that the template adds of its own.
    """

    model: str
    context: int
    examples: int
    tokens: int
    learnt: int
    longest: int
    longest_id: int | None
    refused: Mapping[Refusal, tuple[int, ...]]
    reasons: Mapping[Refusal, str]
    remarks: Mapping[Remark, tuple[int, ...]]
    added: tuple[str, ...]

    def to_json(self, number_of: Callable[[int], int | None]) -> dict[str, Any]:
        """The same for programs.

        Args:
            number_of: Gives the number of an example in the table.
        """
        return {
            "base_model": self.model,
            "context": self.context,
            "examples": self.examples,
            "tokens": self.tokens,
            "learned_tokens": self.learnt,
            "longest": self.longest,
            "longest_example": None if self.longest_id is None else number_of(self.longest_id),
            "refused": {reason: list(map(number_of, ids)) for reason, ids in self.refused.items()},
            "remarks": {remark: list(map(number_of, ids)) for remark, ids in self.remarks.items()},
            "added": list(self.added),
        }


@dataclass
class _Read:
    """What the process says of a model beside its examples: see `LaunchAsTrained`."""

    context: int
    added: list[str]


class LaunchReader:
    """Reads the examples of launches as their base models will, each version once for a model."""

    def __init__(self) -> None:
        self._rows: dict[tuple[str, str], dict[int, RowAsTrained]] = {}
        self._read: dict[tuple[str, str], _Read] = {}

    def read(
        self, project: Project, preview: LaunchPreview, progress: Progress = no_progress
    ) -> LaunchAsTrained | None:
        """What the base model of a launch is trained on.

        Args:
            project: The project, or a handle of it in a background thread.
            preview: The launch.
            progress: Told how many examples were read, and of how many; may cancel.

        Returns:
            None where it cannot be known: another computer trains, the model is not here yet, or
            training is not installed here.

        Raises:
            UserError: The model cannot be used, or the examples cannot be read.
            Cancelled: By `progress`; no process is left.
        """
        settings = preview.settings
        if not can_be_read(settings) or not any(preview.split):
            return None
        known = self._rows.setdefault(_key(settings), {})
        read = self._read.setdefault(_key(settings), _Read(0, []))
        new = [[row for row in side if row.version_id not in known] for side in preview.split]
        if any(new):
            # A starter makes its tokens from all that it is trained on.
            wanted = preview.split if settings.base_model == STARTER_ID else new
            for rows, line in _read_examples(project, wanted, settings, progress):
                read.context = line.get("context", read.context)
                read.added += [each for each in line.get("added", ()) if each not in read.added]
                for made in map(RowAsTrained._make, line.get("rows", ())):
                    known[rows[made.line - 1].version_id] = made
        return _summed_up(preview, known, read)

    def refused(self, settings: LaunchSettings) -> frozenset[int]:
        """The versions that the base model of a launch does not take, of those that were read."""
        known = self._rows.get(_key(settings), {})
        return frozenset(version for version, made in known.items() if made.refused)


def _key(settings: LaunchSettings) -> tuple[str, str]:
    """What the tokens of an example depend on."""
    return _template_of(settings), settings.method


def _template_of(settings: LaunchSettings) -> str:
    """The name of the model whose template and tokenizer read the examples; empty: unknown.

    A tuned model reads as its base, but for a starter, which keeps the tokens it was made with.
    """
    base = base_name(settings.base_model)
    return "" if base == STARTER_ID != settings.base_model else base


def can_be_read(settings: LaunchSettings) -> bool:
    """Whether the template of a launch's base model is on this computer, with what reads it."""
    return (
        settings.provider == "local"
        and bool(_template_of(settings))
        and local_models.is_here(_template_of(settings))
        and python_with_training() is not None
    )


def _summed_up(
    preview: LaunchPreview, known: Mapping[int, RowAsTrained], read: _Read
) -> LaunchAsTrained:
    refused: dict[Refusal, list[int]] = {}
    reasons: dict[Refusal, str] = {}
    remarks: dict[Remark, list[int]] = {}
    # What our own checks say of an example is told of it already.
    told = {each for ids in preview.errors.values() for each in ids}
    tokens = learnt = longest = examples = 0
    longest_id = None
    for row in (row for side in preview.split for row in side):
        made = known.get(row.version_id)
        if made is None:
            continue
        examples += 1
        if made.refused:
            if made.refused != "checks" or row.example_id not in told:
                refused.setdefault(made.refused, []).append(row.example_id)
                reasons.setdefault(made.refused, made.reason)
            continue
        tokens, learnt = tokens + made.tokens, learnt + made.learnt
        if made.longest > longest:
            longest, longest_id = made.longest, row.example_id
        for remark in made.remarks:
            remarks.setdefault(remark, []).append(row.example_id)
    return LaunchAsTrained(
        preview.settings.base_model,
        read.context,
        examples,
        tokens,
        learnt,
        longest,
        longest_id,
        {reason: tuple(ids) for reason, ids in refused.items()},
        reasons,
        {remark: tuple(ids) for remark, ids in remarks.items()},
        tuple(read.added),
    )


def _read_examples(
    project: Project,
    sides: Sequence[Sequence[TrainingRow]],
    settings: LaunchSettings,
    progress: Progress,
) -> Iterator[tuple[Sequence[TrainingRow], dict[str, Any]]]:
    """What the process says of examples, line by line, each with the rows of the file it means."""
    files = dict(zip(("training", "validation"), sides, strict=True))
    total = sum(map(len, sides))
    with TemporaryDirectory(prefix="tunedesk-") as name:
        folder = Path(name)
        for word, rows in files.items():
            if rows:
                with RecordWriter(folder / f"given-{word}.jsonl") as writer:
                    for records in version_records(project, [row.version_id for row in rows]):
                        writer.write_all(records)
                        progress(0, total)
        asked = [*command(), "--check", str(folder), _template_of(settings), settings.method]
        done = 0
        for line in _said_by(asked, folder / "said.jsonl"):
            if line is not None and "failed" in line:
                raise UserError(line["failed"])
            done = done if line is None else line.get("done", done)
            progress(done, total)
            if line is not None:
                yield files.get(line.get("file", ""), ()), line


def _said_by(asked: Sequence[str], out: Path) -> Iterator[dict[str, Any] | None]:
    """The lines that a process writes; None now and then, while it has nothing to say.

    The process has ended when this has, however it ends.
    """
    with out.open("wb") as file:
        none = subprocess.DEVNULL
        process = subprocess.Popen(asked, stdin=none, stdout=file, stderr=none)
    try:
        with out.open("rb") as said:
            begun, is_over = b"", False
            while not is_over:
                is_over = process.poll() is not None
                *lines, begun = (begun + said.read()).split(b"\n")
                yield from map(orjson.loads, lines)
                yield None
                if not is_over:
                    with contextlib.suppress(subprocess.TimeoutExpired):
                        process.wait(_POLL_SECONDS)
        if process.returncode:
            raise _ended()
    finally:
        process.kill()
        process.wait()


def _ended() -> UserError:
    return UserError(
        _("What reads the model's template has ended."),
        _("Choose the model again, or install training on this computer anew."),
    )


class Finding(NamedTuple):
    """A line of what is to be said of the examples of a launch, as they are trained on.

    Attributes:
        tone: As that of a `Check`.
        text: A sentence.
        ids: The examples it is said of; empty: of all.
        title: The same in a word or two, for the table that shows them.
    """

    tone: str
    text: str
    ids: tuple[int, ...] = ()
    title: str = ""


def findings_of(found: LaunchAsTrained) -> list[Finding]:
    """What is to be said of the examples of a launch, as they are trained on."""
    said: list[Finding] = []
    if found.tokens:
        text = _("{learned} of {tokens} tokens are learned; the others are only read.")
        values = {"learned": f"{found.learnt:,}", "tokens": f"{found.tokens:,}"}
        said.append(Finding("success", text.format(**values)))
    if found.longest and "too_long" not in found.refused:
        text = _("Nothing is cut off: the longest has {longest} of {context} tokens.")
        values = {"longest": f"{found.longest:,}", "context": f"{found.context:,}"}
        said.append(Finding("success", text.format(**values)))
    for reason, ids in found.refused.items():
        said.append(_refused(reason, ids, found))
    for remark, ids in found.remarks.items():
        said.append(_remarked(remark, ids))
    if found.added:
        text = _("The template adds words: “{text}”").format(text=shortened(found.added))
        said.append(Finding("muted", text))
    return said


def _refused(reason: Refusal, ids: tuple[int, ...], found: LaunchAsTrained) -> Finding:
    title, text = {
        "too_long": (
            _("Too long"),
            ngettext(
                "{n} example is longer than the {context} tokens that the model reads.",
                "{n} examples are longer than the {context} tokens that the model reads.",
                len(ids),
            ),
        ),
        "nothing_learned": (
            _("Nothing is learned"),
            ngettext(
                "{n} example has no answer that is learned.",
                "{n} examples have no answer that is learned.",
                len(ids),
            ),
        ),
        "template": (
            _("The template refuses it"),
            ngettext(
                "{n} example is refused by the model's template: {reason}",
                "{n} examples are refused by the model's template, one of them thus: {reason}",
                len(ids),
            ),
        ),
        "checks": (
            _("It cannot be trained on"),
            ngettext(
                "{n} example cannot be trained on here: {reason}",
                "{n} examples cannot be trained on here, one of them thus: {reason}",
                len(ids),
            ),
        ),
    }[reason]
    values = {
        "n": f"{len(ids):,}",
        "context": f"{found.context:,}",
        "reason": found.reasons.get(reason, ""),
    }
    return Finding("error", text.format(**values), ids, title)


def _remarked(remark: Remark, ids: tuple[int, ...]) -> Finding:
    title, text = {
        "no_end": (
            _("The end mark is not trained"),
            ngettext(
                "{n} example does not train the end mark: the model may go on talking.",
                "{n} examples do not train the end mark: the model may go on talking.",
                len(ids),
            ),
        ),
        "empty_answer": (
            _("An answer is empty"),
            ngettext(
                "{n} example has an empty answer: it teaches to say nothing.",
                "{n} examples have an empty answer: they teach to say nothing.",
                len(ids),
            ),
        ),
        "media": (
            _("Pictures and files are left out"),
            ngettext(
                "{n} example has pictures or files, which do not reach this model.",
                "{n} examples have pictures or files, which do not reach this model.",
                len(ids),
            ),
        ),
        "thoughts": (
            _("Thoughts are left out"),
            ngettext(
                "{n} example has thoughts that the model's template leaves out.",
                "{n} examples have thoughts that the model's template leaves out.",
                len(ids),
            ),
        ),
        "late_system": (
            _("System prompt is not at the beginning"),
            ngettext(
                "{n} example has its system prompt after other messages.",
                "{n} examples have their system prompt after other messages.",
                len(ids),
            ),
        ),
    }[remark]
    return Finding("warning", text.format(n=f"{len(ids):,}"), ids, title)
