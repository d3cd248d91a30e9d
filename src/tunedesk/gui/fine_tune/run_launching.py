"""Launches runs in the background, one stage after the other, and carries on what was cut off."""

import contextlib
from collections.abc import Callable, Iterator

from PySide6.QtCore import QObject, Signal

from tunedesk.errors import Cancelled, UserError
from tunedesk.fine_tuning import follow, launch
from tunedesk.fine_tuning.launch import find_created_job
from tunedesk.fine_tuning.launch_preview import LaunchPreview
from tunedesk.fine_tuning.parse_job import job_state
from tunedesk.gui.background import Background, Task
from tunedesk.gui.feedback import Feedback, ProgressHandle
from tunedesk.i18n import _
from tunedesk.progress import Progress
from tunedesk.project.project import Project
from tunedesk.project.run_records import Run
from tunedesk.services.connect import connect_to_run
from tunedesk.services.connection import NO_KEY, Connection, connect
from tunedesk.services.jobs_client import JobsClient
from tunedesk.services.keys import Key, Keys
from tunedesk.services.providers import provider
from tunedesk.services.upload import Wait


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

    def launch(self, prepared: LaunchPreview, plain_http: bool = False) -> None:
        """Begin a new run and bring it to its service.

        Args:
            prepared: What to launch.
            plain_http: Whether the user accepts an address that others can read along.
        """
        self._run(
            lambda begun, progress, wait: self._begin(prepared, plain_http, begun, progress, wait),
            prepared.settings.name,
        )

    def carry_on(self, run: Run) -> None:
        """Bring a run that was cut off to its service, from the stage at which it stands."""
        if run.id in self._tasks:
            return

        def work(begun: Callable[[int], None], progress: Progress, wait: Wait) -> Run:
            begun(run.id)
            return self._carry_on(run.id, progress, wait)

        self._run(work, run.name)

    def is_launching(self, run_id: int) -> bool:
        """Whether a run is on its way to its service."""
        return run_id in self._tasks

    def cancel(self, run: Run) -> None:
        """Stop a run that has no job yet; what was sent is deleted."""
        task = self._tasks.get(run.id)
        if task is not None:
            task.cancel()
        else:
            self._background.run(
                self._give_up,
                run.id,
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
            return work(begun, self._kept_at_close(progress), self._wait_kept_at_close(wait))

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

    def _kept_at_close(self, progress: Progress) -> Progress:
        """A cancelling that comes from closing the project must not give the run up."""

        def report(done: int, total: int | None) -> None:
            with self._cut_off():
                progress(done, total)

        return report

    def _wait_kept_at_close(self, wait: Wait) -> Wait:
        def pause(seconds: float) -> None:
            with self._cut_off():
                wait(seconds)

        return pause

    @contextlib.contextmanager
    def _cut_off(self) -> Iterator[None]:
        try:
            yield
        except Cancelled:
            if self._closing:
                raise UserError(interrupted_text()) from None
            raise

    # In a thread

    def _begin(
        self,
        prepared: LaunchPreview,
        plain_http: bool,
        begun: Callable[[int], None],
        progress: Progress,
        wait: Wait,
    ) -> Run:
        settings = prepared.settings
        place = provider(settings.provider)
        with contextlib.closing(self._project.handle()) as handle:
            if place.name == "local":
                # It is in the list at once, its server may take a while to start; nothing is
                # ever sent by this connection.
                none_yet = Connection(place, place.base_url, Key(NO_KEY, "this run"))
                run = launch.create_run(handle, prepared, none_yet)
            else:
                connection = connect(place, settings.base_url, self._keys, plain_http=plain_http)
                run = launch.create_run(handle, prepared, connection)
        begun(run.id)
        return self._carry_on(run.id, progress, wait)

    def _carry_on(self, run_id: int, progress: Progress, wait: Wait) -> Run:
        with contextlib.closing(self._project.handle()) as handle:
            try:
                connection = connect_to_run(handle.runs.get(run_id), self._keys, wait)
            except Cancelled:
                launch.give_up(handle, run_id, None)
                raise
            except UserError as error:
                handle.runs.update(run_id, note=error.sentence)
                raise
            return launch.continue_launch(handle, run_id, connection, wait, progress)

    def _give_up(self, run_id: int, wait: Wait) -> None:
        """End a run that was cut off before its job was known."""
        with contextlib.closing(self._project.handle()) as handle:
            run = handle.runs.get(run_id)
            if run.stage != "creating":
                connection = None
                if any(
                    file is not None and file.file_id for file in (run.training, run.validation)
                ):
                    with contextlib.suppress(UserError):
                        connection = connect_to_run(handle.runs.get(run_id), self._keys, wait)
                launch.give_up(handle, run_id, connection)
                return
            # The job may have been made, and then it would go on, and cost, unseen.
            connection = connect_to_run(handle.runs.get(run_id), self._keys, wait)
            with connection.client() as client:
                job = find_created_job(JobsClient(connection, client), connection.provider, run)
            if job is None:
                launch.give_up(handle, run_id, connection)
                return
            state = job_state(job, connection.provider)
            handle.runs.update(
                run_id, stage="following", status=state.status, job_id=state.id, job=job, note=""
            )
            follow.send_command(handle, run_id, connection, "cancel")


def interrupted_text() -> str:
    """What stands at a run whose launch was interrupted."""
    return _("The launch was cut off when the project was closed.")
