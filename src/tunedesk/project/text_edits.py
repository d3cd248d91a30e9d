"""Edits of texts: typing, which merges into steps, and one edit of many texts as one step.

Find and replace, fixes and system prompts are worked out and checked in worker processes, while
this one writes what comes back.
"""

import re
from collections import deque
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from typing import NamedTuple, TypeVar

from tunedesk.checks.facts import Facts
from tunedesk.checks.messages import sentences
from tunedesk.i18n import ngettext
from tunedesk.progress import Progress, no_progress
from tunedesk.project import change_log, reads
from tunedesk.project.bulk_changes import StreamedChange, Written, notify, write_in_batches
from tunedesk.project.change_log import Item
from tunedesk.project.change_names import ChangeName
from tunedesk.project.context import ProjectContext, as_json_array, missing_example
from tunedesk.project.project_change import ProjectChange
from tunedesk.project.query import ALL_EXAMPLES, STATE_NUMBERS, ExampleQuery, Ids
from tunedesk.project.stored_values import PackedFacts, packed
from tunedesk.project.text_edit_jobs import (
    EditJob,
    EmbedPictures,
    Fixing,
    Replacement,
    SetSystemPrompt,
    TextEdit,
    edit_texts,
)
from tunedesk.project.undoable_tables import EXAMPLES, column_id
from tunedesk.project.versions import NewVersion, drop_if_unused
from tunedesk.workers import WorkerPool


class TextChange(NamedTuple):
    """A new text for an example.

    Attributes:
        id: The example.
        version_id: The version that the new text was made from; if the example has another one
            by now, it is left alone.
        text: The new record, UTF-8.
        facts: What was worked out from the new text.
    """

    id: int
    version_id: int
    text: bytes
    facts: Facts


class PackedText(NamedTuple):
    """A `TextChange` with facts that are ready to be written."""

    id: int
    version_id: int
    text: bytes
    facts: PackedFacts


def set_text(
    context: ProjectContext,
    example_id: int,
    text: bytes,
    facts: Facts,
    name: ChangeName,
    merge_key: str | None,
) -> bool:
    """Give an example a new text; False if it has that text already. An approval lapses."""
    store = context.store
    with store.transaction():
        old = store.row(
            "SELECT version_id, text, state FROM example JOIN version_text"
            " ON version_text.id = example.version_id WHERE example.id = ?",
            (example_id,),
        )
        if old is None:
            raise missing_example()
        if old[1] == text:
            return False
        merged = change_log.merge_target(store, merge_key, example_id)
        new = NewVersion(example_id, text, facts)
        if merged is None:
            change_id = change_log.begin(store, name, merge_key=merge_key)
            version_id = _add_version(context, change_id, new)
            change_log.record(
                store, change_id, [Item("version_id", example_id, old[0], version_id)]
            )
        else:
            change_id = merged[0]
            version_id = _add_version(context, change_id, new)
            change_log.prolong(store, change_id, example_id, version_id)
        context.versions.make_current(version_id, version_id, store.now())
        kinds = EXAMPLES.columns["version_id"]
        if old[2] == _APPROVED:
            _let_approvals_lapse(context, change_id, [example_id])
            kinds |= EXAMPLES.columns["state"]
        if merged is not None:
            drop_if_unused(store, example_id, old[0])
        notify(context, kinds, [example_id], None, name)
    return True


_APPROVED, _TO_REVIEW = STATE_NUMBERS["approved"], STATE_NUMBERS["to_review"]
_TEXT_AND_STATE = EXAMPLES.columns["version_id"] | EXAMPLES.columns["state"]


def _let_approvals_lapse(context: ProjectContext, change_id: int, ids: Sequence[int]) -> None:
    """Examples whose text a change has changed are to be reviewed again; undo approves them."""
    change_log.record(
        context.store,
        change_id,
        [Item("state", example_id, _APPROVED, _TO_REVIEW) for example_id in ids],
    )
    context.store.execute(
        f"UPDATE example SET state = {_TO_REVIEW} WHERE id IN (SELECT value FROM json_each(?))",
        (as_json_array(ids),),
    )


