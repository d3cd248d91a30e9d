"""The project: one file with all examples, their history and their undo.

A thin front; the work is done by the modules beside it. One thread uses a `Project` at a time;
for another thread take a `handle()`.
"""

from array import array
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

from tunedesk.checks.checker import Checker
from tunedesk.checks.facts import Facts
from tunedesk.checks.problem import Problem
from tunedesk.progress import Progress, no_progress
from tunedesk.project import (
    change_log,
    change_names,
    migrations,
    opening,
    presets,
    reads,
    row_edits,
    search,
    statistics,
    text_edits,
    undo,
)
from tunedesk.project.change_log import HistoryEntry
from tunedesk.project.change_names import ChangeName
from tunedesk.project.context import ProjectContext, read_setting, write_setting
from tunedesk.project.lock import FileState, Holder
from tunedesk.project.project_change import ProjectChange
from tunedesk.project.query import ALL_EXAMPLES, ExampleQuery, Ids, State, first_ids
from tunedesk.project.reads import ExampleRow, Source, TagUse, sources
from tunedesk.project.row_edits import NewExample
from tunedesk.project.runs import Runs
from tunedesk.project.statistics import Bin, EstimatedTokens, Measure, Statistics, Totals
from tunedesk.project.store import Store, user_name
from tunedesk.project.text_edits import TextChange
from tunedesk.project.undo import Interrupted, UndoOutcome
from tunedesk.project.work import WorkList


