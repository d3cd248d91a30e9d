"""Operations: the one way to do something to the open project from the window; Undo and Redo.

What was typed is written first. Then the work runs: in a thread, on a handle of its own, with
progress and Cancel in the status line; or at once, where few examples are concerned. An error is
shown. At the end a message says what was done. Its Undo takes back the change that the operation
made, or, where something came after that change, nothing, and says so. The message goes when its
change is undone in another way, and when the project closes.
"""

import contextlib
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from PySide6.QtCore import QObject, Signal

from tunedesk.errors import UserError
from tunedesk.gui.actions import Actions
from tunedesk.gui.background import Background, Task
from tunedesk.gui.feedback import Feedback
from tunedesk.gui.live_query import ProjectChangeSignal
from tunedesk.gui.widgets.toast import Toast
from tunedesk.i18n import _
from tunedesk.progress import Progress, Wait, no_progress
from tunedesk.project.project import Project
from tunedesk.project.project_change import ProjectChange
from tunedesk.project.undo import UndoOutcome

AT_ONCE = 200
"""A change of so many examples takes a few milliseconds, and is made without a thread."""

Result = TypeVar("Result")


@dataclass(frozen=True)
class OperationMessage:
    """A message at the end of an operation with a button of its own in place of Undo.

    Attributes:
        text: The sentence.
        action_text: What the button says.
        on_action: Called when it is pressed.
    """

    text: str
    action_text: str
    on_action: Callable[[], object]


@dataclass
class Operation(Generic[Result]):
    """One operation, under way or ended.

    Attributes:
        title: What is being done, as the status line says it.
        running: Whether it has not ended.
        change_id: The change that it made and that can be undone; None for none.
        results: What the work returned, once it has; empty after an error or a Cancel.
        task: Its thread; None where it is done at once.
    """

    title: str
    running: bool = True
    change_id: int | None = None
    results: list[Result] = field(default_factory=list)
    task: Task | None = None

    @property
    def cancelled(self) -> bool:
        """Whether somebody asked it to stop."""
        return self.task is not None and self.task.cancelled

    def cancel(self) -> None:
        """Ask it to stop at its next report of progress."""
        if self.task is not None:
            self.task.cancel()


