"""Trying a tuned model: a conversation with it, beside the base model if that is wanted.

Questions of the run's own examples are at hand: those it was trained on, which it should answer as
they do, and those that were held back, which are new to it. A conversation that is good can be kept
as an example.
"""

import contextlib
import json
from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QKeyEvent, QTextCharFormat, QTextCursor
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QHBoxLayout,
    QListWidget,
    QListWidgetItem,
    QPlainTextEdit,
    QTextEdit,
    QVBoxLayout,
    QWidget,
)

from tunedesk.catalogue.models import STARTER_ID
from tunedesk.errors import UserError
from tunedesk.examples.json_edit import on_one_line
from tunedesk.gui.background import Task
from tunedesk.gui.fine_tune.run_dataset import (
    SampleQuestion,
    sample_questions,
    system_message,
)
from tunedesk.gui.fine_tune.run_text import checkpoint_text, model_text, provider_text
from tunedesk.gui.page import PageContext
from tunedesk.gui.widgets.buttons import CopyButton, FoldButton
from tunedesk.gui.widgets.cards import Card
from tunedesk.gui.widgets.dialog import Dialog
from tunedesk.gui.widgets.labels import Label, SectionTitle, plain_tooltip
from tunedesk.i18n import _
from tunedesk.progress import Progress, Wait
from tunedesk.project.project import Project
from tunedesk.project.row_edits import NewExample
from tunedesk.project.run_records import Run, RunCheckpoint
from tunedesk.services.chat_client import stream_completion
from tunedesk.services.connect import connect_to_run
from tunedesk.services.keys import Keys

ChatMessage = dict[str, str]

MOST_TOKENS_HERE = 800
"""An answer of this computer: a model that has learned little may never come to an end."""
_LONGEST_QUESTION = 300


