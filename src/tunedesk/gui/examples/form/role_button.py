"""The role of a message, in its colour; a click changes it."""

from PySide6.QtGui import QFont
from PySide6.QtWidgets import QWidget

from tunedesk.gui.examples.form.quiet_button import QuietButton
from tunedesk.gui.examples.form.roles import role_color, role_explanation, role_title
from tunedesk.gui.theme import Theme
from tunedesk.gui.widgets.plain_tooltip import plain_tooltip
from tunedesk.i18n import _

LONGEST_ROLE = 24


class RoleButton(QuietButton):
    """Shows a role in capitals; pressed, it asks for another one."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        font = QFont(theme.font("small_strong"))
        font.setCapitalization(QFont.Capitalization.AllUppercase)
        font.setLetterSpacing(QFont.SpacingType.AbsoluteSpacing, 0.4)
        super().__init__(theme, font, parent=parent)

    def show_role(self, role: str | None) -> None:
        """Show a role."""
        title = role_title(role)[:LONGEST_ROLE]
        if title != self.text():
            explanation = role_explanation(role)
            change = _("Click to change the role")
            self.setToolTip(plain_tooltip(f"{explanation}\n{change}"))
        self.show_word(title, role_color(role))