def lapsed_by(context: ProjectContext, change_id: int | None) -> int:
    """How many approvals lapsed by a change of texts."""
    if change_id is None:
        return 0
    column = column_id(context.store, EXAMPLES, "state")
    return int(
        context.store.value(
            "SELECT count(*) FROM change_item WHERE change_id = ? AND column_id = ?",
            (change_id, column),
        )
    )


def _add_version(context: ProjectContext, change_id: int, new: NewVersion) -> int:
    (version_id,) = context.versions.add_packed(
        change_id,
        [new.example_id],
        [new.text],
        [packed(new.facts)],
        context.basis,
        context.target,
    )
    return version_id


def set_texts(
    context: ProjectContext,
    texts: Sequence[TextChange],
    name: Callable[[int], ChangeName],
    progress: Progress = no_progress,
) -> Written:
    """Give many examples new texts, as one step."""
    written = write_in_batches(
        context,
        name,
        texts,
        lambda change_id, part: write_texts(context, change_id, part),
        progress,
    )
    notify(context, _TEXT_AND_STATE, [text.id for text in texts], written, name)
    return written


def write_texts(context: ProjectContext, change_id: int, texts: Sequence[TextChange]) -> int:
    """Write new texts of a change, inside the caller's transaction; returns how many."""
    return write_packed(
        context,
        change_id,
        [PackedText(text.id, text.version_id, text.text, packed(text.facts)) for text in texts],
    )


def write_packed(context: ProjectContext, change_id: int, texts: Sequence[PackedText]) -> int:
    """Write new texts of a change, inside the caller's transaction; returns how many."""
    store = context.store
    rows = store.rows(
        "SELECT id, version_id, state FROM example WHERE id IN (SELECT value FROM json_each(?))",
        (as_json_array([text.id for text in texts]),),
    )
    present = {example_id: version_id for example_id, version_id, _state in rows}
    fitting = [text for text in texts if present.get(text.id) == text.version_id]
    if not fitting:
        return 0
    versions = context.versions.add_packed(
        change_id,
        [text.id for text in fitting],
        [text.text for text in fitting],
        [text.facts for text in fitting],
        context.basis,
        context.target,
    )
    change_log.record_new_versions(store, change_id, versions[0], versions[-1])
    context.versions.make_current(versions[0], versions[-1], store.now())
    approved = {example_id for example_id, _version_id, state in rows if state == _APPROVED}
    lapsed = [text.id for text in fitting if text.id in approved]
    if lapsed:
        _let_approvals_lapse(context, change_id, lapsed)
    return len(fitting)


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
        lapsed: How many of those changed were approved, and are to be reviewed again.
    """

    examples: int
    places: int
    left: int
    lapsed: int = 0

    def remarks(self) -> list[str]:
        """What else should be said of it: a sentence on the approvals that lapsed, if any did."""
        if not self.lapsed:
            return []
        text = ngettext(
            "{n} of them was approved and is to be reviewed again.",
            "{n} of them were approved and are to be reviewed again.",
            self.lapsed,
        )
        return [text.format(n=f"{self.lapsed:,}")]


def find_and_replace(
    context: ProjectContext,
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
        context: The context of the project, or of a handle of it in a background thread.
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

    return edit_examples(context, pool, edit, where, name, progress)


def fix_all(
    context: ProjectContext,
    pool: WorkerPool | None,
    codes: Sequence[str],
    where: Ids | None = None,
    progress: Progress = no_progress,
) -> EditSummary:
    """Apply the fixes of these rules wherever they are broken, as one step.

    Args:
        context: The context of the project, or of a handle of it in a background thread.
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
    return edit_examples(
        context, pool, Fixing(tuple(codes), context.target), chosen, name, progress
    )


def count_fixable(
    context: ProjectContext,
    pool: WorkerPool | None,
    code: str,
    progress: Progress = no_progress,
) -> int:
    """In how many of the examples that break a rule its fix would change something.

    Args:
        context: The context of the project, or of a handle of it in a background thread.
        pool: Worker processes; without it the work is done here.
        code: The rule.
        progress: Told how many were looked at, and of how many; may cancel.
    """
    ids = reads.ids(context, ExampleQuery(problems=(code,)), progress)
    target, encoding, model = context.check_settings
    edit = Fixing((code,), context.target)
    sizes: deque[int] = deque()

    def jobs() -> Iterator[EditJob]:
        for batch in text_batches(context, ids):
            sizes.append(len(batch.ids))
            known = _known_problems(context, batch.versions)
            yield EditJob(edit, batch.texts, target, encoding, model, known)

    found = done = 0
    for edited in run_in_workers(pool, edit_texts, jobs(), len(ids)):
        found += len(edited.texts)
        done += sizes.popleft()
        progress(done, len(ids))
    return found


