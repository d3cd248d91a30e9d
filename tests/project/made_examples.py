"""Examples for the tests of the project file, with facts made without the checks."""

import contextlib
import sqlite3
import zlib
from pathlib import Path
from typing import Any

from tunedesk.checks.facts import Facts
from tunedesk.checks.problem import Problem
from tunedesk.project import undo
from tunedesk.project.change_names import worded
from tunedesk.project.project import Project
from tunedesk.project.row_edits import NewExample
from tunedesk.project.run_records import Run


def example_text(words: str) -> str:
    return f'{{"messages": [{{"role": "user", "content": "{words}"}}]}}'


def facts_of(text: str, *codes: str, tokens: int | None = None, roles: str = "ua") -> Facts:
    """Facts that depend on the text alone, as the real ones do."""
    number = zlib.crc32(text.encode("utf-8", "surrogatepass"))
    length = len(text) if tokens is None else tokens
    return Facts(
        kind="chat",
        preview=text[:160],
        roles=roles,
        tokens=length,
        message_tokens=length,
        tool_tokens=0,
        image_tokens=0,
        trained_tokens=length // 2,
        fingerprint=number,
        question=number + 1,
        answer=number + 2,
        system=None,
        problems=tuple(Problem(code, ("messages", 0), {"number": 1}) for code in codes),
    )


def new_example(words: str, *codes: str, **facts) -> NewExample:
    text = example_text(words)
    return NewExample(text.encode(), facts_of(text, *codes, **facts))


def add(project: Project, words: str, *codes: str, after_id: int | None = None) -> int:
    text = example_text(words)
    return project.add_example(text, facts_of(text, *codes), after_id)


def retype(project: Project, example_id: int, words: str, merge_key: str | None = None) -> None:
    text = example_text(words)
    project.set_text(example_id, text, facts_of(text), "Edit message 1", merge_key)


def add_run(project: Project, name: str = "Run", **values: Any) -> Run:
    """A run of the starter on this computer, not yet launched, unless the values say otherwise."""
    usual = {
        "provider": "local",
        "base_url": "http://127.0.0.1:9/v1",
        "base_model": "tunedesk-starter",
        "settings": {},
        "program_version": "0",
    }
    return project.runs.add(name=name, **usual | values)


def words(project: Project) -> list[str]:
    """The words of all examples in order."""
    return [project.text(row)[43:-4] for row in project.ids()]


def undo_name(project: Project) -> str | None:
    """The name of the step that undo would take back; None for none."""
    step = undo.next_undo(project.context.store)
    return worded(step.name) if step else None


def redo_name(project: Project) -> str | None:
    """The name of the step that redo would make again; None for none."""
    step = undo.next_redo(project.context.store)
    return worded(step.name) if step else None


def lose_from_index(path: Path, index: str, example_id: int) -> None:
    """Let an index lack a row of its table, as a damaged page may; all pages are as they should be.

    Only comparing the index with its table shows it.
    """
    asked = "SELECT sql FROM sqlite_master WHERE name = ?"
    told = "UPDATE sqlite_master SET sql = ? WHERE name = ?"
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
        (sql,) = connection.execute(asked, (index,)).fetchone()
        connection.execute("PRAGMA writable_schema = ON")
        connection.execute(told, (f"{sql} AND id != {example_id}", index))
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute(f"REINDEX {index}")
        connection.execute("PRAGMA writable_schema = ON")
        connection.execute(told, (sql, index))
    with contextlib.closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA quick_check").fetchone() == ("ok",)
