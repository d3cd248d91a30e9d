"""The parts that the Examples page is laid out from.

The toolbar with the search field, the table with its footer, the three columns, and what the page
says while the project has no examples.
"""

from typing import Any

from PySide6.QtCore import QRect, Qt, QTimer, Signal
from PySide6.QtGui import (
    QAction,
    QKeyEvent,
    QKeySequence,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
)
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QSplitter,
    QStackedWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from tunedesk.gui.actions import Actions
from tunedesk.gui.examples.table_model import ExampleTableModel
from tunedesk.gui.examples.table_view import ExampleTable
from tunedesk.gui.theme import Theme
from tunedesk.gui.widgets.buttons import ActionButton
from tunedesk.gui.widgets.cards import EmptyState
from tunedesk.gui.widgets.labels import Label
from tunedesk.gui.widgets.layouts import FlowLayout
from tunedesk.i18n import _, ngettext

DEBOUNCE_MS = 180
LONGEST = 500


class SearchField(QLineEdit):
    """Type to search; Return and Down go on to the rows, Esc empties the field, then leaves it.

    Signals:
        search_changed: Search for this; empty for nothing.
        left: Go to the rows; True asks for the first of them.
    """

    search_changed = Signal(str)
    left = Signal(bool)

    def __init__(self, theme: Theme, action: QAction, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._action = action
        self._searched = ""
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(DEBOUNCE_MS)
        self._timer.timeout.connect(self._emit_search)
        self.setMaxLength(LONGEST)
        self.setPlaceholderText(_("Search all messages"))
        self.setAccessibleName(_("Search"))
        self.setClearButtonEnabled(True)
        self.setMinimumWidth(180)
        self.setMaximumWidth(300)
        icon = self.addAction(
            theme.icons.icon("search", "text_muted"), QLineEdit.ActionPosition.LeadingPosition
        )
        for button in self.findChildren(QToolButton):
            button.setAccessibleName(
                _("Search") if button.defaultAction() is icon else _("Clear the search")
            )
        self.setToolTip(action.toolTip())
        action.changed.connect(self._on_action_changed)
        self.textEdited.connect(lambda _text: self._timer.start())
        self.textChanged.connect(self._on_text_changed)

    def show_search(self, search: str) -> None:
        """Show a search that somebody else made, without searching again."""
        self._timer.stop()
        self._searched = search
        if self.text().strip() != search:
            self.setText(search)

    def _on_action_changed(self) -> None:
        self.setToolTip(self._action.toolTip())
        self.update()

    def _on_text_changed(self, text: str) -> None:
        # The clear button empties the field without an edit by hand.
        if not text and self._searched:
            self._emit_search()

    def _emit_search(self) -> None:
        self._timer.stop()
        search = self.text().strip()
        if search != self._searched:
            self._searched = search
            self.search_changed.emit(search)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Leave the field for the rows, or empty it."""
        match event.key():
            case Qt.Key.Key_Return | Qt.Key.Key_Enter if not event.modifiers():
                self._emit_search()
                self.left.emit(True)
            case Qt.Key.Key_Down if not event.modifiers():
                self._emit_search()
                self.left.emit(True)
            case Qt.Key.Key_Escape:
                if self.text():
                    self.clear()
                    self._emit_search()
                else:
                    self.left.emit(False)
            case _:
                super().keyPressEvent(event)

    def _least_with_key(self, key: str) -> int:
        """The width from which the key does not stand on the words."""
        placeholder = self.fontMetrics().horizontalAdvance(self.placeholderText())
        return placeholder + self.fontMetrics().horizontalAdvance(key) + 76

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the key that leads here, as long as the field is empty."""
        super().paintEvent(event)
        key = self._action.shortcut().toString(self._action.shortcut().SequenceFormat.NativeText)
        if self.text() or not key or self.hasFocus() or self.width() < self._least_with_key(key):
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(self._theme.font("small"))
        width = painter.fontMetrics().horizontalAdvance(key) + 12
        box = QRect(self.width() - width - 7, (self.height() - 18) // 2, width, 18)
        if self.layoutDirection() == Qt.LayoutDirection.RightToLeft:
            box.moveLeft(7)
        painter.setPen(QPen(self._theme.color("border"), 1))
        painter.drawRoundedRect(box, 4, 4)
        painter.setPen(self._theme.color("text_muted"))
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, key)
        painter.end()


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


class EmptyProject(QWidget):
    """The first steps: write an example, bring a file in, or paste.

    Signals:
        paste_requested: The key for it was pressed.
    """

    paste_requested = Signal()

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
        state.add_button(
            ActionButton(theme, actions["example.paste"], _("Paste"), "copy", show_key=False)
        )
        column = QVBoxLayout(self)
        column.addWidget(state)
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Paste as into the table, whichever of the buttons has the focus."""
        if event.matches(QKeySequence.StandardKey.Paste):
            self.paste_requested.emit()
        else:
            super().keyPressEvent(event)


FOOTER = 30


class SelectionBar(QFrame):
    """What can be done with several selected rows at once; hidden while one is selected."""

    def __init__(self, theme: Theme, actions: Actions) -> None:
        super().__init__()
        self.setProperty("surface", "footer")
        self.setAccessibleName(_("Selected examples"))
        self._text = Label(theme, "", "strong")
        self._text.setMinimumHeight(theme.size("control"))
        self._text.setContentsMargins(0, 0, 2, 0)
        # So narrow that the bar is one line in a window of 1280 pixels, up to 999 rows.
        row = FlowLayout(self, spacing=4)
        row.setContentsMargins(12, 8, 6, 8)
        row.addWidget(self._text)
        for action_id, label, kind in (
            ("example.approve", _("Approve"), "success"),
            ("example.tag", _("Tag"), ""),
            ("example.system_prompt", _("Set system prompt"), ""),
            ("example.delete", _("Delete"), "danger"),
        ):
            row.addWidget(
                ActionButton(theme, actions[action_id], label, kind=kind, show_key=False, padding=8)
            )
        self.hide()

    def show_count(self, count: int) -> None:
        """Show how many rows are selected."""
        text = ngettext("{n} selected", "{n} selected", count)
        self._text.setText(text.format(n=f"{count:,}"))
        self.setVisible(count > 1)


class TablePane(QFrame):
    """Shows the table, or says that nothing matches; and always "37 of 128".

    Signals:
        clear_requested: Show all examples again.
        position_changed: The number of the current row (None for none) and how many there are.
    """

    clear_requested = Signal()
    position_changed = Signal(object, int)

    def __init__(
        self,
        *,
        model: ExampleTableModel,
        table: ExampleTable,
        actions: Actions,
        theme: Theme,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._model = model
        self._table = table
        self.setProperty("surface", "surface")
        self._nothing = EmptyState(
            theme,
            "search",
            _("Nothing matches"),
            _("No example fits the search and the filters."),
        )
        clear = QPushButton(_("Clear filters"))
        clear.clicked.connect(self.clear_requested)
        self._nothing.add_button(clear)
        self._stack = QStackedWidget()
        self._stack.addWidget(table)
        self._stack.addWidget(self._nothing)
        self._position = Label(theme, "", "small", "muted")
        self._position.setToolTip(_("The place of the open example among those shown"))
        self.selected = SelectionBar(theme, actions)
        footer = QFrame()
        footer.setProperty("surface", "footer")
        footer.setFixedHeight(FOOTER)
        row = QHBoxLayout(footer)
        row.setContentsMargins(14, 0, 14, 0)
        row.addWidget(self._position)
        row.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self._stack, 1)
        column.addWidget(self.selected)
        column.addWidget(footer)
        table.selection_count_changed.connect(self.selected.show_count)
        for signal in (
            model.modelReset,
            model.rowsInserted,
            model.rowsRemoved,
            model.layoutChanged,
            model.complete,
            table.selectionModel().currentChanged,
        ):
            signal.connect(self.show_position)

    def show_position(self) -> None:
        """Show which row of how many is the current one."""
        count = self._model.rowCount()
        empty = not count and self._model.is_complete
        self._stack.setCurrentWidget(self._nothing if empty else self._table)
        row = self._table.currentIndex().row()
        self.position_changed.emit(row + 1 if row >= 0 else None, count)
        more = "" if self._model.is_complete else "+"
        text = _("{n} of {count}") if row >= 0 else _("{count} shown")
        self._position.setText(text.format(n=f"{row + 1:,}", count=f"{count:,}{more}"))


FIRST_WIDTHS = (448, 458, 298)
"""How the three share a window at first; of what a wider one has more, each takes a part."""

MOST_PANEL = 640

LEAST_TABLE, LEAST_FORM = 280, 340


class ThreeColumns(QSplitter):
    """A splitter whose third column shows only if it is wanted and there is room for it.

    Where there is none, and the user asks for it, it takes the room of the table.
    """

    def __init__(self, table: QWidget, form: QWidget, panel: QWidget) -> None:
        super().__init__(Qt.Orientation.Horizontal)
        self._table, self._panel = table, panel
        self._wanted = True
        self._asked = False
        self.setChildrenCollapsible(False)
        self.setHandleWidth(1)
        table.setMinimumWidth(LEAST_TABLE)
        form.setMinimumWidth(LEAST_FORM)
        panel.setMaximumWidth(MOST_PANEL)
        for widget, stretch in ((table, 3), (form, 4), (panel, 2)):
            self.addWidget(widget)
            self.setStretchFactor(self.count() - 1, stretch)
        self.setSizes(list(FIRST_WIDTHS))

    def want_panel(self, wanted: bool, *, asked: bool = False) -> None:
        """Show the panel, or fold it away.

        Args:
            wanted: Whether it is to show.
            asked: Whether the user has just asked for it, and not the settings.
        """
        self._wanted, self._asked = wanted, wanted and asked
        self._fold()

    def show_table(self) -> None:
        """Show the table again, where the panel had taken its room."""
        self._asked = False
        self._fold()

    def restore_widths(self, widths: Any) -> None:
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
        room = self.width() >= needed + 2 * self.handleWidth()
        self._panel.setVisible(self._wanted and (room or self._asked))
        self._table.setVisible(room or not (self._wanted and self._asked))
