"""The tool calls of an answer, one below the other, and what a tool's answer belongs to."""

from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QFont, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QPushButton, QVBoxLayout, QWidget

from tunedesk.examples.conversation import Message, ToolCall
from tunedesk.gui.examples.form.example_edits import ExampleEdits
from tunedesk.gui.examples.form.message_text import MessageText
from tunedesk.gui.examples.form.problem_marks import ShownProblem, worst
from tunedesk.gui.theme import Theme
from tunedesk.gui.widgets.buttons import IconButton
from tunedesk.gui.widgets.choices import EditableComboBox
from tunedesk.gui.widgets.labels import Label, plain_tooltip
from tunedesk.i18n import _


class Inset(QWidget):
    """Paints a round frame and a ground around what its `body` holds."""

    def __init__(
        self,
        theme: Theme,
        ground: str = "window",
        frame: str = "border",
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._theme = theme
        self._ground = ground
        self._frame = frame
        self.body = QVBoxLayout(self)
        self.body.setContentsMargins(9, 6, 9, 6)
        self.body.setSpacing(6)
        theme.changed.connect(self.update)

    def set_frame(self, frame: str) -> None:
        """Change the colour of the frame."""
        if frame != self._frame:
            self._frame = frame
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint ground and frame."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(self._theme.color(self._frame), 1))
        painter.setBrush(self._theme.color(self._ground))
        radius = self._theme.size("radius")
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), radius, radius)


class ToolCallFields(Inset):
    """Shows and edits a tool call of an answer, or a function call of the older form.

    Signals:
        name_edited, id_edited, arguments_edited: A field has another text.
        removed: The call is to go.
        modernised: A function call is to become a tool call.
    """

    name_edited = Signal(str)
    id_edited = Signal(str)
    arguments_edited = Signal(object)
    removed = Signal()
    modernised = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, parent=parent)
        self._filling = False
        self._title = Label(theme, _("Calls"), "small", "muted")
        self.name = EditableComboBox()
        self.name.setMinimumWidth(90)
        self.name.setAccessibleName(_("Tool"))
        self.name.edit.setPlaceholderText(_("Name of the tool"))
        self.name.edit.setAccessibleName(_("Tool"))
        self._id_label = Label(theme, _("Id"), "small", "muted")
        self.id = QLineEdit()
        self.id.setAccessibleName(_("Id"))
        self.id.setPlaceholderText(_("such as call_1"))
        self.id.setToolTip(_("The tool's answer below names this id, so the two belong together."))
        self._modernise = QPushButton(_("Turn into tool call"))
        self._modernise.setProperty("kind", "link")
        self._modernise.setToolTip(
            _("function_call is the older form; trainers now expect tool_calls.")
        )
        self._remove = IconButton(theme, "delete", _("Remove tool call"))
        self.arguments = MessageText()
        self.arguments.setAccessibleName(_("Arguments"))
        self.arguments.setPlaceholderText(_('Arguments as JSON, such as {"city": "Oslo"}'))
        self._reason = Label(theme, font="small", tone="error", wrap=True)
        top = QHBoxLayout()
        top.setSpacing(8)
        top.addWidget(self._title)
        top.addWidget(self.name, 3)
        top.addWidget(self._id_label)
        top.addWidget(self.id, 2)
        top.addWidget(self._modernise)
        top.addWidget(self._remove)
        self._field = Inset(theme, "field")
        self._field.body.addWidget(self.arguments)
        self.body.addLayout(top)
        self.body.addWidget(self._field)
        self.body.addWidget(self._reason)
        self.name.currentTextChanged.connect(self._name_changed)
        self.id.textEdited.connect(self.id_edited)
        self.arguments.edited.connect(self.arguments_edited)
        self._remove.clicked.connect(self.removed)
        self._modernise.clicked.connect(self.modernised)

    def show_call(
        self,
        call: ToolCall,
        tools: tuple[str, ...],
        problems: tuple[ShownProblem, ...],
        writable: bool,
        older_form: bool,
    ) -> None:
        """Show a call.

        Args:
            call: The call.
            tools: The names of the tools that the example declares.
            problems: The problems of this call.
            writable: Whether it can be changed.
            older_form: Whether it is a function_call, which has no id.
        """
        self._filling = True
        try:
            if [self.name.itemText(i) for i in range(self.name.count())] != list(tools):
                self.name.clear()
                self.name.addItems(list(tools))
            if self.name.currentText() != call.name:
                self.name.setCurrentText(call.name)
                self.name.edit.setCursorPosition(0)  # the beginning tells tools apart
            if self.id.text() != (call.id or ""):
                self.id.setText(call.id or "")
            self.arguments.set_text(call.arguments)
        finally:
            self._filling = False
        about = _("The tool that the model calls; the tools of this example are offered.")
        self.name.setToolTip(plain_tooltip(f"{call.name}\n{about}" if call.name else about))
        self._title.setText(_("Calls function") if older_form else _("Calls"))
        self._id_label.setVisible(not older_form)
        self.id.setVisible(not older_form)
        self._modernise.setVisible(older_form and writable)
        self._remove.setVisible(not older_form and writable)
        self.name.setEnabled(writable and not older_form)
        self.id.setReadOnly(not writable)
        self.arguments.set_writable(writable and not older_form)
        self._reason.setText("\n".join(problem.text for problem in problems))
        self._reason.setVisible(bool(problems))
        tone = worst(problems)
        self._reason.set_tone(tone or "muted")
        self._field.set_frame(tone or "border")

    def set_text_font(self, font: QFont) -> None:
        """Show the arguments in a font."""
        self.arguments.setFont(font)

    def _name_changed(self, name: str) -> None:
        if not self._filling:
            self.name_edited.emit(name)


