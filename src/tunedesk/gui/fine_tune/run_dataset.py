"""The examples of a run as they were when it was launched, read from their kept versions."""

import json
from typing import Any, NamedTuple

from tunedesk.examples.json_edit import on_one_line
from tunedesk.i18n import _
from tunedesk.project.project import Project
from tunedesk.project.run_records import RunExample

LONGEST_PREVIEW = 160


class RunDatasetMessage(NamedTuple):
    """A message as it was.

    Attributes:
        role: Its role, as the data has it.
        text: Its text; of what is not text, its JSON.
    """

    role: str
    text: str


class RunDatasetExample(NamedTuple):
    """An example as it was.

    Attributes:
        run_example: Where it stood in the files.
        text: The whole record.
        messages: Its messages; empty for a record that is not a conversation.
        changed: Whether it has another version by now.
        deleted: Whether it is not in the project any more.
    """

    run_example: RunExample
    text: str
    messages: list[RunDatasetMessage]
    changed: bool
    deleted: bool


def run_dataset_example(project: Project, run_example: RunExample) -> RunDatasetExample:
    """An example as it was trained on."""
    text = project.version_text(run_example.version_id) or ""
    rows = project.rows([run_example.example_id])
    now = project.text(run_example.example_id) if rows else ""
    return RunDatasetExample(
        run_example, text, messages_of(text), bool(rows) and now != text, not rows
    )


def messages_of(text: str) -> list[RunDatasetMessage]:
    """The messages of a record; empty if it is not a conversation."""
    try:
        record: Any = json.loads(text)
    except (ValueError, RecursionError):
        return []
    messages = record.get("messages") if isinstance(record, dict) else None
    if not isinstance(messages, list):
        return []
    return [_message(message) for message in messages]


def preview_of(text: str) -> str:
    """One line that tells an example from the others: its first question."""
    messages = messages_of(text)
    first = next((message for message in messages if message.role == "user"), None)
    shown = first or (messages[0] if messages else None)
    return on_one_line((shown.text if shown else text)[: LONGEST_PREVIEW * 2])[:LONGEST_PREVIEW]


def system_message(project: Project, run_id: int) -> str:
    """The system message that the first example of a run had; empty without one."""
    first = project.runs.example_at(run_id, "training", 1)
    if first is None:
        return ""
    messages = messages_of(project.version_text(first.version_id) or "")
    return next((message.text for message in messages if message.role == "system"), "")


def part_text(run_example: RunExample) -> str:
    """Where an example stood: "Line 12 of the training file"."""
    words = (
        _("Line {line} of the training file")
        if run_example.part == "training"
        else _("Line {line} of the validation file")
    )
    return words.format(line=f"{run_example.line:,}")


def _message(message: Any) -> RunDatasetMessage:
    if not isinstance(message, dict):
        return RunDatasetMessage("?", json.dumps(message, ensure_ascii=False))
    role = message.get("role")
    content = message.get("content")
    parts = [content] if isinstance(content, str) else []
    if content is not None and not isinstance(content, str):
        parts.append(json.dumps(content, ensure_ascii=False, indent=1))
    rest = {name: value for name, value in message.items() if name not in ("role", "content")}
    if rest:
        parts.append(json.dumps(rest, ensure_ascii=False, indent=1))
    return RunDatasetMessage(role if isinstance(role, str) else "?", "\n".join(parts))
