"""The line above the messages: which example, its state, where it is from, and the way on."""

from PySide6.QtWidgets import QHBoxLayout, QWidget

from tunedesk.gui.actions import Actions
from tunedesk.gui.state_look import STATES
from tunedesk.gui.theme import Theme
from tunedesk.gui.widgets.badge import Badge
from tunedesk.gui.widgets.elided_label import ElidedLabel
from tunedesk.gui.widgets.icon_button import IconButton
from tunedesk.gui.widgets.label import Label
from tunedesk.i18n import _
from tunedesk.project.reads import ExampleRow

HEIGHT = 46


class FormHead(QWidget):
    """Shows "Example 37", its badge and source, "37 / 128", previous and next."""

    def __init__(self, theme: Theme, actions: Actions, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._title = Label(theme, font="title")
        self._badge = Badge(theme)
        self._source = ElidedLabel(theme, font="small", tone="muted")
        self._place = Label(theme, font="small", tone="muted")
        self._place.setToolTip(_("The place of this example among those that the table shows"))
        self._previous = IconButton(theme, "previous", _("Previous example"), framed=True)
        self._previous.follow(actions["go.previous"])
        self._next = IconButton(theme, "next", _("Next example"), framed=True)
        self._next.follow(actions["go.next"])
        row = QHBoxLayout(self)
        row.setContentsMargins(18, 8, 16, 4)
        row.setSpacing(10)
        row.addWidget(self._title)
        row.addWidget(self._badge)
        row.addWidget(self._source, 1)
        for widget in (self._place, self._previous, self._next):
            row.addWidget(widget)
        self.setFixedHeight(HEIGHT)

    def show_row(self, row: ExampleRow | None) -> None:
        """Show what is known of the example."""
        self._badge.setVisible(row is not None)
        if row is None:
            self._title.setText("")
            self._source.setText("")
            return
        self._title.setText(_("Example {number}").format(number=f"{row.number:,}"))
        look = STATES.get(row.state)
        if look is not None:
            self._badge.show_text(look.label, look.tone)
        source = row.source
        if row.source_line is not None:
            source = _("{source}, line {line}").format(source=source, line=f"{row.source_line:,}")
        self._source.setText(source)

    def show_place(self, number: int | None, total: int) -> None:
        """Show the place among those that the table shows; None hides it."""
        self._place.setVisible(number is not None)
        if number is not None:
            self._place.setText(f"{number:,} / {total:,}")
