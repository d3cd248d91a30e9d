"""The pool of worker processes for bulk work that would hold Python's lock.

Work is a module-level function and a job that can be pickled. Processes are spawned, on every
system alike, so a worker imports only what its function needs and never the window.
"""

import multiprocessing
import os
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import CancelledError, Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from types import TracebackType
from typing import TypeVar
from weakref import WeakSet

from tunedesk.errors import Cancelled

POLITENESS = 10
"""How far the workers stand back (in steps of `nice`) behind the window that people look at."""

Job = TypeVar("Job")
Result = TypeVar("Result")


class WorkerPool:
    """Spawned processes that start at the first job and end with `close`."""

    def __init__(self, processes: int | None = None) -> None:
        self.processes = processes or max(1, min(8, os.cpu_count() or 1))
        self._executor: ProcessPoolExecutor | None = None
        self._killed: WeakSet[ProcessPoolExecutor] = WeakSet()

    def _started(self) -> ProcessPoolExecutor:
        if self._executor is None:
            self._executor = ProcessPoolExecutor(
                self.processes,
                mp_context=multiprocessing.get_context("spawn"),
                initializer=_begin,
            )
        return self._executor

    def map_ordered(
        self, function: Callable[[Job], Result], jobs: Iterable[Job], ahead: int | None = None
    ) -> Generator[Result, None, None]:
        """Yield the results in the order of the jobs, reading jobs only a little ahead.

        Args:
            function: A function of a module, called in a worker with one job.
            jobs: Read lazily: at most `ahead` jobs are under way or waiting to be taken.
            ahead: Three times the number of processes unless told.

        Raises:
            Cancelled: Somebody called `kill`.
        """
        executor = self._started()
        limit = ahead or 3 * self.processes
        pending: deque[Future[Result]] = deque()
        try:
            for job in jobs:
                pending.append(executor.submit(function, job))
                if len(pending) >= limit:
                    yield pending.popleft().result()
            while pending:
                yield pending.popleft().result()
        except (BrokenProcessPool, CancelledError, RuntimeError) as error:
            if executor in self._killed:
                raise Cancelled from error
            raise
        finally:
            for future in pending:
                future.cancel()

    def close(self) -> None:
        """End the processes; jobs that have not begun are dropped."""
        if self._executor is not None:
            self._executor.shutdown(wait=True, cancel_futures=True)
            self._executor = None

    def kill(self) -> None:
        """End the processes in the midst of their work, as when a job may never end.

        Whoever waits for results gets `Cancelled`; the next job starts new processes.
        """
        executor, self._executor = self._executor, None
        if executor is None:
            return
        self._killed.add(executor)
        # The standard library has a way of its own only from Python 3.14 on.
        processes = list((executor._processes or {}).values())  # noqa: SLF001
        executor.shutdown(wait=False, cancel_futures=True)
        for process in processes:
            process.kill()

    def __enter__(self) -> "WorkerPool":
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


def _begin() -> None:
    """What each worker does first."""
    if hasattr(os, "nice"):
        os.nice(POLITENESS)
    _end_with_parent()


def _end_with_parent() -> None:
    """Let a worker end when the program was killed: nobody else would ever tell it to."""
    parent = multiprocessing.parent_process()

    def watch() -> None:
        if parent is not None:
            parent.join()
            os._exit(1)

    threading.Thread(target=watch, name="end with the program", daemon=True).start()
