"""What came of a run that succeeded: the model's name, how to use it, what to keep."""

import contextlib
from typing import NamedTuple

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QPlainTextEdit, QVBoxLayout, QWidget

from tunedesk.errors import UserError
from tunedesk.fine_tuning import code_snippets
from tunedesk.fine_tuning.sample_questions import first_question, message_text
from tunedesk.gui.fine_tune.run_text import checkpoint_text
from tunedesk.gui.page import PageContext
from tunedesk.gui.theme import Theme
from tunedesk.gui.widgets.buttons import ActionButton, CopyButton, FoldButton
from tunedesk.gui.widgets.cards import Card
from tunedesk.gui.widgets.choices import NoWheelComboBox, SegmentedTabs
from tunedesk.gui.widgets.labels import Label, SectionTitle
from tunedesk.gui.widgets.layouts import FlowLayout
from tunedesk.i18n import _
from tunedesk.project.project import Project
from tunedesk.project.run_records import Run, RunCheckpoint
from tunedesk.services import local_server
from tunedesk.services.connection import NO_KEY, Connection
from tunedesk.services.keys import Key, Keys
from tunedesk.services.providers import provider_named

CODE_HEIGHT = 190


class Snippets(NamedTuple):
    """Ready pieces of code for a model.

    Attributes:
        python: For Python.
        curl: For a terminal.
        deployment: The commands for what has to be done before; empty: nothing.
        note: What has to be known first: why the deployment, or that the server must run.
    """

    python: str
    curl: str
    deployment: str
    note: str


