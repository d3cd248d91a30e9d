"""Installs what training on this computer needs, where it is not there yet.

The installation goes on whichever page shows; the panel on the launch page begins and shows it.
"""

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QPushButton, QWidget

from tunedesk.errors import UserError
from tunedesk.fine_tuning.open_work import (
    InstallingElsewhereError,
    install_training,
    unfinished_installation,
)
from tunedesk.gui.background import Background, Task
from tunedesk.gui.theme import Theme
from tunedesk.gui.widgets.cards import Card
from tunedesk.gui.widgets.labels import ElidedLabel, Label
from tunedesk.i18n import _, size_text
from tunedesk.progress import Progress
from tunedesk.project.work import WorkItem
from tunedesk.services import local_install
from tunedesk.services.local_install import Plan

REPORT_MS = 1_000
"""Between two signals that other views of the installation should look again."""


class LocalInstallation(QObject):
    """The installation on this computer: under way, ended, or not begun.

    Attributes:
        is_done: Whether it has been installed by this object.
        done: How many bytes are there.
        total: Of how many; None while that is not known.
        line: What is being done, in a sentence.

    Signals:
        changed: It has begun, gone on or ended: progress and sentence are others.
        reported: The same once a second at most, for views that cost something.
        installed: It is there now.
        failed: It stopped with this `UserError`.
    """

    changed = Signal()
    reported = Signal()
    installed = Signal()
    failed = Signal(object)

    def __init__(self, background: Background, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._background = background
        self._task: Task | None = None
        self._closing = False
        self._goes_on_by_itself = False
        self._clock = QTimer(self)
        self._clock.setInterval(REPORT_MS)
        self._clock.timeout.connect(self.reported)
        self.is_done = False
        self.done = 0
        self.total: int | None = None
        self.line = ""

    @property
    def is_running(self) -> bool:
        """Whether it is under way in this window."""
        return self._task is not None

    def start(self) -> None:
        """Begin, or go on with what was cut off."""
        if self.is_running or self._closing:
            return
        say = self._background.in_gui(self._on_line)

        def work(progress: Progress) -> None:
            install_training(progress, say, is_closing=lambda: self._closing)

        self._task = self._background.run(
            work,
            on_result=self._on_done,
            on_error=self._on_error,
            on_progress=self._on_progress,
            on_finished=self._on_finished,
        )
        self._clock.start()
        self._on_line(_("Downloading …"))
        self.reported.emit()

    def go_on(self) -> None:
        """Go on with an installation that the end of the program cut off, if there is one."""
        self._background.run(unfinished_installation, on_result=self._on_unfinished)

    def cancel(self) -> None:
        """Stop it; what was downloaded is kept."""
        if self._task is not None:
            self._task.cancel()
            self._on_line(_("Stopping …"))

    def close(self) -> None:
        """The project closes: stop, to go on where it was when the next one is open."""
        self._closing = True
        self._clock.stop()
        if self._task is not None:
            self._task.cancel()

    def _on_unfinished(self, unfinished: WorkItem | None) -> None:
        if unfinished is not None:
            self._goes_on_by_itself = True
            self.start()

    def _on_error(self, error: UserError) -> None:
        # Nobody asked this window for it: that another one is at it is as it should be.
        if not (self._goes_on_by_itself and isinstance(error, InstallingElsewhereError)):
            self.failed.emit(error)

    def _on_line(self, line: str) -> None:
        self.line = line
        self.changed.emit()

    def _on_progress(self, done: int, total: int | None) -> None:
        self.done, self.total = done, total
        self.changed.emit()

    def _on_done(self, _none: object) -> None:
        self.is_done = True

    def _on_finished(self) -> None:
        self._task = None
        self._goes_on_by_itself = False
        self._clock.stop()
        self.line = (
            "" if self.is_done else _("What was downloaded is kept; it goes on where it was.")
        )
        self.changed.emit()
        self.reported.emit()
        if self.is_done:
            self.installed.emit()


class InstallPanel(Card):
    """Says what is missing, how much room it takes, and installs it with progress and Stop.

    Attributes:
        installation: What it shows and begins.
    """

    def __init__(
        self,
        theme: Theme,
        background: Background,
        installation: LocalInstallation,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__("accent", parent)
        self._background = background
        self.installation = installation
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
        self.button.clicked.connect(installation.start)
        self.cancel.clicked.connect(installation.cancel)
        installation.changed.connect(self._show_installation)
        installation.failed.connect(self._on_failed)
        self._show_installation()
        self.button.setEnabled(False)

    def setVisible(self, visible: bool) -> None:
        """Look what an installation would take when it is first shown."""
        first = visible and not self.isVisible()
        super().setVisible(visible)
        if first:
            self._background.run(_plan_and_unfinished, on_result=self._on_plan)

    def _on_plan(self, found: tuple[Plan, bool]) -> None:
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
            self.installation.start()

    def _show_installation(self) -> None:
        installation = self.installation
        running = installation.is_running
        self.bar.setRange(0, 0 if running and not installation.total else 1000)
        if installation.total:
            self.bar.setValue(min(1000, installation.done * 1000 // installation.total))
        self._line.setText(installation.line)
        self.button.setVisible(not running)
        self.cancel.setVisible(running)
        self.bar.setVisible(running)
        self._line.setVisible(bool(installation.line))
        if installation.is_done:
            self.hide()

    def _on_failed(self, error: UserError) -> None:
        self._plan.setText(f"{error.sentence} {error.advice}".strip())
        self._plan.set_tone("error")


def _plan_and_unfinished() -> tuple[Plan, bool]:
    return local_install.plan(), unfinished_installation() is not None
