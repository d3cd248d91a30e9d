"""Table, form and side panel beside each other; the panel folds away where there is no room."""

from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QSplitter, QWidget

FIRST_WIDTHS = (448, 458, 298)
"""How the three share a window at first; a wider one gives the rest to table and form."""

LEAST_TABLE, LEAST_FORM = 280, 340


class ThreeColumns(QSplitter):
    """A splitter whose third column shows only if it is wanted and there is room for it."""

    def __init__(self, table: QWidget, form: QWidget, panel: QWidget) -> None:
        super().__init__(Qt.Orientation.Horizontal)
        self._panel = panel
        self._wanted = True
        self.setChildrenCollapsible(False)
        self.setHandleWidth(1)
        table.setMinimumWidth(LEAST_TABLE)
        form.setMinimumWidth(LEAST_FORM)
        for widget, stretch in ((table, 3), (form, 4), (panel, 0)):
            self.addWidget(widget)
            self.setStretchFactor(self.count() - 1, stretch)
        self.setSizes(list(FIRST_WIDTHS))

    @property
    def panel_wanted(self) -> bool:
        """Whether the user wants to see the panel."""
        return self._wanted

    def want_panel(self, wanted: bool) -> None:
        """Show the panel, or fold it away."""
        self._wanted = wanted
        self._fold()

    def take_widths(self, widths: Any) -> None:
        """Take up the widths that were kept; anything else is left alone."""
        if isinstance(widths, list) and len(widths) == 3 and all(type(n) is int for n in widths):
            self.setSizes(widths)

    def minimumSizeHint(self) -> Any:
        """Room for table and form; the panel gives way."""
        size = super().minimumSizeHint()
        size.setWidth(LEAST_TABLE + LEAST_FORM + self.handleWidth())
        return size

    def resizeEvent(self, event: QResizeEvent) -> None:
        """See whether there is room for the panel."""
        super().resizeEvent(event)
        self._fold()

    def _fold(self) -> None:
        needed = LEAST_TABLE + LEAST_FORM + self._panel.minimumSizeHint().width()
        self._panel.setVisible(self._wanted and self.width() >= needed + 2 * self.handleWidth())
