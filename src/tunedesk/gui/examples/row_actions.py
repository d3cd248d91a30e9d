"""What can be done with rows: new, duplicate, delete, move, tag, review."""

import contextlib
from array import array
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain
from typing import NamedTuple

from PySide6.QtCore import QObject, Signal

from tunedesk.checks.facts import Facts
from tunedesk.examples import conversation_edits
from tunedesk.examples.conversation import Conversation
from tunedesk.examples.json_text import JsonSyntaxError
from tunedesk.examples.kinds.conversation import NEW_EXAMPLE_TEXT
from tunedesk.examples.kinds.registry import read_kind
from tunedesk.gui.examples.form.open_example import OpenExample
from tunedesk.gui.examples.table_model import ExampleTableModel
from tunedesk.gui.examples.table_view import ExampleTable
from tunedesk.gui.operations import AT_ONCE
from tunedesk.gui.page import PageContext
from tunedesk.gui.roles_and_states import STATES
from tunedesk.i18n import _, ngettext
from tunedesk.progress import Progress
from tunedesk.project.project import Project
from tunedesk.project.query import ExampleQuery, State


@dataclass(frozen=True)
class SelectedRows:
    """Some examples.

    Attributes:
        ids: Their ids, in the order of the rows.
        count: How many there are.
    """

    ids: Sequence[int]
    count: int


STATE_ACTIONS = {
    "example.approve": "approved",
    "example.changes": "changes_wanted",
    "example.reject": "rejected",
    "example.to_review": "to_review",
    "example.draft": "draft",
}

VERDICTS = frozenset({"approved", "changes_wanted", "rejected"})
WAITING: tuple[State, ...] = ("to_review", "draft")
"""The states of examples that nobody has judged yet."""
EMPTY_PROBLEMS = (
    *("content_empty", "content_blank", "content_null", "content_list_empty"),
    *("content_missing", "messages_empty"),
)
"""The problems of examples in which somebody says nothing."""

FIRST_LOOKED_AT = 64
"""Rows in which the next one that waits is sought first; then in four times as many."""
LOOKED_AT_MOST = 20_000
"""Rows: to look through more would take longer than a key may."""

MOST_NUMBERS = 10
"""So many of the examples that are asked about are named."""

PREPARE_AFTER_MS = 400
PROMPT_LOOKED_FOR_IN = 5
"""How many of the last examples are looked at for the system prompt of a new one."""


