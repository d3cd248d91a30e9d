"""A value that has no field of its own, shown as it is spelled, with what can be done about it."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QWidget

from tunedesk.gui.theme import Theme
from tunedesk.gui.widgets.icon_button import IconButton
from tunedesk.gui.widgets.label import Label
from tunedesk.gui.widgets.plain_tooltip import plain_tooltip
from tunedesk.i18n import _

LONGEST_SHOWN = 600
LONGEST_TOOLTIP = 4_000
LINE = 24
ONE_LINE = 40
"""A value as short as this stands in one line at any width."""


class RawValueRow(QWidget):
    """A key and its raw value.

    Signals:
        mended: The offered way to mend it was chosen.
        removed: The value is to go.
    """

    mended = Signal()
    removed = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._key = Label(theme, font="small", tone="muted")
        self._value = Label(theme, font="mono", wrap=True)
        self._value.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._mend = QPushButton()
        self._mend.setProperty("kind", "link")
        self._remove = IconButton(theme, "delete", _("Remove"))
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        for label in (self._key, self._value):
            label.setMinimumHeight(LINE)
        row.addWidget(self._key)
        row.addWidget(self._value, 1)
        row.addWidget(self._mend, 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(self._remove, 0, Qt.AlignmentFlag.AlignTop)
        self._mend.clicked.connect(self.mended)
        self._remove.clicked.connect(self.removed)

    def align_keys(self, width: int) -> None:
        """Give the key so much room, so that the values of several rows stand in one column."""
        self._key.setMinimumWidth(width)

    def key_width(self, key: str) -> int:
        """The room that a key needs."""
        return self._key.fontMetrics().horizontalAdvance(key)

    def show_value(self, key: str, raw: str, mend: str, removable: bool) -> None:
        """Show a value.

        Args:
            key: Its key, or what it is.
            raw: Its spelling.
            mend: What the button that mends it says; empty for none.
            removable: Whether it can be taken out.
        """
        self._key.setText(key)
        self._key.setVisible(bool(key))
        shown = raw if len(raw) <= LONGEST_SHOWN else raw[:LONGEST_SHOWN] + " …"
        self._value.setText(shown)
        middle, top = Qt.AlignmentFlag.AlignVCenter, Qt.AlignmentFlag.AlignTop
        self._key.setAlignment(middle if len(raw) <= ONE_LINE else top)
        self._value.setToolTip(plain_tooltip(raw[:LONGEST_TOOLTIP]) if shown != raw else "")
        self._mend.setText(mend)
        self._mend.setVisible(bool(mend))
        self._remove.setVisible(removable)
        self._remove.set_name(_("Remove {key}").format(key=key) if key else _("Remove"))
