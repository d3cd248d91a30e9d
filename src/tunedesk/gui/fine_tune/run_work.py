"""What goes on with the runs of an open project, whichever page shows: launching and following."""

import contextlib
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtWidgets import QWidget

from tunedesk.errors import UserError
from tunedesk.fine_tuning.follow import Follower, begin_to_follow
from tunedesk.fine_tuning.launch_preview import LaunchPreview
from tunedesk.fine_tuning.launch_settings import LAST_SETTINGS, LaunchSettings
from tunedesk.fine_tuning.run_service import RunService, Unfinished
from tunedesk.gui.background import Background
from tunedesk.gui.fine_tune.local_installation import LocalInstallation
from tunedesk.gui.operations import Operation
from tunedesk.gui.page import PageContext
from tunedesk.i18n import _
from tunedesk.lazy_imports import importing
from tunedesk.progress import Progress, Wait
from tunedesk.project.project import Project
from tunedesk.project.query import ExampleQuery
from tunedesk.project.run_records import Run
from tunedesk.services.keys import Keys

if TYPE_CHECKING:
    from tunedesk.gui.fine_tune.launch.launch_dialog import LaunchDialog


Begun = Callable[[int], None]
"""Told the id of a run as soon as it stands in the project."""


class RunLaunching(QObject):
    """Launches the runs of one project.

    Signals:
        begun: The id of a run that is in the list from now on.
        launched: The id of a run whose job is at the service: it can be followed.
        stopped: The id of a run with which nothing is done any more, whatever came of it.
    """

    begun = Signal(int)
    launched = Signal(int)
    stopped = Signal(int)

    def __init__(self, context: PageContext, keys: Keys, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self._keys = keys
        self._launching: dict[int, Operation[Run]] = {}
        self._closing = False

    def launch(self, preview: LaunchPreview, plain_http: bool = False) -> None:
        """Begin a new run and bring it to its service.

        Args:
            preview: What to launch.
            plain_http: Whether the user accepts an address that others can read along.
        """

        def work(service: RunService, begun: Begun, progress: Progress, wait: Wait) -> Run:
            return service.launch(
                preview,
                wait,
                progress,
                plain_http=plain_http,
                on_created=begun,
                is_closing=self._is_closing,
            )

        self._run(work, preview.settings.name)

    def carry_on(self, run: Run) -> None:
        """Bring a run that was cut off to its service, from the stage at which it stands."""
        if run.id in self._launching:
            return

        def work(service: RunService, begun: Begun, progress: Progress, wait: Wait) -> Run:
            begun(run.id)
            return service.continue_launch(run.id, wait, progress, is_closing=self._is_closing)

        self._run(work, run.name)

    def is_launching(self, run_id: int) -> bool:
        """Whether a run is on its way to its service."""
        return run_id in self._launching

    def cancel(self, run: Run) -> None:
        """Stop a run that has no job yet, or of whose job nothing is known.

        What was sent is deleted; a job that was made after all is found and cancelled.
        """
        operation = self._launching.get(run.id)
        if operation is not None:
            operation.cancel()
            return

        def work(handle: Project, _progress: Progress, wait: Wait) -> str:
            return RunService(handle, self._keys).cancel(run.id, wait).sentence

        self._context.operations.run(
            _("Stopping {name}").format(name=run.name),
            work,
            waits=True,
            message=lambda sentence: sentence,
            on_finished=lambda: self.launched.emit(run.id),
        )

    def close(self) -> None:
        """The project closes: what is under way stays as it is, to be carried on."""
        self._closing = True

    def _is_closing(self) -> bool:
        # The operations are closed first.
        return self._closing or self._context.operations.closed

    def _run(self, work: Callable[[RunService, Begun, Progress, Wait], Run], name: str) -> None:
        number = 0

        def took(run_id: int) -> None:
            nonlocal number
            number = run_id
            self._launching[run_id] = operation
            self.begun.emit(run_id)

        def finished() -> None:
            self._launching.pop(number, None)
            self.stopped.emit(number)

        begun = self._context.background.in_gui(took)

        def launch(handle: Project, progress: Progress, wait: Wait) -> Run:
            return work(RunService(handle, self._keys), begun, progress, wait)

        operation = self._context.operations.run(
            _("Launching {name}").format(name=name),
            launch,
            waits=True,
            on_result=lambda run: self.launched.emit(run.id),
            on_finished=finished,
        )


AT_ONCE = 2
"""The most requests at the same time: a server that hangs must not take all threads."""


class RunFollowing(QObject):
    """Looks at the runs of one project in the background.

    Signals:
        ended: A `Run` that has ended while it was followed.
    """

    ended = Signal(object)

    def __init__(
        self, project: Project, background: Background, keys: Keys, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._project = project
        self._background = background
        self._keys = keys
        self._followed: dict[int, _Followed] = {}
        self._waiting: deque[int] = deque()
        self._polling: set[int] = set()
        self._closed = False

    @property
    def followed(self) -> set[int]:
        """The ids of the runs that are followed."""
        return set(self._followed)

    def follow(self, run_id: int) -> None:
        """Follow a run from now on; one that is followed already is looked at now."""
        if self._closed or self._project.read_only:
            return
        if run_id not in self._followed:
            self._followed[run_id] = _Followed(run_id, self._keys)
        if run_id not in self._polling and run_id not in self._waiting:
            self._waiting.append(run_id)
        self._next()

    def begin(self, run_id: int) -> None:
        """Follow a run of another computer, because the user wants it: from now on at each opening.

        It is written down before anything is asked: what shows the run tells at once.
        """
        if not self._project.read_only:
            begin_to_follow(self._project, self._project.runs.get(run_id))
            self.follow(run_id)

    def close(self) -> None:
        """Follow nothing any more."""
        self._closed = True
        self._waiting.clear()
        self._followed.clear()

    def _next(self) -> None:
        while self._waiting and len(self._polling) < AT_ONCE:
            run_id = self._waiting.popleft()
            followed = self._followed.get(run_id)
            if followed is not None:
                self._poll(followed)

    def _poll(self, followed: "_Followed") -> None:
        run_id = followed.run_id
        self._polling.add(run_id)

        def polled(answer: tuple[float | None, Run]) -> None:
            pause, run = answer
            if pause is not None:
                self._again(run_id, pause)
            elif self._followed.pop(run_id, None) is not None and run.ended:
                self.ended.emit(run)

        def failed(_error: UserError) -> None:
            # The run is not in the project any more.
            self._followed.pop(run_id, None)

        def finished() -> None:
            self._polling.discard(run_id)
            self._next()

        self._background.run(
            followed.poll,
            self._project,
            on_result=polled,
            on_error=failed,
            on_finished=finished,
            lets_go=True,
        )

    def _again(self, run_id: int, seconds: float) -> None:
        if not self._closed:
            QTimer.singleShot(round(seconds * 1000), self, lambda: self._due(run_id))

    def _due(self, run_id: int) -> None:
        if run_id in self._followed:
            self.follow(run_id)


class _Followed:
    """One run with what is kept between two polls of it; used by one thread at a time."""

    def __init__(self, run_id: int, keys: Keys) -> None:
        self.run_id = run_id
        self._keys = keys
        self._follower: Follower | None = None

    def poll(self, project: Project, wait: Wait) -> tuple[float | None, Run]:
        """Look once; called in a thread.

        Returns:
            The seconds until the next look (None: no more), and the run.
        """
        with contextlib.closing(project.handle()) as handle:
            if self._follower is None:
                self._follower = RunService(handle, self._keys).follower(self.run_id)
            pause = self._follower.poll(handle, wait)
            return pause, handle.runs.get(self.run_id)


class RunWork(QObject):
    """Holds what launches, follows and installs, and opens the launch page.

    Attributes:
        launching: Launches runs.
        following: Follows runs.
        installation: Installs what training on this computer needs.
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
        context: PageContext,
        *,
        keys: Keys,
        window: QWidget,
        shown_query: Callable[[], ExampleQuery],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._context = context
        self._project = project = context.project
        self._background = background = context.background
        self._feedback = context.feedback
        self._window = window
        self._shown_query = shown_query
        self._dialog: LaunchDialog | None = None
        self.keys = keys
        self.launching = RunLaunching(context, keys, self)
        self.following = RunFollowing(project, background, keys, self)
        self.launching.begun.connect(self.run_asked)
        self.launching.launched.connect(self.following.follow)
        self.following.ended.connect(self._notify_ended)
        self.installation = LocalInstallation(background, self)
        self.installation.installed.connect(self._notify_installed)
        self.installation.failed.connect(self._notify_not_installed)

    def start(self) -> None:
        """Go on with the runs that have not ended, and with an installation that was cut off."""
        if not self._project.read_only:
            self._background.run(self._unfinished, on_result=self._go_on)
        self.installation.go_on()

    def new_run(self, settings: LaunchSettings | None = None) -> None:
        """Open the launch page.

        Args:
            settings: What it begins with; None: what was launched last in this project.
        """
        with importing("tunedesk.gui.fine_tune.launch.launch_dialog"):
            from tunedesk.gui.fine_tune.launch.launch_dialog import LaunchDialog

        if self._dialog is not None:
            self._dialog.raise_()
            return
        dialog = LaunchDialog(
            self._context,
            keys=self.keys,
            installation=self.installation,
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
        self.installation.close()
        if self._dialog is not None:
            self._dialog.close_project()
            self._dialog.close()

    def _forget_dialog(self) -> None:
        self._dialog = None

    def _unfinished(self) -> Unfinished:
        with contextlib.closing(self._project.handle()) as handle:
            return RunService(handle, self.keys).unfinished()

    def _go_on(self, unfinished: Unfinished) -> None:
        for run in unfinished.following:
            self.following.follow(run.id)
        for run in unfinished.launching:
            self.launching.carry_on(run)
        for run in unfinished.stopped:
            if not self.launching.is_launching(run.id):
                self._notify_interrupted(run)

    def _notify_installed(self) -> None:
        if self._dialog is None:
            self._feedback.news(
                _("Training on this computer is installed."), _("Fine-tune"), self.new_run
            )

    def _notify_not_installed(self, error: UserError) -> None:
        # The launch page says it itself while it is open.
        if self._dialog is None:
            self._feedback.error(error)

    def _notify_interrupted(self, run: Run) -> None:
        self._feedback.toast(
            _("The launch of “{name}” was cut off.").format(name=run.name),
            _("Show"),
            lambda: self.run_asked.emit(run.id),
        )

    def _notify_ended(self, run: Run) -> None:
        words = {
            "succeeded": _("“{name}” is ready: the model is tuned."),
            "cancelled": _("“{name}” was cancelled."),
        }.get(run.status, _("“{name}” failed."))
        self._feedback.news(
            words.format(name=run.name), _("Show"), lambda: self.run_asked.emit(run.id)
        )