class ToolAnswerFields(QWidget):
    """Which call a tool message answers.

    Signals:
        id_edited: Another call is named.
    """

    id_edited = Signal(str)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._filling = False
        self._label = Label(theme, _("Answers call"), "small", "muted")
        self.id = EditableComboBox()
        self.id.setAccessibleName(_("Answers call"))
        self.id.setToolTip(_("The id (tool_call_id) of the call above that this is the result of."))
        self.id.edit.setPlaceholderText(_("id of the call"))
        self.id.edit.setAccessibleName(_("Answers call"))
        self._label.setBuddy(self.id)
        self._tool = Label(theme, font="small", tone="muted")
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        row.addWidget(self._label)
        row.addWidget(self.id, 1)
        row.addWidget(self._tool, 1, Qt.AlignmentFlag.AlignVCenter)
        self.id.currentTextChanged.connect(self._changed)

    def show_answer(self, call_id: str, calls: dict[str, str], writable: bool) -> None:
        """Show the id, offering those of the calls before, each with the name of its tool."""
        self._filling = True
        try:
            if [self.id.itemText(i) for i in range(self.id.count())] != list(calls):
                self.id.clear()
                self.id.addItems(list(calls))
            if self.id.currentText() != call_id:
                self.id.setCurrentText(call_id)
        finally:
            self._filling = False
        self.id.setEnabled(writable)
        self._tool.setText(calls.get(call_id, ""))

    def _changed(self, call_id: str) -> None:
        if not self._filling:
            self.id_edited.emit(call_id)


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
        self,
        message: Message,
        tools: tuple[str, ...],
        problems: tuple[ShownProblem, ...],
        writable: bool,
    ) -> None:
        """Show the calls of a message with their problems."""
        self._message = message
        calls = message.tool_calls
        while len(self._calls) < len(calls):
            self._make_call(len(self._calls))
        for number, fields in enumerate(self._calls):
            fields.setVisible(number < len(calls))
            if number < len(calls):
                own = problems_below(problems, ("tool_calls", number))
                fields.show_call(calls[number], tools, own, writable, older_form=False)
        call = message.function_call
        if call is not None and self._function is None:
            self._function = self._made()
            self._function.modernised.connect(self._modernise)
        if self._function is not None:
            self._function.setVisible(call is not None)
            if call is not None:
                own = problems_below(problems, ("function_call",))
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


def problems_below(
    problems: tuple[ShownProblem, ...], path: tuple[str | int, ...]
) -> tuple[ShownProblem, ...]:
    """The problems about what stands at or below a path inside their message."""
    return tuple(problem for problem in problems if problem.path[2 : 2 + len(path)] == path)
