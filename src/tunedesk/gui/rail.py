"""The rail at the left: the pages that exist, and what is always at hand."""

from typing import NamedTuple

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QAccessible, QAction
from PySide6.QtWidgets import QFrame, QHBoxLayout, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from tunedesk.gui.actions import Actions
from tunedesk.gui.theme import Theme
from tunedesk.gui.widgets.buttons import IconButton
from tunedesk.i18n import _

MARGIN = 5


EXAMPLES, FINE_TUNE = "examples", "fine_tune"


class PageSpec(NamedTuple):
    """A page that an open project has.

    Attributes:
        name: Its name in the program; its icon has the same.
        title: What the rail calls it.
    """

    name: str
    title: str

    @property
    def action_id(self) -> str:
        """The action that goes there."""
        return f"go.{self.name}"


PAGES = (PageSpec(EXAMPLES, _("Examples")), PageSpec(FINE_TUNE, _("Fine-tune")))


class RailButton(QToolButton):
    """Goes to a page; the page that is open is switched on.

    The visible word is short ("Examples"); the name for screen readers is the action's
    ("Go to Examples").
    """

    accessible_role = QAccessible.Role.PageTab

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
        action.changed.connect(self._on_theme_changed)
        theme.changed.connect(self.update)
        self._on_theme_changed()

    def _on_theme_changed(self) -> None:
        self.setEnabled(self._action.isEnabled())
        self.setToolTip(self._action.toolTip())


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
        layout.setContentsMargins(MARGIN, 10, MARGIN, 10)
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
        # A language may need more room than English does; the style brings a frame with it.
        self.ensurePolished()
        margins = self.contentsMargins()
        needed = button.minimumSizeHint().width() + 2 * MARGIN + margins.left() + margins.right()
        self.setFixedWidth(max(self.width(), needed))

    def show_page(self, name: str) -> None:
        """Mark the page that is open."""
        if name in self._pages:
            self._pages[name].setChecked(True)

    def _add_tool(self, action_id: str, name: str) -> IconButton:
        spec = self._actions.spec(action_id)
        button = IconButton(self._theme, spec.icon, name)
        button.follow(self._actions[action_id])
        return button
