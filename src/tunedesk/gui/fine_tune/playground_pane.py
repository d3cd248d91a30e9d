"""One column of the playground: a conversation with one model, and tools answered by hand."""

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QColor, QTextCharFormat, QTextCursor
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QPlainTextEdit,
    QPushButton,
    QTextEdit,
    QVBoxLayout,
    QWidget,
)

from tunedesk.errors import UserError
from tunedesk.fine_tuning.sample_questions import (
    ChatMessage,
    call_arguments,
    given_beside,
    message_calls,
    message_text,
    says_the_same,
)
from tunedesk.gui.background import Task
from tunedesk.gui.page import PageContext
from tunedesk.gui.roles_and_states import role_title
from tunedesk.gui.widgets.buttons import CopyButton, IconButton
from tunedesk.gui.widgets.choices import NoWheelComboBox
from tunedesk.gui.widgets.labels import Label
from tunedesk.i18n import _
from tunedesk.progress import Progress, Wait
from tunedesk.services.chat_client import AnswerPiece, ChatOptions, stream_completion, stream_text
from tunedesk.services.connect import connect_to_run
from tunedesk.services.keys import Keys

FIELD_MARGIN = 8
RESULT_HEIGHT = 52


@dataclass(frozen=True)
class PlaygroundRequest:
    """What is sent to the model for one answer.

    Attributes:
        messages: All that is sent: the system message, the turns before, the question.
        asked: How many of them are new with this turn.
        more: What is sent beside the messages, as an example has it: tools.
        options: How the answer is to be.
        expected: The answer of the example that the question comes from; None: it is not one's.
        is_completion: Whether the model goes on from the text of the only message.
    """

    messages: tuple[ChatMessage, ...]
    asked: int = 1
    more: dict[str, Any] = field(default_factory=dict)
    options: ChatOptions = field(default_factory=ChatOptions)
    expected: ChatMessage | None = None
    is_completion: bool = False


def call_text(call: ChatMessage) -> str:
    """A call of a tool as a person reads it: its name, and a line for each argument."""
    function = call.get("function")
    if not isinstance(function, dict):
        return ""
    name, arguments = str(function.get("name") or ""), call_arguments(function.get("arguments"))
    if isinstance(arguments, dict):
        return "\n".join([name, *(f"    {key}: {value}" for key, value in arguments.items())])
    return f"{name}\n    {arguments}"


