"""The tabs Form, Tools and Raw JSON, and beside them how the text is shown."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QMenu, QToolButton, QWidget

from tunedesk.gui.actions import Actions
from tunedesk.gui.theme import Theme
from tunedesk.gui.widgets.icon_button import IconButton
from tunedesk.gui.widgets.segmented_tabs import SegmentedTabs
from tunedesk.i18n import _

FORM, TOOLS, RAW = range(3)

VIEW_ACTIONS = ("view.zoom_in", "view.zoom_out", "view.zoom_reset", "view.monospace")


class FormTabs(QWidget):
    """One row above the messages.

    Signals:
        chosen: Another tab, as its index.
    """

    chosen = Signal(int)

    def __init__(self, theme: Theme, actions: Actions, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._tabs = SegmentedTabs(theme, [_("Form"), _("Tools"), _("Raw JSON")])
        self._tabs.setAccessibleName(_("View of the example"))
        self._tabs.setTabToolTip(FORM, _("The messages as cards"))
        self._tabs.setTabToolTip(TOOLS, _("The programs that the model may call"))
        key = actions.key_text("view.raw")
        raw = _("All of the example as it stands in the file")
        self._tabs.setTabToolTip(RAW, f"{raw} ({key})" if key else raw)
        self._text = IconButton(theme, "text", _("Text size and font"))
        menu = QMenu(self)
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

    def show_tool_count(self, count: int) -> None:
        """Show how many tools there are."""
        self._tabs.set_count(TOOLS, count)