class Operations(QObject):
    """Runs operations on one project, as many at a time as are asked for."""

    def __init__(
        self,
        *,
        project: Project,
        background: Background,
        feedback: Feedback,
        parent: QObject | None = None,
    ) -> None:
        """Make the operations of a project.

        Args:
            project: What they change.
            background: Where they run.
            feedback: Where progress, errors and messages show.
            parent: Its owner.
        """
        super().__init__(parent)
        self._project = project
        self._background = background
        self._feedback = feedback
        self._flushes: list[Callable[[], None]] = []
        self._running: list[Operation[Any]] = []
        self._closed = False
        self._told: list[tuple[int, Toast]] = []
        self._change_signal = ProjectChangeSignal(project, self)
        self._change_signal.changed.connect(self._on_project_change)

    @property
    def closed(self) -> bool:
        """Whether the project closes: what is cancelled now was not cancelled by the user."""
        return self._closed

    def flush_before(self, flush: Callable[[], None]) -> None:
        """Call this before each operation: it writes down what was typed a moment ago."""
        self._flushes.append(flush)

    @property
    def running(self) -> list[Operation[Any]]:
        """The operations under way in threads, the oldest first."""
        return list(self._running)

    def run(
        self,
        title: str,
        work: Callable[..., Result],
        *,
        waits: bool = False,
        examples: int | None = None,
        message: Callable[[Result], str | OperationMessage | None] | None = None,
        on_result: Callable[[Result], object] | None = None,
        on_finished: Callable[[], object] | None = None,
        note: Callable[[int, float], str] | None = None,
    ) -> Operation[Result]:
        """Do something to the project.

        Work that ends before it sees Cancel is reported like any other.

        Args:
            title: What is being done, for the status line.
            work: Does it, given a handle of the project (the open project itself if it is done at
                once) and a way to report progress, which raises `Cancelled` after Cancel.
            waits: Whether it waits for servers: it is given a way to wait as well, which raises the
                same, and is left to end by itself when the project closes.
            examples: How many examples it concerns; a few are done at once. None: in a thread.
            message: What to say of the result; None for nothing.
            on_result: Called with the result, before the message shows.
            on_finished: Called last, whatever the outcome, unless the project has been closed.
            note: A few words beside the progress, given what is done and the seconds so far.
        """
        operation: Operation[Result] = Operation(title)
        if self._closed:
            operation.running = False
            return operation
        self._flush()

        def end() -> None:
            self._end(operation, message, on_result, on_finished)

        if examples is not None and examples <= AT_ONCE:
            self._run_at_once(operation, work)
            end()
        else:
            self._run_in_thread(operation, work, note, end, waits=waits)
        return operation

    def undo(self, change_id: int) -> None:
        """Take one change back; if something came after it, do nothing and say so."""
        if self._closed:
            return
        self._flush()
        self._background.run(_undo, self._project, change_id, on_result=self._show_undo_outcome)

    def tell_of_change(
        self,
        sentence: str,
        change_id: int,
        button: tuple[str, Callable[[], object]] | None = None,
        *,
        lasting: bool = False,
    ) -> None:
        """Say what a change did; the message goes when the change is undone.

        Args:
            sentence: What was done.
            change_id: The change.
            button: What the message offers and what that does; None for Undo.
            lasting: Whether the message stays until it is closed.
        """
        text, on_action = button or (_("Undo"), lambda: self.undo(change_id))
        toast = self._feedback.toast(sentence, text, on_action, lasting=lasting)
        self._go_with(change_id, toast)

    def _go_with(self, change_id: int, toast: Toast) -> None:
        """Close a message as soon as this change is undone."""
        entry = (change_id, toast)
        self._told.append(entry)
        toast.closed.connect(lambda: self._told.remove(entry) if entry in self._told else None)

    def _on_project_change(self, change: ProjectChange) -> None:
        for toast in [t for change_id, t in self._told if change_id == change.undone]:
            toast.close_now()

    def _flush(self) -> None:
        for flush in self._flushes:
            flush()

    def close(self) -> None:
        """The project closes: stop what runs; messages about what was done in it go."""
        self._closed = True
        self._change_signal.close()
        for _change_id, toast in list(self._told):
            toast.close_now()
        for operation in self._running:
            operation.cancel()

    def _run_at_once(self, operation: Operation[Result], work: Callable[..., Result]) -> None:
        before = self._project.last_change_id()
        failure: UserError | None = None
        try:
            operation.results.append(work(self._project, no_progress))
        except UserError as error:
            failure = error
        after = self._project.last_change_id()
        operation.change_id = after if after != before else None
        if failure is not None:
            self._show_error(operation, failure)

    def _run_in_thread(
        self,
        operation: Operation[Result],
        work: Callable[..., Result],
        note: Callable[[int, float], str] | None,
        end: Callable[[], None],
        *,
        waits: bool,
    ) -> None:
        shown = self._feedback.progress(operation.title, operation.cancel)
        began = time.monotonic()

        def perform(progress: Progress, wait: Wait) -> None:
            more = (wait,) if waits else ()
            with contextlib.closing(self._project.handle()) as handle:
                try:
                    operation.results.append(work(handle, progress, *more))
                finally:
                    operation.change_id = handle.last_change_id()

        def report(done: int, total: int | None) -> None:
            shown.report(done, total)
            if note is not None:
                shown.set_note(note(done, time.monotonic() - began))

        def finished() -> None:
            shown.close()
            self._running.remove(operation)
            end()

        self._running.append(operation)
        operation.task = self._background.run(
            perform,
            on_error=lambda error: self._show_error(operation, error),
            on_progress=report,
            on_finished=finished,
            lets_go=waits,
        )

    def _end(
        self,
        operation: Operation[Result],
        message: Callable[[Result], str | OperationMessage | None] | None,
        on_result: Callable[[Result], object] | None,
        on_finished: Callable[[], object] | None,
    ) -> None:
        operation.running = False
        try:
            if self._closed:
                return
            for result in operation.results:
                if on_result is not None:
                    on_result(result)
                self._show_message(operation, message(result) if message is not None else None)
        finally:
            if on_finished is not None and not self._closed:
                on_finished()

    def _show_message(
        self, operation: Operation[Any], message: str | OperationMessage | None
    ) -> None:
        if message is None:
            return
        own = message if isinstance(message, OperationMessage) else None
        text = message.text if isinstance(message, OperationMessage) else message
        button = (own.action_text, own.on_action) if own is not None else None
        if operation.change_id is not None:
            self.tell_of_change(text, operation.change_id, button)
        else:
            self._feedback.toast(text, *(button or ()))

    def _show_error(self, operation: Operation[Any], error: UserError) -> None:
        """Show an error; what had been done by then is kept only if it can be undone."""
        if operation.change_id is None:
            self._background.user_error.emit(error)
        else:
            change_id = operation.change_id
            toast = self._feedback.error(error, _("Undo"), lambda: self.undo(change_id))
            self._go_with(change_id, toast)

    def _show_undo_outcome(self, outcome: UndoOutcome) -> None:
        if outcome is UndoOutcome.LATER_CHANGES:
            self._feedback.toast(_("Something else was done since; undo that first."))
        elif outcome is UndoOutcome.ALREADY_UNDONE:
            self._feedback.toast(_("This has been undone already."))


