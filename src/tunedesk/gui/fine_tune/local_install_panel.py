"""Installs what training on this computer needs, where it is not there yet."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QPushButton, QWidget

from tunedesk.errors import UserError
from tunedesk.fine_tuning.open_work import install_training, unfinished_installation
from tunedesk.gui.background import Background, Task
from tunedesk.gui.size_text import size_text
from tunedesk.gui.theme import Theme
from tunedesk.gui.widgets.cards import Card
from tunedesk.gui.widgets.labels import ElidedLabel, Label
from tunedesk.i18n import _
from tunedesk.progress import Progress
from tunedesk.services import local_install
from tunedesk.services.local_install import Plan


class InstallPanel(Card):
    """Says what is missing, how much room it takes, and installs it with progress and Cancel.

    Attributes:
        done: Whether it has been installed here.

    Signals:
        installed: It is there now.
    """

    installed = Signal()

    def __init__(self, theme: Theme, background: Background, parent: QWidget | None = None) -> None:
        super().__init__("accent", parent)
        self._background = background
        self._task: Task | None = None
        self._closing = False
        self.done = False
        self.setAccessibleName(_("Training on this computer"))
        self._says = Label(
            theme,
            _(
                "Training needs PyTorch and its libraries, which do not come with Tunedesk. They "
                "are installed once, into a folder of their own, and can be removed again."
            ),
            "base",
            wrap=True,
        )
        self._plan = Label(theme, "", "small", "muted", wrap=True)
        self.button = QPushButton(_("Install training on this computer"))
        self.button.setProperty("kind", "primary")
        self.button.setAutoDefault(False)
        self.cancel = QPushButton(_("Stop"))
        self.cancel.setAutoDefault(False)
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setAccessibleName(_("Progress of the installation"))
        self._line = ElidedLabel(theme, "", "small", "muted")
        row = QHBoxLayout()
        for widget in (self.button, self.cancel):
            row.addWidget(widget)
        row.addWidget(self.bar, 1)
        row.addStretch()
        self.body.addWidget(Label(theme, _("Not installed yet"), "strong"))
        for label in (self._says, self._plan):
            self.body.addWidget(label)
        self.body.addLayout(row)
        self.body.addWidget(self._line)
        self.button.clicked.connect(self._install)
        self.cancel.clicked.connect(self._stop)
        self._show_running(False)
        self.button.setEnabled(False)

    def setVisible(self, visible: bool) -> None:
        """Look what an installation would take when it is first shown."""
        first = visible and not self.isVisible() and self._task is None
        super().setVisible(visible)
        if first:
            self._background.run(_plan_and_unfinished, on_result=self._take_plan)

    def close_project(self) -> None:
        """Stop what runs; it goes on where it was the next time this is shown."""
        self._closing = True
        if self._task is not None:
            self._task.cancel()

    def _take_plan(self, found: tuple[Plan, bool]) -> None:
        plan, is_unfinished = found
        words = _("It takes about {size} in {folder}; {free} are free there.").format(
            size=size_text(plan.bytes), folder=plan.folder, free=size_text(plan.disk_free)
        )
        words += " " + (
            _("An NVIDIA GPU is there and will be used.")
            if plan.gpu
            else _("There is no NVIDIA GPU, so small models are what this computer can train.")
        )
        self._plan.setText(plan.stops or words)
        self._plan.set_tone("error" if plan.stops else "muted")
        self.button.setEnabled(not plan.stops)
        if is_unfinished and not plan.stops:
            # It was cut off by the end of the program: the user has asked for it already.
            self._install()

    def _install(self) -> None:
        say = self._background.in_gui(self._line.setText)

        def work(progress: Progress) -> None:
            install_training(progress, say, is_closing=lambda: self._closing)

        self._show_running(True)
        self._line.setText(_("Downloading …"))
        self._task = self._background.run(
            work,
            on_result=self._take_done,
            on_error=self._take_error,
            on_progress=self._take_progress,
            on_finished=self._ended,
        )

    def _stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            self._line.setText(_("Stopping …"))

    def _take_progress(self, done: int, total: int | None) -> None:
        self.bar.setRange(0, 1000 if total else 0)
        if total:
            self.bar.setValue(min(1000, done * 1000 // total))

    def _take_done(self, _none: object) -> None:
        self.done = True
        self.installed.emit()
        self.hide()

    def _take_error(self, error: UserError) -> None:
        self._plan.setText(f"{error.sentence} {error.advice}".strip())
        self._plan.set_tone("error")

    def _ended(self) -> None:
        self._task = None
        self._show_running(False)
        if not self.done:
            self._line.setText(_("What was downloaded is kept; it goes on where it was."))

    def _show_running(self, running: bool) -> None:
        self.button.setVisible(not running)
        self.cancel.setVisible(running)
        self.bar.setVisible(running)
        self._line.setVisible(running or bool(self._line.text()))


def _plan_and_unfinished() -> tuple[Plan, bool]:
    return local_install.plan(), unfinished_installation() is not None
