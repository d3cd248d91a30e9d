"""Threads for what would hold up the event loop: each kind of work has threads of its own.

So models that are loaded hold up no upload, and an upload holds up no small request. The threads do
not keep the process from ending: what they do then is work that nobody waits for any more.
"""

import asyncio
import ctypes
import threading
import time
from collections.abc import Callable
from concurrent.futures import Executor, Future
from queue import Empty, SimpleQueue
from typing import Any, ParamSpec, TypeVar

_IDLE_SECONDS = 0.5
"""A thread that has had nothing to do for so long ends."""

Given = ParamSpec("Given")
Result = TypeVar("Result")


class ThreadPool(Executor):
    """Daemon threads, made as they are needed; the library's own are waited for at exit."""

    def __init__(self, name: str, most: int) -> None:
        """Make a pool.

        Args:
            name: Of its threads.
            most: How many there may be.
        """
        self._name = name
        self._most = most
        self._lock = threading.Lock()
        self._threads = 0
        self._open = 0
        self._calls: SimpleQueue[Callable[[], None]] = SimpleQueue()

    @property
    def is_busy(self) -> bool:
        """Whether a call is under way or waits."""
        return self._open > 0

    def submit(
        self, function: Callable[Given, Result], /, *args: Given.args, **kwargs: Given.kwargs
    ) -> Future[Result]:
        """Have a function called in a thread."""
        future: Future[Result] = Future()

        def call() -> None:
            if not future.set_running_or_notify_cancel():
                return
            try:
                future.set_result(function(*args, **kwargs))
            except BaseException as error:
                future.set_exception(error)

        with self._lock:
            self._open += 1
            is_short = self._threads < min(self._open, self._most)
            if is_short:
                self._threads += 1
            self._calls.put(call)
        if is_short:
            name = f"{self._name}-{self._threads}"
            threading.Thread(target=self._work, name=name, daemon=True).start()
        return future

    def _work(self) -> None:
        while True:
            try:
                call = self._calls.get(timeout=_IDLE_SECONDS)
            except Empty:
                with self._lock:
                    if not self._calls.empty():
                        continue
                    self._threads -= 1
                return
            call()
            # Nothing of the last call is held on to while it waits for the next.
            del call
            with self._lock:
                self._open -= 1


GENERATION = ThreadPool("generation", 32)
"""Loads models, reads questions, computes tokens: a thread for each answer's next step."""

FILES = ThreadPool("files", 8)
"""Copies and deletes files and models."""

REQUESTS = ThreadPool("requests", 4)
"""Reads bodies; nothing in it takes long."""


class _OutOfTime(BaseException):
    """The time of a call is over; not an `Exception`, which what is called might catch."""


def call_within(seconds: float, function: Callable[..., Result], *args: Any) -> Result:
    """What a function returns that is pure Python and may never end, such as a template.

    Raises:
        TimeoutError: It took longer.
    """
    thread = threading.get_ident()
    lock = threading.Lock()
    is_over = is_interrupted = False

    def interrupt() -> None:
        nonlocal is_interrupted
        with lock:
            if not is_over:
                is_interrupted = True
                raise_in = ctypes.pythonapi.PyThreadState_SetAsyncExc
                raise_in(ctypes.c_ulong(thread), ctypes.py_object(_OutOfTime))

    timer = threading.Timer(seconds, interrupt)
    timer.daemon = True
    has_arrived = False
    try:
        try:
            timer.start()
            return function(*args)
        except _OutOfTime:
            has_arrived = True
            raise
        finally:
            with lock:
                is_over = True
            timer.cancel()
            while is_interrupted and not has_arrived:
                # It arrives here at the latest, and not in what comes afterwards.
                time.sleep(0.001)
    except _OutOfTime:
        raise TimeoutError from None


async def run(pool: ThreadPool, function: Callable[..., Result], *args: Any) -> Result:
    """What a function returns, called in a thread of a pool."""
    return await asyncio.get_running_loop().run_in_executor(pool, function, *args)