class Project:
    """An open project.

    Attributes:
        path: Its file.
        read_only: Whether it can only be read, since somebody else has it or the folder is locked.
        held_by: Who has it open for writing, if that is somebody else.
        storage_note: What the user should know of the place where the file lies; None for nothing.
        interrupted: Changes that a crash had cut off, put right at opening.
        runs: The fine-tuning runs.
        work: Long work that goes on after a restart.
    """

    def __init__(
        self,
        store: Store,
        held_by: Holder | None = None,
        storage_note: str | None = None,
        interrupted: Sequence[Interrupted] = (),
    ) -> None:
        self.context = ProjectContext(store)
        self.runs = Runs(self.context)
        self.work = WorkList(self.context)
        self.path = store.path
        self.read_only = store.read_only
        self.held_by = held_by
        self.storage_note = storage_note
        self.interrupted = tuple(interrupted)
        self._store = store
        self._closed = False

    # Opening and closing

    @classmethod
    def create(cls, path: Path, author: str = "") -> "Project":
        """Make a new project file and open it.

        Args:
            path: The file, by custom NAME.tunedesk; its folder is made if need be.
            author: Who works here, as the history names them; empty for the system's user.

        Raises:
            UserError: There is a file of that name, or the folder cannot be written.
        """
        opened = opening.create(path, author)
        return cls(opened.store, opened.held_by, opened.note)

    @classmethod
    def open(
        cls,
        path: Path,
        read_only: bool = False,
        author: str = "",
        progress: Progress = no_progress,
        *,
        finish: bool = True,
    ) -> "Project":
        """Open a project file; for reading only if somebody else has it (see `held_by`).

        Args:
            path: The file.
            read_only: Write nothing into it.
            author: Who works here, as the history names them; empty for the system's user.
            progress: Called now and then where opening takes long; may cancel.
            finish: Put right what a crash cut off. If not, `finish_interrupted` has to be called
                before anything else is done.

        Raises:
            UserError: It is not there, not a project, newer than this program, or damaged.
            Cancelled: By `progress`; the project is closed.
        """
        opened = opening.open_file(path, author, read_only=read_only, progress=progress)
        project = cls(opened.store, opened.held_by, opened.note)
        if finish:
            try:
                project.finish_interrupted(progress)
            except BaseException:
                project.close()
                raise
        return project

    def finishes_slowly(self) -> bool:
        """Whether `finish_interrupted` takes longer than a window may wait."""
        return not self.read_only and undo.finishes_slowly(self.context)

    def finish_interrupted(self, progress: Progress = no_progress) -> None:
        """Put right what a crash cut off; what came of it stands in `interrupted` then.

        Raises:
            Cancelled: By `progress`; what is left is put right the next time.
        """
        if not self.read_only:
            self.interrupted = tuple(undo.finish_interrupted(self.context, progress=progress))

    def handle(self) -> "Project":
        """A second `Project` on the same file for another thread; close it there when done.

        Cheap (about a millisecond). Changes made through any handle are told to the subscribers
        of all.
        """
        return Project(opening.open_handle(self._store), self.held_by, self.storage_note)

    def close(self) -> None:
        """Close; the last handle folds everything into the one file and gives the lock back."""
        if self._closed:
            return
        self._closed = True
        self._store.close()
        shared = self._store.shared
        if shared.handles:
            return
        if shared.is_copy:
            shared.file.unlink(missing_ok=True)
        if shared.lock is not None:
            shared.lock.release()
        elif self.held_by is not None:
            opening.fold_in(self.path)

    def __enter__(self) -> "Project":
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def file_state(self) -> FileState:
        """Where the file is now: it may be renamed or deleted while it is open; for any thread."""
        return self._store.shared.file_state()

    def log_state(self) -> tuple[int, int] | None:
        """The size and time of what is not in the file itself yet; None for nothing.

        Another one after each change; for any thread.
        """
        return self._store.shared.log_state()

    def fold_log(self) -> None:
        """Bring all that was written into the file itself; others may write meanwhile."""
        self._store.shared.fold(self._store.connection)

    def write_although_moved(self) -> None:
        """Let the last changes be written to a file that was renamed or deleted meanwhile."""
        self._store.write_although_moved()

    def save_copy(
        self, path: Path, progress: Progress = no_progress, *, shared: bool = False
    ) -> None:
        """Write the whole project, as it is now, into another file.

        The file gets its name once it is whole and on the disk; its folder is made if need be.

        Args:
            path: The file.
            progress: Told pages, and of how many; may cancel.
            shared: Whether another thread uses this `Project` meanwhile; what it writes is in the
                copy. So a project is copied whose file has lost its name: no other handle can be
                made of it.

        Raises:
            UserError: It cannot be written there.
            Cancelled: By `progress`; nothing is left behind.
        """
        migrations.save_copy(self._store.connection, path, progress, shared=shared)

    def state_of_changes(self) -> tuple[int, int]:
        """Another one after each change, whichever handle made it."""
        return self._store.state_of_changes()

    def subscribe(self, callback: Callable[[ProjectChange], None]) -> Callable[[], None]:
        """Call back after each change, in the thread that made it; returns how to stop that."""
        return self._store.shared.subscribe(callback)

    # Changes; each is one named step that can be undone

    def add_example(
        self, text: str, facts: Facts, after_id: int | None = None, state: State = "draft"
    ) -> int:
        """Add an example behind another one (None: at the end); returns its id."""
        new = NewExample(_encoded(text), facts)
        return row_edits.add_examples(self.context, [new], after_id, state, None)[0]

    def add_examples(
        self,
        examples: Sequence[NewExample],
        after_id: int | None = None,
        state: State = "draft",
        name: str | ChangeName | None = None,
        progress: Progress = no_progress,
        *,
        pasted: bool = False,
    ) -> list[int]:
        """Add many examples as one step; returns their ids.

        Args:
            examples: The new ones, in their order.
            after_id: Behind which they go; None for the end.
            state: The state of them all.
            name: The name of the step.
            progress: Told how many are in, and asked whether to stop.
            pasted: Whether they came from the clipboard, which is then their source.
        """
        step = None if name is None else ChangeName.of(name)
        return row_edits.add_examples(
            self.context, examples, after_id, state, step, progress, pasted=pasted
        )

    def set_author(self, author: str) -> None:
        """Name who works here from now on in the history; empty for the system's user."""
        self._store.shared.author = author or user_name()

    def set_text(
        self,
        example_id: int,
        text: str,
        facts: Facts,
        name: str | ChangeName,
        merge_key: str | None = None,
    ) -> bool:
        """Give an example a new text; False if it has that text already.

        Args:
            example_id: The example.
            text: The whole record.
            facts: What was worked out from it.
            name: The step as menus name it, such as "Edit message 2".
            merge_key: Names the field that is typed in, such as "12/messages/1": following calls
                with the same key become one step as long as no pause is over a few seconds.
        """
        return text_edits.set_text(
            self.context, example_id, _encoded(text), facts, ChangeName.of(name), merge_key
        )

    def set_texts(
        self,
        changes: Sequence[TextChange],
        name: str | ChangeName,
        progress: Progress = no_progress,
    ) -> int:
        """Give many examples new texts, as one step; returns how many were changed.

        An example that was changed since its new text was made is left alone.
        """
        return text_edits.set_texts(
            self.context, changes, lambda _count: ChangeName.of(name), progress
        ).count

    def set_state(self, ids: Ids, state: str, progress: Progress = no_progress) -> int:
        """Set the state of review; returns how many were changed."""
        return row_edits.set_state(self.context, self._resolved(ids), state, progress).count

    def add_tag(self, ids: Ids, tag: str, progress: Progress = no_progress) -> int:
        """Put a tag on examples; returns how many were changed."""
        return row_edits.change_tag(
            self.context, self._resolved(ids), tag, add=True, progress=progress
        ).count

    def remove_tag(self, ids: Ids, tag: str, progress: Progress = no_progress) -> int:
        """Take a tag off examples; returns how many were changed."""
        return row_edits.change_tag(
            self.context, self._resolved(ids), tag, add=False, progress=progress
        ).count

    def delete(self, ids: Ids, progress: Progress = no_progress) -> int:
        """Delete examples; undo brings them back to their places. Returns how many."""
        return row_edits.delete(self.context, self._resolved(ids), progress).count

    def keep_first_of_each(
        self, groups: Sequence[Sequence[int]], progress: Progress = no_progress
    ) -> int:
        """Delete all but the first of each group of examples; returns how many.

        The first gets the tags of all. Undo brings the others back, and takes these tags off.
        """
        return row_edits.keep_first_of_each(self.context, groups, progress).count

    def move(self, ids: Ids, before_id: int | None, progress: Progress = no_progress) -> int:
        """Move examples, in the order given, before another one (None: to the end)."""
        return row_edits.move(self.context, self._resolved(ids), before_id, progress).count

    def duplicate(self, ids: Ids, progress: Progress = no_progress) -> list[int]:
        """Copy examples; the copies stand behind the last original. Returns their ids."""
        return row_edits.duplicate(self.context, self._resolved(ids), progress)

    # Undo

    def undo(self) -> ProjectChange | None:
        """Turn back the latest step; None if there is none."""
        return undo.undo(self.context)

    def last_change_id(self) -> int | None:
        """The change made last through this handle that undo can turn back; None for none."""
        return undo.last_change_here(self._store)

    def undo_change(self, change_id: int) -> UndoOutcome:
        """Turn one change back if nothing came after it; else do nothing."""
        return undo.undo_change(self.context, change_id)

    def redo(self) -> ProjectChange | None:
        """Make the step again that was undone last; None if there is none."""
        return undo.redo(self.context)

    def undo_sentence(self) -> str | None:
        """What the menu offers to undo, such as "Undo delete 3 examples"; None for nothing."""
        step = undo.next_undo(self._store)
        return change_names.worded(step.name, "undo") if step else None

    def redo_sentence(self) -> str | None:
        """What the menu offers to redo; None for nothing."""
        step = undo.next_redo(self._store)
        return change_names.worded(step.name, "redo") if step else None

    @property
    def has_unfinished(self) -> bool:
        """Whether a full disk stopped a change on the way; for any thread."""
        return bool(self._store.shared.unfinished)

    def finish_unfinished(self) -> list[Interrupted]:
        """Put right what a full disk stopped on the way, and tell what came of it.

        Raises:
            DiskFullError: There is no room yet.
        """
        return undo.finish_unfinished(self.context)

    # Reading

    def count(self, query: ExampleQuery = ALL_EXAMPLES, progress: Progress = no_progress) -> int:
        """How many examples a query finds."""
        return reads.count(self.context, query, progress)

    def first_ids(self, query: ExampleQuery, limit: int) -> "array[int]":
        """The first ids that a query finds, fast whatever the size of the project."""
        return first_ids(self.context, query, limit)

    def ids(
        self, query: ExampleQuery = ALL_EXAMPLES, progress: Progress = no_progress
    ) -> "array[int]":
        """All ids that a query finds, in its order; `progress` may cancel."""
        return reads.ids(self.context, query, progress)

    def rows(self, ids: Sequence[int]) -> list[ExampleRow]:
        """What the table shows of these examples, in the order given; deleted ones left out."""
        return reads.rows(self.context, ids)

    def text(self, example_id: int) -> str:
        """The record of an example, exactly."""
        return _decoded(reads.text(self.context, example_id))

    def facts(self, example_id: int) -> Facts:
        """What was worked out from the record of an example."""
        return reads.facts(self.context, example_id)

    def problems(self, example_id: int) -> tuple[Problem, ...]:
        """The problems of an example."""
        return reads.facts(self.context, example_id).problems

    def number_of(self, example_id: int) -> int | None:
        """The place of an example in the whole project, from 1; None if it is deleted."""
        return reads.number_of(self.context, example_id)

    def id_at(self, number: int) -> int | None:
        """The example with this number; None if there is none."""
        return self.context.numbers.id_at(number)

    def totals(self, query: ExampleQuery = ALL_EXAMPLES) -> Totals:
        """The totals of a query: how many, how long, how many with problems, by state."""
        return statistics.totals(self.context, query)

    def estimated_tokens(self) -> EstimatedTokens:
        """What of the length of all examples together is an estimate."""
        return statistics.estimated_tokens(self.context)

    def problem_counts(self, query: ExampleQuery = ALL_EXAMPLES) -> dict[str, int]:
        """How many examples have a problem, by its code; the most frequent first."""
        return statistics.problem_counts(self.context, query)

    def statistics(self, query: ExampleQuery = ALL_EXAMPLES) -> Statistics:
        """Quantiles, roles, turns and the longest examples of a query."""
        return statistics.statistics(self.context, query)

    def histogram(
        self, query: ExampleQuery = ALL_EXAMPLES, bins: int = 24, measure: Measure = "tokens"
    ) -> list[Bin]:
        """The histogram of a measure; the few very large values stand in the last bar."""
        return statistics.histogram(self.context, query, bins, measure)

    def history(self, example_id: int) -> list[HistoryEntry]:
        """The history of an example, the newest first."""
        return change_log.history(self.context, example_id)

    def version_text(self, version_id: int) -> str | None:
        """The record as it was in a version that the history names."""
        found = self.context.versions.text(version_id)
        return None if found is None else _decoded(found)

    def tags(self) -> list[TagUse]:
        """The tags in use and how many examples carry each, by name."""
        return reads.tags(self.context)

    def presets(self) -> dict[str, str]:
        """The system prompts that are kept by name."""
        return presets.presets(self.context)

    def set_preset(self, name: str, text: str | None) -> bool:
        """Keep a system prompt under a name (None deletes it); can be undone."""
        return presets.set_preset(self.context, name, text)

    def fill_search(self, budget_seconds: float) -> bool:
        """Go on filling the search index for about this long; True while something is left.

        For idle time, through a handle in the background; searching is right at any time.
        """
        return search.fill(self.context, budget_seconds)

    def sources(self) -> list[Source]:
        """Where the examples came from, the oldest first."""
        return sources(self._store)

    def find_damage(self, progress: Progress = no_progress) -> list[str]:
        """What SQLite finds wrong with the file, in its own words; empty when it is whole."""
        return opening.find_damage(self._store, progress)

    # Settings of the project

    def checker(self) -> Checker:
        """A checker for the project's target, encoding and base model; for one thread."""
        return Checker(*self.context.check_settings)

    def setting(self, key: str, default: Any = None) -> Any:
        """A setting of this project (a JSON value)."""
        return read_setting(self._store, key, default)

    def set_setting(self, key: str, value: Any) -> None:
        """Keep a setting (a JSON value); None removes it."""
        write_setting(self._store, key, value)
        self._store.publish(ProjectChange(frozenset({"settings"})))

    def _resolved(self, ids: Ids) -> Sequence[int]:
        return reads.ids(self.context, ids) if isinstance(ids, ExampleQuery) else ids


def _decoded(text: bytes) -> str:
    try:
        return text.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        return text.decode("utf-8", "replace")


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
