"""Gives the device to one answer at a time, token by token, in the order in which they ask."""

import threading
from collections import deque
from types import TracebackType


class Turns:
    """A lock that is given to whoever waits longest, so that no answer starves another."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._waiting: deque[threading.Event] = deque()
        self._is_taken = False

    def __enter__(self) -> None:
        with self._guard:
            if not self._is_taken:
                self._is_taken = True
                return
            turn = threading.Event()
            self._waiting.append(turn)
        turn.wait()

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        with self._guard:
            if self._waiting:
                # Handed over, not let go: nobody can push in between.
                self._waiting.popleft().set()
            else:
                self._is_taken = False