class ResultSection(Card):
    """Shows the tuned model of one run; a checkpoint can be chosen instead.

    Signals:
        model_chosen: The name of the model that is chosen: the tuned one or a checkpoint.
    """

    model_chosen = Signal(str)

    def __init__(self, context: PageContext, keys: Keys, parent: QWidget | None = None) -> None:
        super().__init__(parent=parent)
        actions, theme = context.actions, context.theme
        self._project = context.project
        self._background = context.background
        self._keys = keys
        self._run: Run | None = None
        self._shown: tuple[int, str, tuple[RunCheckpoint, ...], int | None] | None = None
        self._snippets = Snippets("", "", "", "")
        self._by_user = False
        self.setAccessibleName(_("Result"))
        self.which = NoWheelComboBox()
        self.which.setAccessibleName(_("Which model"))
        self.which.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self.which.setMinimumContentsLength(24)
        self.name = Label(theme, "", "mono", wrap=True)
        self.name.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse
            | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self.copy_name = CopyButton(lambda: self.model, _("Copy the name"))
        self.tabs = SegmentedTabs(theme, [_("Python"), _("curl"), _("Deployment")])
        self.tabs.setAccessibleName(_("How to use it"))
        self.code = QPlainTextEdit()
        self.code.setReadOnly(True)
        self.code.setFont(theme.font("mono"))
        self.code.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.code.setFixedHeight(CODE_HEIGHT)
        self.code.setAccessibleName(_("How to use it"))
        self.code.setTabChangesFocus(True)
        self.copy_code = CopyButton(self.code.toPlainText, _("Copy the code"))
        self.note = Label(theme, "", "small", "muted", wrap=True)
        self._buttons = [
            ActionButton(theme, actions[action_id], label, show_key=False)
            for action_id, label in (
                ("run.take_along", _("Take the model with you…")),
                ("run.train_further", _("Train further…")),
                ("run.save_results", _("Save result files…")),
                ("run.delete_model", _("Delete model and files…")),
            )
        ]
        self._lay_out(theme)
        self.which.currentIndexChanged.connect(self._on_model_chosen)
        self.which.activated.connect(self._keep_choice)
        self.tabs.currentChanged.connect(self._show_code)

    def _lay_out(self, theme: Theme) -> None:
        head = QHBoxLayout()
        head.addWidget(SectionTitle(theme, _("The tuned model")))
        head.addStretch()
        head.addWidget(self.which)
        named = QHBoxLayout()
        named.setSpacing(8)
        named.addWidget(self.name, 1)
        named.addWidget(self.copy_name)
        tabs = QHBoxLayout()
        tabs.addWidget(self.tabs)
        tabs.addStretch()
        tabs.addWidget(self.copy_code)
        last = FlowLayout(spacing=8)
        for button in self._buttons:
            last.addWidget(button)
        code = QWidget()
        column = QVBoxLayout(code)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(tabs)
        column.addWidget(self.note)
        column.addWidget(self.code)
        self.fold = FoldButton(_("How to use it from a program"), code)
        self.body.addLayout(head)
        self.body.addLayout(named)
        self.body.addWidget(self.fold, 0, Qt.AlignmentFlag.AlignLeft)
        self.body.addWidget(code)
        self.body.addLayout(last)

    @property
    def python(self) -> str:
        """A program that uses the chosen model; empty before it is known."""
        return self._snippets.python

    @property
    def model(self) -> str:
        """The name of the chosen model; empty while there is none."""
        return str(self.which.currentData() or "")

    @property
    def _checkpoint(self) -> RunCheckpoint | None:
        """The chosen checkpoint; None for the tuned model."""
        points = self._shown[2] if self._shown else ()
        return next((point for point in points if point.model == self.model), None)

    def show_run(
        self, run: Run, checkpoints: list[RunCheckpoint], model_step: int | None = None
    ) -> None:
        """Show what came of a run.

        Args:
            run: The run.
            checkpoints: Its checkpoints.
            model_step: The step whose weights the tuned model has; None: the last.
        """
        self._run = run
        usable = [point for point in checkpoints if point.model]
        self.setVisible(bool(run.fine_tuned_model) or bool(usable))
        key = (run.id, run.fine_tuned_model, tuple(usable), model_step)
        if key == self._shown:
            return
        if not self._shown or self._shown[0] != run.id:
            self._by_user = False
        before = self.model if self._by_user else ""
        self._shown = key
        self.which.blockSignals(True)
        self.which.clear()
        if run.fine_tuned_model:
            text = (
                _("The tuned model, as it was at the end")
                if model_step is None
                else _("The tuned model, as it was at step {step}, where it was best").format(
                    step=f"{model_step:,}"
                )
            )
            self.which.addItem(text, run.fine_tuned_model)
        for point in reversed(usable):
            if point.model != run.fine_tuned_model:
                self.which.addItem(checkpoint_text(point), point.model)
        self.which.setCurrentIndex(max(0, self.which.findData(before)))
        self.which.blockSignals(False)
        self.which.setVisible(self.which.count() > 1)
        self._on_model_chosen()

    def choose_step(self, step: int) -> bool:
        """Choose the checkpoint of a step; False if there is none."""
        if self._shown is None:
            return False
        point = next((point for point in self._shown[2] if point.step == step), None)
        number = self.which.findData(point.model) if point else -1
        if number < 0:
            return False
        self.which.setCurrentIndex(number)
        self._keep_choice()
        return True

    def _keep_choice(self) -> None:
        """What the user chose stays when another checkpoint, or the end, comes."""
        self._by_user = True

    def _on_model_chosen(self) -> None:
        self.name.setText(self.model)
        self.model_chosen.emit(self.model)
        run = self._run
        if run is not None and self.model:
            self._background.run(
                find_snippets,
                self._project,
                run,
                self.model,
                self._checkpoint,
                self._keys,
                on_result=self._on_snippets,
                on_error=lambda error: self._on_snippets(Snippets("", "", "", error.sentence)),
            )

    def _on_snippets(self, found: Snippets) -> None:
        self._snippets = found
        self.tabs.setTabVisible(2, bool(found.deployment))
        self._show_code()

    def _show_code(self) -> None:
        text = self._snippets[max(0, self.tabs.currentIndex())]
        if text != self.code.toPlainText():
            self.code.setPlainText(text)
        self.note.setText(self._snippets.note)
        self.note.setVisible(bool(self._snippets.note))


def find_snippets(
    project: Project, run: Run, model: str, checkpoint: RunCheckpoint | None, keys: Keys
) -> Snippets:
    """The pieces of code for a model; called in a thread. No key stands in them.

    Raises:
        UserError: The provider is not known any more.
    """
    provider = provider_named(run.provider)
    running = local_server.running() if provider.name == "local" else None
    address = running.base_url if running else run.base_url
    key: Key | None = Key(NO_KEY, "this run")
    if not provider.key_needed:
        try:
            key = keys.find(provider, address)
        except UserError:
            key = None
    connection = Connection(provider, address, key)
    with contextlib.closing(project.handle()) as handle:
        first = first_question(handle, run.id)
        system = message_text(first.system) if first is not None and first.system else ""
        points = handle.runs.checkpoints(run.id)
    if checkpoint is None and provider.deployment == "nebius":
        # There a model is made of a checkpoint; the tuned one is the last.
        checkpoint = max(points, key=lambda point: point.step, default=None)
    step = code_snippets.deployment(run, connection, checkpoint)
    asked = (step.name or _("NAME OF THE DEPLOYMENT")) if step else model
    note = step.why if step else ""
    if provider.name == "local":
        note = _(
            "The training server of this computer must be running, and listens at another port "
            "after each start."
        )
    return Snippets(
        code_snippets.python(asked, connection, system),
        code_snippets.curl(asked, connection, system),
        "\n".join(f"# {title}\n{command}" for title, command in step.commands) if step else "",
        note,
    )
