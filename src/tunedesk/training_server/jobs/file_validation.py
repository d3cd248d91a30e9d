"""Validates the files of a job with Tunedesk's own checks, and says it in OpenAI's words.

Conversations are checked by the rules of the target; preference pairs and prompts with completions
by the rules that stand here. It is done in a process of its own (`jobs/validation_process.py`).
"""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tunedesk.checks.checker import CheckJob, check_texts
from tunedesk.checks.messages.sentences import sentence
from tunedesk.checks.parse_record import parse_record
from tunedesk.checks.problem import Problem, severity
from tunedesk.errors import UserError
from tunedesk.examples.kinds.conversation import CONVERSATION
from tunedesk.examples.kinds.kind import Kind
from tunedesk.examples.kinds.preference import PREFERENCE
from tunedesk.examples.kinds.prompt_completion import PROMPT_COMPLETION
from tunedesk.examples.kinds.registry import kind_named
from tunedesk.formats.inspect_file import describe_contents, inspect_file
from tunedesk.formats.read_records import read_batches
from tunedesk.training_server.job_folder import FileToCheck, FileWord
from tunedesk.training_server.training.failures import too_few

_TARGET = "local"


def check_pair(record: dict[str, Any]) -> str | None:
    """What is wrong with a preference pair in OpenAI's form; None if nothing is."""
    given = record.get("input")
    if not isinstance(given, dict) or not isinstance(given.get("messages"), list):
        return 'key "input": an object with "messages" is expected'
    if not given["messages"]:
        return 'key "input": "messages" is empty'
    answers = {}
    for key in ("preferred_output", "non_preferred_output"):
        answer = record.get(key)
        if not isinstance(answer, list) or len(answer) != 1 or not isinstance(answer[0], dict):
            return f'key "{key}": a list of one assistant message is expected'
        if answer[0].get("role") != "assistant":
            return f'key "{key}": the message must have the role assistant'
        if not isinstance(answer[0].get("content"), str) and not answer[0].get("tool_calls"):
            return f'key "{key}": the message must have a text as "content"'
        answers[key] = answer
    if answers["preferred_output"] == answers["non_preferred_output"]:
        return 'key "non_preferred_output": it is the same as "preferred_output"'
    others = {key: given[key] for key in ("tools", "parallel_tool_calls") if key in given}
    for key, answer in answers.items():
        chat = {"messages": [*given["messages"], *answer], **others}
        if has_image(chat):
            return 'key "input": Images cannot be trained on by this server'
        facts = check_texts(CheckJob([json.dumps(chat).encode()], _TARGET, None))[0]
        for problem in facts.problems:
            if severity(problem.code, _TARGET) == "error":
                return f'key "{_place(problem.path, len(given["messages"]), key)}": ' + sentence(
                    problem
                )
    return None


def _place(path: tuple[str | int, ...], asked: int, answer: str) -> str:
    in_answer = len(path) > 1 and isinstance(path[1], int) and path[1] >= asked
    return answer if in_answer else "input"


def check_completion(record: dict[str, Any]) -> str | None:
    """What is wrong with a prompt and its completion; None if nothing is."""
    for key in ("prompt", "completion"):
        if not isinstance(record.get(key), str):
            return f'key "{key}": Input should be a valid string'
    if not record["completion"]:
        return 'key "completion": there is nothing to train on'
    return None


def has_image(record: dict[str, Any] | None) -> bool:
    """Whether a message of a conversation holds an image."""
    messages = None if record is None else record.get("messages")
    if not isinstance(messages, list):
        return False
    return any(
        isinstance(part, dict) and part.get("type") == "image_url"
        for message in messages
        if isinstance(message, dict) and isinstance(message.get("content"), list)
        for part in message["content"]
    )


_CHECKS: dict[Kind, Callable[[dict[str, Any]], str | None]] = {
    PREFERENCE: check_pair,
    PROMPT_COMPLETION: check_completion,
}
"""The rules of the kinds that the target has none for."""

_OPENAI_FORMATS: dict[Kind, str] = {
    CONVERSATION: "fine-tune-chat",
    PREFERENCE: "fine-tune-preference",
    PROMPT_COMPLETION: "fine-tune-completions",
}
"""How OpenAI's messages name files that consist of one kind."""

_EXPECTED = {"supervised": "chat messages", "dpo": "preference pairs"}


@dataclass(frozen=True)
class BadLine:
    """A record that cannot be trained on.

    Attributes:
        line: Its line in the file.
        text: What is wrong, as OpenAI words it: `message 3, key "content": ...`.
    """

    line: int
    text: str

    def __str__(self) -> str:
        # As OpenAI writes it where it names the message; a whole sentence stands for itself.
        is_place = self.text.startswith(("message ", "key "))
        return f"Line {self.line}{', ' if is_place else ': '}{self.text}"


