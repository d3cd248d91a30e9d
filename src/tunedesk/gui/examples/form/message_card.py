"""One message of the conversation: its head, its text and the fields that belong to its role."""

from typing import NamedTuple

from PySide6.QtCore import QPoint, Signal
from PySide6.QtGui import QFont
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QWidget

from tunedesk.examples.conversation import Message
from tunedesk.gui.background import Background
from tunedesk.gui.examples.form.content_parts import ContentParts, RawValueRow
from tunedesk.gui.examples.form.example_edits import ExampleEdits
from tunedesk.gui.examples.form.message_head import MessageHead
from tunedesk.gui.examples.form.message_text import MessageText
from tunedesk.gui.examples.form.problem_marks import (
    EMPTY_CODES,
    MARKED_LENGTH,
    ProblemLine,
    ShownProblem,
    TextMark,
    hit_mark,
    problem_mark,
    problem_spans,
    worst,
)
from tunedesk.gui.examples.form.tool_calls import CallsArea, ToolAnswerFields
from tunedesk.gui.theme import Theme
from tunedesk.gui.widgets.buttons import IconButton
from tunedesk.gui.widgets.cards import Card
from tunedesk.gui.widgets.labels import Label
from tunedesk.i18n import _, ngettext
from tunedesk.project.search import hits

MOST_PROBLEMS = 3


class CardContent(NamedTuple):
    """All that a card shows.

    Attributes:
        message: The message.
        tokens: Its length; None while it is not counted.
        problems: Its problems, the worst first.
        search: What is searched for, to mark the hits.
        tools: The names of the tools that the example declares.
        calls: The ids of the tool calls before it, each with the name of its tool.
        preset: The word that stands for its preset; empty for none.
        preset_tooltip: What it explains.
        writable: Whether it can be changed.
    """

    message: Message
    tokens: int | None
    problems: tuple[ShownProblem, ...]
    search: str
    tools: tuple[str, ...]
    calls: dict[str, str]
    preset: str
    preset_tooltip: str
    writable: bool


