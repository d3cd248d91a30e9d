"""A field for a number that may be left to the service: empty is "automatic"."""

from collections.abc import Callable

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QLineEdit, QVBoxLayout, QWidget

from tunedesk.gui.theme import Theme, restyle
from tunedesk.gui.widgets.label import Label
from tunedesk.i18n import _

AUTOMATIC = _("automatic")


class SettingField(QWidget):
    """A title, a field, and one line that says what the setting does.

    Signals:
        changed: Another value, or none.
    """

    changed = Signal()

    def __init__(
        self,
        theme: Theme,
        title: str,
        explanation: str,
        parse: Callable[[str], float] = int,
        least: float = 1,
        parent: QWidget | None = None,
    ) -> None:
        """Make an empty field.

        Args:
            theme: The theme.
            title: The name of the setting.
            explanation: What it does, in one plain line.
            parse: Makes the number from the text; `int` or `float`.
            least: The smallest number that makes sense.
            parent: Its owner.
        """
        super().__init__(parent)
        self._parse = parse
        self._least = least
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
        column.addWidget(Label(theme, explanation, "small", "muted", wrap=True))
        column.addStretch()

    @property
    def value(self) -> float | None:
        """The number; None: automatic, or no number."""
        text = self.field.text().strip().replace(",", ".")
        if not text:
            return None
        try:
            number = self._parse(text)
        except ValueError:
            return None
        return number if number >= self._least and number < 1e12 else None

    @property
    def whole(self) -> int | None:
        """The number of a field for whole numbers."""
        value = self.value
        return None if value is None else int(value)

    @property
    def is_wrong(self) -> bool:
        """Whether there is a text that is no such number."""
        return bool(self.field.text().strip()) and self.value is None

    def take(self, value: float | None) -> None:
        """Show a value; None: automatic."""
        self.field.setText("" if value is None else f"{value:g}")

    def show_automatic(self, value: str) -> None:
        """Say what automatic would be."""
        self.field.setPlaceholderText(
            _("automatic: {value}").format(value=value) if value else AUTOMATIC
        )

    def _take(self) -> None:
        state = "error" if self.is_wrong else ""
        if self.field.property("state") != state:
            self.field.setProperty("state", state)
            restyle(self.field)
        self.changed.emit()
