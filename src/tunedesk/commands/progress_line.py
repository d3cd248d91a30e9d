"""How a command tells of its progress: one line on stderr, if that is a terminal."""

import sys
import time

from tunedesk.progress import Progress, no_progress

PAUSE = 0.1
"""Seconds between two drawings of the line."""


class ProgressLine:
    """Draws how far the work is and how fast; as a context it clears the line at the end."""

    def __init__(self, title: str) -> None:
        self._title = title
        self._started = self._drawn = time.monotonic()
        self._shown = sys.stderr.isatty()

    @property
    def progress(self) -> Progress:
        """The callback to hand to the work."""
        return self._draw if self._shown else no_progress

    def __enter__(self) -> "ProgressLine":
        return self

    def __exit__(self, *_error: object) -> None:
        if self._shown:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()

    def _draw(self, done: int, total: int | None) -> None:
        now = time.monotonic()
        if now - self._drawn < PAUSE:
            return
        self._drawn = now
        speed = done / max(now - self._started, 1e-6)
        share = f"{done / total:4.0%}" if total else f"{done:,}"
        sys.stderr.write(f"\r\x1b[K{self._title} {share}  {speed:,.0f}/s")
        sys.stderr.flush()
