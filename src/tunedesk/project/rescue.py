"""Rescue: writes all that can be read of a damaged project into a new one, and names the rest.

The rows are read page by page (see pages.py), so one damaged page does not cost the others. What
belongs together is then brought together again: an example whose row is lost is made anew from its
text, facts that are lost are worked out again. The damaged file is not changed.
"""

import contextlib
import mmap
import os
import re
import shutil
import sqlite3
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from xxhash import xxh32_intdigest

from tunedesk.checks.checker import Checker
from tunedesk.checks.parse_record import parse_record
from tunedesk.errors import UserError
from tunedesk.examples.kinds.unreadable import UNREADABLE
from tunedesk.i18n import _, ngettext
from tunedesk.progress import Progress, no_progress
from tunedesk.project import migrations, opening, row_order, schema
from tunedesk.project.damage import blob
from tunedesk.project.lock import log_path
from tunedesk.project.pages import INDEX_INTERIOR, TABLE_INTERIOR, Pages, TableShape, table_shapes
from tunedesk.project.project import Project
from tunedesk.project.row_edits import last_key
from tunedesk.project.store import configure_writer, connect
from tunedesk.project.versions import COPIED_COLUMNS, COPIED_FACTS, INSERT_VERSION

_BATCH = 500
_MOST_NAMED = 1_000
_ROOM_FACTOR = 2
_MOST_PAGES = 1 << 31
_COPIES = re.findall(r"(\w+) = (.+?)(?:, (?=\w+ = )|$)", COPIED_FACTS)
"""The columns of an example that are copies of its version's, and the SQL of each."""

_HISTORY = ("change", "change_item", "changed_column")


@dataclass
class RescueReport:
    """What came out of a rescue.

    Attributes:
        path: The new project.
        examples: How many examples it has.
        runs: How many fine-tuning runs it has.
        presets: How many presets it has.
        pages: How many pages the damaged file has.
        damaged_pages: How many of them could not be read.
        lost_examples: How many examples could not be read: those that the file still names.
        lines: What could not be read, and what is not as it was, a sentence each; empty if nothing.
        list_path: The file beside the new project with these sentences; None without any.
    """

    path: Path
    examples: int = 0
    runs: int = 0
    presets: int = 0
    pages: int = 0
    damaged_pages: int = 0
    lost_examples: int = 0
    lines: list[str] = field(default_factory=list)
    list_path: Path | None = None


def rescue(path: Path, out: Path, progress: Progress = no_progress) -> RescueReport:
    """Write what can be read of a project into a new one.

    Args:
        path: The damaged project; it must not be open in this program.
        out: The new project; there must be no file of that name.
        progress: Told how many pages were gone through, and of how many; may cancel.

    Raises:
        UserError: There is a file of the new name, the folder cannot be written, or nothing can be
            read.
        Cancelled: By `progress`; nothing is left behind.
    """
    if out.exists():
        raise UserError(
            _("There is a file {name} already.").format(name=out.name), _("Choose another name.")
        )
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        opening.check_is_file(path)
        if path.stat().st_size * _ROOM_FACTOR > shutil.disk_usage(out.parent).free:
            raise UserError(
                _("There is no room for the rescue in {folder}.").format(folder=out.parent),
                _("Make room on the disk, or choose a folder on another one."),
            )
        with tempfile.TemporaryDirectory(prefix=f".{out.stem[:40]}-", dir=out.parent) as folder:
            whole = _folded_copy(path, Path(folder))
            made = Path(folder) / "made.tunedesk"
            report = _Rescue(path.name, made, progress).run(whole)
            made.rename(out)
    except FileNotFoundError as error:
        raise UserError(_("The project {name} is not there.").format(name=path.name)) from error
    except OSError as error:
        raise UserError(
            _("The rescue could not be written: {reason}.").format(reason=error.strerror),
            _("Choose a folder with room for it that you can write to."),
        ) from error
    report.path = out
    if report.lines:
        report.list_path = out.with_name(f"{out.stem}-not-read.txt")
        report.list_path.write_text("\n".join(report.lines) + "\n", encoding="utf-8")
    return report


def _folded_copy(path: Path, folder: Path) -> Path:
    """A copy with the last changes in it, which may stand in a log beside the file."""
    copy = folder / "damaged.tunedesk"
    shutil.copyfile(path, copy)
    for log in (log_path(path), path.with_name(path.name + "-journal")):
        if log.is_file():
            shutil.copyfile(log, folder / log.name.replace(path.name, copy.name))
            with contextlib.suppress(sqlite3.Error), contextlib.closing(connect(copy)) as folded:
                folded.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return copy


