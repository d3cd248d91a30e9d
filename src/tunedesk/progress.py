"""How long work tells of its progress and is stopped: a plain callback."""

from collections.abc import Callable

Progress = Callable[[int, int | None], None]
"""Called with what is done and the whole (None: not known); raises `Cancelled` to stop the work."""


def no_progress(done: int, total: int | None) -> None:
    """Ignore the progress: for callers that show none."""
