"""The rail at the left: the pages that exist, and what is always at hand."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from tunedesk.gui.actions import Actions
from tunedesk.gui.theme import Theme
from tunedesk.gui.widgets.icon_button import IconButton
from tunedesk.gui.widgets.rail_button import RailButton
from tunedesk.i18n import _


class Rail(QFrame):
    """Pages above; Undo, Redo, Keys and Preferences below."""

    def __init__(self, theme: Theme, actions: Actions, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._actions = actions
        self._pages: dict[str, RailButton] = {}
        self.setProperty("surface", "rail")
        self.setFixedWidth(theme.size("rail"))
        self.setAccessibleName(_("Pages"))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(5, 10, 5, 10)
        layout.setSpacing(4)
        self._top = QVBoxLayout()
        self._top.setSpacing(4)
        layout.addLayout(self._top)
        layout.addStretch()
        self.undo = self._add_tool("edit.undo", _("Undo"))
        self.redo = self._add_tool("edit.redo", _("Redo"))
        for pair in (
            (self.undo, self.redo),
            (
                self._add_tool("help.keys", _("Keys")),
                self._add_tool("app.preferences", _("Preferences")),
            ),
        ):
            line = QHBoxLayout()
            line.setSpacing(2)
            for button in pair:
                line.addWidget(button, 0, Qt.AlignmentFlag.AlignCenter)
            layout.addLayout(line)

    def add_page(self, name: str, action_id: str, icon: str, label: str) -> None:
        """Offer a page; its action goes there."""
        button = RailButton(self._theme, self._actions[action_id], icon, label)
        self._pages[name] = button
        self._top.addWidget(button)

    def show_page(self, name: str) -> None:
        """Mark the page that is open."""
        if name in self._pages:
            self._pages[name].setChecked(True)

    def _add_tool(self, action_id: str, name: str) -> IconButton:
        spec = self._actions.spec(action_id)
        button = IconButton(self._theme, spec.icon, name)
        button.follow(self._actions[action_id])
        return button
