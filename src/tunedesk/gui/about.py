"""The dialog that says what this program is, in which version."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QWidget

from tunedesk.gui.crash_text import versions
from tunedesk.gui.theme import Theme
from tunedesk.gui.widgets.dialog import Dialog
from tunedesk.gui.widgets.label import Label
from tunedesk.i18n import _


class AboutDialog(Dialog):
    """Name, purpose, licence and versions, to copy."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, _("About Tunedesk"), parent=parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setMinimumWidth(420)
        self.body.addWidget(
            Label(
                theme,
                _(
                    "Write and review the conversations that a language model is fine-tuned on. "
                    "Everything stays on this computer."
                ),
                wrap=True,
            )
        )
        self.body.addWidget(Label(theme, _("Licence: Apache 2.0"), "base", "muted"))
        self.body.addSpacing(6)
        shown = Label(theme, versions(), "small", "muted")
        shown.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.body.addWidget(shown)
        copy = self.add_button(_("Copy versions"))
        copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(versions()))
        close = self.add_button(_("Close"), "primary", default=True)
        close.clicked.connect(self.accept)
        close.setFocus()