class ConversationPane(QWidget):
    """A conversation with one of several models.

    Attributes:
        messages: All that was said, the system message first.
        turn: What was answered last, or is being answered; None before the first question.
        asked_last: What was asked last, answered or not.

    Signals:
        changed: An answer begins or ends, or the conversation does.
        again_asked: This model is to answer what was asked last.
        remove_asked: The column is not wanted any more.
    """

    changed = Signal()
    again_asked = Signal()
    remove_asked = Signal()

    def __init__(
        self,
        context: PageContext,
        *,
        run_id: int,
        keys: Keys,
        models: Sequence[tuple[str, str]],
        number: int,
        parent: QWidget | None = None,
    ) -> None:
        """Make the pane.

        Args:
            context: What the page works with.
            run_id: The run whose service is asked.
            keys: Where keys are found.
            models: The models to choose from: titles and names.
            number: Which column it is, from 1.
            parent: Its owner.
        """
        super().__init__(parent)
        self._project = context.project
        self._run_id = run_id
        self._background = context.background
        self._keys = keys
        self._task: Task | None = None
        self._answer: list[str] = []
        self._calls: tuple[dict[str, Any], ...] = ()
        self._titles: dict[int, str] = {}
        self._follows = True
        self.messages: list[ChatMessage] = []
        self.turn: PlaygroundRequest | None = None
        self.asked_last: PlaygroundRequest | None = None
        self._before: tuple[list[ChatMessage], PlaygroundRequest | None] = ([], None)
        theme = self._theme = context.theme
        self._muted = theme.color("text_muted")
        self.which = NoWheelComboBox()
        self.which.setMinimumContentsLength(6)
        self.which.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        for title, model in models:
            self.which.addItem(title, model)
        self.conversation = QTextEdit()
        self.conversation.setReadOnly(True)
        self.conversation.setAcceptRichText(False)
        self.conversation.setFont(theme.font("message"))
        self.conversation.setTabChangesFocus(True)
        self.conversation.setMinimumHeight(70)
        self.conversation.document().setDocumentMargin(FIELD_MARGIN)
        self.conversation.setPlaceholderText(_("Your questions and the answers stand here"))
        self.state = Label(theme, "", "small", "muted", wrap=True)
        self.again = QPushButton()
        self.again.setProperty("kind", "link")
        self.again.setAutoDefault(False)
        self.remove = IconButton(theme, "close", _("Remove this column"))
        self.results = ToolResults(context, self)
        copy = CopyButton(self.conversation.toPlainText, _("Copy the conversation"))
        head = QHBoxLayout()
        head.addWidget(self.which, 1)
        head.addWidget(copy)
        head.addWidget(self.remove)
        foot = QHBoxLayout()
        foot.addWidget(self.state, 1)
        foot.addWidget(self.again)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addLayout(head)
        column.addWidget(self.conversation, 1)
        column.addWidget(self.results)
        column.addLayout(foot)
        self.set_number(number)
        bar = self.conversation.verticalScrollBar()
        bar.valueChanged.connect(self._on_scrolled)
        bar.rangeChanged.connect(self._follow)
        self.again.clicked.connect(self.again_asked)
        self.remove.clicked.connect(self.remove_asked)
        self.results.sent.connect(self._answer_calls)
        self.which.currentIndexChanged.connect(self.changed)
        self.show_again(False)

    def set_number(self, number: int) -> None:
        """Say which column it is, from 1."""
        self.conversation.setAccessibleName(_("Conversation {n}").format(n=number))
        name = _("Model of conversation {n}").format(n=number)
        self.which.setAccessibleName(name)
        # Where Qt tells a screen reader the choice in place of the name.
        self.which.setAccessibleDescription(name)

    @property
    def busy(self) -> bool:
        """Whether an answer is under way."""
        return self._task is not None

    @property
    def waits_for_tools(self) -> bool:
        """Whether the model has called tools that nobody has answered yet."""
        return self.results.is_open

    @property
    def answer(self) -> ChatMessage | None:
        """The answer to what was asked last; None without one."""
        last = self.messages[-1] if self.messages and not self.busy else None
        return last if last is not None and last["role"] == "assistant" else None

    def show_again(self, offered: bool) -> None:
        """Offer to have what was asked last answered by the model that is chosen."""
        self.again.setVisible(offered and not self.busy)
        is_again = self.asked_last is not None
        self.again.setText(_("Answer again") if is_again else _("Answer this too"))

    def clear(self) -> None:
        """Begin a new conversation."""
        self.stop()
        self.messages, self.turn, self.asked_last, self._titles = [], None, None, {}
        self.conversation.clear()
        self.results.close_calls()
        self._show_note("")
        self.changed.emit()

    def ask(self, turn: PlaygroundRequest) -> None:
        """Ask the chosen model.

        Args:
            turn: What is sent; it takes the place of what was said here before.
        """
        self.stop()
        self.results.close_calls()
        self._before = (self.messages, self.turn)
        self.turn = self.asked_last = turn
        if tuple(self.messages[: len(turn.messages) - turn.asked]) != turn.messages[: -turn.asked]:
            self._titles = {}
        self.messages = list(turn.messages)
        self._titles = {n: title for n, title in self._titles.items() if n < len(self.messages)}
        self._titles[len(self.messages)] = self.which.currentText()
        self._answer, self._calls = [], ()
        self._show_conversation()
        self._show_note(
            _("Waiting for the model; the first answer takes longer, while it is loaded …")
        )
        self._start(turn)
        self.changed.emit()

    def stop(self) -> None:
        """Stop the answer that is under way; what is there stays."""
        if self._task is not None:
            self._task.cancel()
            self._task = None
            self._keep_answer()
            self._show_note(_("Stopped."))
            self.changed.emit()

    def _start(self, turn: PlaygroundRequest) -> None:
        model = str(self.which.currentData() or "")
        show = self._background.in_gui(self._on_piece)
        project, run_id, keys = self._project, self._run_id, self._keys
        task: Task | None = None

        def work(progress: Progress, wait: Wait) -> None:
            with contextlib.closing(project.handle()) as handle:
                connection = connect_to_run(handle.runs.get(run_id), keys, wait)
            if turn.is_completion:
                prompt = message_text(turn.messages[-1])
                pieces = stream_text(connection, model, prompt, options=turn.options)
            else:
                more = given_beside(turn.more, as_tools=connection.provider.name == "local")
                pieces = stream_completion(
                    connection, model, turn.messages, options=turn.options, more=more
                )
            for piece in pieces:
                progress(0, None)
                show(task, piece)

        def ended() -> None:
            if self._task is task:
                self._task = None
                self.changed.emit()

        def done(_none: object) -> None:
            if self._task is task:
                self._keep_answer()

        def failed(error: UserError) -> None:
            if self._task is task:
                self._keep_answer()
                self._show_note(f"{error.sentence} {error.advice}".strip(), "error")

        task = self._task = self._background.run(
            work, on_result=done, on_error=failed, on_finished=ended, lets_go=True
        )

    def _on_piece(self, task: Task, piece: AnswerPiece) -> None:
        if task is not self._task:
            return
        if piece.text:
            if not self._answer:
                self._show_note(_("Writing …"))
            self._answer.append(piece.text)
            self._write(piece.text)
        if piece.tool_calls:
            self._calls = piece.tool_calls
            self._write_calls(piece.tool_calls)
        if not piece.text:
            self._show_note(self._note_of_end(piece.finish_reason))

    def _note_of_end(self, reason: str) -> str:
        most = self.turn.options.most_tokens if self.turn is not None else None
        if reason == "length" and most is not None:
            return _("The answer was cut off after {n} tokens.").format(n=f"{most:,}")
        if reason == "length":
            return _("The answer was cut off: it had grown too long.")
        return "" if self._answer or self._calls else _("The model answered nothing.")

    def _keep_answer(self) -> None:
        """The answer belongs to the conversation; a question without one does not."""
        turn = self.turn
        if turn is None:
            return
        if not self._answer and not self._calls:
            self.messages, self.turn = self._before
            calls = message_calls(self.messages[-1]) if self.messages else []
            if calls:
                self.results.ask_for(calls)
            return
        answer: ChatMessage = {"role": "assistant"}
        if self._answer:
            answer["content"] = "".join(self._answer)
        if self._calls and "functions" in turn.more and "tools" not in turn.more:
            answer.setdefault("content", None)
            answer["function_call"] = self._calls[0]["function"]
        elif self._calls:
            answer["tool_calls"] = [dict(call) for call in self._calls]
        self.messages.append(answer)
        if turn.expected and says_the_same(answer, turn.expected):
            self._write_heading(_("The same as in your example"))
        elif turn.expected:
            self._write_heading(_("In your example"))
            self._write(message_text(turn.expected), self._muted)
            self._write_calls(message_calls(turn.expected), self._muted)
        if self._calls:
            self.results.ask_for(message_calls(answer))

    def _answer_calls(self, results: list[str]) -> None:
        """Send what the tools gave back."""
        turn = self.turn
        if turn is None or self.busy:
            return
        last = self.messages[-1]
        if "tool_calls" in last:
            told: list[ChatMessage] = [
                {"role": "tool", "tool_call_id": call["id"], "content": result}
                for call, result in zip(last["tool_calls"], results, strict=True)
            ]
        else:
            name = last["function_call"]["name"]
            told = [{"role": "function", "name": name, "content": results[0]}]
        messages = (*self.messages, *told)
        self.ask(PlaygroundRequest(messages, len(told), turn.more, turn.options))

    # What shows

    def _show_conversation(self) -> None:
        """Show all that was said, and the heading of the answer that comes."""
        self.conversation.clear()
        self._follows = True
        for number, message in enumerate(self.messages):
            role = str(message.get("role"))
            if number == 0 and role in ("system", "developer"):
                continue
            self._write_heading(self._titles.get(number) or role_title(role))
            self._write(message_text(message))
            self._write_calls(message_calls(message))
        self._write_heading(self._titles[len(self.messages)])

    def _write_heading(self, text: str) -> None:
        strong = QTextCharFormat()
        strong.setFontWeight(600)
        strong.setForeground(self._muted)
        before = "\n\n" if self.conversation.toPlainText() else ""
        self._end().insertText(f"{before}{text}\n", strong)
        self._follow()

    def _write(self, text: str, colour: QColor | None = None) -> None:
        """Add plain text at the end."""
        plain = QTextCharFormat()
        if colour is not None:
            plain.setForeground(colour)
        self._end().insertText(text, plain)
        self._follow()

    def _write_calls(self, calls: Sequence[ChatMessage], colour: QColor | None = None) -> None:
        for call in calls:
            text = _("Calls the tool {call}").format(call=call_text(call))
            at_start = self._end().atBlockStart()
            self._write(text if at_start else f"\n{text}", colour)

    def _end(self) -> QTextCursor:
        cursor = QTextCursor(self.conversation.document())
        cursor.movePosition(QTextCursor.MoveOperation.End)
        return cursor

    def _on_scrolled(self, value: int) -> None:
        """Who scrolls up wants to read there; who scrolls to the end wants to see what comes."""
        bar = self.conversation.verticalScrollBar()
        self._follows = value >= bar.maximum() - 4

    def _follow(self) -> None:
        bar = self.conversation.verticalScrollBar()
        if self._follows:
            bar.setValue(bar.maximum())

    def _show_note(self, text: str, tone: str = "muted") -> None:
        self.state.setText(text)
        self.state.set_tone(tone)


