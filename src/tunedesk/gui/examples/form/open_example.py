"""The example that is open: the one place that holds its text while it is written.

Every edit in the form, in the tools, in the raw JSON and every fix goes through `apply`. The text
changes at once; the checks follow in the background, the latest text first; the project file has it
a moment later.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

from PySide6.QtCore import QObject, QTimer, Signal

from tunedesk.checks.checker import Checker
from tunedesk.checks.facts import Facts, unchecked
from tunedesk.checks.problem import Problem, severity
from tunedesk.errors import UserError
from tunedesk.examples.conversation import Conversation
from tunedesk.examples.json_text import Path
from tunedesk.examples.kinds.kind import Kind, preview_line
from tunedesk.examples.kinds.registry import read_kind
from tunedesk.gui.background import Background
from tunedesk.gui.examples.form.problem_marks import EMPTY_CODES
from tunedesk.gui.examples.form.text_mapping import diff_position
from tunedesk.gui.live_query import ProjectChangeSignal
from tunedesk.project.change_names import ChangeName
from tunedesk.project.project import Project
from tunedesk.project.project_change import ProjectChange
from tunedesk.project.statistics import Totals

LOAD_AFTER_MS = 250


class CheckedText(NamedTuple):
    """What the checks say of one revision of the text.

    Attributes:
        revision: Which one.
        text: The text that was checked.
        facts: Its facts and problems.
        message_tokens: The tokens of each message.
    """

    revision: int
    text: str
    facts: Facts
    message_tokens: list[int]


class LiveCheck(QObject):
    """Runs one check at a time; of the texts that came meanwhile only the latest is checked.

    Signals:
        checked: A `CheckedText`; the receiver compares its revision with its own.
    """

    checked = Signal(object)

    def __init__(
        self,
        make_checker: Callable[[], Checker],
        background: Background,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._make_checker = make_checker
        self._background = background
        self._checker: Checker | None = None
        # A checker keeps what it counted; two threads must not fill its memory at once.
        self._one_at_a_time = threading.Lock()
        self._running = False
        self._waiting: tuple[int, str] | None = None

    def request(self, revision: int, text: str) -> None:
        """Check a text; `checked` tells the outcome."""
        if self._running:
            self._waiting = (revision, text)
            return
        self._running = True
        self._background.run(
            self._check,
            revision,
            text,
            on_result=self.checked.emit,
            on_finished=self._start_waiting,
            # The first check loads the vocabularies; the page shows before that.
            delay_ms=0 if self._checker is not None else LOAD_AFTER_MS,
        )

    def check_now(self, revision: int, text: str) -> CheckedText:
        """Check a text here and now, for a write that cannot wait.

        A bug in the checks must not keep typing from the disk: such a text is written without
        facts. The check in the background, asked for at each change, reports the bug.
        """
        try:
            return self._check(revision, text)
        except Exception:
            return CheckedText(revision, text, unchecked(preview_line(text[:2000])), [])

    def forget_checker(self) -> None:
        """Make a new checker before the next check: the target or the encoding changed."""
        with self._one_at_a_time:
            self._checker = None

    def _check(self, revision: int, text: str) -> CheckedText:
        with self._one_at_a_time:
            if self._checker is None:
                self._checker = self._make_checker()
            record = text.encode("utf-8", "surrogatepass")
            facts = self._checker.check(record)
            return CheckedText(revision, text, facts, self._checker.message_tokens(record))

    def _start_waiting(self) -> None:
        self._running = False
        waiting, self._waiting = self._waiting, None
        if waiting is not None:
            self.request(*waiting)


WRITE_AFTER_MS = 300
RETRY_AFTER_MS = 2_000
LATEST_WRITE_S = 0.8
"""Typing that is older than this is written even if its checks are not done."""


class _Edit(NamedTuple):
    """An edit that is not in the project file yet."""

    name: ChangeName
    merge_key: str | None
    since: float
    first_revision: int


class OpenExample(QObject):
    """Holds the text of one example, checks it as it changes and keeps the project in step.

    Attributes:
        example_id: The example; None when none is open.
        text: Its text as it is now, every keystroke in.
        facts: Its facts; those of an earlier text until the checks have caught up.
        message_tokens: The tokens of each message, as late as the facts.
        target: Where the data will be trained; it decides how bad a problem is.

    Signals:
        loaded: Another example is open, or none.
        text_changed: The text is another one, by an edit or by somebody else's.
        facts_changed: The checks of the present text are done.
        go_to_requested: Somebody wants to see the value at a path.
        position_changed: Undo or somebody else changed the text: the path of the value and the
            position inside it.
        approval_lapsed: An approved example has another text now, as its number.
        write_failed: The project could not be written, as a `UserError`; it is tried again.
        saving_changed: Whether what was typed is on the disk: a word of `unsaved`.
        closed: The project closes.
    """

    loaded = Signal()
    text_changed = Signal()
    facts_changed = Signal()
    go_to_requested = Signal(tuple)
    position_changed = Signal(tuple, int)
    approval_lapsed = Signal(int)
    write_failed = Signal(object)
    saving_changed = Signal(str)
    closed = Signal()

    def __init__(
        self, project: Project, background: Background, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._project = project
        self.example_id: int | None = None
        self.text = ""
        self.facts: Facts | None = None
        self.message_tokens: list[int] = []
        self._revision = 0
        self._checked_revision = -1
        self._conversation: Conversation | None = None
        self._kind: Kind | None = None
        self._edit: _Edit | None = None
        self._last_checked: CheckedText | None = None
        self._not_left: set[Path] = set()
        self._new_messages = 0
        self._writing = False
        self._failure: UserError | None = None
        self._checks = LiveCheck(self._make_checker, background, self)
        self._checks.checked.connect(self._on_checked)
        self._write_timer = QTimer(self)
        self._write_timer.setSingleShot(True)
        self._write_timer.timeout.connect(self._write_in_time)
        self._feed = ProjectChangeSignal(project, self)
        self._feed.changed.connect(self._project_changed)
        self._read_settings()

    @property
    def read_only(self) -> bool:
        """Whether nothing can be changed: none is open, or somebody else has the project."""
        return self.example_id is None or self._project.read_only

    @property
    def conversation(self) -> Conversation:
        """The text, understood; worked out once for each text."""
        if self._conversation is None:
            self._conversation = Conversation.from_text(self.text)
        return self._conversation

    @property
    def kind(self) -> Kind:
        """What kind of example the text is; worked out once for each text."""
        if self._kind is None:
            self._kind = read_kind(self.text).kind
        return self._kind

    @property
    def unsaved(self) -> str:
        """Of what was typed: "" it is on the disk, "waiting" not yet, "failed" it cannot be."""
        if self._edit is None:
            return ""
        return "waiting" if self._failure is None else "failed"

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What the checks say; a new example's empty messages are not spoken of until left."""
        problems = self.facts.problems if self.facts is not None else ()
        if not self._not_left or len(self.conversation.messages) != self._new_messages:
            return problems
        return tuple(
            problem
            for problem in problems
            if not (problem.code in EMPTY_CODES and problem.path[1:2] in self._not_left)
        )

    @property
    def is_being_begun(self) -> bool:
        """Whether problems of a new example are not spoken of yet."""
        return self.facts is not None and len(self.problems) < len(self.facts.problems)

    def spoken_totals(self, totals: Totals) -> Totals:
        """The totals of all examples without the problems that are not spoken of yet."""
        if self.facts is None or not self.is_being_begun:
            return totals
        stored, spoken = (
            {severity(problem.code, self.target) for problem in problems} - {"hint"}
            for problems in (self.facts.problems, self.problems)
        )
        return replace(
            totals,
            with_errors=totals.with_errors - ("error" in stored - spoken),
            with_warnings=totals.with_warnings - ("warning" in stored - spoken),
            with_problems=totals.with_problems - (bool(stored) and not spoken),
        )

    def spoken_counts(self, counts: dict[str, int]) -> dict[str, int]:
        """In how many examples each rule is broken, without what is not spoken of yet."""
        if self.facts is None or not self.is_being_begun:
            return counts
        unspoken = {each.code for each in self.facts.problems} - {
            each.code for each in self.problems
        }
        left = {code: count - (code in unspoken) for code, count in counts.items()}
        return {code: count for code, count in left.items() if count > 0}

    def begin_new(self) -> None:
        """Say that the open example has just been added and is to be written."""
        self._new_messages = len(self.conversation.messages)
        self._not_left = {(index,) for index in range(self._new_messages)}
        self.facts_changed.emit()

    def leave_message(self, index: int) -> None:
        """Say that somebody has been in a message and left it, written in or not."""
        if (index,) in self._not_left:
            self._not_left.remove((index,))
            self.facts_changed.emit()

    @property
    def checks_are_current(self) -> bool:
        """Whether the facts are those of the present text."""
        return self._checked_revision == self._revision

    def open(self, example_id: int | None) -> None:
        """Show another example; what was typed in the last one is written first.

        Raises:
            UserError: What was typed cannot be written: it stays open, so that nothing is lost.
        """
        if example_id == self.example_id:
            return
        self.flush()
        if self._edit is not None and self._failure is not None:
            raise self._failure
        self.example_id = example_id
        self._not_left.clear()
        self._replace_text(self._project.text(example_id) if example_id is not None else "")
        self.facts = self._project.facts(example_id) if example_id is not None else None
        self.message_tokens = []
        self.loaded.emit()
        if example_id is not None:
            self._checks.request(self._revision, self.text)

    def apply(self, new_text: str, name: ChangeName, merge_key: str | None = None) -> None:
        """Change the text.

        Args:
            new_text: The whole text of the example.
            name: What the edit is called in the history and in the menu.
            merge_key: Edits that follow each other under the same key are one step of undo;
                without a key the edit is a step of its own.
        """
        if new_text == self.text or self.read_only:
            return
        if self._edit is not None and (merge_key is None or merge_key != self._edit.merge_key):
            self.flush()
        self._replace_text(new_text)
        if self._edit is None:
            self._edit = _Edit(name, merge_key, time.monotonic(), self._revision)
            self.saving_changed.emit(self.unsaved)
        if not self._write_timer.isActive():
            self._write_timer.start(WRITE_AFTER_MS)
        self.text_changed.emit()
        self._checks.request(self._revision, self.text)

    def flush(self) -> None:
        """Write what is not written yet, here and now; for leaving, closing, undo, bulk work."""
        if self._edit is None:
            return
        checked = self._last_checked
        if checked is None or checked.revision != self._revision:
            checked = self._checks.check_now(self._revision, self.text)
        if self._write(checked):
            self._on_checked(checked)

    def go_to(self, path: Path) -> None:
        """Ask whoever shows the example to show the value at the path and put the cursor there."""
        self.go_to_requested.emit(path)

    def close(self) -> None:
        """Write what is left and let go of the project."""
        self.flush()
        self._write_timer.stop()
        self._feed.close()
        self.example_id = None
        self.closed.emit()

    def _replace_text(self, text: str) -> None:
        self.text = text
        self._conversation = None
        self._kind = None
        self._revision += 1

    def _read_settings(self) -> None:
        self._check_settings = self._project.context.check_settings
        self.target = self._check_settings.target

    def _make_checker(self) -> Checker:
        # Called in a thread: the project itself belongs to the window's.
        return Checker(*self._check_settings)

    def _on_checked(self, checked: CheckedText) -> None:
        """Keep what the checks say if it is about the present text."""
        if self._edit is not None and checked.revision >= self._edit.first_revision:
            self._last_checked = checked
        if checked.revision != self._revision or self.checks_are_current:
            return
        self._checked_revision = checked.revision
        self.facts = checked.facts
        self.message_tokens = checked.message_tokens
        self.facts_changed.emit()

    def _write_in_time(self) -> None:
        """Write the latest text that is checked; text that waited too long is checked now."""
        if self._edit is None:
            return
        checked = self._last_checked
        too_old = time.monotonic() - self._edit.since > LATEST_WRITE_S
        if checked is not None and (checked.revision == self._revision or not too_old):
            self._write(checked)
        elif too_old:
            self.flush()
        if self._edit is not None and not self._write_timer.isActive():
            self._write_timer.start(WRITE_AFTER_MS)

    def _write(self, checked: CheckedText) -> bool:
        """Put a checked text into the project; false if it could not be written."""
        edit, example_id = self._edit, self.example_id
        if edit is None or example_id is None:
            return True
        self._writing = True
        try:
            rows = self._project.rows([example_id])
            was_approved = bool(rows) and rows[0].state == "approved"
            self._project.set_text(
                example_id, checked.text, checked.facts, edit.name, edit.merge_key
            )
        except UserError as failure:
            self._write_timer.start(RETRY_AFTER_MS)
            told, self._failure = self._failure is not None, failure
            if not told:
                self.write_failed.emit(failure)
                self.saving_changed.emit(self.unsaved)
            return False
        finally:
            self._writing = False
        self._failure = None
        self._last_checked = None
        if was_approved:
            self.approval_lapsed.emit(rows[0].number)
        if checked.revision == self._revision:
            self._edit = None
            self._write_timer.stop()
        else:
            self._edit = edit._replace(since=time.monotonic(), first_revision=checked.revision + 1)
        self.saving_changed.emit(self.unsaved)
        return True

    def _project_changed(self, change: ProjectChange) -> None:
        """Follow what undo, a fix of many or another view did to this example."""
        if self._writing or self.example_id is None:
            return
        if "settings" in change.kinds:
            self._read_settings()
            self._checks.forget_checker()
            self._checks.request(self._revision, self.text)
        if change.ids is not None and self.example_id not in change.ids:
            return
        # What was typed meanwhile is never thrown away: it is written over the other change,
        # which the history keeps.
        if "text" in change.kinds and self._edit is None:
            self._reload()
        elif "facts" in change.kinds and self._edit is None:
            self._checks.request(self._revision, self.text)

    def _reload(self) -> None:
        assert self.example_id is not None
        text = self._project.text(self.example_id)
        if text == self.text:
            return
        position = diff_position(self.text, text)
        self._replace_text(text)
        self.facts = self._project.facts(self.example_id)
        self.text_changed.emit()
        if position is not None:
            self.position_changed.emit(*position)
        self._checks.request(self._revision, self.text)
