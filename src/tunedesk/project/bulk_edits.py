"""Edits of many texts as one step: find and replace, fixes, system prompt.

The texts are edited and checked in worker processes while this one writes what comes back.
"""

import re
from collections import deque
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import NamedTuple, TypeVar

from tunedesk.checks.messages import sentences
from tunedesk.progress import Progress, no_progress
from tunedesk.project import reads
from tunedesk.project.bulk import StreamedChange
from tunedesk.project.change_names import ChangeName
from tunedesk.project.parts import ProjectParts, as_json_array
from tunedesk.project.project_change import KINDS_OF_FIELD, ProjectChange
from tunedesk.project.query import ALL_EXAMPLES, ExampleQuery, Ids
from tunedesk.project.telling import notify
from tunedesk.project.text_edits import (
    EditJob,
    Fixing,
    Replacement,
    SystemPrompt,
    TextEdit,
    edit_texts,
)
from tunedesk.project.texts import write_packed
from tunedesk.workers import WorkerPool

_Job = TypeVar("_Job")
_Result = TypeVar("_Result")

_JOB_BYTES = 400_000
_JOB_ROWS = 400
WRITTEN_AT_ONCE = 400
_HERE = 300
"""With fewer examples than this, starting worker processes costs more than it saves."""


@dataclass(frozen=True)
class EditSummary:
    """What a bulk edit did.

    Attributes:
        examples: How many examples it changed.
        places: In how many places.
        left: How many it would have changed, had they not been changed meanwhile by other work.
    """

    examples: int
    places: int
    left: int


def find_and_replace(
    parts: ProjectParts,
    pool: WorkerPool | None,
    pattern: re.Pattern[str],
    replacement: str,
    where: Ids = ALL_EXAMPLES,
    progress: Progress = no_progress,
    *,
    roles: Collection[str] | None = None,
    template: bool = False,
    find_text: str | None = None,
) -> EditSummary:
    r"""Replace in the messages of many examples, as one step.

    Args:
        parts: The parts of the project, or of a handle of it in a background thread.
        pool: Worker processes; without it the work is done here. Killing it cancels everything.
        pattern: What to find.
        replacement: What to put there.
        where: In which examples.
        progress: Told how many were looked at, and of how many; may cancel: nothing is changed.
        roles: In messages of these roles; None for all.
        template: Whether `\1` and the like in the replacement stand for groups of the pattern.
        find_text: What the user typed, for the name of the step.
    """
    shown = pattern.pattern if find_text is None else find_text
    edit = Replacement(pattern, replacement, None if roles is None else frozenset(roles), template)

    def name(count: int) -> ChangeName:
        return ChangeName("replace", {"find": shown[:60], "count": count})

    return edit_examples(parts, pool, edit, where, name, progress)


def fix_all(
    parts: ProjectParts,
    pool: WorkerPool | None,
    codes: Sequence[str],
    where: Ids | None = None,
    progress: Progress = no_progress,
) -> EditSummary:
    """Apply the fixes of these rules wherever they are broken, as one step.

    Args:
        parts: The parts of the project, or of a handle of it in a background thread.
        pool: Worker processes; without it the work is done here.
        codes: The rules.
        where: In which examples; None for all that have these problems.
        progress: Told how many were looked at, and of how many; may cancel: nothing is changed.
    """
    title = sentences.title(codes[0]) if len(codes) == 1 else ""

    def name(count: int) -> ChangeName:
        if title:
            return ChangeName("fix", {"title": title, "count": count})
        return ChangeName("fix_several", {"rules": len(codes), "count": count})

    chosen = ExampleQuery(problems=tuple(codes)) if where is None else where
    return edit_examples(parts, pool, Fixing(tuple(codes), parts.target), chosen, name, progress)


def set_system_prompt(
    parts: ProjectParts,
    pool: WorkerPool | None,
    prompt: str,
    where: Ids,
    progress: Progress = no_progress,
) -> EditSummary:
    """Give many conversations the same system prompt, as one step."""

    def name(count: int) -> ChangeName:
        return ChangeName("set_system_prompt", {"count": count})

    return edit_examples(parts, pool, SystemPrompt(prompt), where, name, progress)


