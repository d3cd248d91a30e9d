"""What the page says while the project has no examples."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QVBoxLayout, QWidget

from tunedesk.gui.actions import Actions
from tunedesk.gui.theme import Theme
from tunedesk.gui.widgets.action_button import ActionButton
from tunedesk.gui.widgets.empty_state import EmptyState
from tunedesk.i18n import _


class PageEmpty(QWidget):
    """The first steps: write an example, or bring a file in."""

    def __init__(self, theme: Theme, actions: Actions, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("surface", "window")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        state = EmptyState(
            theme,
            "examples",
            _("No examples yet"),
            _(
                "Write the first conversation, or bring a file in: choose one, drop it here, "
                "or paste rows of a spreadsheet."
            ),
        )
        self.first = ActionButton(theme, actions["example.new"], icon="add", kind="primary")
        state.add_button(self.first)
        state.add_button(ActionButton(theme, actions["project.import"], icon="import"))
        column = QVBoxLayout(self)
        column.addWidget(state)
