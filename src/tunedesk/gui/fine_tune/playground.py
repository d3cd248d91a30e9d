"""Asks a tuned model something, beside the base model if that is wanted; answers stream in."""

import contextlib
from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QHBoxLayout,
    QPlainTextEdit,
    QVBoxLayout,
    QWidget,
)

from tunedesk.errors import UserError
from tunedesk.gui.background import Background, Task
from tunedesk.gui.fine_tune.run_dataset import system_message
from tunedesk.gui.fine_tune.run_text import checkpoint_text, model_text
from tunedesk.gui.theme import Theme
from tunedesk.gui.widgets.buttons import CopyButton
from tunedesk.gui.widgets.dialog import Dialog
from tunedesk.gui.widgets.labels import Label, SectionTitle
from tunedesk.i18n import _
from tunedesk.progress import Progress, Wait
from tunedesk.project.project import Project
from tunedesk.project.run_records import Run, RunCheckpoint
from tunedesk.services.chat_client import stream_completion
from tunedesk.services.connect import connect_to_run
from tunedesk.services.keys import Keys

ChatMessage = dict[str, str]


class AnswerPane(QWidget):
    """Asks one of several models and shows what it says."""

    def __init__(
        self,
        *,
        project: Project,
        run_id: int,
        background: Background,
        theme: Theme,
        keys: Keys,
        models: list[tuple[str, str]],
        name: str,
        on_state: Callable[[], None],
        parent: QWidget | None = None,
    ) -> None:
        """Make the pane.

        Args:
            project: The project.
            run_id: The run whose service is asked.
            background: Where it is asked.
            theme: The theme.
            keys: Where keys are found.
            models: The models to choose from: titles and names.
            name: What a screen reader calls the answer.
            on_state: Called when it begins or ends.
            parent: Its owner.
        """
        super().__init__(parent)
        self._project = project
        self._run_id = run_id
        self._background = background
        self._keys = keys
        self._on_state = on_state
        self._task: Task | None = None
        self.which = QComboBox()
        self.which.setAccessibleName(_("Which model: {name}").format(name=name))
        self.which.setMinimumContentsLength(16)
        for title, model in models:
            self.which.addItem(title, model)
        self.answer = QPlainTextEdit()
        self.answer.setReadOnly(True)
        self.answer.setAccessibleName(name)
        self.answer.setFont(theme.font("message"))
        self.answer.setTabChangesFocus(True)
        self.state = Label(theme, "", "small", "muted", wrap=True)
        copy = CopyButton(self.answer.toPlainText, _("Copy the answer"))
        head = QHBoxLayout()
        head.addWidget(self.which, 1)
        head.addWidget(copy)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addLayout(head)
        column.addWidget(self.answer, 1)
        column.addWidget(self.state)

    @property
    def busy(self) -> bool:
        """Whether an answer is under way."""
        return self._task is not None

    def ask(self, messages: list[ChatMessage]) -> None:
        """Ask the chosen model; an answer that is under way is dropped."""
        self.stop()
        self.answer.clear()
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
            for piece in stream_completion(connection, model, messages):
                progress(0, None)
                show(task, piece)

        def ended() -> None:
            if self._task is task:
                self._task = None
                self._on_state()

        def done(_none: object) -> None:
            if self._task is task:
                nothing = not self.answer.toPlainText()
                self._show_note(_("The model answered nothing.") if nothing else "")

        def failed(error: UserError) -> None:
            if self._task is task:
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
            self._show_note(_("Stopped."))
            self._on_state()

    def _on_piece(self, task: Task, piece: str) -> None:
        if task is not self._task:
            return
        self._show_note(_("Writing …"))
        cursor = self.answer.textCursor()
        cursor.movePosition(cursor.MoveOperation.End)
        cursor.insertText(piece)

    def _show_note(self, text: str, tone: str = "muted") -> None:
        self.state.setText(text)
        self.state.set_tone(tone)


WIDTH, HEIGHT = 860, 640


