"""The buttons of the chosen row of a problem list, laid over the row.

They stand beside the list, not inside its viewport: what lies in the viewport of an item view is
no part of the tree that screen readers go through.
"""

from collections.abc import Sequence

from PySide6.QtCore import QRect, Qt, Signal
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QAbstractItemView, QApplication, QPushButton, QWidget

from tunedesk.gui.examples.panel.problem_rows import RowAction
from tunedesk.gui.widgets.flow_layout import FlowLayout
from tunedesk.gui.widgets.plain_tooltip import plain_tooltip

_SIDE = 11  # with the padding of a link button its words begin where the texts of the row do


class ProblemButtons(QWidget):
    """Buttons in lines; what does not fit into the view is cut off as the row itself is.

    Signals:
        action_requested: The name of an action.
    """

    action_requested = Signal(str)

    def __init__(self, view: QAbstractItemView) -> None:
        super().__init__(view.parentWidget())
        self._view = view
        self._inner = QWidget(self)
        self._line = FlowLayout(self._inner, spacing=6)
        self._line.setContentsMargins(_SIDE, 0, _SIDE, 0)
        self._actions: tuple[RowAction, ...] = ()
        self.hide()

    @property
    def actions_shown(self) -> tuple[RowAction, ...]:
        """What the buttons do."""
        return self._actions

    def buttons(self) -> list[QPushButton]:
        """The buttons, in order."""
        return [
            self._line.itemAt(number).widget()  # type: ignore[misc]
            for number in range(self._line.count())
        ]

    def show_actions(self, actions: Sequence[RowAction]) -> None:
        """Offer these actions; the same ones leave the buttons as they are."""
        if tuple(actions) == self._actions:
            return
        had_focus = self.isAncestorOf(QApplication.focusWidget() or self._view)
        self._actions = tuple(actions)
        for button in self.buttons():
            self._line.removeWidget(button)
            button.hide()
            button.deleteLater()
        before: QWidget = self._view
        for action in actions:
            button = self._button(action)
            self._line.addWidget(button)
            self.setTabOrder(before, button)
            before = button
        if had_focus:
            self._view.setFocus()

    def height_for(self, width: int) -> int:
        """How much room the buttons need at a width; 0 without buttons."""
        return self._line.heightForWidth(width) if self._actions else 0

    def place(self, area: QRect) -> None:
        """Stand at this place of the view's viewport, as far as it is to be seen."""
        viewport = self._view.viewport()
        seen = area.intersected(viewport.rect())
        shown = bool(self._actions) and not seen.isEmpty() and self._view.isVisible()
        self.setVisible(shown)
        if shown:
            corner = self._view.mapToParent(viewport.mapTo(self._view, seen.topLeft()))
            self.setGeometry(QRect(corner, seen.size()))
            self._inner.setGeometry(QRect(area.topLeft() - seen.topLeft(), area.size()))
            self.raise_()

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Scroll the list below."""
        QApplication.sendEvent(self._view.viewport(), event)

    def _button(self, action: RowAction) -> QPushButton:
        button = QPushButton(action.label, self._inner)
        button.setObjectName(action.name)
        button.setProperty("kind", "link")
        button.setAccessibleName(action.label)
        button.setToolTip(plain_tooltip(action.tooltip))
        button.setCursor(Qt.CursorShape.PointingHandCursor)
        button.clicked.connect(lambda _on=False: self.action_requested.emit(action.name))
        button.show()
        return button
