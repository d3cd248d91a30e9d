"""Examples on their way out: into a file, byte for byte as they are, or into a fine-tuning run."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import repeat
from operator import contains, itemgetter
from pathlib import Path
from typing import Literal, NamedTuple

from xxhash import xxh32_intdigest

from tunedesk.checks.parse_record import parse_record
from tunedesk.examples.kinds.conversation import CONVERSATION
from tunedesk.examples.kinds.kind import Kind
from tunedesk.examples.kinds.registry import kind_named
from tunedesk.examples.kinds.unreadable import UNREADABLE
from tunedesk.formats.writers.jsonl import RecordWriter
from tunedesk.i18n import _, ngettext
from tunedesk.progress import Progress, no_progress
from tunedesk.project import damage
from tunedesk.project.context import ProjectContext, as_json_array
from tunedesk.project.damage import ProjectDamagedError
from tunedesk.project.project import Project
from tunedesk.project.query import ALL_EXAMPLES, STATES, ExampleQuery, order, selection
from tunedesk.project.reads import refuse_incomplete_lists
from tunedesk.project.store import Row

_CHUNK = 1000

Reason = Literal["unreadable", "errors", "damaged"]


@dataclass
class ExportSummary:
    """What was written, and what was not.

    Attributes:
        path: The file.
        written: How many examples it holds.
        left_out_ids: The examples that were left out, by reason: "unreadable" for what is not a
            JSON object, "errors" for those with errors if they were to be left out, "damaged" for
            those whose text is missing in the project file, or not as it was written.
    """

    path: Path
    written: int = 0
    left_out_ids: dict[Reason, list[int]] = field(default_factory=dict)

    @property
    def left_out(self) -> int:
        """How many examples were left out."""
        return sum(len(ids) for ids in self.left_out_ids.values())

    def reasons(self) -> list[str]:
        """What was left out and why, a sentence for each reason."""
        return [_left_out(reason, len(ids)) for reason, ids in self.left_out_ids.items()]


def _left_out(reason: Reason, count: int) -> str:
    if reason == "unreadable":
        text = ngettext(
            "{n} row that is not a JSON object was left out.",
            "{n} rows that are not JSON objects were left out.",
            count,
        )
    elif reason == "damaged":
        text = ngettext(
            "{n} example whose text is missing or damaged in the project file was left out.",
            "{n} examples whose texts are missing or damaged in the project file were left out.",
            count,
        )
    else:
        text = ngettext(
            "{n} example with errors was left out.",
            "{n} examples with errors were left out.",
            count,
        )
    return text.format(n=f"{count:,}")


def export(
    project: Project,
    out: Path,
    query: ExampleQuery = ALL_EXAMPLES,
    progress: Progress = no_progress,
    *,
    leave_out_errors: bool = False,
    leave_out_unreadable: bool = True,
) -> ExportSummary:
    """Write the examples of a query, in its order, to a chat file.

    The file stands there whole or not at all. It holds the project as it was when the export
    began, whatever is typed meanwhile.

    Args:
        project: The project, or a handle of it in a background thread.
        out: The file to write or replace.
        query: Which examples, in which order.
        progress: Told how many were looked at, and of how many; may cancel.
        leave_out_errors: Leave out the examples that have errors at the project's target.
        leave_out_unreadable: Leave out rows that are not JSON objects; a trainer refuses a file
            with such a row.

    Raises:
        UserError: The file cannot be written.
        ProjectDamagedError: Examples would be left out that a damaged list does not name.
        Cancelled: By `progress`; nothing is left behind.
    """
    summary = ExportSummary(out)
    with project.context.store.snapshot(), RecordWriter(out) as writer:
        refuse_incomplete_lists(project.context)
        chosen = _chosen(project.context, query)
        for start in range(0, len(chosen), _CHUNK):
            rows = chosen[start : start + _CHUNK]
            if any(map(itemgetter(2), rows)):
                rows = list(_without_errors(rows, summary, leave_out_errors, leave_out_unreadable))
            versions = [row[1] for row in rows]
            found = _texts(project.context, versions)
            if found is None:
                allowed = {row[1] for row in rows if row[3]}
                whole = _whole_texts(project.context, versions, allowed)
                found = [whole[version] for version in versions if version in whole]
                damaged = [row[0] for row in rows if row[1] not in whole]
                if damaged:
                    summary.left_out_ids.setdefault("damaged", []).extend(damaged)
            writer.write_all(found)
            progress(min(start + _CHUNK, len(chosen)), len(chosen))
        summary.written = writer.records
    return summary


def _without_errors(
    rows: list[Row], summary: ExportSummary, leave_out_errors: bool, leave_out_unreadable: bool
) -> Iterator[Row]:
    """The rows that are to be written; the others are noted."""
    for row in rows:
        if row[3] and leave_out_unreadable:
            summary.left_out_ids.setdefault("unreadable", []).append(row[0])
        elif row[2] and leave_out_errors:
            summary.left_out_ids.setdefault("errors", []).append(row[0])
        else:
            yield row


NOT_REJECTED = ExampleQuery(states=tuple(state for state in STATES if state != "rejected"))


def default_query(project: Project) -> ExampleQuery:
    """What is exported or trained on unless somebody chooses: the approved, if there are any."""
    approved = ExampleQuery(states=("approved",))
    return approved if len(project.first_ids(approved, 1)) else NOT_REJECTED


def count_unreadable(project: Project, query: ExampleQuery) -> int:
    """How many examples of a query are not JSON objects, and are never written."""
    where = selection(project.context, query)
    return int(
        project.context.store.value(
            "SELECT count(*) FROM example WHERE errors > 0 AND (SELECT kind = 'unreadable'"
            f" FROM version WHERE version.id = version_id) AND {where.sql}",
            where.parameters,
        )
    )


def _chosen(context: ProjectContext, query: ExampleQuery) -> list[Row]:
    """Id, version, number of errors, and whether it is unreadable, in the order of the query."""
    where = selection(context, query)
    return context.store.rows(
        "SELECT id, version_id, errors, errors > 0 AND (SELECT kind = ?"
        " FROM version WHERE version.id = version_id)"
        f" FROM example WHERE {where.sql} ORDER BY {order(context, query)}",
        (UNREADABLE.name, *where.parameters),
    )


_WITH_TEXT = (
    " FROM json_each(?) AS wanted CROSS JOIN version_text ON version_text.id = wanted.value"
)


def _texts(context: ProjectContext, version_ids: list[int]) -> list[bytes] | None:
    """The texts of versions, in the order given; None if any is missing or not as it was written.

    A text from before there were checksums has to look like a JSON object: to parse each would take
    a third of the time of an export.
    """
    if version_ids and version_ids == list(range(version_ids[0], version_ids[-1] + 1)):
        # As an import leaves them: a fifth quicker.
        rows = context.store.rows(
            "SELECT text, checksum FROM version_text WHERE id BETWEEN ? AND ? ORDER BY id",
            (version_ids[0], version_ids[-1]),
        )
    else:
        rows = context.store.rows(
            f"SELECT text, checksum{_WITH_TEXT}", (as_json_array(version_ids),)
        )
    if len(rows) < len(version_ids):
        return None
    texts, written = zip(*rows, strict=True) if rows else ((), ())
    try:
        if tuple(map(xxh32_intdigest, texts)) == written:
            return list(texts)
    except TypeError:
        return None  # no bytes at all
    old = [text for text, checksum in rows if checksum is None]
    new = [row for row in rows if row[1] is not None]
    same = all(xxh32_intdigest(text) == checksum for text, checksum in new)
    return list(texts) if same and old and _look_whole(old) else None


_OPEN, _CLOSE = ord("{"), ord("}")


def _look_whole(texts: list[bytes]) -> bool:
    """Whether all texts look like JSON objects, by their ends and without a zero byte.

    What a damaged page puts into a text has zero bytes or does not end so.
    """
    try:
        begin, end = set(map(itemgetter(0), texts)), set(map(itemgetter(-1), texts))
    except IndexError:
        return False
    return begin <= {_OPEN} and end <= {_CLOSE} and not any(map(contains, texts, repeat(0)))


def _whole_texts(
    context: ProjectContext, version_ids: list[int], unreadable: Collection[int]
) -> dict[int, bytes]:
    """The texts that are there and as they were written, by version; slower than `_texts`.

    Args:
        context: The project.
        version_ids: The versions.
        unreadable: Those of them whose text was no JSON object from the beginning.
    """
    whole = {}
    for version_id, stored, checksum in context.store.rows(
        f"SELECT version_text.id, text, checksum{_WITH_TEXT}", (as_json_array(version_ids),)
    ):
        text = damage.blob(stored)
        if checksum is not None:
            good = xxh32_intdigest(text) == checksum
        else:
            good = version_id in unreadable or parse_record(text).record is not None
        if good:
            whole[version_id] = text
    return whole


def _unreadable_of(context: ProjectContext, version_ids: Sequence[int]) -> set[int]:
    """Those of some versions whose text was no JSON object from the beginning."""
    rows = context.store.rows(
        "SELECT version.id FROM json_each(?) AS wanted"
        " CROSS JOIN version ON version.id = wanted.value WHERE kind = ?",
        (as_json_array(version_ids), UNREADABLE.name),
    )
    return {version_id for (version_id,) in rows}


class TrainingRow(NamedTuple):
    """An example that may be trained on.

    Attributes:
        example_id: The example.
        version_id: Its version now.
        uid: What never changes about it, also in copies of the project.
        question: Hash of all that stands before its last answer; None without one.
        tokens: Its length.
        codes: The codes of its problems.
        kind: Its kind.
    """

    example_id: int
    version_id: int
    uid: bytes
    question: int | None
    tokens: int
    codes: tuple[str, ...]
    kind: Kind


def training_rows(
    project: Project, query: ExampleQuery, progress: Progress = no_progress
) -> list[TrainingRow]:
    """The examples of a query in its order, as they are at this moment.

    Raises:
        ProjectDamagedError: Examples would be left out that a damaged list does not name.
        Cancelled: By `progress`.
    """
    context = project.context
    with context.store.snapshot():
        refuse_incomplete_lists(context)
        where = selection(context, query, progress)
        codes = context.codes.all()
        # `kind` stands in the large table: it is looked up only where something says that it is
        # not a conversation.
        other = [number for number, found in codes.items() if "other_training" in found]
        rows = context.store.rows(
            "SELECT id, version_id, uid, (SELECT question FROM version WHERE id = version_id),"
            " tokens, code_set, CASE WHEN errors > 0"
            " OR code_set IN (SELECT value FROM json_each(?))"
            " THEN (SELECT kind FROM version WHERE version.id = version_id) ELSE ? END"
            f" FROM example WHERE {where.sql} ORDER BY {order(context, query)}",
            (as_json_array(other), CONVERSATION.name, *where.parameters),
        )
    return [
        TrainingRow(
            example_id,
            version_id,
            uid,
            question,
            tokens,
            codes.get(code_set, ()),
            kind_named(kind),
        )
        for example_id, version_id, uid, question, tokens, code_set, kind in rows
    ]


def version_records(
    project: Project, version_ids: Sequence[int], progress: Progress = no_progress
) -> Iterator[list[bytes]]:
    """The exact texts of versions, in the order given, some at a time.

    Raises:
        ProjectDamagedError: One of them is missing or damaged: nothing is left out in silence.
    """
    for start in range(0, len(version_ids), _CHUNK):
        part = version_ids[start : start + _CHUNK]
        found = _texts(project.context, list(part))
        if found is None:
            unreadable = _unreadable_of(project.context, part)
            whole = _whole_texts(project.context, list(part), unreadable)
            if not whole.keys() >= set(part):
                raise ProjectDamagedError(
                    _("Texts of some of these examples are missing or damaged in the project file.")
                )
            found = [whole[version_id] for version_id in part]
        yield found
        progress(min(start + _CHUNK, len(version_ids)), len(version_ids))
