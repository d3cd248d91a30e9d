"""A box for JSON text: fixed-width, coloured, keeping what it cannot show."""

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QKeyEvent, QKeySequence, QTextCursor, QTextOption
from PySide6.QtWidgets import QPlainTextEdit, QTextEdit, QWidget

from tunedesk.gui.examples.form.json_highlighter import JsonHighlighter
from tunedesk.gui.examples.form.shown_text import ShownText, changed_span
from tunedesk.gui.examples.form.text_marks import Mark, selection_of
from tunedesk.gui.theme import Theme


class CodeEdit(QPlainTextEdit):
    """Edits a `ShownText`; undo is the project's.

    Signals:
        edited: The original text after a keystroke.
        leave_requested: Esc was pressed.
    """

    edited = Signal(object)
    leave_requested = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._text = ShownText.with_replaced("", [])
        self._own_change = False
        self.setUndoRedoEnabled(False)
        self.setTabChangesFocus(True)
        self.setWordWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        self.document().setDocumentMargin(10)
        self.highlighter = JsonHighlighter(self.document(), theme)
        self.textChanged.connect(self._changed)

    @property
    def shown_text(self) -> ShownText:
        """The text with the way from what is shown to it."""
        return self._text

    def show_text(self, text: ShownText, keep_place: bool) -> None:
        """Show a text; with `keep_place` the cursor and the scrolling stay where they are."""
        self._own_change = True
        try:
            if keep_place and self._text.shown and text.shown:
                start, old_end, new_end = changed_span(self._raw(), text.shown)
                edit = QTextCursor(self.document())
                edit.setPosition(self._position(self._raw(), start))
                edit.setPosition(
                    self._position(self._raw(), old_end), QTextCursor.MoveMode.KeepAnchor
                )
                edit.insertText(text.shown[start:new_end])
            else:
                self.setPlainText(text.shown)
            self._text = text
        finally:
            self._own_change = False

    def set_marks(self, marks: list[Mark]) -> None:
        """Mark stretches of the shown text."""
        selections: list[QTextEdit.ExtraSelection] = []
        for mark in marks:
            cursor = QTextCursor(self.document())
            cursor.setPosition(self._position(self._text.shown, mark.start))
            cursor.setPosition(
                self._position(self._text.shown, mark.end), QTextCursor.MoveMode.KeepAnchor
            )
            selections.append(selection_of(mark, cursor))
        self.setExtraSelections(selections)

    def go_to(self, place: int) -> None:
        """Put the cursor at a place of the shown text."""
        cursor = self.textCursor()
        cursor.setPosition(self._position(self._text.shown, place))
        self.setTextCursor(cursor)
        self.centerCursor()
        self.setFocus()

    def event(self, event: QEvent) -> bool:
        """Leave undo and redo to the project's own actions."""
        if (
            event.type() == QEvent.Type.ShortcutOverride
            and isinstance(event, QKeyEvent)
            and _is_history(event)
        ):
            event.ignore()
            return False
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Esc leaves; a new line is indented as the one before."""
        key = event.key()
        if key == Qt.Key.Key_Escape:
            self.leave_requested.emit()
        elif _is_history(event):
            event.ignore()
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
                event.ignore()
            elif not self.isReadOnly():
                line = self.textCursor().block().text()
                self.insertPlainText("\n" + line[: len(line) - len(line.lstrip(" "))])
                self.ensureCursorVisible()
        else:
            super().keyPressEvent(event)

    def _changed(self) -> None:
        if self._own_change:
            return
        shown = self._raw()
        if shown != self._text.shown:
            self._text = self._text.edited(shown)
            self.edited.emit(self._text.original)

    def _raw(self) -> str:
        return self.document().toRawText().replace("\u2029", "\n")

    def _position(self, shown: str, characters: int) -> int:
        before = shown[:characters]
        position = len(before)
        if not before.isascii():
            position = len(before.encode("utf-16-le", "surrogatepass")) // 2
        return min(position, self.document().characterCount() - 1)


def _is_history(event: QKeyEvent) -> bool:
    keys = QKeySequence.StandardKey
    return event.matches(keys.Undo) or event.matches(keys.Redo)
