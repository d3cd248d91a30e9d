"""A button of the rail: an icon above one word."""

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QSizePolicy, QToolButton, QWidget

from tunedesk.gui.theme import Theme


class RailButton(QToolButton):
    """Goes to a page; the page that is open is switched on.

    The visible word is short ("Examples"); the name for screen readers is the action's
    ("Go to Examples").
    """

    def __init__(
        self, theme: Theme, action: QAction, icon: str, label: str, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._action = action
        self.setText(label)
        self.setIcon(theme.icons.icon(icon, "text_muted"))
        self.setIconSize(QSize(20, 20))
        self.setFont(theme.font("small"))
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextUnderIcon)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFixedHeight(56)
        self.setCheckable(True)
        self.setAutoExclusive(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName(action.text())
        self.clicked.connect(action.trigger)
        action.changed.connect(self._take)
        theme.changed.connect(self.update)
        self._take()

    def _take(self) -> None:
        self.setEnabled(self._action.isEnabled())
        self.setToolTip(self._action.toolTip())
