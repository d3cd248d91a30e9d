"""What stands below the last message: add one, the tools, and what else the example holds."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from tunedesk.examples.conversation import RawValue
from tunedesk.gui.actions import Actions
from tunedesk.gui.examples.form.note_line import NoteLine
from tunedesk.gui.examples.form.problem_notes import Note
from tunedesk.gui.examples.form.quiet_button import QuietButton
from tunedesk.gui.examples.form.raw_value_row import RawValueRow
from tunedesk.gui.theme import Theme
from tunedesk.gui.widgets.action_button import ActionButton
from tunedesk.i18n import _

MOST_KEYS = 40
SHOWN_UNFOLDED = 3
"""More keys than this are folded away until they are asked for."""
WIDEST_KEY = 180


class ListFooter(QWidget):
    """Buttons and, below them, problems and keys that belong to no message.

    Signals:
        tools_wanted: The user wants to see the tools.
        key_removed: A key of the example is to go; its number among the other keys.
    """

    tools_wanted = Signal()
    key_removed = Signal(int)

    def __init__(self, theme: Theme, actions: Actions, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.add = ActionButton(theme, actions["message.add"], _("Add message"), "add")
        self.tools = QPushButton(_("Tools"))
        self.tools.setIcon(theme.icons.icon("tool"))
        self.tools.setToolTip(_("The programs that the model may call in this example"))
        self.tools.setAccessibleName(_("Tools"))
        self.tools.clicked.connect(self.tools_wanted)
        self._notes: list[NoteLine] = []
        self._rows: list[RawValueRow] = []
        buttons = QHBoxLayout()
        buttons.setSpacing(8)
        buttons.addWidget(self.add)
        buttons.addWidget(self.tools)
        buttons.addStretch(1)
        self._keys_title = QuietButton(theme, theme.font("small"))
        self._keys_title.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._keys_title.setToolTip(_("Trainers do not use these. They are kept as they are."))
        self._keys_title.clicked.connect(self._unfold)
        self._unfolded = False
        self._keys: tuple[RawValue, ...] = ()
        self._writable = False
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 2, 0, 0)
        self._column.setSpacing(8)
        self._column.addLayout(buttons)
        self._column.addWidget(self._keys_title)

    def heightForWidth(self, width: int) -> int:
        """The height that all of it needs at a width."""
        if self._column.hasHeightForWidth():
            return self._column.totalHeightForWidth(width)
        return self._column.totalSizeHint().height()

    def show_example(
        self, tools: int, notes: tuple[Note, ...], keys: tuple[RawValue, ...], writable: bool
    ) -> None:
        """Show how many tools there are, the example's own problems and its other keys."""
        self.tools.setText(_("Tools {count}").format(count=tools) if tools else _("Tools"))
        while len(self._notes) < len(notes):
            line = NoteLine(self._theme)
            self._notes.append(line)
            self._column.insertWidget(len(self._notes), line)
        for number, line in enumerate(self._notes):
            line.setVisible(number < len(notes))
            if number < len(notes):
                line.show_note(notes[number])
        self._keys, self._writable = keys, writable
        self._show_keys()

    def _unfold(self) -> None:
        self._unfolded = not self._unfolded
        self._show_keys()

    def _show_keys(self) -> None:
        keys = self._keys
        folds = len(keys) > SHOWN_UNFOLDED
        self._keys_title.setVisible(bool(keys))
        self._keys_title.setEnabled(folds)
        words = _("Other keys of this example")
        if folds:
            words = _("{words}: {count}").format(words=words, count=len(keys))
        self._keys_title.show_word(words, "text_muted")
        shown = keys[:MOST_KEYS] if self._unfolded or not folds else ()
        while len(self._rows) < len(shown):
            row = RawValueRow(self._theme)
            number = len(self._rows)
            row.removed.connect(lambda number=number: self.key_removed.emit(number))
            self._rows.append(row)
            self._column.addWidget(row)
        width = max((self._rows[0].key_width(value.key) for value in shown), default=0)
        for number, row in enumerate(self._rows):
            row.setVisible(number < len(shown))
            if number < len(shown):
                row.align_keys(min(width, WIDEST_KEY))
                row.show_value(shown[number].key, shown[number].raw, "", self._writable)