class ToolResults(QWidget):
    """Fields for what the tools that a model has called give back, filled in by hand.

    Signals:
        sent: A text for each call.
    """

    sent = Signal(list)

    def __init__(self, context: PageContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = context.theme
        self.fields: list[QPlainTextEdit] = []
        self._rows: list[QWidget] = []
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(4)
        self.send = QPushButton(_("Send the result"))
        self.send.setAutoDefault(False)
        self.send.setToolTip(_("Give this to the model as what its tool gave back"))
        self.send.clicked.connect(self._on_send)
        self._column.addWidget(self.send, 0, Qt.AlignmentFlag.AlignLeft)
        self.hide()

    @property
    def is_open(self) -> bool:
        """Whether calls wait for their results."""
        return bool(self.fields)

    def ask_for(self, calls: Sequence[ChatMessage]) -> None:
        """Show a field for each call."""
        self.close_calls()
        for number, call in enumerate(calls):
            function = call.get("function") or {}
            label = _("What {tool} gives back").format(tool=function.get("name"))
            title = Label(self._theme, label, "small_strong", "tool", wrap=True)
            result = QPlainTextEdit()
            result.setAccessibleName(label)
            result.setAccessibleDescription(call_text(call))
            result.setFixedHeight(RESULT_HEIGHT)
            result.setTabChangesFocus(True)
            for place, widget in enumerate((title, result)):
                self._column.insertWidget(2 * number + place, widget)
                self._rows.append(widget)
            self.fields.append(result)
        self.show()

    def close_calls(self) -> None:
        """Take the fields away."""
        for widget in self._rows:
            self._column.removeWidget(widget)
            widget.hide()
            widget.deleteLater()
        self.fields, self._rows = [], []
        self.hide()

    def _on_send(self) -> None:
        self.sent.emit([each.toPlainText() for each in self.fields])


def same_question(one: ConversationPane, other: ConversationPane) -> bool:
    """Whether two columns have answered the same, with the same tools."""
    if one.answer is None or other.answer is None or one.turn is None or other.turn is None:
        return False
    return (
        not one.turn.is_completion
        and one.messages[:-1] == other.messages[:-1]
        and one.turn.more == other.turn.more
        and not says_the_same(one.answer, other.answer)
    )
