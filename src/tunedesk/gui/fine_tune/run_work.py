"""What goes on with the runs of an open project, whichever page shows: launching and following."""

import contextlib
from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from tunedesk.fine_tuning.launch_settings import LaunchSettings
from tunedesk.gui.actions import Actions
from tunedesk.gui.background import Background
from tunedesk.gui.feedback import Feedback
from tunedesk.gui.fine_tune.run_following import RunFollowing
from tunedesk.gui.fine_tune.run_launching import RunLaunching
from tunedesk.gui.theme import Theme
from tunedesk.i18n import _
from tunedesk.project.project import Project
from tunedesk.project.query import ExampleQuery
from tunedesk.project.run_records import Run
from tunedesk.services.keys import Keys
from tunedesk.settings import Settings

if TYPE_CHECKING:
    from tunedesk.gui.fine_tune.launch.launch_dialog import LaunchDialog

LAST_SETTINGS = "fine_tune.last"
"""The setting of the project that keeps what was launched last."""


class RunWork(QObject):
    """Holds what launches and follows, and opens the launch page.

    Attributes:
        launching: Launches runs.
        following: Follows runs.
        keys: The keys that are known.

    Signals:
        run_asked: Show the run of this id.
        examples_asked: Show these examples: an `ExampleQuery` and the title of its chip.
        example_asked: Show the example of this id, and the value at this path in it.
    """

    run_asked = Signal(int)
    examples_asked = Signal(object, str)
    example_asked = Signal(int, object)

    def __init__(
        self,
        *,
        project: Project,
        settings: Settings,
        background: Background,
        feedback: Feedback,
        actions: Actions,
        theme: Theme,
        keys: Keys,
        window: QWidget,
        shown_query: Callable[[], ExampleQuery],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._project = project
        self._settings = settings
        self._background = background
        self._feedback = feedback
        self._actions = actions
        self._theme = theme
        self._window = window
        self._shown_query = shown_query
        self._dialog: LaunchDialog | None = None
        self.keys = keys
        self.launching = RunLaunching(project, background, feedback, keys, self)
        self.following = RunFollowing(project, background, keys, self)
        self.launching.begun.connect(self.run_asked)
        self.launching.launched.connect(self.following.follow)
        self.following.ended.connect(self._say_ended)

    def start(self) -> None:
        """Go on with the runs that have not ended."""
        if not self._project.read_only:
            self._background.run(_going_on, self._project, on_result=self._take_going_on)

    def new_run(self, settings: LaunchSettings | None = None) -> None:
        """Open the launch page.

        Args:
            settings: What it begins with; None: what was launched last in this project.
        """
        from tunedesk.gui.fine_tune.launch.launch_dialog import LaunchDialog

        if self._dialog is not None:
            self._dialog.raise_()
            return
        dialog = LaunchDialog(
            project=self._project,
            background=self._background,
            feedback=self._feedback,
            theme=self._theme,
            keys=self.keys,
            shown_query=self._shown_query(),
            settings=settings or self.last_settings(),
            parent=self._window,
        )
        dialog.launch_asked.connect(self.launching.launch)
        dialog.examples_asked.connect(self.examples_asked)
        dialog.finished.connect(self._forget_dialog)
        self._dialog = dialog
        dialog.open()

    def last_settings(self) -> LaunchSettings | None:
        """What was launched last in this project; None before the first."""
        stored = self._project.setting(LAST_SETTINGS)
        return LaunchSettings.from_json(stored) if isinstance(stored, dict) else None

    @property
    def trains_here(self) -> bool:
        """Whether this computer is training one of the runs that are followed."""
        return any(
            run.provider == "local" and not run.ended
            for run in map(self._project.runs.get, self.following.followed)
        )

    def close(self) -> None:
        """The project closes."""
        self.launching.close()
        self.following.close()
        if self._dialog is not None:
            self._dialog.close_project()
            self._dialog.close()

    def _forget_dialog(self) -> None:
        self._dialog = None

    def _take_going_on(self, runs: list[Run]) -> None:
        for run in runs:
            if run.stage == "following":
                self.following.follow(run.id)
            elif not self.launching.is_launching(run.id):
                self._say_cut_off(run)

    def _say_cut_off(self, run: Run) -> None:
        self._feedback.toast(
            _("The launch of “{name}” was cut off.").format(name=run.name),
            _("Show"),
            lambda: self.run_asked.emit(run.id),
        )

    def _say_ended(self, run: Run) -> None:
        words = {
            "succeeded": _("“{name}” is ready: the model is tuned."),
            "cancelled": _("“{name}” was cancelled."),
        }.get(run.status, _("“{name}” failed."))
        self._feedback.news(
            words.format(name=run.name), _("Show"), lambda: self.run_asked.emit(run.id)
        )


def _going_on(project: Project) -> list[Run]:
    with contextlib.closing(project.handle()) as handle:
        return [run for run in handle.runs.all() if not run.ended]