class PlaygroundDialog(Dialog):
    """A question above, the answers below; Ctrl+Enter asks."""

    def __init__(
        self,
        *,
        project: Project,
        run: Run,
        checkpoints: list[RunCheckpoint],
        model: str,
        background: Background,
        theme: Theme,
        keys: Keys,
        parent: QWidget | None = None,
    ) -> None:
        """Open it.

        Args:
            project: The project.
            run: The run whose model is asked.
            checkpoints: Its checkpoints.
            model: The model that is chosen at first.
            background: Where models are asked.
            theme: The theme.
            keys: Where keys are found.
            parent: Its owner.
        """
        super().__init__(theme, _("Try {name}").format(name=run.name), parent=parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        tuned = tuned_models(run, checkpoints)
        base = (_("{model}, before it was tuned").format(model=model_text(run)), run.base_model)
        self.system = QPlainTextEdit(system_message(project, run.id))
        self.system.setAccessibleName(_("System message"))
        self.system.setFixedHeight(54)
        self.system.setTabChangesFocus(True)
        self.question = QPlainTextEdit()
        self.question.setAccessibleName(_("Question"))
        self.question.setPlaceholderText(_("Ask what a user would ask"))
        self.question.setFont(theme.font("message"))
        self.question.setFixedHeight(92)
        self.question.setTabChangesFocus(True)
        self.ask = self.add_button(_("Ask"), "primary", default=True)
        self.stop = self.add_button(_("Stop"))
        close = self.add_button(_("Close"))

        def answer_pane(models: list[tuple[str, str]], name: str) -> AnswerPane:
            return AnswerPane(
                project=project,
                run_id=run.id,
                background=background,
                theme=theme,
                keys=keys,
                models=models,
                name=name,
                on_state=self._show_state,
            )

        self.tuned = answer_pane(tuned, _("Answer"))
        self.beside = answer_pane([base, *tuned], _("Answer beside it"))
        number = self.tuned.which.findData(model)
        self.tuned.which.setCurrentIndex(max(0, number))
        self.with_other = QCheckBox(_("Beside the base model"))
        self._lay_out()
        self.ask.clicked.connect(self._ask)
        self.stop.clicked.connect(self._stop)
        close.clicked.connect(self.reject)
        self.with_other.toggled.connect(self.beside.setVisible)
        self.question.textChanged.connect(self._show_state)
        self.beside.hide()
        self.question.setFocus()
        self._show_state()

    def _lay_out(self) -> None:
        self.be_large(WIDTH, HEIGHT)
        theme = self.theme
        self.body.addWidget(SectionTitle(theme, _("System message")))
        self.body.addWidget(self.system)
        self.body.addWidget(SectionTitle(theme, _("Question")))
        self.body.addWidget(self.question)
        self.body.addWidget(self.with_other)
        panes = QHBoxLayout()
        panes.setSpacing(14)
        panes.addWidget(self.tuned, 1)
        panes.addWidget(self.beside, 1)
        self.body.addLayout(panes, 1)
        self.add_note(
            Label(
                theme, _("Ctrl+Enter asks. What is asked here is kept nowhere."), "small", "muted"
            )
        )

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

    def _ask(self) -> None:
        question = self.question.toPlainText().strip()
        if not question:
            return
        system = self.system.toPlainText().strip()
        messages: list[ChatMessage] = [{"role": "system", "content": system}] if system else []
        messages.append({"role": "user", "content": question})
        self.tuned.ask(messages)
        if self.with_other.isChecked():
            self.beside.ask(messages)

    def _stop(self) -> None:
        self.tuned.stop()
        self.beside.stop()

    def _show_state(self) -> None:
        if not hasattr(self, "beside"):
            return
        busy = self.tuned.busy or self.beside.busy
        self.stop.setVisible(busy)
        self.ask.setEnabled(bool(self.question.toPlainText().strip()))


def tuned_models(run: Run, checkpoints: list[RunCheckpoint]) -> list[tuple[str, str]]:
    """The models that came of a run: titles and names, the final one first."""
    models = []
    if run.fine_tuned_model:
        models.append((_("The tuned model"), run.fine_tuned_model))
    for point in reversed(checkpoints):
        if point.model and point.model != run.fine_tuned_model:
            models.append((checkpoint_text(point), point.model))
    return models