def set_system_prompt(
    context: ProjectContext,
    pool: WorkerPool | None,
    prompt: str,
    where: Ids,
    progress: Progress = no_progress,
) -> EditSummary:
    """Give many conversations the same system prompt, as one step."""

    def name(count: int) -> ChangeName:
        return ChangeName("set_system_prompt", {"count": count})

    return edit_examples(context, pool, SetSystemPrompt(prompt), where, name, progress)


PICTURE_CODES = ("image_part_foreign", "image_url_invalid", "pictures_not_sent")
"""The rules that are broken where a picture is named by a path."""


def embed_pictures(
    context: ProjectContext,
    pool: WorkerPool | None,
    folder: Path,
    progress: Progress = no_progress,
) -> EditSummary:
    """Embed the pictures of a folder where examples name them by a path, as one step."""

    def name(count: int) -> ChangeName:
        return ChangeName("embed_pictures", {"count": count})

    where = ExampleQuery(problems=PICTURE_CODES)
    return edit_examples(context, pool, EmbedPictures(folder), where, name, progress)


def edit_examples(
    context: ProjectContext,
    pool: WorkerPool | None,
    edit: TextEdit,
    where: Ids,
    name: Callable[[int], ChangeName],
    progress: Progress = no_progress,
) -> EditSummary:
    """Do the same to many texts, as one step."""
    target, encoding, model = context.check_settings
    ids = reads.ids(context, where, progress) if isinstance(where, ExampleQuery) else where
    waiting: deque[TextBatch] = deque()

    def jobs() -> Iterator[EditJob]:
        for batch in text_batches(context, ids):
            waiting.append(batch)
            known = _known_problems(context, batch.versions) if isinstance(edit, Fixing) else None
            yield EditJob(edit, batch.texts, target, encoding, model, known)

    changed: list[int] = []
    found = places = done = 0
    with StreamedChange(context, name, len(ids)) as change:
        for edited in run_in_workers(pool, edit_texts, jobs(), len(ids)):
            batch = waiting.popleft()
            texts = [
                PackedText(batch.ids[number], batch.versions[number], text, facts)
                for number, text, facts in edited.texts
            ]
            for start in range(0, len(texts), WRITTEN_AT_ONCE):
                change.write(
                    texts[start : start + WRITTEN_AT_ONCE],
                    lambda change_id, part: write_packed(context, change_id, part),
                )
            found += len(texts)
            places += edited.places
            if len(changed) <= ProjectChange.MANY:
                changed.extend(text.id for text in texts)
            done += len(batch.ids)
            progress(done, len(ids))
    notify(context, _TEXT_AND_STATE, changed, change.written, name)
    return EditSummary(
        change.written.count,
        places,
        found - change.written.count,
        lapsed_by(context, change.written.change_id),
    )


class TextBatch(NamedTuple):
    """Some examples on their way through a worker."""

    ids: list[int]
    versions: list[int]
    texts: list[bytes]


def text_batches(context: ProjectContext, ids: Sequence[int]) -> Iterator[TextBatch]:
    """The texts of examples, in batches of a fitting size."""
    for start in range(0, len(ids), _JOB_ROWS):
        rows = context.store.rows(
            "SELECT example.id, version_id, coalesce(CAST(text AS BLOB), x'')"
            " FROM json_each(?) AS wanted"
            " CROSS JOIN example ON example.id = wanted.value"
            " CROSS JOIN version_text ON version_text.id = example.version_id WHERE deleted = 0",
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


def _known_problems(context: ProjectContext, version_ids: Sequence[int]) -> list[str | None]:
    """The problems of versions that were checked by the rules of now; None for others."""
    return [
        row[0]
        for row in context.store.rows(
            "SELECT CASE WHEN checked_as = (SELECT id FROM check_basis WHERE name = ?)"
            " THEN problems END"
            " FROM json_each(?) AS wanted LEFT JOIN version ON version.id = wanted.value",
            (context.basis, as_json_array(version_ids)),
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
