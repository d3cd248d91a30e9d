"""The text of one message: a box that grows with its text and gives every edit on at once."""

from PySide6.QtCore import QEvent, QMimeData, QPoint, QSize, Qt, Signal
from PySide6.QtGui import (
    QContextMenuEvent,
    QFocusEvent,
    QKeyEvent,
    QKeySequence,
    QTextBlockFormat,
    QTextCursor,
    QTextOption,
    QWheelEvent,
)
from PySide6.QtWidgets import QFrame, QSizePolicy, QTextEdit, QWidget

from tunedesk.gui.examples.form.problem_marks import TextMark, selection_of
from tunedesk.gui.examples.form.text_mapping import TextMapping, changed_span

LONGEST_EDITED = 300_000
"""Longer texts are shown in part and changed in the raw JSON: laying them out takes too long."""
SHOWN_OF_LONG = 20_000
LINE_HEIGHT = 125
NARROWEST = 40

_FOCUS_COMES_BACK = (
    Qt.FocusReason.PopupFocusReason,
    Qt.FocusReason.MenuBarFocusReason,
    Qt.FocusReason.ActiveWindowFocusReason,
)
_HISTORY_KEYS = (QKeySequence.StandardKey.Undo, QKeySequence.StandardKey.Redo)


class MessageText(QTextEdit):
    """Shows and edits one text, as tall as the text is.

    Undo is the project's, so the box keeps no steps of its own. Tab moves on.

    Signals:
        edited: The whole text after a keystroke, paste or drop.
        leave_requested: Esc was pressed.
        cursor_moved: The cursor stands elsewhere, in a box that has the focus.
        focus_changed: The box has the focus now, or no more.
        left: The focus has gone to something else, not to a menu or dialog that gives it back.
        menu_requested: The user asked for the menu, with the point on the screen.
        pictures_dropped: Pictures were dropped or pasted, as the mime data that holds them.
    """

    # As an object: Qt's own strings cannot hold a lone surrogate.
    edited = Signal(object)
    leave_requested = Signal()
    cursor_moved = Signal()
    focus_changed = Signal(bool)
    left = Signal()
    menu_requested = Signal(QPoint)
    pictures_dropped = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._text = TextMapping.of_message("")
        self._marks: list[TextMark] = []
        self._own_change = False
        self._measuring = False
        self._cut_off = False
        self._writable = True
        self.takes_pictures = False
        self.setProperty("frameless", True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setAcceptRichText(False)
        self.setUndoRedoEnabled(False)
        self.setTabChangesFocus(True)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setWordWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        self.document().setDocumentMargin(0)
        # Each paragraph runs the way its own letters do.
        option = self.document().defaultTextOption()
        option.setTextDirection(Qt.LayoutDirection.LayoutDirectionAuto)
        self.document().setDefaultTextOption(option)
        # "Fixed" would hold it to the one line of its size hint.
        policy = QSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self._space_lines()
        self.document().contentsChanged.connect(self._contents_changed)
        self.document().documentLayout().documentSizeChanged.connect(self._size_changed)
        self.cursorPositionChanged.connect(self._emit_cursor_moved)

    @property
    def text(self) -> str:
        """The text, every character of it, also those that the box cannot show."""
        return self._text.original

    @property
    def cut_off(self) -> bool:
        """Whether the text is too long for the box and is shown only in part."""
        return self._cut_off

    def set_text(self, text: str) -> None:
        """Show a text; where it equals what is shown nothing moves, the cursor least of all."""
        if text == self._text.original:
            return
        self._cut_off = len(text) > LONGEST_EDITED
        self._text = TextMapping.of_message(text)
        shown = self._text.shown[:SHOWN_OF_LONG] if self._cut_off else self._text.shown
        self._own_change = True
        try:
            self._show(shown)
        finally:
            self._own_change = False
        self.updateGeometry()
        self._update_writable()
        self._paint_marks()

    def set_writable(self, writable: bool) -> None:
        """Allow or forbid edits; reading, selecting and copying always work."""
        self._writable = writable
        self._update_writable()

    def set_marks(self, marks: list[TextMark]) -> None:
        """Underline and colour stretches of the text: problems, hits of a search."""
        if marks != self._marks:
            self._marks = marks
            self._paint_marks()

    def cursor_position(self) -> int:
        """Where the cursor stands in the text, in characters."""
        return self._text.to_original(self._characters_before(self.textCursor().position()))

    def set_cursor_position(self, position: int, length: int = 0) -> None:
        """Put the cursor at a position of the text, or select so many characters from there."""
        cursor = self.textCursor()
        cursor.setPosition(self._position(self._text.to_shown(position)))
        if length:
            end = self._position(self._text.to_shown(position + length))
            cursor.setPosition(end, QTextCursor.MoveMode.KeepAnchor)
        self.setTextCursor(cursor)

    def heightForWidth(self, width: int) -> int:
        """The height that the text needs at a width."""
        margins = self.contentsMargins()
        inside = width - margins.left() - margins.right()
        if inside < NARROWEST:
            # Layouts ask this for their least size; laying the text out for it would be in vain.
            return self.fontMetrics().height()
        height = self._height_at(inside)
        return round(height) + margins.top() + margins.bottom() + 1

    def _height_at(self, width: int) -> float:
        document = self.document()
        self._measuring = True
        try:
            for _try in range(3):
                if document.textWidth() != width:
                    document.setTextWidth(width)
                height = document.size().height()
                # A box that has another width yet lays its text out for that one meanwhile.
                if document.textWidth() == width:
                    break
        finally:
            self._measuring = False
        return height

    def hasHeightForWidth(self) -> bool:
        """The height follows from the width."""
        return True

    def sizeHint(self) -> QSize:
        """One line; layouts ask for the height that goes with a width."""
        return QSize(200, self.fontMetrics().height())

    def minimumSizeHint(self) -> QSize:
        """One line."""
        return QSize(40, self.fontMetrics().height())

    def changeEvent(self, event: QEvent) -> None:
        """Another font needs another height."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:
            self.updateGeometry()

    def event(self, event: QEvent) -> bool:
        """Leave undo and redo to the project's own actions."""
        if (
            event.type() == QEvent.Type.ShortcutOverride
            and isinstance(event, QKeyEvent)
            and any(event.matches(key) for key in _HISTORY_KEYS)
        ):
            event.ignore()
            return False
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Esc leaves; a line break is a line break, whatever else is held."""
        key, modifiers = event.key(), event.modifiers()
        enter = key in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
        if key == Qt.Key.Key_Escape:
            self.leave_requested.emit()
        elif any(event.matches(name) for name in _HISTORY_KEYS) or (
            enter and modifiers & Qt.KeyboardModifier.ControlModifier
        ):
            event.ignore()
        elif enter and not self.isReadOnly():
            self.textCursor().insertText("\n")
            self.ensureCursorVisible()
        else:
            super().keyPressEvent(event)

    def canInsertFromMimeData(self, source: QMimeData) -> bool:
        """Text, and pictures where the message may hold them."""
        return source.hasText() or (self.takes_pictures and _holds_pictures(source))

    def insertFromMimeData(self, source: QMimeData) -> None:
        """Paste and drop as plain text; pictures go to whoever can embed them."""
        if self.takes_pictures and _holds_pictures(source):
            self.pictures_dropped.emit(source)
        elif source.hasText():
            self.textCursor().insertText(source.text())

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Tell that the box has the focus."""
        super().focusInEvent(event)
        self.focus_changed.emit(True)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Tell that it has gone."""
        super().focusOutEvent(event)
        self.focus_changed.emit(False)
        if event.reason() not in _FOCUS_COMES_BACK:
            self.left.emit()

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Leave the wheel to the list of messages."""
        event.ignore()

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Ask the card for its menu, which holds more than this box's."""
        self.menu_requested.emit(event.globalPos())

    def _show(self, shown: str) -> None:
        """Change the document to the text, touching only the stretch that differs."""
        old = self._raw()
        if not old or not shown:
            self.setPlainText(shown)
            self._space_lines()
            return
        start, old_end, new_end = changed_span(old, shown)
        if start == old_end == new_end:
            return
        edit = QTextCursor(self.document())
        edit.setPosition(_utf16_length(old[:start]))
        edit.setPosition(_utf16_length(old[:old_end]), QTextCursor.MoveMode.KeepAnchor)
        edit.insertText(shown[start:new_end])

    def _space_lines(self) -> None:
        """Give the lines air; a paragraph that is typed takes the spacing of the one before."""
        spacing = QTextBlockFormat()
        spacing.setLineHeight(
            LINE_HEIGHT, QTextBlockFormat.LineHeightTypes.ProportionalHeight.value
        )
        edit = QTextCursor(self.document())
        edit.select(QTextCursor.SelectionType.Document)
        edit.mergeBlockFormat(spacing)

    def _raw(self) -> str:
        return self.document().toRawText().replace("\u2029", "\n")

    def _contents_changed(self) -> None:
        if self._own_change or self._cut_off:
            return
        shown = self._raw()
        if shown != self._text.shown:
            self._text = self._text.edited(shown)
            self.edited.emit(self._text.original)

    def _size_changed(self) -> None:
        if not self._measuring:
            self.updateGeometry()

    def _emit_cursor_moved(self) -> None:
        if self.hasFocus() and not self._own_change:
            self.cursor_moved.emit()

    def _update_writable(self) -> None:
        read_only = self._cut_off or not self._writable
        if read_only != self.isReadOnly():
            self.setReadOnly(read_only)
            if read_only:  # it can still be read and copied from the keyboard
                self.setTextInteractionFlags(
                    Qt.TextInteractionFlag.TextSelectableByMouse
                    | Qt.TextInteractionFlag.TextSelectableByKeyboard
                )

    def _paint_marks(self) -> None:
        length = len(self._text.shown)
        selections = []
        for mark in self._marks:
            start, end = self._text.to_shown(mark.start), self._text.to_shown(mark.end)
            if start < end <= length:
                cursor = QTextCursor(self.document())
                cursor.setPosition(self._position(start))
                cursor.setPosition(self._position(end), QTextCursor.MoveMode.KeepAnchor)
                selections.append(selection_of(mark, cursor))
        if selections or self.extraSelections():
            self.setExtraSelections(selections)

    def _position(self, characters: int) -> int:
        """A position in characters as Qt counts it, in UTF-16."""
        position = _utf16_length(self._text.shown[:characters])
        return min(position, self.document().characterCount() - 1)

    def _characters_before(self, position: int) -> int:
        shown = self._text.shown
        if shown.isascii():
            return position
        return len(shown.encode("utf-16-le")[: 2 * position].decode("utf-16-le", "ignore"))


def _utf16_length(text: str) -> int:
    if text.isascii():
        return len(text)
    return len(text) + sum(character > "\uffff" for character in text)


def _holds_pictures(source: QMimeData) -> bool:
    return source.hasImage() or (
        source.hasUrls() and all(address.isLocalFile() for address in source.urls())
    )