class ConversationPane(QWidget):
    """A conversation with one of several models."""

    def __init__(
        self,
        context: PageContext,
        *,
        run_id: int,
        keys: Keys,
        models: list[tuple[str, str]],
        name: str,
        on_state: Callable[[], None],
        parent: QWidget | None = None,
    ) -> None:
        """Make the pane.

        Args:
            context: What the page works with.
            run_id: The run whose service is asked.
            keys: Where keys are found.
            models: The models to choose from: titles and names.
            name: What a screen reader calls the conversation.
            on_state: Called when an answer begins or ends.
            parent: Its owner.
        """
        super().__init__(parent)
        self._project = context.project
        self._run_id = run_id
        self._background = context.background
        self._keys = keys
        self._on_state = on_state
        self._task: Task | None = None
        self._answer: list[str] = []
        self._expected = ""
        self.messages: list[ChatMessage] = []
        theme = context.theme
        self._muted = theme.color("text_muted")
        self.which = QComboBox()
        self.which.setAccessibleName(_("Which model: {name}").format(name=name))
        self.which.setMinimumContentsLength(16)
        for title, model in models:
            self.which.addItem(title, model)
        self.conversation = QTextEdit()
        self.conversation.setReadOnly(True)
        self.conversation.setAcceptRichText(False)
        self.conversation.setAccessibleName(name)
        self.conversation.setFont(theme.font("message"))
        self.conversation.setTabChangesFocus(True)
        self.conversation.document().setDocumentMargin(FIELD_MARGIN)
        self.conversation.setPlaceholderText(_("Your questions and the answers stand here"))
        self.state = Label(theme, "", "small", "muted", wrap=True)
        copy = CopyButton(self.conversation.toPlainText, _("Copy the conversation"))
        head = QHBoxLayout()
        head.addWidget(self.which, 1)
        head.addWidget(copy)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addLayout(head)
        column.addWidget(self.conversation, 1)
        column.addWidget(self.state)

    @property
    def busy(self) -> bool:
        """Whether an answer is under way."""
        return self._task is not None

    def clear(self) -> None:
        """Begin a new conversation."""
        self.stop()
        self.messages = []
        self.conversation.clear()
        self._show_note("")

    def ask(self, system: str, question: str, expected: str = "") -> None:
        """Ask the chosen model, with all that was said before.

        Args:
            system: The system message; empty: none.
            question: What is asked.
            expected: What the example answers that the question comes from; empty: it is not one's.
        """
        self.stop()
        self.messages.append({"role": "user", "content": question})
        sent = [{"role": "system", "content": system}] if system else []
        sent += self.messages
        self._answer, self._expected = [], expected
        self._write_heading(_("You"))
        self._write(question)
        self._write_heading(self.which.currentText())
        self._show_note(
            _("Waiting for the model; the first answer takes longer, while it is loaded …")
        )
        model = str(self.which.currentData() or "")
        show = self._background.in_gui(self._on_piece)
        project, run_id, keys = self._project, self._run_id, self._keys
        task: Task | None = None

        def work(progress: Progress, wait: Wait) -> None:
            with contextlib.closing(project.handle()) as handle:
                connection = connect_to_run(handle.runs.get(run_id), keys, wait)
            most = MOST_TOKENS_HERE if connection.provider.name == "local" else None
            for piece in stream_completion(connection, model, sent, most_tokens=most):
                progress(0, None)
                show(task, piece)

        def ended() -> None:
            if self._task is task:
                self._task = None
                self._on_state()

        def done(_none: object) -> None:
            if self._task is task:
                self._keep_answer()
                self._show_note("" if self._answer else _("The model answered nothing."))

        def failed(error: UserError) -> None:
            if self._task is task:
                self._keep_answer()
                self._show_note(f"{error.sentence} {error.advice}".strip(), "error")

        task = self._task = self._background.run(
            work, on_result=done, on_error=failed, on_finished=ended, lets_go=True
        )
        self._on_state()

    def stop(self) -> None:
        """Stop the answer that is under way; what is there stays."""
        if self._task is not None:
            self._task.cancel()
            self._task = None
            self._keep_answer()
            self._show_note(_("Stopped."))
            self._on_state()

    def _keep_answer(self) -> None:
        """The answer belongs to the conversation; a question without one does not."""
        if self._answer:
            self.messages.append({"role": "assistant", "content": "".join(self._answer)})
        elif self.messages and self.messages[-1]["role"] == "user":
            self.messages.pop()
        if self._answer and self._expected:
            self._write_heading(_("In your example"))
            self._write(self._expected, self._muted)

    def _on_piece(self, task: Task, piece: str) -> None:
        if task is not self._task:
            return
        if not self._answer:
            self._show_note(_("Writing …"))
        self._answer.append(piece)
        self._write(piece)

    def _write_heading(self, text: str) -> None:
        cursor = self._end()
        strong = QTextCharFormat()
        strong.setFontWeight(600)
        strong.setForeground(self._muted)
        before = "\n\n" if self.conversation.toPlainText() else ""
        cursor.insertText(f"{before}{text}\n", strong)

    def _write(self, text: str, colour: QColor | None = None) -> None:
        """Add plain text at the end, which stays in sight if it was."""
        bar = self.conversation.verticalScrollBar()
        at_end = bar.value() >= bar.maximum() - 4
        plain = QTextCharFormat()
        if colour is not None:
            plain.setForeground(colour)
        self._end().insertText(text, plain)
        if at_end:
            bar.setValue(bar.maximum())

    def _end(self) -> QTextCursor:
        cursor = QTextCursor(self.conversation.document())
        cursor.movePosition(QTextCursor.MoveOperation.End)
        return cursor

    def _show_note(self, text: str, tone: str = "muted") -> None:
        self.state.setText(text)
        self.state.set_tone(tone)


WIDTH, HEIGHT = 1120, 720
QUESTIONS_WIDTH = 270
FIELD_MARGIN = 8
SAMPLE = Qt.ItemDataRole.UserRole
"""The role under which a line of the list is its `SampleQuestion`."""