def edit_examples(
    parts: ProjectParts,
    pool: WorkerPool | None,
    edit: TextEdit,
    where: Ids,
    name: Callable[[int], ChangeName],
    progress: Progress = no_progress,
) -> EditSummary:
    """Do the same to many texts, as one step."""
    target, encoding, model = parts.check_settings
    ids = reads.ids(parts, where, progress) if isinstance(where, ExampleQuery) else where
    waiting: deque[TextBatch] = deque()

    def jobs() -> Iterator[EditJob]:
        for batch in text_batches(parts, ids):
            waiting.append(batch)
            known = _known_problems(parts, batch.versions) if isinstance(edit, Fixing) else None
            yield EditJob(edit, batch.texts, target, encoding, model, known)

    changed: list[int] = []
    found = places = done = 0
    with StreamedChange(parts, name, len(ids)) as change:
        for edited in run_in_workers(pool, edit_texts, jobs(), len(ids)):
            batch = waiting.popleft()
            texts = [
                (batch.ids[number], batch.versions[number], text, facts)
                for number, text, facts in edited.texts
            ]
            for start in range(0, len(texts), WRITTEN_AT_ONCE):
                change.write(
                    texts[start : start + WRITTEN_AT_ONCE],
                    lambda change_id, part: write_packed(parts, change_id, part),
                )
            found += len(texts)
            places += edited.places
            if len(changed) <= ProjectChange.MANY:
                changed.extend(text[0] for text in texts)
            done += len(batch.ids)
            progress(done, len(ids))
    notify(parts, KINDS_OF_FIELD["version_id"], changed, change.written, name)
    return EditSummary(change.written.count, places, found - change.written.count)


class TextBatch(NamedTuple):
    """Some examples on their way through a worker."""

    ids: list[int]
    versions: list[int]
    texts: list[bytes]


def text_batches(parts: ProjectParts, ids: Sequence[int]) -> Iterator[TextBatch]:
    """The texts of examples, in batches of a fitting size."""
    for start in range(0, len(ids), _JOB_ROWS):
        rows = parts.store.rows(
            "SELECT example.id, version_id, text FROM json_each(?) AS wanted"
            " CROSS JOIN example ON example.id = wanted.value"
            " CROSS JOIN version_text ON version_text.id = example.version_id WHERE hidden = 0",
            (as_json_array(ids[start : start + _JOB_ROWS]),),
        )
        sizes = [len(row[2]) for row in rows]
        begun = 0
        while begun < len(rows):
            end = begun + _that_fit(sizes[begun:])
            part = rows[begun:end]
            yield TextBatch(*(list(column) for column in zip(*part, strict=True)))
            begun = end


def _that_fit(sizes: Sequence[int]) -> int:
    """How many of texts of these sizes make a batch: all, or as many as reach its size."""
    if sum(sizes) < _JOB_BYTES:
        return len(sizes)
    reached = accumulate(sizes)
    return next(number for number, size in enumerate(reached, 1) if size >= _JOB_BYTES)


def _known_problems(parts: ProjectParts, version_ids: Sequence[int]) -> list[str | None]:
    """The problems of versions that were checked by the rules of now; None for others."""
    return [
        row[0]
        for row in parts.store.rows(
            "SELECT CASE WHEN checked_as = (SELECT id FROM check_basis WHERE name = ?)"
            " THEN problems END"
            " FROM json_each(?) AS wanted LEFT JOIN version ON version.id = wanted.value",
            (parts.basis, as_json_array(version_ids)),
        )
    ]


def run_in_workers(
    pool: WorkerPool | None,
    function: Callable[[_Job], _Result],
    jobs: Iterator[_Job],
    count: int,
) -> Iterator[_Result]:
    """The results of jobs over so many examples, in order; few are done here."""
    if pool is None or count < _HERE:
        return map(function, jobs)
    return pool.map_ordered(function, jobs)
