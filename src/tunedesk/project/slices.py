"""How many rows one short transaction of bulk work takes, so that typing never waits for it."""

import contextlib
import time
from collections.abc import Iterator

SMALL = 500
"""Work on at most so many rows is one transaction; more is cut into slices."""

_AIM_SECONDS = 0.008
_FEWEST, _MOST = 50, 20_000


class SliceSize:
    """A number of rows that follows what was measured.

    Attributes:
        rows: How many rows the next transaction should take.
    """

    def __init__(self, rows: int = 300, aim_seconds: float = _AIM_SECONDS) -> None:
        self.rows = rows
        self._aim = aim_seconds

    @contextlib.contextmanager
    def measured(self) -> Iterator[None]:
        """Measure a transaction of `rows` rows and adapt."""
        start = time.perf_counter()
        yield
        spent = time.perf_counter() - start
        factor = min(2.0, max(0.4, self._aim / max(spent, 1e-6)))
        self.rows = int(min(_MOST, max(_FEWEST, self.rows * factor)))
