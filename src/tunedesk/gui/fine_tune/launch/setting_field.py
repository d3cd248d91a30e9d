"""A field for a number that may be left to the service: empty is "automatic"."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QLineEdit, QVBoxLayout, QWidget

from tunedesk.catalogue.setting_limits import TITLES, Limit, limit_problem
from tunedesk.gui.theme import Theme, restyle
from tunedesk.gui.widgets.label import Label
from tunedesk.i18n import _

AUTOMATIC = _("automatic")


class SettingField(QWidget):
    """A title, a field, and one line that says what the setting does.

    Attributes:
        name: The name of the setting, as among the limits of a provider.

    Signals:
        changed: Another value, or none.
    """

    changed = Signal()

    def __init__(
        self, theme: Theme, name: str, explanation: str, parent: QWidget | None = None
    ) -> None:
        """Make an empty field.

        Args:
            theme: The theme.
            name: The name of the setting, as among the limits of a provider.
            explanation: What it does, in one plain line.
            parent: Its owner.
        """
        super().__init__(parent)
        title = TITLES[name]
        self.name = name
        self._explanation = explanation
        self._limit = Limit()
        self.field = QLineEdit()
        self.field.setAccessibleName(title)
        self.field.setAccessibleDescription(explanation)
        self.field.setPlaceholderText(AUTOMATIC)
        self.field.textChanged.connect(self._take)
        head = Label(theme, title, "strong")
        head.setBuddy(self.field)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(3)
        column.addWidget(head)
        column.addWidget(self.field)
        self.says = Label(theme, explanation, "small", "muted", wrap=True)
        column.addWidget(self.says)
        column.addStretch()

    @property
    def value(self) -> float | None:
        """The number; None: automatic, or no number."""
        text = self.field.text().strip().replace(",", ".")
        try:
            number = int(text) if self._limit.whole else float(text)
        except ValueError:
            return None
        return number if self._limit.allows(number) else None

    @property
    def whole(self) -> int | None:
        """The number of a field for whole numbers."""
        value = self.value
        return None if value is None else int(value)

    @property
    def problem(self) -> str:
        """What is wrong with the text, in a sentence; empty: nothing."""
        if not self.field.text().strip() or self.value is not None:
            return ""
        return limit_problem(self.name, self._limit)

    def explain(self, explanation: str) -> None:
        """Say what it does, where that depends on the place."""
        self._explanation = explanation
        self.field.setAccessibleDescription(explanation)
        self._show_problem()

    def allow(self, limit: Limit) -> None:
        """Take these numbers from now on."""
        self._limit = limit
        self._show_problem()

    def take(self, value: float | None) -> None:
        """Show a value; None: automatic."""
        self.field.setText("" if value is None else f"{value:g}")

    def show_automatic(self, value: str) -> None:
        """Say what automatic would be."""
        self.field.setPlaceholderText(
            _("automatic: {value}").format(value=value) if value else AUTOMATIC
        )

    def _take(self) -> None:
        self._show_problem()
        self.changed.emit()

    def _show_problem(self) -> None:
        problem = self.problem
        self.says.setText(problem or self._explanation)
        self.says.set_tone("error" if problem else "muted")
        state = "error" if problem else ""
        if self.field.property("state") != state:
            self.field.setProperty("state", state)
            restyle(self.field)