class MessageCard(Card):
    """Shows a message; filled anew, it shows another one.

    Signals:
        role_wanted, preset_wanted: The user pressed the role or the preset.
        menu_wanted: The user wants the menu; the point on the screen.
        focused: One of its texts has the focus now.
        left: The focus has left one of its texts.
        leave_requested: Esc was pressed in a text.
        cursor_moved: The cursor in one of its texts should be seen.
        pictures_dropped: Pictures were dropped, as mime data.
        dragged, dropped: The head is dragged to a point on the screen.
    """

    role_wanted = Signal()
    preset_wanted = Signal()
    menu_wanted = Signal(QPoint)
    focused = Signal()
    left = Signal()
    leave_requested = Signal()
    cursor_moved = Signal(QWidget)
    pictures_dropped = Signal(object)
    dragged = Signal(QPoint)
    dropped = Signal(QPoint)

    def __init__(
        self,
        theme: Theme,
        background: Background,
        edits: ExampleEdits,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent=parent)
        self._theme = theme
        self._edits = edits
        self._content: CardContent | None = None
        self._fonts: tuple[QFont, QFont] | None = None
        self._others: list[RawValueRow] = []
        self._problem_lines: list[ProblemLine] = []
        self._answer: ToolAnswerFields | None = None
        self._name: QWidget | None = None
        self._name_field: QLineEdit | None = None
        self._refusal: QWidget | None = None
        self._refusal_text: MessageText | None = None
        self._name_wanted = False
        self._written_in = False
        self.body.setContentsMargins(13, 7, 13, 11)
        self.body.setSpacing(6)
        self.head = MessageHead(theme)
        self.parts = ContentParts(theme, background)
        self.calls = CallsArea(theme, edits)
        self._long_text_note = Label(theme, font="small", tone="muted", wrap=True)
        for widget in (self.head, self.parts, self._long_text_note, self.calls):
            self.body.addWidget(widget)
        self._connect()

    @property
    def content(self) -> CardContent:
        """What the card shows."""
        assert self._content is not None
        return self._content

    @property
    def message(self) -> Message:
        """The message that the card shows."""
        return self.content.message

    def heightForWidth(self, width: int) -> int:
        """The height that all of it needs at a width."""
        if self.body.hasHeightForWidth():
            return self.body.totalHeightForWidth(width)
        return self.body.totalSizeHint().height()

    def show_content(self, content: CardContent, text_font: QFont, code_font: QFont) -> None:
        """Show a message."""
        if self._fonts != (text_font, code_font):
            self._fonts = (text_font, code_font)
            self.parts.set_text_font(text_font)
            self.calls.set_text_font(code_font)
        if content == self._content:
            return
        if self._content is not None and content == self._content._replace(tokens=content.tokens):
            self._content = content
            self.head.show_tokens(content.tokens)
            return
        if self._content is None or content.message.index != self.message.index:
            self._name_wanted = False
        self._content = content
        message = content.message
        self.head.show_message(message, content.writable)
        self.head.show_tokens(content.tokens)
        self.head.show_preset(content.preset, content.preset_tooltip)
        self.parts.show_message(message, content.writable)
        self._show_long_text_note()
        self._show_name()
        self._show_refusal()
        self._show_answer()
        self.calls.show_calls(message, content.tools, content.problems, content.writable)
        self._show_others()
        self._show_problems()
        self._mark()

    def texts(self) -> list[tuple[int, MessageText]]:
        """Its text boxes with the numbers of their parts."""
        return self.parts.texts()

    def focus_text(self, position: int | None = None, length: int = 0) -> None:
        """Put the cursor into the text, at a position if one is given."""
        text = self.parts.first_text()
        if text is None:
            return
        text.setFocus()
        if position is not None:
            text.set_cursor_position(position, length)

    def field_at(self, path: tuple[str | int, ...]) -> QWidget | None:
        """The widget that shows the value at a path below the message."""
        if not path:
            return self.parts.first_text()
        first = path[0]
        in_call = self.calls.field_at(path)
        if in_call is not None:
            return in_call
        if first == "content":
            number = path[1] if len(path) > 1 else -1
            found = [text for at, text in self.texts() if at == number]
            return found[0] if found else self.parts.first_text()
        if first == "tool_call_id" and self._answer is not None:
            return self._answer.id
        if first == "name" and self._name_field is not None:
            return self._name_field
        if first == "refusal" and self._refusal_text is not None:
            return self._refusal_text
        return self.parts.first_text()

    def ask_for_name(self) -> None:
        """Show the field for the name, though there is none yet."""
        self._name_wanted = True
        self._show_name()
        assert self._name_field is not None
        self._name_field.setFocus()

    def _connect(self) -> None:
        self.head.role_clicked.connect(self.role_wanted)
        self.head.preset_clicked.connect(self.preset_wanted)
        self.head.menu_clicked.connect(
            lambda: self.menu_wanted.emit(
                self.head.menu.mapToGlobal(QPoint(0, self.head.menu.height()))
            )
        )
        self.head.trained_changed.connect(
            lambda trained: self._edits.set_trained(self.message, trained)
        )
        self.head.dragged.connect(self.dragged)
        self.head.dropped.connect(self.dropped)
        self.parts.text_made.connect(self._text_made)
        self.calls.text_made.connect(self._text_made)
        self.parts.text_edited.connect(self._text_edited)
        self.parts.part_removed.connect(
            lambda number: self._edits.remove_part(self.message, number)
        )
        self.parts.detail_changed.connect(
            lambda number, detail: self._edits.set_detail(self.message, number, detail)
        )
        self.parts.turned_into_text.connect(lambda: self._edits.turn_into_text(self.message))

    def _text_made(self, text: MessageText) -> None:
        text.takes_pictures = True
        text.focus_changed.connect(self._focus_changed)
        text.left.connect(self._on_left)
        text.leave_requested.connect(self.leave_requested)
        text.cursor_moved.connect(lambda: self.cursor_moved.emit(text))
        text.menu_requested.connect(self.menu_wanted)
        text.pictures_dropped.connect(self.pictures_dropped)

    def _focus_changed(self, inside: bool) -> None:
        self._written_in = inside
        if inside:
            self.focused.emit()
        if self._content is not None:
            self._show_problems()

    def _on_left(self) -> None:
        if self._content is not None:
            self.left.emit()

    def _text_edited(self, number: int, new: str) -> None:
        if number < 0:
            self._edits.write_text(self.message, new)
        else:
            self._edits.write_part(self.message, number, new)

    def _show_long_text_note(self) -> None:
        cut = any(text.cut_off for _number, text in self.texts())
        self._long_text_note.setVisible(cut)
        if cut:
            self._long_text_note.setText(
                _(
                    "Only the beginning is shown: this message has {count} characters. "
                    "It can be changed in the raw JSON."
                ).format(count=f"{len(self.message.text):,}")
            )

    def _show_name(self) -> None:
        message = self.message
        wanted = message.name is not None or self._name_wanted
        if wanted and self._name is None:
            self._name, self._name_field = self._field_row(_("Name"))
            self._name_field.setToolTip(
                _("Tells speakers of one role apart: letters, digits, _ and -.")
            )
            self._name_field.textEdited.connect(
                lambda name: self._edits.write_name(self.message, name)
            )
            self.body.insertWidget(1, self._name)
        if self._name is not None and self._name_field is not None:
            self._name.setVisible(wanted)
            self._name_field.setReadOnly(not self.content.writable)
            if self._name_field.text() != (message.name or ""):
                self._name_field.setText(message.name or "")

    def _field_row(self, title: str) -> tuple[QWidget, QLineEdit]:
        field = QLineEdit()
        field.setAccessibleName(title)
        field.setMaximumWidth(260)
        label = Label(self._theme, title, "small", "muted")
        label.setBuddy(field)
        holder = QWidget()
        row = QHBoxLayout(holder)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(label)
        row.addWidget(field, 1)
        row.addStretch(1)
        return holder, field

    def _show_refusal(self) -> None:
        refusal = self.message.refusal
        if refusal is not None and self._refusal is None:
            self._refusal = QWidget()
            row = QHBoxLayout(self._refusal)
            row.setContentsMargins(0, 0, 0, 0)
            row.addWidget(Label(self._theme, _("Refusal"), "small", "muted"))
            self._refusal_text = MessageText()
            self._refusal_text.setAccessibleName(_("Refusal"))
            self._refusal_text.setPlaceholderText(_("How the model says no"))
            self._refusal_text.edited.connect(
                lambda text: self._edits.write_refusal(self.message, text)
            )
            self._text_made(self._refusal_text)
            self._refusal_text.takes_pictures = False
            row.addWidget(self._refusal_text, 1)
            remove = IconButton(self._theme, "delete", _("Remove refusal"))
            remove.clicked.connect(lambda: self._edits.remove_refusal(self.message))
            row.addWidget(remove)
            self.body.insertWidget(self.body.indexOf(self._long_text_note) + 1, self._refusal)
        if self._refusal is not None and self._refusal_text is not None:
            self._refusal.setVisible(refusal is not None)
            self._refusal_text.set_text(refusal or "")
            self._refusal_text.set_writable(self.content.writable)
            if self._fonts is not None:
                self._refusal_text.setFont(self._fonts[0])

    def _show_answer(self) -> None:
        wanted = self.message.role == "tool" or self.message.tool_call_id is not None
        if wanted and self._answer is None:
            self._answer = ToolAnswerFields(self._theme)
            self._answer.id_edited.connect(
                lambda call_id: self._edits.set_answered_call(self.message, call_id)
            )
            self.body.insertWidget(1, self._answer)
        if self._answer is not None:
            self._answer.setVisible(wanted)
            if wanted:
                self._answer.show_answer(
                    self.message.tool_call_id or "", self.content.calls, self.content.writable
                )

    def _show_others(self) -> None:
        others = self.message.other_keys if self.message.is_object else ()
        while len(self._others) < len(others):
            row = RawValueRow(self._theme)
            number = len(self._others)
            row.removed.connect(lambda number=number: self._remove_other(number))
            self._others.append(row)
            first = self._problem_lines[0] if self._problem_lines else None
            index = self.body.indexOf(first) if first is not None else self.body.count()
            self.body.insertWidget(index, row)
        for number, row in enumerate(self._others):
            row.setVisible(number < len(others))
            if number < len(others):
                row.show_value(others[number].key, others[number].raw, "", self.content.writable)

    def _remove_other(self, number: int) -> None:
        if number < len(self.message.other_keys):
            self._edits.remove_key(self.message, self.message.other_keys[number].path)

    def _show_problems(self) -> None:
        """Say in words what the frame means; tool calls say it beside their own fields."""
        problems = [
            problem
            for problem in self.content.problems
            # Whoever has begun to write knows that nothing is there yet.
            if not (self._written_in and problem.stored.code in EMPTY_CODES)
        ]
        # Where the cursor is matters more than what is wrong, which the lines below say anyhow.
        self.set_tone("accent" if self._written_in else worst(tuple(problems)))
        problems = [
            problem
            for problem in problems
            if problem.path[2:3] != ("function_call",)
            and not (len(problem.path) > 3 and problem.path[2] == "tool_calls")
        ]
        shown = problems[:MOST_PROBLEMS]
        if len(problems) > MOST_PROBLEMS:
            more = len(problems) - MOST_PROBLEMS
            words = ngettext("and {count} more problem", "and {count} more problems", more)
            shown.append(problems[MOST_PROBLEMS]._replace(text=words.format(count=more)))
        while len(self._problem_lines) < len(shown):
            line = ProblemLine(self._theme)
            self._problem_lines.append(line)
            self.body.addWidget(line)
        for number, line in enumerate(self._problem_lines):
            line.setVisible(number < len(shown))
            if number < len(shown):
                line.show_problem(shown[number])

    def _mark(self) -> None:
        for number, box in self.texts():
            text = box.text
            marks: list[TextMark] = []
            if len(text) <= MARKED_LENGTH:
                marks = [
                    hit_mark(start, end, self._theme)
                    for start, end in hits(text, self.content.search)
                ]
                for problem in self.content.problems:
                    here = problem.path[2:3] == ("content",) and (
                        len(problem.path) == 3 or problem.path[3] == number
                    )
                    if here:
                        marks += [
                            problem_mark(start, end, problem.severity, problem.text, self._theme)
                            for start, end in problem_spans(problem.stored, text)
                        ]
            box.set_marks(marks)
