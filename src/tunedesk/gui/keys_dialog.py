"""The overview of all keys, on ? and F1, where they can be changed."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLineEdit, QWidget

from tunedesk.gui.actions import Actions
from tunedesk.gui.key_row import KeyRow
from tunedesk.gui.theme import Theme
from tunedesk.gui.widgets.card import Card
from tunedesk.gui.widgets.dialog import Dialog
from tunedesk.gui.widgets.label import Label
from tunedesk.gui.widgets.section_title import SectionTitle
from tunedesk.i18n import _


class KeysDialog(Dialog):
    """All actions by group with their keys; a search narrows them."""

    def __init__(self, theme: Theme, actions: Actions, parent: QWidget | None = None) -> None:
        super().__init__(theme, _("Keys"), scrolls=True, parent=parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._actions = actions
        self.search = QLineEdit()
        self.search.setPlaceholderText(_("Search the keys"))
        self.search.setAccessibleName(_("Search the keys"))
        self.search.setClearButtonEnabled(True)
        self.search.setFixedWidth(230)
        self.search.textChanged.connect(self._narrow)
        self.head.addWidget(self.search)
        self.rows: list[KeyRow] = []
        self._groups: list[tuple[QWidget, Card, list[KeyRow]]] = []
        self._fill()
        self._nothing = Label(theme, _("No action of that name."), "base", "muted")
        self._nothing.hide()
        self.body.addWidget(self._nothing)
        self.body.addStretch()
        self.add_note(
            Label(
                theme,
                _("Single letters act only while no text has the focus."),
                "small",
                "muted",
                wrap=True,
            )
        )
        reset = self.add_button(_("Reset all"))
        reset.clicked.connect(self._reset_all)
        close = self.add_button(_("Close"), "primary", default=True)
        close.clicked.connect(self.accept)
        self.resize(620, 640)
        self.search.setFocus()

    def _fill(self) -> None:
        groups: dict[str, list[KeyRow]] = {}
        for spec in self._actions:
            if self._actions.connected(spec.id):
                row = KeyRow(self.theme, self._actions, spec)
                row.changed.connect(self._show_keys)
                groups.setdefault(spec.group, []).append(row)
                self.rows.append(row)
        for name, rows in groups.items():
            title = SectionTitle(self.theme, name)
            card = Card()
            for row in rows:
                card.body.addWidget(row)
            self.body.addWidget(title)
            self.body.addWidget(card)
            self.body.addSpacing(8)
            self._groups.append((title, card, rows))

    def _narrow(self, words: str) -> None:
        found = False
        for title, card, rows in self._groups:
            fitting = [row for row in rows if row.fits(words)]
            for row in rows:
                row.setVisible(row in fitting)
            title.setVisible(bool(fitting))
            card.setVisible(bool(fitting))
            found = found or bool(fitting)
        self._nothing.setVisible(not found)

    def _show_keys(self) -> None:
        for row in self.rows:
            row.show_keys()

    def _reset_all(self) -> None:
        self._actions.reset_keys()
        self._show_keys()
