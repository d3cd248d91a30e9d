"""A row of tabs for a panel, each with an optional count."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QTabBar, QWidget

from tunedesk.gui.theme import Theme


class SegmentedTabs(QTabBar):
    """Underlined tabs "Problems 1 | Tokens | History"; the name of a tab leaves the count out."""

    def __init__(self, theme: Theme, labels: list[str], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._labels = list(labels)
        self.setDrawBase(False)
        self.setExpanding(False)
        self.setUsesScrollButtons(False)
        self.setElideMode(Qt.TextElideMode.ElideNone)
        self.setFont(theme.font("base"))
        for index, label in enumerate(labels):
            self.addTab(label.replace("&", "&&"))
            self.setAccessibleTabName(index, label)

    def set_count(self, index: int, count: int | None) -> None:
        """Show a number behind the label of a tab; none or 0 shows the label alone."""
        label = self._labels[index].replace("&", "&&")
        self.setTabText(index, f"{label} {count:,}" if count else label)
