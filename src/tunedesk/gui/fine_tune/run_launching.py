"""Launches runs in the background, one stage after the other, and carries on what was cut off."""

import contextlib
from collections.abc import Callable

from PySide6.QtCore import QObject, Signal

from tunedesk.errors import UserError
from tunedesk.fine_tuning.launch_preview import LaunchPreview
from tunedesk.fine_tuning.run_service import RunService
from tunedesk.gui.background import Background, Task
from tunedesk.gui.feedback import Feedback, ProgressHandle
from tunedesk.i18n import _
from tunedesk.progress import Progress, Wait
from tunedesk.project.project import Project
from tunedesk.project.run_records import Run
from tunedesk.services.keys import Keys


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

    def __init__(
        self,
        project: Project,
        background: Background,
        feedback: Feedback,
        keys: Keys,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._project = project
        self._background = background
        self._feedback = feedback
        self._keys = keys
        self._tasks: dict[int, Task] = {}
        self._closing = False

    def launch(self, preview: LaunchPreview, plain_http: bool = False) -> None:
        """Begin a new run and bring it to its service.

        Args:
            preview: What to launch.
            plain_http: Whether the user accepts an address that others can read along.
        """
        self._run(
            lambda begun, progress, wait: self._launch(preview, plain_http, begun, progress, wait),
            preview.settings.name,
        )

    def carry_on(self, run: Run) -> None:
        """Bring a run that was cut off to its service, from the stage at which it stands."""
        if run.id in self._tasks:
            return

        self._run(
            lambda begun, progress, wait: self._carry_on(run.id, begun, progress, wait), run.name
        )

    def is_launching(self, run_id: int) -> bool:
        """Whether a run is on its way to its service."""
        return run_id in self._tasks

    def cancel(self, run: Run) -> None:
        """Stop a run that has no job yet, or of whose job nothing is known.

        What was sent is deleted; a job that was made after all is found and cancelled.
        """
        task = self._tasks.get(run.id)
        if task is not None:
            task.cancel()
        else:
            self._background.run(
                self._cancel,
                run.id,
                on_result=self._feedback.toast,
                on_finished=lambda: self.launched.emit(run.id),
                lets_go=True,
            )

    def close(self) -> None:
        """The project closes: what is under way stays as it is, to be carried on."""
        self._closing = True

    def _run(self, work: Callable[[Callable[[int], None], Progress, Wait], Run], name: str) -> None:
        number = 0

        def took(run_id: int) -> None:
            nonlocal number
            number = run_id
            self._tasks[run_id] = task
            self.begun.emit(run_id)

        def failed(error: UserError) -> None:
            if not self._closing:
                self._feedback.error(error)

        def finished() -> None:
            shown.close()
            self._tasks.pop(number, None)
            self.stopped.emit(number)

        begun = self._background.in_gui(took)

        def launch(progress: Progress, wait: Wait) -> Run:
            return work(begun, progress, wait)

        shown: ProgressHandle = self._feedback.progress(
            _("Launching {name}").format(name=name), lambda: task.cancel()
        )
        task = self._background.run(
            launch,
            on_result=lambda run: self.launched.emit(run.id),
            on_error=failed,
            on_progress=shown.report,
            on_finished=finished,
            lets_go=True,
        )

    # In a thread

    def _launch(
        self,
        preview: LaunchPreview,
        plain_http: bool,
        begun: Callable[[int], None],
        progress: Progress,
        wait: Wait,
    ) -> Run:
        with contextlib.closing(self._project.handle()) as handle:
            return RunService(handle, self._keys).launch(
                preview,
                wait,
                progress,
                plain_http=plain_http,
                on_created=begun,
                is_closing=lambda: self._closing,
            )

    def _carry_on(
        self, run_id: int, begun: Callable[[int], None], progress: Progress, wait: Wait
    ) -> Run:
        begun(run_id)
        with contextlib.closing(self._project.handle()) as handle:
            return RunService(handle, self._keys).continue_launch(
                run_id, wait, progress, is_closing=lambda: self._closing
            )

    def _cancel(self, run_id: int, wait: Wait) -> str:
        with contextlib.closing(self._project.handle()) as handle:
            return RunService(handle, self._keys).cancel(run_id, wait).sentence
