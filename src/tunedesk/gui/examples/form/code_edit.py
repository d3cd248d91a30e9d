"""A box for JSON text: fixed-width, coloured, laid out over lines, keeping what it cannot show."""

import contextlib
import re

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import (
    QFont,
    QKeyEvent,
    QKeySequence,
    QSyntaxHighlighter,
    QTextCharFormat,
    QTextCursor,
    QTextDocument,
    QTextOption,
)
from PySide6.QtWidgets import QPlainTextEdit, QTextEdit, QWidget

from tunedesk.examples.json_text import JsonNode, JsonSyntaxError, parse
from tunedesk.gui.examples.form.problem_marks import TextMark, selection_of
from tunedesk.gui.examples.form.text_mapping import TextMapping, changed_span
from tunedesk.gui.theme import Theme
from tunedesk.i18n import _

LONGEST_LINE = 20_000
"""Longer lines stay in one colour: the eye gains nothing and the time is long."""

_TOKEN = re.compile(
    r'(?P<key>"(?:[^"\\]|\\.)*"(?=\s*:))|(?P<string>"(?:[^"\\]|\\.)*"?)'
    r"|(?P<number>-?\d[\d.eE+-]*)|(?P<word>\b(?:true|false|null)\b)|(?P<mark>[\[\]{}:,])"
)


class JsonHighlighter(QSyntaxHighlighter):
    """Colours a document as the theme wants it."""

    def __init__(self, document: QTextDocument, theme: Theme) -> None:
        super().__init__(document)
        self._theme = theme
        self._formats: dict[str, QTextCharFormat] = {}
        self._make_formats()
        theme.changed.connect(self._recolor)

    def highlightBlock(self, text: str) -> None:
        """Colour one line."""
        if len(text) > LONGEST_LINE:
            return
        # Qt counts in UTF-16; letters beyond that shift what follows them.
        plain = text.isascii() or all(letter <= "\uffff" for letter in text)
        for match in _TOKEN.finditer(text):
            start, end = match.span()
            if not plain:
                start = len(text[:start].encode("utf-16-le", "surrogatepass")) // 2
                end = len(text[: match.end()].encode("utf-16-le", "surrogatepass")) // 2
            self.setFormat(start, end - start, self._formats[match.lastgroup or "mark"])

    def _make_formats(self) -> None:
        colors = {
            "key": "role_user",
            "string": "text",
            "number": "role_system",
            "word": "role_system",
            "mark": "text_muted",
        }
        for name, color in colors.items():
            style = QTextCharFormat()
            style.setForeground(self._theme.color(color))
            if name == "key":
                style.setFontWeight(QFont.Weight.Medium)
            self._formats[name] = style

    def _recolor(self) -> None:
        self._make_formats()
        self.rehighlight()


INDENT = "  "
SHORT = 40
"""A value that is spelled shorter than this and holds nothing nested stays in its line."""
LONGEST_LAID_OUT = 1_000_000
"""Longer than this, pictures not counted, it stays as it is: the time would be felt."""

LONG_LINE = 20_000
PIECE = 2_000

_PICTURE = re.compile(
    r"(data:[\w/+.-]+;base64,[A-Za-z0-9+/=]{24})([A-Za-z0-9+/=\\]{400,})(?=[A-Za-z0-9+/=]{8})"
)


def laid_out(text: str) -> TextMapping:
    """The text with line breaks that are only shown and with the middle of pictures left out.

    It keeps its own lines if it has some, and no line breaks are shown if it is not JSON.
    """
    changes = [
        (match.start(2), match.end(2), _left_out(match.end(2) - match.start(2)))
        for match in _PICTURE.finditer(text)
    ]
    hidden = sum(end - start for start, end, _shown in changes)
    if "\n" not in text.strip() and len(text) - hidden <= LONGEST_LAID_OUT:
        with contextlib.suppress(JsonSyntaxError):  # it is shown as it is, and said so
            _lay_out(text, parse(text), 0, changes)
    changes.sort()
    return TextMapping.with_replaced(text, _with_long_lines_broken(text, changes))


def _with_long_lines_broken(
    text: str, changes: list[tuple[int, int, str]]
) -> list[tuple[int, int, str]]:
    """Add breaks in what would be very long lines: Qt needs a square of their length for some."""
    broken: list[tuple[int, int, str]] = []
    at = 0
    for start, end, shown in (*changes, (len(text), len(text), "")):
        line_start = at
        for line in text[at:start].split("\n"):
            if len(line) > LONG_LINE:
                breaks = range(line_start + PIECE, line_start + len(line), PIECE)
                broken.extend((at_break, at_break, "\n") for at_break in breaks)
            line_start += len(line) + 1
        if end > start or shown:
            broken.append((start, end, shown))
        at = end
    return broken


def _left_out(count: int) -> str:
    return " … {} … ".format(_("{count} characters").format(count=f"{count:,}"))


def _lay_out(text: str, root: JsonNode, depth: int, changes: list[tuple[int, int, str]]) -> None:
    waiting = [(root, depth)]
    while waiting:
        node, level = waiting.pop()
        children = [(key.start, child.end, child) for _name, key, child in node.members] or [
            (item.start, item.end, item) for item in node.items
        ]
        if not children or _is_short(node):
            continue
        at = node.start + 1
        for start, end, child in children:
            # Between two values stand a comma and blanks: the blanks are shown as a line break.
            comma = text.find(",", at, start)
            begin = comma + 1 if comma >= 0 else at
            changes.append((begin, start, "\n" + INDENT * (level + 1)))
            waiting.append((child, level + 1))
            at = end
        changes.append((at, node.end - 1, "\n" + INDENT * level))


def _is_short(node: JsonNode) -> bool:
    children = [child for _name, _key, child in node.members] or node.items
    return node.end - node.start <= SHORT and all(
        child.kind not in ("object", "array") for child in children
    )


class CodeEdit(QPlainTextEdit):
    """Edits a `TextMapping`; undo is the project's.

    Signals:
        edited: The original text after a keystroke.
        leave_requested: Esc was pressed.
    """

    edited = Signal(object)
    leave_requested = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._text = TextMapping.with_replaced("", [])
        self._own_change = False
        self.setUndoRedoEnabled(False)
        self.setTabChangesFocus(True)
        self.setWordWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        self.document().setDocumentMargin(10)
        self.highlighter = JsonHighlighter(self.document(), theme)
        self.textChanged.connect(self._changed)

    @property
    def shown_text(self) -> TextMapping:
        """The text with the way from what is shown to it."""
        return self._text

    def show_text(self, text: TextMapping, keep_place: bool) -> None:
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

    def set_marks(self, marks: list[TextMark]) -> None:
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

    def go_to(self, position: int) -> None:
        """Put the cursor at a position of the shown text."""
        cursor = self.textCursor()
        cursor.setPosition(self._position(self._text.shown, position))
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
