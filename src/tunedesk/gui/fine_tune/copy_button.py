"""A button that copies a text, and says for a moment that it did."""

from collections.abc import Callable

from PySide6.QtCore import QTimer
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QPushButton, QWidget

from tunedesk.i18n import _

SAID_MS = 1500


class CopyButton(QPushButton):
    """Copies what `text` returns when it is pressed."""

    def __init__(self, text: Callable[[], str], what: str, parent: QWidget | None = None) -> None:
        """Make the button.

        Args:
            text: What is copied, asked for at the press.
            what: What a screen reader calls it, such as "Copy the name".
            parent: Its owner.
        """
        super().__init__(_("Copy"), parent)
        self._copied = text
        self.setAccessibleName(what)
        self.setToolTip(what)
        self.setAutoDefault(False)
        self.clicked.connect(self._copy)

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self._copied())
        self.setText(_("Copied"))
        QTimer.singleShot(SAID_MS, self, lambda: self.setText(_("Copy")))
