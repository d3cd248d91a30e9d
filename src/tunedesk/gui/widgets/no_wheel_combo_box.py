"""A choice that the mouse wheel leaves alone, so that scrolling past changes nothing."""

from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QComboBox


class NoWheelComboBox(QComboBox):
    """A combo box that gives the wheel to whatever scrolls around it."""

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Leave the wheel to the list."""
        event.ignore()
