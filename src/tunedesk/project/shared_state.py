"""What all the handles of one open project share in this process."""

import getpass
import platform
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

from tunedesk.project.lock import ProjectLock
from tunedesk.project.project_change import ProjectChange


def user_name() -> str:
    """The name of the system's user; "user" where the system does not tell."""
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        return "user"


class TailHits(NamedTuple):
    """What a plain look at texts found that the search index lacks.

    Attributes:
        low: The version behind which was looked.
        high: The last version that was looked at.
        hits: The versions found.
    """

    low: int
    high: int
    hits: tuple[int, ...]


@dataclass
class SharedState:
    """What all the handles of one open project share.

    Attributes:
        lock: The lock file, held while the project is open for writing; None when read-only.
        author: Who makes changes here, as the history names them.
        machine: The name of this computer.
        clock: Seconds since 1970; a test may pass its own.
        writing: Held during each transaction that writes. Bulk work pauses between its
            transactions, so a keystroke never waits longer than one of them.
        order_epoch: Rises when rows come, go or move other than at the end.
        handles: How many connections are open.
        tail_hits: What the latest searches found in texts that the search index lacks.
        checkpoint_not_before: When the log may be folded in again, by the monotonic clock.
        interactive: How many writers wait that are not bulk work.
    """

    lock: ProjectLock | None
    author: str = ""
    machine: str = field(default_factory=platform.node)
    clock: Callable[[], float] = time.time
    writing: threading.RLock = field(default_factory=threading.RLock)
    order_epoch: int = 0
    handles: int = 0
    tail_hits: dict[str, TailHits] = field(default_factory=dict)
    checkpoint_not_before: float = 0.0
    interactive: int = 0
    _counting: threading.Lock = field(default_factory=threading.Lock)
    _subscribers: list[Callable[[ProjectChange], None]] = field(default_factory=list)

    def count_handle(self, change: int) -> int:
        """Count a connection that opens (1) or closes (-1); returns how many are open."""
        with self._counting:
            self.handles += change
            return self.handles

    def count_interactive(self, change: int) -> None:
        """Count a writer that begins (1) or ends (-1) to wait and is not bulk work."""
        with self._counting:
            self.interactive += change

    def order_changed(self) -> None:
        """Rows came, went or moved elsewhere than at the end, and that is committed."""
        with self._counting:
            self.order_epoch += 1

    def subscribe(self, callback: Callable[[ProjectChange], None]) -> Callable[[], None]:
        """Call back after each change, in the thread that made it; returns how to stop that."""
        self._subscribers.append(callback)

        def unsubscribe() -> None:
            if callback in self._subscribers:
                self._subscribers.remove(callback)

        return unsubscribe

    def publish(self, change: ProjectChange) -> None:
        """Tell all subscribers."""
        for callback in list(self._subscribers):
            callback(change)
