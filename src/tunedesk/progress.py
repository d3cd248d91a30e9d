"""How long work tells of its progress, waits and is stopped: plain callbacks."""

from collections.abc import Callable

Progress = Callable[[int, int | None], None]
"""Called with what is done and the whole (None: not known); raises `Cancelled` to stop the work."""


Wait = Callable[[float], None]
"""Waits so many seconds; raises `Cancelled` when the user stops the work."""


def no_progress(done: int, total: int | None) -> None:
    """Ignore the progress: for callers that show none."""


def no_wait(seconds: float) -> None:
    """Do not wait: for callers that want to be done at once."""