def _undo(project: Project, change_id: int) -> UndoOutcome:
    with contextlib.closing(project.handle()) as handle:
        return handle.undo_change(change_id)


class UndoActions(QObject):
    """Takes steps of the project back and forth, one after the other.

    A bulk step may take seconds, so it runs in a thread on a handle of its own; keys pressed
    meanwhile are counted and follow.

    Signals:
        turned: What the last of the steps changed, as a `ProjectChange`; after the views were told.
    """

    turned = Signal(object)

    def __init__(
        self,
        project: Project,
        background: Background,
        actions: Actions,
        feedback: Feedback,
        flush: Callable[[], None],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._project = project
        self._background = background
        self._actions = actions
        self._feedback = feedback
        self._flush = flush
        self._waiting: list[str] = []
        self._running = False
        self._closed = False
        self._change: ProjectChange | None = None
        self._feed = ProjectChangeSignal(project, self)
        self._feed.changed.connect(self._project_changed)
        actions.bind("edit.undo", self.undo)
        actions.bind("edit.redo", self.redo)
        self.refresh()

    def undo(self) -> None:
        """Take the last step back."""
        self._ask("undo")

    def redo(self) -> None:
        """Do the step again that was taken back last."""
        self._ask("redo")

    def refresh(self) -> None:
        """Show in the menu what would be undone and redone."""
        steps = (
            ("edit.undo", _("Undo"), self._project.undo_sentence()),
            ("edit.redo", _("Redo"), self._project.redo_sentence()),
        )
        for action_id, verb, sentence in steps:
            writable = not self._project.read_only
            self._actions[action_id].setEnabled(sentence is not None and writable)
            self._actions.rename(action_id, verb if sentence is None else sentence)

    def close(self) -> None:
        """The project closes."""
        self._closed = True
        self._waiting.clear()
        self._feed.close()
        for action_id, verb in (("edit.undo", _("Undo")), ("edit.redo", _("Redo"))):
            self._actions.rename(action_id, verb)
        self._actions.release("edit.undo", "edit.redo")

    def _project_changed(self, _change: ProjectChange) -> None:
        if not self._running and not self._closed:
            self.refresh()

    def _ask(self, direction: str) -> None:
        self._waiting.append(direction)
        if not self._running:
            self._next()

    def _next(self) -> None:
        self._flush()
        direction = self._waiting.pop(0)
        self._running = True
        self._change = None
        self._background.run(
            _turn, self._project, direction, on_result=self._keep, on_finished=self._ended
        )

    def _keep(self, change: ProjectChange | None) -> None:
        self._change = change

    def _ended(self) -> None:
        self._running = False
        if self._closed:
            return
        if self._waiting:
            self._next()
            return
        self.refresh()
        if self._change is not None:
            self.turned.emit(self._change)


def _turn(project: Project, direction: str) -> ProjectChange | None:
    """One step on a handle of its own, as each thread needs one."""
    with contextlib.closing(project.handle()) as handle:
        return handle.undo() if direction == "undo" else handle.redo()
