"""Trying a tuned model: a conversation with it, beside the base model and checkpoints if wanted.

Questions of the run's own examples are at hand, each as the training saw it: those it was trained
on, which it should answer as they do, and those that were held back, which are new to it. What is
good can be kept as an example; of two answers to one question, the better one as a preference pair.
"""

from dataclasses import replace
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QCheckBox,
    QHBoxLayout,
    QListWidget,
    QListWidgetItem,
    QPlainTextEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from tunedesk.catalogue.models import STARTER_ID
from tunedesk.examples.json_edit import on_one_line
from tunedesk.fine_tuning.sample_questions import (
    ChatMessage,
    SampleQuestion,
    first_question,
    message_text,
    sample_questions,
    tool_names,
)
from tunedesk.gui.fine_tune.playground_keep import KeepButtons
from tunedesk.gui.fine_tune.playground_pane import (
    FIELD_MARGIN,
    ConversationPane,
    PlaygroundRequest,
)
from tunedesk.gui.fine_tune.run_text import checkpoint_text, model_text, provider_text
from tunedesk.gui.page import PageContext
from tunedesk.gui.widgets.buttons import FoldButton
from tunedesk.gui.widgets.cards import Card
from tunedesk.gui.widgets.choices import NoWheelComboBox
from tunedesk.gui.widgets.dialog import MARGIN, Dialog
from tunedesk.gui.widgets.labels import Label, SectionTitle, plain_tooltip
from tunedesk.gui.widgets.layouts import FlowLayout
from tunedesk.i18n import _, ngettext
from tunedesk.project.run_records import Run, RunCheckpoint
from tunedesk.services.chat_client import ChatOptions
from tunedesk.services.keys import Keys

MOST_TOKENS_HERE = 800
"""An answer of this computer: a model that has learned little may never come to an end."""
TEMPERATURES = (0.0, 0.2, 0.5, 0.7, 1.0, 1.3)
LENGTHS = (50, 200, 400, 800, 2000, 8000)
MOST_COLUMNS = 4
COLUMN_GAP = 14
WIDTH, HEIGHT = 1320, 780
QUESTIONS_WIDTH, QUESTIONS_LEAST = 250, 150
_LONGEST_QUESTION = 300
SAMPLE = Qt.ItemDataRole.UserRole
"""The role under which a line of the list is its `SampleQuestion`."""


