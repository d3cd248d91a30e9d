"""Lets Python look for reference cycles in the GUI thread alone.

By itself Python does so in whichever thread happens to make an object. A cycle that holds Qt
objects would then be deleted in a thread that is not theirs; Qt goes on sending them timer events,
and the program crashes.
"""

import gc

from PySide6.QtCore import QObject, QTimer

EVERY_MS = 250


class GarbageCollection(QObject):
    """Takes the collector over until it is closed; to be made in the GUI thread."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._was_enabled = gc.isenabled()
        gc.disable()
        self._timer = QTimer(self)
        self._timer.setInterval(EVERY_MS)
        self._timer.timeout.connect(self.collect)
        self._timer.start()

    def collect(self) -> None:
        """Collect the oldest generation that is due by Python's own thresholds."""
        counts, thresholds = gc.get_count(), gc.get_threshold()
        for generation in (2, 1, 0):
            if counts[generation] > thresholds[generation]:
                gc.collect(generation)
                return

    def close(self) -> None:
        """Give the collector back."""
        self._timer.stop()
        if self._was_enabled:
            gc.enable()
