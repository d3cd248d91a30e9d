"""The only threads of the window: work runs in them, its results arrive in the GUI thread.

A function that has a parameter `progress` is given one; through it the user's Cancel reaches the
work. One that has a parameter `wait` is given a way to wait that Cancel ends. Work that holds
Python's lock belongs into the worker processes of `Background.pool`.
"""

import inspect
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from types import FunctionType, MethodType
from typing import Any

import shiboken6
from PySide6.QtCore import QObject, Qt, QTimer, Signal, Slot

from tunedesk.errors import Cancelled, UserError
from tunedesk.workers import WorkerPool

THREADS = 6
PROGRESS_EVERY = 0.05
LET_GO_SECONDS = 2.0
"""So long is waited at most for work that waits for a server, when its project closes."""


class Task:
    """One piece of work under way."""

    def __init__(self, name: str, *, lets_go: bool = False) -> None:
        self.name = name
        self.lets_go = lets_go
        self._cancelled = threading.Event()
        self._done = False

    def cancel(self) -> None:
        """Stop the work at its next report of progress; its result will not be delivered."""
        self._cancelled.set()

    def wait(self, seconds: float) -> None:
        """Wait so long in the thread of the work.

        Raises:
            Cancelled: As soon as somebody stops it.
        """
        if self._cancelled.wait(seconds):
            raise Cancelled

    @property
    def cancelled(self) -> bool:
        """Whether somebody stopped it."""
        return self._cancelled.is_set()

    @property
    def done(self) -> bool:
        """Whether it has ended and its answer has been delivered or dropped."""
        return self._done


