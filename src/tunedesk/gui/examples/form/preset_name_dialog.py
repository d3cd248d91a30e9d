"""Asks for the name under which a system prompt is kept."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QDialog, QHBoxLayout, QLineEdit, QPushButton, QVBoxLayout, QWidget

from tunedesk.gui.theme import Theme
from tunedesk.gui.widgets.label import Label
from tunedesk.i18n import _

WIDTH = 420
LONGEST_NAME = 60


class PresetNameDialog(QDialog):
    """One field and two buttons; a name that is taken says so before it is taken over.

    Signals:
        named: The name that was chosen.
    """

    named = Signal(str)

    def __init__(
        self, theme: Theme, suggestion: str, taken: frozenset[str], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._taken = taken
        self.setWindowTitle(_("Keep as preset"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setMinimumWidth(WIDTH)
        self.name = QLineEdit(suggestion)
        self.name.setMaxLength(LONGEST_NAME)
        self.name.setAccessibleName(_("Name of the preset"))
        self.name.selectAll()
        label = Label(theme, _("Name of the preset"), "base")
        label.setBuddy(self.name)
        about = Label(
            theme,
            _("The system prompt is kept in this project and can be set on other examples."),
            "small",
            "muted",
            wrap=True,
        )
        self.warning = Label(theme, "", "small", "warning", wrap=True)
        cancel = QPushButton(_("Cancel"))
        cancel.clicked.connect(self.reject)
        self.keep = QPushButton(_("Keep"))
        self.keep.setProperty("kind", "primary")
        self.keep.setDefault(True)
        self.keep.clicked.connect(self.accept)
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        buttons.addWidget(cancel)
        buttons.addWidget(self.keep)
        column = QVBoxLayout(self)
        column.setContentsMargins(22, 20, 22, 18)
        column.setSpacing(8)
        for widget in (label, self.name, about, self.warning):
            column.addWidget(widget)
        column.addSpacing(6)
        column.addLayout(buttons)
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
        self.warning.setText(
            _("There is a preset of this name; it will hold this prompt instead.") if taken else ""
        )
        self.warning.setVisible(taken)