class RowActions(QObject):
    """Connects the actions on rows; everything it does is one step of undo.

    Attributes:
        theme: The look of what it asks.
        waiting: How many examples wait for a review, as far as is known.

    Signals:
        example_created: A new example that should be opened, to be written at once.
        examples_added: Examples that should be selected: pasted or duplicated.
        query_requested: Show the examples of this query.
        tag_menu_requested: Show the tags of the selection.
        system_prompt_requested: Ask for the system prompt that the selection shall have.
    """

    example_created = Signal(int)
    examples_added = Signal(list)
    query_requested = Signal(object)
    tag_menu_requested = Signal()
    system_prompt_requested = Signal()

    def __init__(
        self,
        *,
        context: PageContext,
        model: ExampleTableModel,
        table: ExampleTable,
        open_example: OpenExample,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self.theme = context.theme
        self._project = context.project
        self._actions = context.actions
        self._feedback = context.feedback
        self._background = context.background
        self._operations = context.operations
        self._settings = context.settings
        self._model = model
        self._table = table
        self._open = open_example
        self._new_facts: Facts | None = None
        self._connected: list[str] = []
        self._enabled: tuple[bool, bool] | None = None
        self.waiting: int | None = None
        self._connect()
        table.delete_requested.connect(self.delete)
        table.rows_dropped.connect(self.move_before)

    def close(self) -> None:
        """Let go of the actions."""
        self._actions.release(*self._connected)

    def enable(self, has_rows: bool) -> None:
        """Switch the actions off that need a row, or a project that can be written."""
        writable = not self._project.read_only
        if self._enabled == (has_rows, writable):
            return
        self._enabled = has_rows, writable
        for action_id in self._connected:
            needs_row = action_id != "example.new"
            needs_writing = not action_id.startswith("go.")
            self._actions[action_id].setEnabled(
                (has_rows or not needs_row) and (writable or not needs_writing)
            )

    def _connect(self) -> None:
        def bind(action_id: str, handler: Callable[[], object]) -> None:
            self._actions.bind(action_id, handler)
            self._connected.append(action_id)

        for action_id, state in STATE_ACTIONS.items():
            bind(action_id, partial(self.set_state, state, go_on=state in VERDICTS))
        bind("example.approve_next", self.approve_and_go_on)
        bind("example.new", self.new_example)
        bind("example.duplicate", self.duplicate)
        bind("example.delete", self.delete)
        bind("example.move_up", lambda: self.move_by(-1))
        bind("example.move_down", lambda: self.move_by(1))
        bind("example.tag", self.tag_menu_requested.emit)
        bind("example.system_prompt", self.system_prompt_requested.emit)
        bind("go.next", lambda: self._table.go_by(1))
        bind("go.previous", lambda: self._table.go_by(-1))

    def prepare(self) -> None:
        """Work out what a new example is like, so that the first need not wait for it."""
        self._new_facts = None
        self._background.run(
            _facts_of_new,
            self._project,
            on_result=self._on_facts,
            # This loads the vocabularies; the page shows before that.
            delay_ms=PREPARE_AFTER_MS,
        )

    def _on_facts(self, facts: Facts) -> None:
        self._new_facts = facts

    # Which rows

    def rows(self) -> SelectedRows:
        """The rows that an action is about: the selected ones, or else the open example."""
        ids = self._table.selected_ids()
        if not ids and self._open.example_id is not None:
            ids = array("q", [self._open.example_id])
        return SelectedRows(ids, len(ids))

    def all_rows(self) -> SelectedRows:
        """All rows of the filter, as they stand in the table."""
        return SelectedRows(self._model.ids[:], self._model.rowCount())

    def insert_after_id(self) -> int | None:
        """The example behind which new ones go; None for the end."""
        return self._open.example_id if self._in_order() else None

    # What is done

    def new_example(self) -> None:
        """Add an empty example behind the open one, and open it."""
        after = self.insert_after_id()
        prompt = self._prompt()
        text = conversation_edits.set_system_prompt(NEW_EXAMPLE_TEXT, prompt) if prompt else ""

        def add(project: Project, _progress: Progress) -> int:
            if text:
                return project.add_example(text, _facts_of_new(project, text), after)
            facts = self._new_facts or _facts_of_new(project)
            return project.add_example(NEW_EXAMPLE_TEXT, facts, after)

        self._operations.run(
            _("Adding an example"), add, examples=1, on_result=self.example_created.emit
        )

    def _prompt(self) -> str:
        """The system prompt that a new example begins with; empty for none.

        That of the open example; if it has none, of the last of the table that has one.
        """
        if not self._settings.keep_system_prompt:
            return ""
        opened = [] if self._open.example_id is None else [self._open.text]
        last = reversed(self._model.ids[-PROMPT_LOOKED_FOR_IN:])
        prompts = map(_system_prompt, chain(opened, map(self._project.text, last)))
        return next(filter(None, prompts), "")

    def duplicate(self) -> None:
        """Copy the rows; the copies stand behind them."""
        rows = self.rows()
        self._operations.run(
            ngettext("Copying {n} example", "Copying {n} examples", rows.count).format(
                n=f"{rows.count:,}"
            ),
            lambda project, progress: project.duplicate(rows.ids, progress),
            examples=rows.count,
            on_result=self.examples_added.emit,
        )

    def delete(self, rows: SelectedRows | None = None) -> None:
        """Delete rows; undo brings them back."""
        selected = rows or self.rows()
        if not selected.count or self._project.read_only:
            return
        self._operations.run(
            ngettext("Deleting {n} example", "Deleting {n} examples", selected.count).format(
                n=f"{selected.count:,}"
            ),
            lambda project, progress: project.delete(selected.ids, progress),
            examples=selected.count,
            message=lambda count: ngettext(
                "{n} example deleted", "{n} examples deleted", count
            ).format(n=f"{count:,}"),
        )

    def set_state(
        self, state: str, rows: SelectedRows | None = None, *, go_on: bool = False
    ) -> None:
        """Set the state of review of rows; what has empty texts is approved only if confirmed.

        Args:
            state: One of the states.
            rows: Which; those selected without.
            go_on: Go on to the next row that waits for a review.
        """
        selected = rows or self.rows()
        if not selected.count or self._project.read_only:
            return
        self._open.flush()
        if state != "approved":
            self._set_state(state, selected, go_on=go_on)
        elif selected.count <= AT_ONCE:
            self._approve(selected, _find_empty(self._project, selected.ids), go_on=go_on)
        else:
            self._background.run(
                _find_empty_in_thread,
                self._project,
                selected.ids,
                on_result=lambda empty: self._approve(selected, empty, go_on=go_on),
            )

    def _approve(self, selected: SelectedRows, empty: "EmptyExamples", *, go_on: bool) -> None:
        """Approve rows; if there are some with empty texts, only when the user says so."""

        def approve(rows: SelectedRows) -> None:
            self._set_state("approved", rows, go_on=go_on)

        if not empty.ids:
            approve(selected)
            return
        meaning = _("A model that learns from an empty message learns to say nothing.")
        if selected.count == 1:
            self._feedback.confirm(
                _("Approve an example with an empty message?"),
                meaning,
                _("Approve anyway"),
                lambda: approve(selected),
            )
            return
        count = len(empty.ids)
        which = ngettext(
            "{n} of them has an empty message: example {numbers}.",
            "{n} of them have empty messages: examples {numbers}.",
            count,
        ).format(n=f"{count:,}", numbers=", ".join(f"{number:,}" for number in empty.numbers))
        without = set(empty.ids)
        rest = [each for each in selected.ids if each not in without]
        others = SelectedRows(rest, len(rest))
        other = None
        if rest:
            text = ngettext("Approve the other", "Approve the other {n}", len(rest))
            other = (text.format(n=f"{len(rest):,}"), lambda: approve(others))
        self._feedback.confirm(
            _("Approve {n} examples?").format(n=f"{selected.count:,}"),
            f"{which} {meaning}",
            _("Approve all {n}").format(n=f"{selected.count:,}"),
            lambda: approve(selected),
            other=other,
        )

    def _set_state(self, state: str, selected: SelectedRows, *, go_on: bool) -> None:
        following = self._next_waiting(selected) if go_on else None
        label = STATES[state].label

        def message(changed: int) -> str | None:
            if selected.count == 1:
                return None
            if not changed:
                return _("They were “{state}” already.").format(state=label)
            return ngettext(
                "{n} example set to “{state}”", "{n} examples set to “{state}”", changed
            ).format(n=f"{changed:,}", state=label)

        self._operations.run(
            ngettext("Reviewing {n} example", "Reviewing {n} examples", selected.count).format(
                n=f"{selected.count:,}"
            ),
            lambda project, progress: project.set_state(selected.ids, state, progress),
            examples=selected.count,
            message=message,
        )
        if following is not None:
            self._table.go_to_example(following)

    def _next_waiting(self, done: SelectedRows) -> int | None:
        """The next row that waits for a review: below those that are done, else from the top.

        Where none waits, or none near enough to be found at once, it is the next row.
        """
        ids, count = self._model.ids, self._model.rowCount()
        last = self._model.row_of(done.ids[-1])
        if last < 0 or count == done.count:
            return None
        known = set(done.ids)
        states = self._model.query.states
        some_wait = self.waiting != 0 and (not states or not set(WAITING).isdisjoint(states))
        begin, size, left = last + 1, FIRST_LOOKED_AT, LOOKED_AT_MOST if some_wait else 0
        for stop in (count, last + 1):
            while begin < stop and left > 0:
                left -= size
                part = ids[begin : min(begin + size, stop)]
                waiting = set(self._project.ids(ExampleQuery(ids=tuple(part), states=WAITING)))
                found = next((one for one in part if one in waiting and one not in known), None)
                if found is not None:
                    return found
                begin, size = begin + size, size * 4
            begin, size = 0, FIRST_LOOKED_AT
        return self._model.id_at(last + 1)

    def approve_and_go_on(self) -> None:
        """Approve and go on to the next row that waits."""
        self.set_state("approved", go_on=True)

    def tag(self, tag: str, add: bool, rows: SelectedRows | None = None) -> None:
        """Put a tag on rows, or take it off."""
        selected = rows or self.rows()
        if not selected.count or self._project.read_only:
            return

        def change(project: Project, progress: Progress) -> int:
            act = project.add_tag if add else project.remove_tag
            return act(selected.ids, tag, progress)

        def message(count: int) -> str | None:
            if selected.count == 1:
                return None
            if not count:
                text = _("All of them have “{tag}”.") if add else _("None of them has “{tag}”.")
                return text.format(tag=tag)
            if add:
                text = ngettext("{n} example tagged “{tag}”", "{n} examples tagged “{tag}”", count)
            else:
                text = ngettext("“{tag}” off {n} example", "“{tag}” off {n} examples", count)
            return text.format(n=f"{count:,}", tag=tag)

        self._operations.run(
            ngettext("Tagging {n} example", "Tagging {n} examples", selected.count).format(
                n=f"{selected.count:,}"
            ),
            change,
            examples=selected.count,
            message=message,
        )

    def move_by(self, step: int) -> None:
        """Move the selected rows one place up or down."""
        ranges = self._table.selected_ranges()
        if not ranges or not self._may_move():
            return
        top, bottom = ranges[0][0], ranges[-1][1]
        if step < 0:
            if top == 0:
                return
            self.move_before(self._model.id_at(top - 1))
        elif bottom < self._model.rowCount() - 1:
            self.move_before(self._model.id_at(bottom + 2))

    def move_before(self, before_id: int | None) -> None:
        """Move the selected rows before another one; None for the end."""
        rows = self.rows()
        if not rows.count or not self._may_move():
            return
        moved = set(rows.ids) if rows.count <= 10_000 else set()
        row = self._model.row_of(before_id)
        while row >= 0 and before_id in moved:
            row += 1
            before_id = self._model.id_at(row)
        self._operations.run(
            ngettext("Moving {n} example", "Moving {n} examples", rows.count).format(
                n=f"{rows.count:,}"
            ),
            lambda project, progress: project.move(rows.ids, before_id, progress),
            examples=rows.count,
        )

    def _in_order(self) -> bool:
        query = self._model.query
        return query.sort == "number" and not query.descending and not query.duplicated

    def _may_move(self) -> bool:
        """Rows can be moved while they stand in the order they came in; else say how."""
        if self._project.read_only:
            return False
        if not self._in_order():
            self._feedback.toast(
                _("Rows can be moved while they stand in the order they came in."),
                _("Sort as it came"),
                self._sort_as_it_came,
            )
            return False
        return True

    def _sort_as_it_came(self) -> None:
        self.query_requested.emit(
            replace(self._model.query, sort=ExampleQuery().sort, descending=False, duplicated=False)
        )


def _system_prompt(text: str) -> str:
    """The system prompt of a record; empty without one, or if the record is not a conversation."""
    if not read_kind(text).kind.is_written_as_messages:
        return ""
    try:
        message = Conversation.from_text(text).system_message
    except JsonSyntaxError:  # such as what is nested too deep
        return ""
    return message.text if message is not None and message.text.strip() else ""


class EmptyExamples(NamedTuple):
    """Examples in which somebody says nothing.

    Attributes:
        ids: Their ids.
        numbers: The places of the first of them.
    """

    ids: list[int]
    numbers: list[int]


def _find_empty(project: Project, ids: Sequence[int]) -> EmptyExamples:
    """Those of the examples that have a message without text."""
    found = list(project.ids(ExampleQuery(ids=tuple(ids), problems=EMPTY_PROBLEMS)))
    numbers = map(project.number_of, found[:MOST_NUMBERS])
    return EmptyExamples(found, [number for number in numbers if number is not None])


def _find_empty_in_thread(project: Project, ids: Sequence[int]) -> EmptyExamples:
    with contextlib.closing(project.handle()) as handle:
        return _find_empty(handle, ids)


def _facts_of_new(project: Project, text: str = NEW_EXAMPLE_TEXT) -> Facts:
    """The facts of a new example; the vocabulary is loaded for that if it was not yet."""
    with contextlib.closing(project.handle()) as handle:
        return handle.checker().check(text.encode())
