"""One model's answer, as it is written."""

import contextlib
from collections.abc import Callable

from PySide6.QtWidgets import QComboBox, QHBoxLayout, QPlainTextEdit, QVBoxLayout, QWidget

from tunedesk.errors import UserError
from tunedesk.gui.background import Background, Task
from tunedesk.gui.fine_tune.copy_button import CopyButton
from tunedesk.gui.theme import Theme
from tunedesk.gui.widgets.label import Label
from tunedesk.i18n import _
from tunedesk.progress import Progress, Wait
from tunedesk.project.project import Project
from tunedesk.services.chat_client import stream_completion
from tunedesk.services.connect import connect_to_run
from tunedesk.services.keys import Keys

Message = dict[str, str]


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

    def ask(self, messages: list[Message]) -> None:
        """Ask the chosen model; an answer that is under way is dropped."""
        self.stop()
        self.answer.clear()
        self._say(_("Waiting for the model; the first answer takes longer, while it is loaded …"))
        model = str(self.which.currentData() or "")
        show = self._background.in_gui(self._take_piece)
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
                self._say(_("The model answered nothing.") if nothing else "")

        def failed(error: UserError) -> None:
            if self._task is task:
                self._say(f"{error.sentence} {error.advice}".strip(), "error")

        task = self._task = self._background.run(
            work, on_result=done, on_error=failed, on_finished=ended, lets_go=True
        )
        self._on_state()

    def stop(self) -> None:
        """Stop the answer that is under way; what is there stays."""
        if self._task is not None:
            self._task.cancel()
            self._task = None
            self._say(_("Stopped."))
            self._on_state()

    def _take_piece(self, task: Task, piece: str) -> None:
        if task is not self._task:
            return
        self._say(_("Writing …"))
        cursor = self.answer.textCursor()
        cursor.movePosition(cursor.MoveOperation.End)
        cursor.insertText(piece)

    def _say(self, text: str, tone: str = "muted") -> None:
        self.state.setText(text)
        self.state.set_tone(tone)
