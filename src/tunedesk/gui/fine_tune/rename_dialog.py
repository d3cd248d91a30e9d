"""Asks for another name of a run."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QLineEdit, QWidget

from tunedesk.gui.theme import Theme
from tunedesk.gui.widgets.dialog import Dialog
from tunedesk.gui.widgets.label import Label
from tunedesk.i18n import _

LONGEST = 120


class RenameDialog(Dialog):
    """One field, and what another name does not change.

    Signals:
        renamed: The new name.
    """

    renamed = Signal(str)

    def __init__(self, theme: Theme, name: str, parent: QWidget | None = None) -> None:
        super().__init__(theme, _("Rename run"), parent=parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setMinimumWidth(420)
        self.name = QLineEdit(name)
        self.name.setAccessibleName(_("Name"))
        self.name.setMaxLength(LONGEST)
        self.name.selectAll()
        self.body.addWidget(self.name)
        self.body.addWidget(
            Label(theme, _("The name of its model stays as it is."), "small", "muted", wrap=True)
        )
        self.add_cancel()
        self.save = self.add_button(_("Rename"), "primary", default=True)
        self.save.clicked.connect(self._rename)
        self.name.textChanged.connect(lambda text: self.save.setEnabled(bool(text.strip())))

    def _rename(self) -> None:
        self.renamed.emit(self.name.text().strip())
        self.accept()
