"""The verdict on an example: approve and go on, want changes, reject."""

from PySide6.QtCore import QSize
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QWidget

from tunedesk.gui.actions import Actions
from tunedesk.gui.theme import Theme
from tunedesk.gui.widgets.action_button import ActionButton
from tunedesk.i18n import _

GAP = 8
MARGIN = 18
ICON_ONLY = 46


class ReviewBar(QFrame):
    """Three buttons that stay whole at every width: first the keys give way, then the words."""

    def __init__(self, theme: Theme, actions: Actions, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("surface", "footer")
        self.setAccessibleName(_("Review"))
        self._buttons = [
            ActionButton(theme, actions[action], label, icon, kind)
            for action, label, icon, kind in (
                ("example.approve_next", _("Approve"), "approve", "success"),
                ("example.changes", _("Changes"), "changes_wanted", ""),
                ("example.reject", _("Reject"), "reject", "danger"),
            )
        ]
        self._labels = [button.text() for button in self._buttons]
        row = QHBoxLayout(self)
        row.setContentsMargins(MARGIN, 9, MARGIN, 9)
        row.setSpacing(GAP)
        for button in self._buttons:
            row.addWidget(button)
        row.addStretch(1)

    def minimumSizeHint(self) -> QSize:
        """Room for the icons."""
        width = len(self._buttons) * (ICON_ONLY + GAP) + 2 * MARGIN
        return QSize(width, super().minimumSizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Leave the words out where they do not fit; names and tooltips stay."""
        super().resizeEvent(event)
        for button, label in zip(self._buttons, self._labels, strict=True):
            button.setText(label)
        needed = sum(button.minimumSizeHint().width() + GAP for button in self._buttons)
        if needed - GAP > self.width() - 2 * MARGIN:
            for button in self._buttons:
                button.setText("")
