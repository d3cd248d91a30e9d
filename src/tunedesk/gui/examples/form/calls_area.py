"""The tool calls of an answer, one below the other, and the older function call."""

from PySide6.QtCore import Signal
from PySide6.QtGui import QFont
from PySide6.QtWidgets import QVBoxLayout, QWidget

from tunedesk.examples.conversation import Message
from tunedesk.gui.examples.form.example_edits import ExampleEdits
from tunedesk.gui.examples.form.message_text import MessageText
from tunedesk.gui.examples.form.problem_notes import Note
from tunedesk.gui.examples.form.tool_call_fields import ToolCallFields
from tunedesk.gui.theme import Theme


class CallsArea(QWidget):
    """Holds as many call fields as the message has calls; hidden without.

    Signals:
        text_made: A text box was made, for the card to wire up.
    """

    text_made = Signal(object)

    def __init__(self, theme: Theme, edits: ExampleEdits, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._edits = edits
        self._message: Message | None = None
        self._calls: list[ToolCallFields] = []
        self._function: ToolCallFields | None = None
        self._font: QFont | None = None
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(8)
        self.hide()

    def set_text_font(self, font: QFont) -> None:
        """Show the arguments in a font."""
        self._font = font
        for fields in (*self._calls, self._function):
            if fields is not None:
                fields.set_text_font(font)

    def show_calls(
        self, message: Message, tools: tuple[str, ...], notes: tuple[Note, ...], writable: bool
    ) -> None:
        """Show the calls of a message with their problems."""
        self._message = message
        calls = message.tool_calls
        while len(self._calls) < len(calls):
            self._make_call(len(self._calls))
        for number, fields in enumerate(self._calls):
            fields.setVisible(number < len(calls))
            if number < len(calls):
                own = notes_below(notes, ("tool_calls", number))
                fields.show_call(calls[number], tools, own, writable, older_form=False)
        call = message.function_call
        if call is not None and self._function is None:
            self._function = self._made()
            self._function.modernised.connect(self._modernise)
        if self._function is not None:
            self._function.setVisible(call is not None)
            if call is not None:
                own = notes_below(notes, ("function_call",))
                self._function.show_call(call, tools, own, writable, older_form=True)
        self.setVisible(bool(calls) or call is not None)

    def field_at(self, path: tuple[str | int, ...]) -> QWidget | None:
        """The field of the value at a path below the message; None if there is none here."""
        if path[:1] == ("function_call",) and self._function is not None:
            return self._function.arguments if path[-1] == "arguments" else self._function.name
        count = len(self._message.tool_calls) if self._message is not None else 0
        if path[:1] != ("tool_calls",) or not count:
            return None
        number = path[1] if len(path) > 1 and isinstance(path[1], int) else 0
        fields = self._calls[min(number, count - 1)]
        if path[-1] == "id":
            return fields.id
        return fields.arguments if path[-1] == "arguments" else fields.name

    def _made(self) -> ToolCallFields:
        fields = ToolCallFields(self._theme)
        if self._font is not None:
            fields.set_text_font(self._font)
        text: MessageText = fields.arguments
        self.text_made.emit(text)
        text.takes_pictures = False
        self._column.addWidget(fields)
        return fields

    def _make_call(self, number: int) -> None:
        fields = self._made()
        fields.name_edited.connect(lambda new: self._write(number, name=new))
        fields.id_edited.connect(lambda new: self._write(number, id=new))
        fields.arguments_edited.connect(lambda new: self._write(number, arguments=new))
        fields.removed.connect(lambda: self._remove(number))
        self._calls.append(fields)

    def _write(self, number: int, **values: str) -> None:
        if self._message is not None:
            self._edits.set_call(self._message, number, **values)

    def _remove(self, number: int) -> None:
        if self._message is not None:
            self._edits.remove_call(self._message, number)

    def _modernise(self) -> None:
        if self._message is not None and self._message.function_call is not None:
            self._edits.modernise_call(self._message, self._message.function_call)


def notes_below(notes: tuple[Note, ...], path: tuple[str | int, ...]) -> tuple[Note, ...]:
    """The notes about what stands at or below a path inside their message."""
    return tuple(note for note in notes if note.path[2 : 2 + len(path)] == path)