class PlaygroundDialog(Dialog):
    """Questions at the left, a column for each model beside them, what is asked below.

    Ctrl+Enter asks.
    """

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
        self._keys = keys
        self._models = models_of(run, checkpoints)
        self._sample: SampleQuestion | None = None
        self._shown = ("", "")
        first = first_question(project, run.id)
        self._system: ChatMessage | None = first.system if first else None
        self._more: dict[str, Any] = first.more if first else {}
        self._completes = first is not None and first.is_completion
        self.panes: list[ConversationPane] = []
        self._make_fields(run.provider == "local")
        self.anew = self.add_button(_("New conversation"))
        close = self.add_button(_("Close"))
        self.stop = self.add_button(_("Stop"))
        self.ask = self.add_button(_("Ask"), "primary", default=True)
        self._lay_out()
        self._show_system(self._system)
        self._show_tools()
        self._offer(sample_questions(project, run.id))
        self.add_column(model)
        self.ask.clicked.connect(self._ask)
        self.stop.clicked.connect(self._stop)
        self.anew.clicked.connect(self._begin_anew)
        close.clicked.connect(self.reject)
        self.add.clicked.connect(lambda: self.add_column())
        self.samples.itemClicked.connect(self._take)
        self.samples.itemActivated.connect(self._take)
        self.prompts.activated.connect(lambda _row: self._show_system(self.prompts.currentData()))
        self.question.textChanged.connect(self._on_typed)
        self.question.setFocus()
        self._show_state()

    def _make_fields(self, is_here: bool) -> None:
        self.samples = QListWidget()
        self.samples.setAccessibleName(_("Questions of your examples"))
        self.samples.setProperty("framed", True)
        self.samples.setUniformItemSizes(True)
        self.samples.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.samples.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.samples.setMinimumWidth(QUESTIONS_LEAST)
        self.samples.setMaximumWidth(QUESTIONS_WIDTH)
        self.system = QPlainTextEdit()
        self.system.setAccessibleName(_("System message"))
        self.system.setFixedHeight(54)
        self.system.setTabChangesFocus(True)
        self.system.document().setDocumentMargin(FIELD_MARGIN)
        self.prompts = NoWheelComboBox()
        self.prompts.setAccessibleName(_("System prompt"))
        self.prompts.setToolTip(_("The system prompts that this project keeps"))
        self.prompts.addItem(_("System message of the run"), self._system)
        for name, text in self._context.project.presets().items():
            self.prompts.addItem(name, {"role": "system", "content": text})
        self.tools = QCheckBox()
        self.tools.setChecked(True)
        self.question = QPlainTextEdit()
        self.question.setAccessibleName(_("Question"))
        self.question.setPlaceholderText(_("Ask what a user would ask"))
        self.question.setFont(self.theme.font("message"))
        self.question.setFixedHeight(54)
        self.question.setTabChangesFocus(True)
        self.question.document().setDocumentMargin(FIELD_MARGIN)
        self.note = Label(self.theme, "", "small", "muted", wrap=True)
        self.temperature = NoWheelComboBox()
        self.temperature.setAccessibleName(_("Temperature"))
        self.temperature.setToolTip(
            _("How freely the model chooses its words; 0: always the likeliest one")
        )
        for value in TEMPERATURES:
            self.temperature.addItem(f"{value:g}", value)
        self.length = NoWheelComboBox()
        self.length.setAccessibleName(_("Longest answer"))
        self.length.setToolTip(
            _("A token is a word or a part of one; an answer that is longer is cut off")
        )
        self.length.addItem(_("As the service decides"), None)
        for tokens in LENGTHS:
            self.length.addItem(_("{n} tokens").format(n=f"{tokens:,}"), tokens)
        self.length.setCurrentIndex(self.length.findData(MOST_TOKENS_HERE) if is_here else 0)
        self.keeping = KeepButtons(self._context, self.panes)
        self.add = QPushButton(_("Add a column"))
        self.add.setAutoDefault(False)
        self.keeping.add_button(self.add)

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
        sides.addLayout(left, 1)
        right = QVBoxLayout()
        right.setSpacing(8)
        if self._run.base_model == STARTER_ID:
            warning = Card("accent")
            text = _(
                "The starter knows no language: it learns examples by heart. Asked one that it was "
                "trained on, it answers as the example does if it was trained for long enough; "
                "asked anything else it strings pieces of them together. A model that knows a "
                "language answers new questions."
            )
            warning.body.addWidget(Label(theme, text, "base", wrap=True))
            right.addWidget(warning)
        self.fold = FoldButton(_("System message"), self.system)
        above = FlowLayout(spacing=14)
        above.addWidget(self.fold)
        above.addWidget(self.prompts)
        self.prompts.setVisible(self.prompts.count() > 1 and not self._completes)
        above.addWidget(self.tools)
        right.addLayout(above)
        right.addWidget(self.system)
        self._columns = QHBoxLayout()
        self._columns.setSpacing(COLUMN_GAP)
        right.addLayout(self._columns, 1)
        right.addWidget(self.keeping)
        asked = FlowLayout(spacing=10)
        asked.addWidget(SectionTitle(theme, _("Question")))
        for text, field in (
            (_("Temperature"), self.temperature),
            (_("Longest answer"), self.length),
        ):
            pair = QWidget()
            row = QHBoxLayout(pair)
            row.setContentsMargins(0, 0, 0, 0)
            label = Label(theme, text, "small", "muted")
            label.setBuddy(field)
            row.addWidget(label)
            row.addWidget(field)
            asked.addWidget(pair)
        right.addLayout(asked)
        right.addWidget(self.note)
        right.addWidget(self.question)
        sides.addLayout(right, 4)
        self.body.addLayout(sides, 1)
        note = _("Ctrl+Enter asks; {place} answers. Kept is only what you keep.").format(
            place=provider_text(self._run)
        )
        self.add_note(Label(theme, note, "small", "muted", wrap=True))

    # The columns

    def add_column(self, model: str = "") -> None:
        """Put another conversation beside.

        Args:
            model: Its model; without, the first that is not there yet, the base model before all.
        """
        shown = {pane.which.currentData() for pane in self.panes}
        names = [name for _title, name in self._models]
        pane = ConversationPane(
            self._context,
            run_id=self._run.id,
            keys=self._keys,
            models=self._models,
            number=len(self.panes) + 1,
        )
        wanted = [model, self._run.base_model, *names]
        chosen = next((name for name in wanted if name in names and name not in shown), names[0])
        pane.which.setCurrentIndex(names.index(chosen))
        pane.changed.connect(self._show_state)
        pane.again_asked.connect(lambda: self._answer_again(pane))
        pane.remove_asked.connect(lambda: self._remove_column(pane))
        self.panes.append(pane)
        self._columns.addWidget(pane, 1)
        self._show_state()

    def _remove_column(self, pane: ConversationPane) -> None:
        pane.stop()
        self.panes.remove(pane)
        self._columns.removeWidget(pane)
        pane.hide()
        pane.deleteLater()
        for number, left in enumerate(self.panes, 1):
            left.set_number(number)
        self._show_state()
        self.panes[0].which.setFocus()

    def _answer_again(self, pane: ConversationPane) -> None:
        """Have a column answer what it was asked last, or what another one was."""
        turn = pane.asked_last or self._asked_elsewhere()
        if turn is not None:
            pane.ask(replace(turn, options=self._options(turn.is_completion)))

    def _asked_elsewhere(self) -> PlaygroundRequest | None:
        """What one of the columns was asked last."""
        return next((pane.asked_last for pane in self.panes if pane.asked_last), None)

    def _has_room(self) -> bool:
        """Whether one more column fits beside the others."""
        needed = max(pane.minimumSizeHint().width() for pane in self.panes) + COLUMN_GAP
        room = self.width() - self.samples.minimumWidth() - 4 * MARGIN
        return len(self.panes) < MOST_COLUMNS and (len(self.panes) + 1) * needed <= room

    def resizeEvent(self, event: QResizeEvent) -> None:
        """More room may hold more columns."""
        super().resizeEvent(event)
        self._show_state()

    # Questions

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
            question = sample.text[:_LONGEST_QUESTION]
            if not sample.is_said_by_user:
                question = _("A tool gives back: {text}").format(text=question)
            line = on_one_line(question)
            item = QListWidgetItem(f"    {line}" if sample.turn > 1 else line)
            item.setToolTip(plain_tooltip(question))
            item.setData(SAMPLE, sample)
            item.setData(Qt.ItemDataRole.AccessibleTextRole, f"{titles[above]}. {question}")
            self.samples.addItem(item)
        for widget in (self.samples, self._samples_title):
            widget.setVisible(bool(questions))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Ask on Ctrl+Enter, from whichever field; Enter alone asks only on a button."""
        enter = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
        if enter and event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self._ask()
            return
        if enter and not isinstance(QApplication.focusWidget(), QAbstractButton):
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
        self._more = sample.more
        self._completes = sample.is_completion
        self._show_tools()
        self._show_system(sample.system)
        self.question.setPlainText(sample.text if sample.is_said_by_user else "")
        self._sample = sample
        self._shown = (self.system.toPlainText(), self.question.toPlainText())
        self._show_note()
        self._show_state()
        self.question.setFocus()

    def _on_typed(self) -> None:
        """A question of an example may be changed; without a word of it, it is none."""
        text, sample = self.question.toPlainText(), self._sample
        if sample is not None and (bool(text) != sample.is_said_by_user):
            self._sample = None
        self._show_note()
        self._show_state()

    def _show_note(self) -> None:
        """Say what of an example is sent beside its question."""
        sample = self._sample
        self.note.setVisible(sample is not None)
        if sample is None:
            return
        before = len(sample.messages) - 1 - (sample.system is not None)
        if not sample.is_said_by_user:
            words = _(
                "Asked as in your example, in a new conversation: what the tool gives back is "
                "answered, “{text}”."
            ).format(text=on_one_line(sample.text)[:80])
        elif before:
            words = ngettext(
                "Asked as in your example, in a new conversation, with the message before it.",
                "Asked as in your example, in a new conversation, with the {n} messages before it.",
                before,
            ).format(n=before)
        else:
            words = _("Asked as in your example, in a new conversation.")
        self.note.setText(words)

    def _show_system(self, message: ChatMessage | None) -> None:
        self._system = message
        # What goes on from a text has no system message.
        self.fold.setVisible(not self._completes)
        self.system.setPlainText(message_text(message) if message else "")
        self._system_shown = self.system.toPlainText()

    def _show_tools(self) -> None:
        names = tool_names(self._more)
        self.tools.setVisible(bool(names))
        text = _("With the tools of the example: {names}").format(names=", ".join(names))
        self.tools.setText(text.replace("&", "&&"))
        self.tools.setAccessibleName(_("With the tools of the example"))
        self.tools.setAccessibleDescription(", ".join(names))

    def _system_messages(self) -> list[ChatMessage]:
        """The system message as the training saw it, if it was not changed."""
        text = self.system.toPlainText()
        if self._system is not None and text == self._system_shown:
            return [self._system]
        role = self._system["role"] if self._system is not None else "system"
        return [{"role": role, "content": text.strip()}] if text.strip() else []

    def _options(self, is_completion: bool) -> ChatOptions:
        most = self.length.currentData()
        if is_completion and most is None:
            # Left to the service, a text that goes on from another one has 16 tokens.
            most = MOST_TOKENS_HERE
        return ChatOptions(self.temperature.currentData(), most)

    @property
    def _may_ask(self) -> bool:
        waits = any(pane.waits_for_tools for pane in self.panes)
        if self._sample is not None:
            return True
        return bool(self.question.toPlainText().strip()) and not waits

    def _ask(self) -> None:
        if not self._may_ask:
            return
        sample, text = self._sample, self.question.toPlainText()
        head = self._system_messages()
        more = self._more if self.tools.isChecked() else {}
        asked: ChatMessage = {"role": "user", "content": text.strip()}
        expected = None
        if sample is not None and text == self._shown[1]:
            asked, expected = sample.messages[-1], sample.answer or None
        options = self._options(self._completes)
        for pane in self.panes:
            if self._completes:
                plain = asked if expected else {"role": "user", "content": text}
                pane.ask(PlaygroundRequest((plain,), 1, {}, options, expected, is_completion=True))
                continue
            if sample is None:
                said = [each for n, each in enumerate(pane.messages) if n or not _is_system(each)]
            else:
                said = [*sample.messages[(sample.system is not None) : -1]]
            messages = (*head, *said, asked)
            pane.ask(PlaygroundRequest(messages, 1, more, options, expected))
        self._sample = None
        self.question.clear()
        self._show_note()

    def _stop(self) -> None:
        for pane in self.panes:
            pane.stop()

    def _begin_anew(self) -> None:
        for pane in self.panes:
            pane.clear()
        self._show_state()
        self.question.setFocus()

    def _show_state(self) -> None:
        if not self.panes:
            return
        self.stop.setVisible(any(pane.busy for pane in self.panes))
        self.ask.setEnabled(self._may_ask)
        asked = self._asked_elsewhere() is not None
        self.anew.setEnabled(asked)
        self.keeping.show_state()
        has_room = self._has_room()
        self.add.setEnabled(has_room)
        self.add.setToolTip(
            _("Put another model beside: the base model, the tuned model or a checkpoint")
            if has_room
            else _("There is no room for another column; a larger window has more")
        )
        for pane in self.panes:
            pane.show_again(asked)
            pane.remove.setVisible(len(self.panes) > 1)


def models_of(run: Run, checkpoints: list[RunCheckpoint]) -> list[tuple[str, str]]:
    """The models that can be asked: titles and names; the final one, its base, checkpoints."""
    models = []
    if run.fine_tuned_model:
        models.append((_("The tuned model"), run.fine_tuned_model))
    base = _("{model}, before it was tuned").format(model=model_text(run))
    models.append((base, run.base_model))
    for point in reversed(checkpoints):
        if point.model and point.model != run.fine_tuned_model:
            models.append((checkpoint_text(point), point.model))
    return models


def _is_system(message: ChatMessage) -> bool:
    return message.get("role") in ("system", "developer")
