"""The place to ask a tuned model something, beside the base model if that is wanted."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QPlainTextEdit, QWidget

from tunedesk.gui.background import Background
from tunedesk.gui.fine_tune.frozen_examples import system_message
from tunedesk.gui.fine_tune.run_words import checkpoint_words, model_words
from tunedesk.gui.fine_tune.try_it.answer_pane import AnswerPane, Message
from tunedesk.gui.theme import Theme
from tunedesk.gui.widgets.dialog import Dialog
from tunedesk.gui.widgets.label import Label
from tunedesk.gui.widgets.section_title import SectionTitle
from tunedesk.i18n import _
from tunedesk.project.project import Project
from tunedesk.project.run_records import Run, RunCheckpoint
from tunedesk.services.keys import Keys

WIDTH, HEIGHT = 860, 640


class TryDialog(Dialog):
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
        base = (_("{model}, before it was tuned").format(model=model_words(run)), run.base_model)
        shared = {
            "project": project,
            "run_id": run.id,
            "background": background,
            "theme": theme,
            "keys": keys,
            "on_state": self._show_state,
        }
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
        self.tuned = AnswerPane(models=tuned, name=_("Answer"), **shared)  # type: ignore[arg-type]
        self.beside = AnswerPane(
            models=[base, *tuned],
            name=_("Answer beside it"),
            **shared,  # type: ignore[arg-type]
        )
        place = self.tuned.which.findData(model)
        self.tuned.which.setCurrentIndex(max(0, place))
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
        messages: list[Message] = [{"role": "system", "content": system}] if system else []
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
            models.append((checkpoint_words(point), point.model))
    return models
