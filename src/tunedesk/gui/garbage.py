"""Collects Python's garbage in the GUI thread only.

Python collects cycles in whichever thread happens to allocate. A cycle that holds widgets or parts
of a chart would then be destroyed in a thread of the background, and Qt crashes on that.
"""

import gc

from PySide6.QtCore import QObject, QTimer

EVERY_MS = 300


class GarbageInGui(QObject):
    """Takes the place of the automatic collector until it is closed."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._was_on = gc.isenabled()
        gc.disable()
        self._timer = QTimer(self)
        self._timer.setInterval(EVERY_MS)
        self._timer.timeout.connect(self.look)
        self._timer.start()

    def look(self) -> None:
        """Collect as much as the automatic collector would: the oldest generation that is due."""
        for generation in (2, 1, 0):
            if gc.get_count()[generation] > gc.get_threshold()[generation]:
                gc.collect(generation)
                return

    def close(self) -> None:
        """Give the work back to the automatic collector."""
        self._timer.stop()
        if self._was_on:
            gc.enable()
