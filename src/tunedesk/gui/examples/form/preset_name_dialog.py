"""Asks for the name under which a system prompt is kept."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QLineEdit, QWidget

from tunedesk.gui.theme import Theme
from tunedesk.gui.widgets.dialog import Dialog
from tunedesk.gui.widgets.label import Label
from tunedesk.i18n import _

WIDTH = 440
LONGEST_NAME = 60


class PresetNameDialog(Dialog):
    """One field; a name that is taken says so before it is taken over.

    Signals:
        named: The name that was chosen.
    """

    named = Signal(str)

    def __init__(
        self, theme: Theme, suggestion: str, taken: frozenset[str], parent: QWidget | None = None
    ) -> None:
        super().__init__(theme, _("Keep as preset"), parent=parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setMinimumWidth(WIDTH)
        self._taken = taken
        label = Label(theme, _("Name"), "small_strong", "muted")
        self.name = QLineEdit(suggestion)
        self.name.setMaxLength(LONGEST_NAME)
        self.name.setAccessibleName(_("Name"))
        self.name.selectAll()
        label.setBuddy(self.name)
        self.about = Label(theme, "", "small", "muted", wrap=True)
        for widget in (label, self.name, self.about):
            self.body.addWidget(widget)
        self.add_cancel()
        self.keep = self.add_button(_("Keep"), "primary", default=True)
        self.keep.clicked.connect(self.accept)
        self.name.textChanged.connect(self._look)
        self._look()

    def accept(self) -> None:
        """Tell the name."""
        name = self._name()
        if name:
            self.named.emit(name)
            super().accept()

    def _name(self) -> str:
        return " ".join(self.name.text().split())

    def _look(self) -> None:
        name = self._name()
        self.keep.setEnabled(bool(name))
        taken = name in self._taken
        self.about.setText(
            _("There is a preset of this name; it will hold this prompt instead.")
            if taken
            else _("The system prompt is kept in this project and can be set on other examples.")
        )
        self.about.set_tone("warning" if taken else "muted")