class _Rescue:
    """One rescue under way."""

    def __init__(self, name: str, made: Path, progress: Progress) -> None:
        self._name = name
        self._made = made
        self._progress = progress
        self._report = RescueReport(made)
        self._damaged: Counter[str] = Counter()
        self._named_examples: set[int] = set()

    def run(self, whole: Path) -> RescueReport:
        if not whole.stat().st_size:
            raise self._nothing_found()
        with (
            whole.open("rb") as file,
            contextlib.closing(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)) as mapped,
            memoryview(mapped) as content,
        ):
            pages = Pages(content)
            stated = int.from_bytes(pages.header()[60:64], "big")
            version = stated if stated in schema.SCHEMAS else schema.SCHEMA_VERSION
            with contextlib.closing(connect(self._made, create=True)) as connection:
                connection.execute(f"PRAGMA page_size = {max(pages.size, 8192)}")
                configure_writer(connection, rollback_journal=True)
                connection.execute("PRAGMA synchronous = OFF")
                connection.execute("BEGIN")
                schema.create_tables(connection, version)
                self._copy_rows(pages, connection, version)
                connection.execute("COMMIT")
                migrations.migrate(connection, None)
                connection.execute("BEGIN")
                self._tidy(connection)
                connection.execute("COMMIT")
        with Project.open(self._made) as project:
            self._bring_together(project)
            self._count(project)
        return self._report

    # Reading

    def _copy_rows(self, pages: Pages, target: sqlite3.Connection, version: int) -> None:
        """Copy all rows of all tables, first those that the trees lead to."""
        shapes = table_shapes(version)
        roots = self._roots(pages, shapes, version)
        reached: set[int] = set()
        copied = 0
        for name, shape in shapes.items():
            tree, missing = pages.tree(roots.get(name, 0))
            self._damaged[name] += missing
            reached.update(tree)
            for page in tree:
                found, bad = self._rows(pages, page, shape)
                self._damaged[name] += bad
                copied += _insert(target, shape, found)
                self._tell(page, pages)
        for name in ("example_position", "example_changed"):
            tree, _missing = pages.tree(roots.get(name, 0))
            reached.update(tree)
            for page in tree:
                for record in pages.records(page):
                    if record is not None and type(record.values[-1]) is int:
                        self._named_examples.add(record.values[-1])
        for name, root in roots.items():
            if name not in shapes:
                # The search index and other indexes: made anew, but their pages are no one else's.
                reached.update(pages.tree(root)[0])
        free = pages.free_pages()
        by_size: dict[int, list[TableShape]] = {}
        for shape in shapes.values():
            for size in range(shape.least, len(shape.columns) + 1):
                by_size.setdefault(size, []).append(shape)
        lost = [page for page in range(1, pages.count + 1) if page not in reached | free]
        for page in lost:
            for shape, row in self._stray_rows(pages, page, by_size, roots):
                copied += _insert(target, shape, [row])
            self._tell(page, pages)
        self._report.pages = pages.count
        stated = int.from_bytes(pages.header()[28:32], "big")
        if pages.count < stated < _MOST_PAGES:
            self._say(
                ngettext(
                    "The file is cut off: {n} page of it is missing. What stood on that alone is"
                    " lost, and not all of it can be named.",
                    "The file is cut off: {n} pages of it are missing. What stood on those alone"
                    " is lost, and not all of it can be named.",
                    stated - pages.count,
                ).format(n=f"{stated - pages.count:,}")
            )
        self._report.damaged_pages = sum(self._damaged.values())
        if not copied:
            raise self._nothing_found()

    def _tell(self, page: int, pages: Pages) -> None:
        if page % 64 == 0:
            self._progress(page, pages.count)

    def _roots(self, pages: Pages, shapes: dict[str, TableShape], version: int) -> dict[str, int]:
        """The first page of each table and index, as the file says, or as new files have it."""
        roots: dict[str, int] = {}
        tree, _missing = pages.tree(1)
        for page in tree:
            for record in pages.records(page):
                if record is not None and len(record.values) == 5:
                    _kind, name, _table, root, _sql = record.values
                    if isinstance(name, str) and type(root) is int and 1 < root <= pages.count:
                        roots[name] = root
        if not roots.keys() >= shapes.keys():
            self._damaged["sqlite_master"] += 1
            claimed = set(roots.values())
            for name, root in _usual_roots(version, pages.size).items():
                if name not in roots and root not in claimed and pages.kind(root):
                    roots[name] = root
        return roots

    def _rows(
        self, pages: Pages, page: int, shape: TableShape
    ) -> tuple[list[tuple[object, ...]], int]:
        """The rows of a page of a table, and how many could not be read."""
        if pages.kind(page) == TABLE_INTERIOR:
            return [], 0
        found: list[tuple[object, ...]] = []
        bad = 0
        for record in pages.records(page):
            row = None if record is None else shape.row(record)
            if row is None:
                bad += 1
            else:
                found.append(row)
        return found, bad

    def _stray_rows(
        self,
        pages: Pages,
        page: int,
        by_size: dict[int, list[TableShape]],
        roots: dict[str, int],
    ) -> Iterator[tuple[TableShape, tuple[object, ...]]]:
        """The rows of a page that no tree leads to, each with the one table that it fits."""
        if pages.kind(page) in (0, TABLE_INTERIOR, INDEX_INTERIOR):
            return
        for record in pages.records(page):
            if record is None:
                continue
            fitting = [
                (shape, row)
                for shape in by_size.get(len(record.values), ())
                if (row := shape.row(record)) is not None and _may_stray(shape, row)
            ]
            if len(fitting) == 1:
                yield fitting[0]

    # Bringing together

    def _tidy(self, target: sqlite3.Connection) -> None:
        """Drop what leads nowhere; what is needed and lost is made anew."""
        target.execute(
            "INSERT OR IGNORE INTO source(id, kind, name, path, encoding, model, time, uid)"
            " VALUES (1, 'written', 'written', '', '', '', 0, randomblob(16))"
        )
        target.execute("DELETE FROM setting WHERE key = 'search_filled_to'")
        target.execute("INSERT OR IGNORE INTO tag_set(members) VALUES ('[]')")
        target.execute("INSERT OR IGNORE INTO code_set(members) VALUES ('[]')")
        (untagged,) = target.execute("SELECT id FROM tag_set WHERE members = '[]'").fetchone()
        tagless = target.execute(
            "UPDATE example SET tag_set = ? WHERE tag_set NOT IN (SELECT id FROM tag_set)",
            (untagged,),
        ).rowcount
        if tagless:
            self._say(
                ngettext(
                    "The tags of {n} example could not be read.",
                    "The tags of {n} examples could not be read.",
                    tagless,
                ).format(n=f"{tagless:,}")
            )
        target.execute(
            "UPDATE example SET source_id = 1 WHERE source_id NOT IN (SELECT id FROM source)"
        )
        # What nobody can vouch for is not begun again.
        target.execute(
            "UPDATE work SET state = 'failed' WHERE state NOT IN ('done', 'failed', 'cancelled')"
        )
        target.execute("UPDATE change SET incomplete = 0")
        if any(self._damaged[name] for name in _HISTORY):
            target.execute("UPDATE change SET stack = 0")
            self._say(
                _(
                    "Parts of the history could not be read: what was done before the rescue"
                    " cannot be undone."
                )
            )

    def _bring_together(self, project: Project) -> None:
        """Give each text its example and each example its text, or name it as lost."""
        store, checker = project.context.store, project.checker()
        here = {row[0] for row in store.rows("SELECT id FROM example")}
        here |= {row[0] for row in store.rows("SELECT DISTINCT example_id FROM version")}
        with store.transaction():
            self._look_at_texts(project)
            store.execute("DELETE FROM version WHERE id NOT IN (SELECT id FROM version_text)")
            self._find_earlier_texts(project)
            self._make_versions(project, checker)
            self._make_examples(project)
            self._name_lost_texts(project)
            store.execute(
                f"UPDATE example SET {COPIED_FACTS} FROM version"
                " WHERE version.id = example.version_id"
            )
            store.execute(
                "UPDATE version SET checked_as = 0, code_set = (SELECT id FROM code_set"
                " WHERE members = '[]') WHERE code_set NOT IN (SELECT id FROM code_set)"
            )
            store.execute(
                "UPDATE example SET checked_as = 0 WHERE version_id IN"
                " (SELECT id FROM version WHERE checked_as = 0)"
            )
            self._check_again(project, checker)
        unseen = sorted(self._named_examples - here)
        self._lose(unseen, "")
        for name, title in _titles().items():
            if self._damaged[name]:
                self._say(title.format(n=f"{self._damaged[name]:,}"))

    def _look_at_texts(self, project: Project) -> None:
        """Drop a text that was a JSON object, as its facts say, and is none any more.

        One whose letters have changed on the disk is kept as it is now, and named.
        """
        store = project.context.store
        last = 0
        while rows := store.rows(
            "SELECT id, text, checksum, kind, example_id,"
            " id = (SELECT version_id FROM example WHERE example.id = example_id AND deleted = 0)"
            " FROM version_text JOIN version USING (id) WHERE id > ? ORDER BY id LIMIT ?",
            (last, _BATCH),
        ):
            for version_id, stored, checksum, kind, example_id, shown in rows:
                text = blob(stored)
                now = xxh32_intdigest(text)
                if now == checksum:
                    continue
                if kind != UNREADABLE.name and parse_record(text).record is None:
                    store.execute("DELETE FROM version_text WHERE id = ?", (version_id,))
                elif checksum is not None:
                    store.execute(
                        "UPDATE version_text SET checksum = ? WHERE id = ?", (now, version_id)
                    )
                    store.execute("UPDATE version SET checked_as = 0 WHERE id = ?", (version_id,))
                    if shown:
                        self._say(
                            _("Example {id}: letters of its text have changed on the disk.").format(
                                id=example_id
                            )
                        )
            last = rows[-1][0]

    def _find_earlier_texts(self, project: Project) -> None:
        """An example whose latest text is lost takes the latest that is there."""
        store = project.context.store
        for example_id, version_id in store.rows(
            "SELECT id, (SELECT max(version.id) FROM version WHERE example_id = example.id)"
            " FROM example WHERE version_id NOT IN (SELECT id FROM version_text)"
        ):
            if version_id is not None:
                store.execute(
                    "UPDATE example SET version_id = ? WHERE id = ?", (version_id, example_id)
                )
                self._say(
                    _(
                        "Example {id}: its latest text could not be read; an earlier one is back."
                    ).format(id=example_id)
                )

    def _make_versions(self, project: Project, checker: Checker) -> None:
        """The facts of texts that are there are worked out where they are lost."""
        store = project.context.store
        while True:
            lacking = store.rows(
                "SELECT version_text.id, example.id, text FROM version_text"
                " JOIN example ON example.version_id = version_text.id"
                " WHERE version_text.id NOT IN (SELECT id FROM version) LIMIT ?",
                (_BATCH,),
            )
            if not lacking:
                break
            for version_id, example_id, text in lacking:
                self._write_version(project, checker, version_id, example_id, text)
        stray = store.rows(
            "SELECT id, text FROM version_text WHERE id NOT IN (SELECT id FROM version)"
            " AND NOT EXISTS (SELECT 1 FROM change_item"
            " JOIN changed_column ON changed_column.id = column_id"
            " WHERE column_name = 'version_id' AND before = version_text.id)"
        )
        number = int(
            store.value(
                "SELECT max(max(id), coalesce((SELECT max(example_id) FROM version), 0))"
                " FROM example"
            )
            or 0
        )
        number = max(number, *self._named_examples, 0)
        for version_id, text in stray:
            number += 1
            self._write_version(project, checker, version_id, number, text)
        store.execute("DELETE FROM version_text WHERE id NOT IN (SELECT id FROM version)")

    def _write_version(
        self, project: Project, checker: Checker, version_id: int, example_id: int, text: bytes
    ) -> None:
        """Write the facts of a text that has none, under the number that it has."""
        context = project.context
        facts = context.versions.written_values(checker.check(text), context.basis, context.target)
        context.store.execute(INSERT_VERSION, (version_id, example_id, 0, os.urandom(16), *facts))

    def _make_examples(self, project: Project) -> None:
        """An example whose row is lost is made anew from its latest text, to be reviewed."""
        context = project.context
        store = context.store
        lacking = store.rows(
            "SELECT example_id, max(id) FROM version"
            " WHERE example_id NOT IN (SELECT id FROM example) GROUP BY example_id"
        )
        if not lacking:
            return
        keys = row_order.keys_after(last_key(context), len(lacking))
        tags = context.tags.number(())
        own = (
            "id",
            "position",
            "deleted",
            "state",
            "tag_set",
            "source_id",
            "created_change",
            "changed_at",
            "uid",
        )
        values = dict(_COPIES)
        for (example_id, version_id), key in zip(lacking, keys, strict=True):
            store.execute(
                f"INSERT INTO example({', '.join((*own, *COPIED_COLUMNS))})"
                f" SELECT ?, ?, 0, 0, ?, 1, change_id, ?, randomblob(16),"
                f" {', '.join(values[name] for name in COPIED_COLUMNS)}"
                " FROM version WHERE id = ?",
                (example_id, key, tags, store.now(), version_id),
            )
        self._say(
            ngettext(
                "{n} example has lost its place, state and tags: it stands at the end, to be"
                " reviewed. It may be one that had been deleted.",
                "{n} examples have lost their place, state and tags: they stand at the end, to be"
                " reviewed. Some may have been deleted before.",
                len(lacking),
            ).format(n=f"{len(lacking):,}")
        )

    def _name_lost_texts(self, project: Project) -> None:
        """Examples of which no text is left are taken out, and named."""
        store = project.context.store
        lost = store.rows(
            "SELECT id, preview_start, deleted FROM example"
            " WHERE version_id NOT IN (SELECT id FROM version) ORDER BY position"
        )
        for example_id, preview, deleted in lost:
            if not deleted:
                self._lose([example_id], preview)
        store.execute("DELETE FROM example WHERE version_id NOT IN (SELECT id FROM version)")

    def _check_again(self, project: Project, checker: Checker) -> None:
        context = project.context
        while True:
            stale = context.store.rows(
                "SELECT version.id, text FROM version JOIN version_text USING (id)"
                " WHERE checked_as = 0 LIMIT ?",
                (_BATCH,),
            )
            if not stale:
                return
            context.versions.set_facts(
                [(version_id, checker.check(text)) for version_id, text in stale],
                context.basis,
                context.target,
            )

    def _lose(self, ids: Sequence[int], preview: str) -> None:
        self._report.lost_examples += len(ids)
        for example_id in ids:
            self._say(
                _("Example {id} could not be read. It began: {words}").format(
                    id=example_id, words=preview
                )
                if preview
                else _("Example {id} could not be read.").format(id=example_id)
            )

    def _say(self, line: str) -> None:
        if len(self._report.lines) < _MOST_NAMED:
            self._report.lines.append(line)

    def _count(self, project: Project) -> None:
        store = project.context.store
        self._report.examples = store.value("SELECT count(*) FROM example WHERE deleted = 0")
        self._report.runs = store.value("SELECT count(*) FROM run WHERE deleted = 0")
        self._report.presets = store.value("SELECT count(*) FROM preset WHERE deleted = 0")

    def _nothing_found(self) -> UserError:
        return UserError(
            _("Nothing of a Tunedesk project could be read in {name}.").format(name=self._name),
            _("Go back to a backup, if there is one."),
        )