@dataclass
class FileVerdict:
    """What was found in a file.

    Attributes:
        is_training: Whether it is trained on; otherwise it is measured with.
        skip_bad: Whether bad records are left out instead of making the file bad.
        examples: How many good ones there are.
        bad: The lines that cannot be trained on.
        unusable: Why it cannot be used whatever its lines are: code and message.
    """

    is_training: bool
    skip_bad: bool
    examples: int = 0
    bad: list[BadLine] = field(default_factory=list)
    unusable: tuple[str, str] | None = None

    @property
    def word(self) -> FileWord:
        """Which file it is."""
        return "training" if self.is_training else "validation"

    @property
    def error(self) -> tuple[str, str] | None:
        """Why the job cannot go on with it: code and message."""
        if self.unusable is not None:
            return self.unusable
        if self.bad and not self.skip_bad:
            more = len(self.bad) - 1
            lines = "lines are" if more > 1 else "line is"
            rest = f" ({more:,} more {lines} wrong; the events name all.)" if more else ""
            return file_error(self.word, f"{self.bad[0]}{rest}")
        few = too_few(self.examples, self.is_training)
        return None if few is None else (few.code, few.message)

    @property
    def is_worth_reading(self) -> bool:
        """Whether it is worth while to look at the good examples more closely."""
        few = too_few(self.examples + len(self.bad), self.is_training)
        return self.unusable is None and self.examples > 0 and few is None


def validate_file(
    file: FileToCheck,
    method: str,
    is_training: bool,
    skip_bad: bool,
    out: Path,
    on_batch: Callable[[FileVerdict, Sequence[BadLine]], None],
) -> FileVerdict:
    """Check a file, and write its good records for the training process.

    Args:
        file: What is checked.
        method: The method of the job.
        is_training: Whether it is trained on; otherwise it is measured with.
        skip_bad: Whether bad records are left out instead of making the file bad.
        out: The file of records to write.
        on_batch: Called after each batch of records, with what was found so far and the lines of
            the batch that cannot be trained on.
    """
    verdict = FileVerdict(is_training, skip_bad)
    path = Path(file.path)
    try:
        info = inspect_file(path)
        if info.format == "empty":
            return verdict
        mismatch = _mismatch(info.format, method, file.id)
        if mismatch or not info.holds_records:
            text = mismatch or (
                "Unexpected file format, expected either prompt/completion pairs or chat "
                f"messages. {describe_contents(info, file.filename)}"
            )
            verdict.unusable = file_error(verdict.word, text)
            return verdict
        part = out.with_name(f"{out.name}.part")
        with part.open("w", encoding="utf-8") as kept:
            for batch in read_batches(path, info):
                bad = []
                for line, found in _check(batch.lines, batch.texts, method):
                    if isinstance(found, str):
                        bad.append(BadLine(line, found))
                    else:
                        kept.write(json.dumps({"line": line, "record": found}) + "\n")
                        verdict.examples += 1
                verdict.bad += bad
                on_batch(verdict, bad)
        part.replace(out)
    except (UserError, UnicodeError) as error:
        verdict.unusable = file_error(verdict.word, f"The file cannot be read: {error}")
    return verdict


def _check(
    lines: list[int], texts: list[bytes], method: str
) -> Iterator[tuple[int, str | dict[str, Any]]]:
    """Each line with its record, or with what is wrong with it."""
    every = check_texts(CheckJob(texts, _TARGET, None))
    for line, text, facts in zip(lines, texts, every, strict=True):
        record, _problems = parse_record(text)
        kind = kind_named(facts.kind)
        wrong: str | None
        if record is None:
            wrong = _first_error(facts.problems) or "the record cannot be read"
        elif kind.method != method:
            wrong = f"expected {_EXPECTED[method]}, found {kind.name.replace('_', ' ')}"
        elif kind in _CHECKS:
            wrong = _CHECKS[kind](record)
        else:
            wrong = _first_error(facts.problems)
            if wrong is None and has_image(record):
                wrong = 'key "messages": Images cannot be trained on by this server'
        yield line, (record or {}) if wrong is None else wrong


def _first_error(problems: tuple[Problem, ...]) -> str | None:
    """The first problem that stops the training, as OpenAI words it."""
    for problem in problems:
        if severity(problem.code, _TARGET) == "error":
            return openai_wording(problem)
    return None


def openai_wording(problem: Problem) -> str:
    """A problem as OpenAI words it: the message, the key, and what is wrong."""
    path = problem.path
    location = []
    if len(path) > 1 and path[0] == "messages" and isinstance(path[1], int):
        location.append(f"message {path[1] + 1}")
        path = path[2:]
    keys = [step for step in path if isinstance(step, str)]
    if keys:
        location.append(f'key "{keys[-1]}"')
    said = sentence(problem)
    return f"{', '.join(location)}: {said}" if location else said


def _mismatch(file_format: str, method: str, file_id: str) -> str | None:
    """Why the format of a file does not fit the method of its job; None if it does."""
    for kind, name in _OPENAI_FORMATS.items():
        if kind.file_format == file_format and kind.method != method:
            return (
                f"Input file {file_id} is in the {name} format, but the specified fine-tuning job "
                f"is not using '{kind.method}' as the training method (provided method={method}). "
            )
    return None


def file_error(word: FileWord, text: str) -> tuple[str, str]:
    """The code and the message of a file that cannot be used."""
    message = f"The job failed due to an invalid {word} file. Invalid file format. {text}"
    if text.startswith("Unexpected file format"):
        message = f"The job failed due to an invalid {word} file. {text}"
    return f"invalid_{word}_file", message