class Background(QObject):
    """Runs functions outside the GUI thread and brings back what they return.

    Signals:
        user_error: A `UserError` that the caller of `run` left to the window.
        crashed: A bug in the work, as the exception.
        busy_changed: The number of tasks under way.
    """

    user_error = Signal(object)
    crashed = Signal(object)
    busy_changed = Signal(int)
    _delivered = Signal(int, object, object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._executor: ThreadPoolExecutor | None = None
        self._pool: WorkerPool | None = None
        self._tasks: dict[Task, Future[None] | None] = {}
        self._generation = 0
        self._left: list[Future[None]] = []
        self._closed = False
        self._delivered.connect(self._call, Qt.ConnectionType.QueuedConnection)

    def run(
        self,
        function: Callable[..., Any],
        *args: Any,
        on_result: Callable[[Any], Any] | None = None,
        on_error: Callable[[UserError], Any] | None = None,
        on_progress: Callable[[int, int | None], Any] | None = None,
        on_finished: Callable[[], Any] | None = None,
        delay_ms: int = 0,
        lets_go: bool = False,
    ) -> Task:
        """Run the function in a thread; every callback is called in the GUI thread.

        Args:
            function: What to run. If it has a parameter `progress` that `args` leave open, it is
                given a callback that reports and raises `Cancelled` once the task is cancelled;
                for a parameter `wait`, a function that waits some seconds and raises the same.
            *args: Its arguments.
            on_result: Called with what it returned, unless the task was cancelled.
            on_error: Called with its `UserError`; without it the window shows the error. Bugs go
                to the crash report in any case.
            on_progress: Called with done and total, at most 20 times a second and at the end.
            on_finished: Called last, whatever the outcome.
            delay_ms: Begin so much later; for work that loads much (vocabularies, say) and would
                take Python's lock from the first frames of a page.
            lets_go: It waits for servers, one of which may hang: when the project closes it is
                left to end by itself. It must have a handle of the project to itself, and close it.
        """
        task = Task(getattr(function, "__qualname__", repr(function)), lets_go=lets_go)
        if self._closed:
            task.cancel()
            return task
        offered = {"progress": self._progress_of(task, on_progress), "wait": task.wait}
        wanted = _left_open(function, args)
        keywords = {name: given for name, given in offered.items() if name in wanted}
        if self._executor is None:
            self._executor = ThreadPoolExecutor(THREADS, thread_name_prefix="tunedesk")
        self._tasks[task] = None
        self.busy_changed.emit(len(self._tasks))

        generation = self._generation

        def work() -> None:
            try:
                if task.cancelled:
                    raise Cancelled
                result = function(*args, **keywords)
            except BaseException as failure:
                outcome: tuple[Any, BaseException | None] = (None, failure)
            else:
                outcome = (result, None)
            answer = (task, outcome, on_result, on_error, on_finished)
            self._delivered.emit(generation, self._end, answer)

        if delay_ms:
            QTimer.singleShot(delay_ms, self, lambda: self._submit(generation, task, work))
        else:
            self._submit(generation, task, work)
        return task

    def _submit(self, generation: int, task: Task, work: Callable[[], None]) -> None:
        if generation == self._generation and self._executor is not None:
            self._tasks[task] = self._executor.submit(work)

    def in_gui(self, callback: Callable[..., Any]) -> Callable[..., None]:
        """A function that work may call from its thread; the callback runs in the GUI thread."""
        generation = self._generation

        def deliver(*args: Any) -> None:
            self._delivered.emit(generation, callback, args)

        return deliver

    @property
    def pool(self) -> WorkerPool:
        """The worker processes for bulk work; they start with the first job."""
        if self._pool is None:
            self._pool = WorkerPool()
        return self._pool

    @property
    def busy(self) -> int:
        """How many tasks are under way."""
        return len(self._tasks)

    def finish(self) -> None:
        """Cancel what runs, wait until it has ended, and drop every answer: a project closes.

        Worker processes that are in the midst of a job are ended, so that nobody waits for them.
        """
        self._generation += 1
        for task in self._tasks:
            task.cancel()
        if self._tasks and self._pool is not None:
            self._pool.kill()
        futures = [(task, future) for task, future in self._tasks.items() if future is not None]
        wait([future for task, future in futures if not task.lets_go])
        wait([future for task, future in futures if task.lets_go], LET_GO_SECONDS)
        self._left += [future for _task, future in futures]
        self._left = [future for future in self._left if not future.done()]
        self._tasks.clear()
        self.busy_changed.emit(0)

    def close(self) -> None:
        """End the threads and the worker processes; nothing runs afterwards."""
        self._closed = True
        self.finish()
        if self._executor is not None:
            hanging = any(not future.done() for future in self._left)
            self._executor.shutdown(wait=not hanging, cancel_futures=True)
            self._executor = None
        if self._pool is not None:
            self._pool.close()
            self._pool = None

    def _progress_of(
        self, task: Task, on_progress: Callable[[int, int | None], Any] | None
    ) -> Callable[[int, int | None], None]:
        last = 0.0
        generation = self._generation

        def progress(done: int, total: int | None) -> None:
            nonlocal last
            if task.cancelled:
                raise Cancelled
            if on_progress is None:
                return
            now = time.monotonic()
            if now - last >= PROGRESS_EVERY or done == total:
                last = now
                arguments = (task, on_progress, done, total)
                self._delivered.emit(generation, self._report, arguments)

        return progress

    @Slot(int, object, object)
    def _call(self, generation: int, callback: Callable[..., Any], args: tuple[Any, ...]) -> None:
        if generation == self._generation and _alive(callback):
            callback(*args)

    def _report(
        self,
        task: Task,
        on_progress: Callable[[int, int | None], Any],
        done: int,
        total: int | None,
    ) -> None:
        if not task.cancelled and _alive(on_progress):
            on_progress(done, total)

    def _end(
        self,
        task: Task,
        outcome: tuple[Any, BaseException | None],
        on_result: Callable[[Any], Any] | None,
        on_error: Callable[[UserError], Any] | None,
        on_finished: Callable[[], Any] | None,
    ) -> None:
        task._done = True  # noqa: SLF001  the task is ours
        self._tasks.pop(task, None)
        self.busy_changed.emit(len(self._tasks))
        result, failure = outcome
        try:
            if isinstance(failure, UserError):
                if on_error is None:
                    self.user_error.emit(failure)
                elif _alive(on_error):
                    on_error(failure)
            elif failure is not None and not isinstance(failure, Cancelled):
                self.crashed.emit(failure)
            elif (
                failure is None
                and not task.cancelled
                and on_result is not None
                and _alive(on_result)
            ):
                on_result(result)
        finally:
            if on_finished is not None and _alive(on_finished):
                on_finished()


def _left_open(function: Callable[..., Any], args: tuple[Any, ...]) -> set[str]:
    """The parameters of a function that the arguments do not fill."""
    if isinstance(function, FunctionType | MethodType) and not hasattr(function, "__wrapped__"):
        # A signature takes a quarter of a millisecond, which each row that is opened would pay.
        code = function.__code__
        filled = min(len(args) + isinstance(function, MethodType), code.co_argcount)
        return set(code.co_varnames[filled : code.co_argcount + code.co_kwonlyargcount])
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):
        return set()
    return set(signature.parameters) - set(signature.bind_partial(*args).arguments)


def _alive(callback: Callable[..., Any]) -> bool:
    """Whether the widget that a bound method belongs to still exists."""
    owner = getattr(callback, "__self__", None)
    return not isinstance(owner, QObject) or shiboken6.isValid(owner)