class PlaygroundDialog(Dialog):
    """Questions at the left, the conversation beside them, what is asked below; Ctrl+Enter asks."""

    def __init__(
        self,
        context: PageContext,
        *,
        run: Run,
        checkpoints: list[RunCheckpoint],
        model: str,
        keys: Keys,
        parent: QWidget | None = None,
    ) -> None:
        """Open it; nothing is asked before the user asks.

        Args:
            context: What the page works with.
            run: The run whose model is asked.
            checkpoints: Its checkpoints.
            model: The model that is chosen at first.
            keys: Where keys are found.
            parent: Its owner.
        """
        theme, project = context.theme, context.project
        super().__init__(theme, _("Try {name}").format(name=run.name), parent=parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._context = context
        self._run = run
        self._expected = ("", "")
        tuned = tuned_models(run, checkpoints)
        base = (_("{model}, before it was tuned").format(model=model_text(run)), run.base_model)
        self.samples = QListWidget()
        self.samples.setAccessibleName(_("Questions of your examples"))
        self.samples.setProperty("framed", True)
        self.samples.setUniformItemSizes(True)
        self.samples.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.samples.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.samples.setFixedWidth(QUESTIONS_WIDTH)
        self.system = QPlainTextEdit(system_message(project, run.id))
        self.system.setAccessibleName(_("System message"))
        self.system.setFixedHeight(54)
        self.system.setTabChangesFocus(True)
        self.system.document().setDocumentMargin(FIELD_MARGIN)
        self.question = QPlainTextEdit()
        self.question.setAccessibleName(_("Question"))
        self.question.setPlaceholderText(_("Ask what a user would ask"))
        self.question.setFont(theme.font("message"))
        self.question.setFixedHeight(72)
        self.question.setTabChangesFocus(True)
        self.question.document().setDocumentMargin(FIELD_MARGIN)
        self.keep = self.add_button(_("Keep as an example"))
        self.keep.setToolTip(_("Add this conversation to the examples, to be reviewed"))
        self.anew = self.add_button(_("New conversation"))
        close = self.add_button(_("Close"))
        self.stop = self.add_button(_("Stop"))
        self.ask = self.add_button(_("Ask"), "primary", default=True)

        def pane(models: list[tuple[str, str]], name: str) -> ConversationPane:
            return ConversationPane(
                context,
                run_id=run.id,
                keys=keys,
                models=models,
                name=name,
                on_state=self._show_state,
            )

        self.tuned = pane(tuned, _("Conversation"))
        self.beside = pane([base, *tuned], _("Conversation beside it"))
        number = self.tuned.which.findData(model)
        self.tuned.which.setCurrentIndex(max(0, number))
        self.with_other = QCheckBox(_("Beside the base model"))
        self._lay_out()
        self._offer(sample_questions(project, run.id))
        self.ask.clicked.connect(self._ask)
        self.stop.clicked.connect(self._stop)
        self.anew.clicked.connect(self._begin_anew)
        self.keep.clicked.connect(self._keep)
        close.clicked.connect(self.reject)
        self.samples.itemClicked.connect(self._take)
        self.samples.itemActivated.connect(self._take)
        self.with_other.toggled.connect(self.beside.setVisible)
        self.question.textChanged.connect(self._show_state)
        self.beside.hide()
        self.question.setFocus()
        self._show_state()

    def _lay_out(self) -> None:
        self.be_large(WIDTH, HEIGHT)
        theme = self.theme
        sides = QHBoxLayout()
        sides.setSpacing(16)
        left = QVBoxLayout()
        left.setSpacing(6)
        self._samples_title = SectionTitle(theme, _("Questions of your examples"))
        left.addWidget(self._samples_title)
        left.addWidget(self.samples, 1)
        sides.addLayout(left)
        right = QVBoxLayout()
        right.setSpacing(8)
        if self._run.base_model == STARTER_ID:
            warning = Card("accent")
            warning.body.addWidget(
                Label(
                    theme,
                    _(
                        "The starter knows no language: it has learned your examples by heart. "
                        "Asked one of them it answers as they do; asked anything else it strings "
                        "pieces of them together. A model that knows a language answers new "
                        "questions."
                    ),
                    "base",
                    wrap=True,
                )
            )
            right.addWidget(warning)
        self.fold = FoldButton(_("System message"), self.system)
        right.addWidget(self.fold, 0, Qt.AlignmentFlag.AlignLeft)
        right.addWidget(self.system)
        panes = QHBoxLayout()
        panes.setSpacing(14)
        panes.addWidget(self.tuned, 1)
        panes.addWidget(self.beside, 1)
        right.addLayout(panes, 1)
        asked = QHBoxLayout()
        asked.addWidget(SectionTitle(theme, _("Question")))
        asked.addStretch()
        asked.addWidget(self.with_other)
        right.addLayout(asked)
        right.addWidget(self.question)
        sides.addLayout(right, 1)
        self.body.addLayout(sides, 1)
        note = _("Ctrl+Enter asks; {place} answers. Kept is only what you keep.").format(
            place=provider_text(self._run)
        )
        self.add_note(Label(theme, note, "small", "muted", wrap=True))

    def _offer(self, questions: list[SampleQuestion]) -> None:
        """List the questions under what they are to the model."""
        titles = {
            "validation": _("Held back: new to the model"),
            "training": _("Trained on: it has seen these"),
        }
        above = ""
        for sample in questions:
            if sample.part != above:
                above = sample.part
                title = QListWidgetItem(titles[above])
                title.setFlags(Qt.ItemFlag.NoItemFlags)
                title.setFont(self.theme.font("small_strong"))
                self.samples.addItem(title)
            question = sample.question[:_LONGEST_QUESTION]
            item = QListWidgetItem(on_one_line(question))
            item.setToolTip(plain_tooltip(question))
            item.setData(SAMPLE, sample)
            item.setData(Qt.ItemDataRole.AccessibleTextRole, f"{titles[above]}. {question}")
            self.samples.addItem(item)
        for widget in (self.samples, self._samples_title):
            widget.setVisible(bool(questions))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Ask on Ctrl+Enter, from whichever field."""
        enter = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
        if enter and event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self._ask()
            return
        super().keyPressEvent(event)

    def done(self, result: int) -> None:
        """Stop what is under way."""
        self._stop()
        super().done(result)

    def _take(self, item: QListWidgetItem) -> None:
        """Put a question of the examples where it can be asked, or changed first."""
        sample: SampleQuestion | None = item.data(SAMPLE)
        if sample is None:
            return
        self._expected = (sample.question.strip(), sample.answer)
        self.system.setPlainText(sample.system)
        self.question.setPlainText(sample.question)
        self.question.setFocus()

    def _ask(self) -> None:
        question = self.question.toPlainText().strip()
        if not question:
            return
        system = self.system.toPlainText().strip()
        asked, answer = self._expected
        expected = answer if asked == question else ""
        self.tuned.ask(system, question, expected)
        if self.with_other.isChecked():
            self.beside.ask(system, question, expected)
        self.question.clear()

    def _stop(self) -> None:
        self.tuned.stop()
        self.beside.stop()

    def _begin_anew(self) -> None:
        self.tuned.clear()
        self.beside.clear()
        self._show_state()
        self.question.setFocus()

    def _keep(self) -> None:
        """Add the conversation with the tuned model to the examples."""
        system = self.system.toPlainText().strip()
        messages = [{"role": "system", "content": system}] if system else []
        text = json.dumps({"messages": [*messages, *self.tuned.messages]}, ensure_ascii=False)

        def work(project: Project, _progress: Progress) -> list[int]:
            new = NewExample(text.encode(), project.checker().check(text.encode()))
            return project.add_examples([new], state="to_review")

        self._context.operations.run(
            _("Keeping the conversation"),
            work,
            examples=1,
            message=lambda _ids: _("The conversation is kept as an example, to be reviewed."),
        )
        self.keep.setEnabled(False)

    def _show_state(self) -> None:
        if not hasattr(self, "beside"):
            return
        busy = self.tuned.busy or self.beside.busy
        self.stop.setVisible(busy)
        self.ask.setEnabled(bool(self.question.toPlainText().strip()))
        some = bool(self.tuned.messages)
        self.anew.setEnabled(some)
        self.keep.setEnabled(some and not self.tuned.busy and not self._context.project.read_only)


def tuned_models(run: Run, checkpoints: list[RunCheckpoint]) -> list[tuple[str, str]]:
    """The models that came of a run: titles and names, the final one first."""
    models = []
    if run.fine_tuned_model:
        models.append((_("The tuned model"), run.fine_tuned_model))
    for point in reversed(checkpoints):
        if point.model and point.model != run.fine_tuned_model:
            models.append((checkpoint_text(point), point.model))
    return models
