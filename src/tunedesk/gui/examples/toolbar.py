"""The line of buttons above the examples, with the search at its end."""

from PySide6.QtWidgets import QFrame, QHBoxLayout, QWidget

from tunedesk.gui.actions import Actions
from tunedesk.gui.examples.search_field import SearchField
from tunedesk.gui.theme import Theme
from tunedesk.gui.widgets.action_button import ActionButton
from tunedesk.i18n import _


class Toolbar(QFrame):
    """New example, Import, Export, Check; Search; and Fine-tune."""

    def __init__(self, theme: Theme, actions: Actions, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("surface", "toolbar")
        self.setAccessibleName(_("Examples toolbar"))
        self.setFixedHeight(theme.size("toolbar"))
        self.search = SearchField(theme, actions["edit.search"])
        row = QHBoxLayout(self)
        row.setContentsMargins(14, 0, 14, 0)
        row.setSpacing(theme.size("gap"))
        row.addWidget(ActionButton(theme, actions["example.new"], icon="add"))
        for action_id, icon in (
            ("project.import", "import"),
            ("project.export", "export"),
            ("project.check", "check"),
        ):
            row.addWidget(ActionButton(theme, actions[action_id], icon=icon, show_key=False))
        row.addStretch(1)
        row.addWidget(self.search, 2)
        fine_tune = ActionButton(
            theme, actions["finetune.new"], _("Fine-tune"), kind="primary", show_key=False
        )
        row.addWidget(fine_tune)