def _titles() -> dict[str, str]:
    """What is said of pages and rows of a table that could not be read."""
    return {
        "setting": _("Damaged pages or rows of the project's settings: {n}"),
        "preset": _("Damaged pages or rows of presets: {n}"),
        "run": _("Damaged pages or rows of fine-tuning runs: {n}"),
        "run_example": _("Damaged pages or rows of what runs were trained on: {n}"),
        "run_metric": _("Damaged pages or rows of figures of runs: {n}"),
        "run_event": _("Damaged pages or rows of events of runs: {n}"),
        "run_checkpoint": _("Damaged pages or rows of checkpoints of runs: {n}"),
        "source": _("Damaged pages or rows of sources of examples: {n}"),
        "example": _("Damaged pages or rows of states, tags and order: {n}"),
        "version_text": _("Damaged pages or rows of texts: {n}"),
    }


def _may_stray(shape: TableShape, row: Sequence[object]) -> bool:
    """Whether a row is surely of a table whose rows look like those of others."""
    if shape.name in ("tag_set", "code_set"):
        return False
    if shape.name == "version_text":
        # The pages of the search index look alike, but hold no text.
        return isinstance(row[1], bytes) and not _NO_TEXT.search(row[1]) and _is_utf8(row[1])
    return shape.name != "check_basis" or str(row[1]).count("/") == 3


_NO_TEXT = re.compile(rb"[\x00-\x08\x0e-\x1f]")


def _is_utf8(text: bytes) -> bool:
    try:
        text.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        return False
    return True


def _insert(target: sqlite3.Connection, shape: TableShape, rows: Sequence[Sequence[object]]) -> int:
    """Write rows that are not there yet; returns how many."""
    if not rows:
        return 0
    return target.executemany(
        f"INSERT OR IGNORE INTO {shape.name}({', '.join(shape.columns)})"
        f" VALUES ({', '.join('?' * len(shape.columns))})",
        rows,
    ).rowcount


def _usual_roots(version: int, page_size: int) -> dict[str, int]:
    """Where a new project of that version has the first pages of its tables."""
    with contextlib.closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        connection.execute(f"PRAGMA page_size = {page_size}")
        schema.create_tables(connection, version)
        return dict(connection.execute("SELECT name, rootpage FROM sqlite_master WHERE rootpage"))
