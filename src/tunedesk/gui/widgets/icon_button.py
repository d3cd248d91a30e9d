"""A button that is only an icon, with its name for screen readers and in its tooltip."""

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QToolButton, QWidget

from tunedesk.gui.theme import Theme
from tunedesk.gui.widgets.plain_tooltip import plain_tooltip


class IconButton(QToolButton):
    """A flat (or framed) square button; its name is the text that its tooltip shows."""

    def __init__(
        self,
        theme: Theme,
        icon: str,
        text: str,
        color: str = "text_muted",
        framed: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._action: QAction | None = None
        size = theme.size("icon")
        self.setIconSize(QSize(size, size))
        self.setIcon(theme.icons.icon(icon, color))
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonIconOnly)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setProperty("framed", framed)
        self.set_name(text)
        theme.changed.connect(self.update)

    def set_name(self, text: str) -> None:
        """Give the button a name, for the tooltip and for screen readers."""
        self.setText(text)
        self.setAccessibleName(text)
        self.setToolTip(plain_tooltip(text))

    def follow(self, action: QAction) -> None:
        """Do what the action does, and be enabled and explained as it is."""
        self._action = action
        self.clicked.connect(action.trigger)
        action.changed.connect(self._take)
        self._take()

    def _take(self) -> None:
        if self._action is not None:
            self.setEnabled(self._action.isEnabled())
            self.setToolTip(self._action.toolTip())
