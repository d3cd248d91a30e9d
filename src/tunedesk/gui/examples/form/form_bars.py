"""The bars around the form: which example it is, its tabs, the verdict."""

from PySide6.QtCore import QSize, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QMenu, QToolButton, QWidget

from tunedesk.gui.actions import Actions
from tunedesk.gui.roles_and_states import STATES
from tunedesk.gui.theme import Theme
from tunedesk.gui.widgets.buttons import ActionButton, IconButton
from tunedesk.gui.widgets.choices import SegmentedTabs
from tunedesk.gui.widgets.labels import Badge, ElidedLabel, Label
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
        self._row_position = Label(theme, font="small", tone="muted")
        self._row_position.setToolTip(
            _("The place of this example among those that the table shows")
        )
        self._previous = IconButton(theme, "previous", _("Previous example"), framed=True)
        self._previous.follow(actions["go.previous"])
        self._next = IconButton(theme, "next", _("Next example"), framed=True)
        self._next.follow(actions["go.next"])
        self._row = row = QHBoxLayout(self)
        row.setContentsMargins(18, 8, 16, 4)
        row.setSpacing(10)
        row.addWidget(self._title)
        row.addWidget(self._badge)
        row.addWidget(self._source, 1)
        for widget in (self._row_position, self._previous, self._next):
            row.addWidget(widget)
        self.setFixedHeight(HEIGHT)

    def show_row(self, row: ExampleRow | None) -> None:
        """Show what is known of the example."""
        if row is None:
            self._title.setText("")
            self._source.setText("")
            self._badge.hide()
            return
        self._title.setText(_("Example {number}").format(number=f"{row.number:,}"))
        look = STATES.get(row.state)
        if look is not None:
            self._badge.show_text(look.label, look.tone)
        source = row.source
        if row.source_line is not None:
            source = _("{source}, line {line}").format(source=source, line=f"{row.source_line:,}")
        self._source.setText(source)
        self._fit()

    def show_row_position(self, number: int | None, total: int) -> None:
        """Show the place among those that the table shows; None hides it."""
        had_room_for = self._row_position.sizeHint(), self._row_position.isHidden()
        self._row_position.setVisible(number is not None)
        if number is not None:
            self._row_position.setText(f"{number:,} / {total:,}")
        if (self._row_position.sizeHint(), self._row_position.isHidden()) != had_room_for:
            self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Show as much as there is room for."""
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        """Leave the badge out where all would be cut off: the table shows the state too."""
        position = () if self._row_position.isHidden() else (self._row_position,)
        shown = (self._title, self._badge, *position, self._previous, self._next)
        margins = self._row.contentsMargins()
        needed = sum(each.sizeHint().width() + self._row.spacing() for each in shown)
        needed += self._source.minimumSizeHint().width() + margins.left() + margins.right()
        self._badge.setVisible(bool(self._title.text()) and needed <= self.width())


FORM, TOOLS, TRAINED, RAW = range(4)

VIEW_ACTIONS = ("view.zoom_in", "view.zoom_out", "view.zoom_reset", "view.monospace")


class FormTabs(QWidget):
    """One row above the messages.

    Signals:
        chosen: Another tab, as its index.
    """

    chosen = Signal(int)

    def __init__(self, theme: Theme, actions: Actions, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._tabs = SegmentedTabs(theme, [_("Form"), _("Tools"), _("As trained"), _("Raw JSON")])
        self._tabs.setAccessibleName(_("View of the example"))
        self._tabs.set_tip(FORM, _("The messages as cards"))
        self._tabs.set_tip(TOOLS, _("The programs that the model may call"))
        self._tabs.set_tip(TRAINED, _("Exactly what a base model reads, token by token"))
        key = actions.key_text("view.raw")
        raw = _("All of the example as it stands in the file")
        self._tabs.set_tip(RAW, f"{raw} ({key})" if key else raw)
        self._text = IconButton(theme, "text", _("Text size and font"))
        menu = QMenu(self)
        menu.setAccessibleName(_("Text size and font"))
        for action_id in VIEW_ACTIONS:
            menu.addAction(actions[action_id])
        self._text.setMenu(menu)
        self._text.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        row = QHBoxLayout(self)
        row.setContentsMargins(10, 0, 16, 0)
        row.setSpacing(8)
        row.addWidget(self._tabs)
        row.addStretch(1)
        row.addWidget(self._text)
        self._tabs.currentChanged.connect(self.chosen)

    @property
    def current(self) -> int:
        """The tab that is open."""
        return self._tabs.currentIndex()

    def choose(self, tab: int) -> None:
        """Open a tab."""
        self._tabs.setCurrentIndex(tab)

    def choose_quietly(self, tab: int) -> None:
        """Open a tab for an example that is not shown yet."""
        self._tabs.blockSignals(True)
        self._tabs.setCurrentIndex(tab)
        self._tabs.blockSignals(False)

    def show_tools_tab(self, shown: bool) -> None:
        """Show the tab of the tools, or leave it out for kinds that have none of their own."""
        if not shown and self.current == TOOLS:
            self.choose_quietly(FORM)
        self._tabs.setTabVisible(TOOLS, shown)

    def show_tool_count(self, count: int) -> None:
        """Show how many tools there are."""
        self._tabs.set_count(TOOLS, count)


GAP = 8
MARGIN = 18
ICON_ONLY = 46


class ReviewBar(QFrame):
    """Three buttons that stay whole at every width: first the keys give way, then the words."""

    def __init__(self, theme: Theme, actions: Actions, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("surface", "footer")
        self.setAccessibleName(_("Review"))
        self._buttons = [
            ActionButton(theme, actions[action], label, icon, kind)
            for action, label, icon, kind in (
                ("example.approve_next", _("Approve"), "approve", "success"),
                ("example.changes", _("Changes"), "changes_wanted", ""),
                ("example.reject", _("Reject"), "reject", "danger"),
            )
        ]
        self._labels = [button.text() for button in self._buttons]
        row = QHBoxLayout(self)
        row.setContentsMargins(MARGIN, 9, MARGIN, 9)
        row.setSpacing(GAP)
        for button in self._buttons:
            row.addWidget(button)
        row.addStretch(1)

    def minimumSizeHint(self) -> QSize:
        """Room for the icons."""
        width = len(self._buttons) * (ICON_ONLY + GAP) + 2 * MARGIN
        return QSize(width, super().minimumSizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Leave the words out where they do not fit; names and tooltips stay."""
        super().resizeEvent(event)
        for button, label in zip(self._buttons, self._labels, strict=True):
            button.setText(label)
        needed = sum(button.minimumSizeHint().width() + GAP for button in self._buttons)
        if needed - GAP > self.width() - 2 * MARGIN:
            for button in self._buttons:
                button.setText("")
