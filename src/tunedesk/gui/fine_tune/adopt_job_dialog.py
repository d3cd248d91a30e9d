"""Asks for a run that was started elsewhere, so that it is followed and charted here."""

import contextlib
import datetime

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QLineEdit, QListWidget, QListWidgetItem, QPushButton, QWidget

from tunedesk.errors import UserError
from tunedesk.fine_tuning.follow import list_jobs
from tunedesk.fine_tuning.parse_job import JobState
from tunedesk.fine_tuning.run_service import RunService
from tunedesk.gui.background import Task
from tunedesk.gui.dates import moment_text
from tunedesk.gui.fine_tune.launch.provider_section import ConnectionSection, ProviderSection
from tunedesk.gui.fine_tune.run_text import status_text
from tunedesk.gui.page import PageContext
from tunedesk.gui.widgets.dialog import Dialog
from tunedesk.gui.widgets.labels import Label, SectionTitle
from tunedesk.gui.widgets.row_list import follow_selection
from tunedesk.i18n import _
from tunedesk.progress import Wait
from tunedesk.services import local_server
from tunedesk.services.connect import connect
from tunedesk.services.connection import Connection
from tunedesk.services.keys import Keys
from tunedesk.services.providers import Provider

WIDTH, HEIGHT = 760, 680
MOST_SHOWN = 6
"""Jobs of the list that are seen at once; the others by scrolling."""
JOB = Qt.ItemDataRole.UserRole


class AdoptJobDialog(Dialog):
    """Where the run is, and which: from the service's list, or by the job's id.

    Signals:
        brought_in: The id of the run that was made of it.
    """

    brought_in = Signal(int)

    def __init__(self, context: PageContext, keys: Keys, parent: QWidget) -> None:
        theme = context.theme
        super().__init__(theme, _("Bring in a run"), scrolls=True, parent=parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._project = context.project
        self._background = context.background
        self._keys = keys
        self._task: Task | None = None
        self.providers = ProviderSection(theme, datetime.date.today())
        self.connection = ConnectionSection(theme, context.background, keys)
        self.list_jobs = QPushButton(_("Show its jobs"))
        self.list_jobs.setAutoDefault(False)
        self.jobs = QListWidget()
        self.jobs.setAccessibleName(_("Jobs"))
        self.jobs.setProperty("framed", True)
        self.job_id = QLineEdit()
        self.job_id.setAccessibleName(_("Job"))
        self.job_id.setPlaceholderText("ftjob-…")
        self.says = Label(theme, "", "base", "error", wrap=True)
        self.says.hide()
        self._lay_out()
        self.add_cancel()
        self.bring = self.add_button(_("Bring it in"), "primary", default=True)
        self.providers.changed.connect(self._on_provider_changed)
        self.connection.changed.connect(self._show_buttons)
        self.list_jobs.clicked.connect(self._find)
        self.jobs.currentItemChanged.connect(self._on_job_chosen)
        follow_selection(self.jobs)
        self.jobs.itemActivated.connect(self.bring.click)
        self.job_id.textChanged.connect(self._show_buttons)
        self.bring.clicked.connect(self._bring_in)
        self.providers.explanation.hide()  # it tells what training there would send
        self.providers.choose("openai")
        self.providers.cards["openai"].setFocus()
        self._on_provider_changed()

    def _lay_out(self) -> None:
        self.be_large(WIDTH, HEIGHT)
        theme = self.theme
        self.body.setSpacing(12)
        self.body.addWidget(
            Label(
                theme,
                _(
                    "A job that was started in another program is followed and charted here. "
                    "Nothing of yours is sent: its state, events and losses are read."
                ),
                "base",
                "muted",
                wrap=True,
            )
        )
        for widget in (self.providers, self.connection):
            self.body.addWidget(widget)
        self.body.addWidget(self.list_jobs, 0, Qt.AlignmentFlag.AlignLeft)
        self.body.addWidget(self.jobs)
        self.body.addWidget(SectionTitle(theme, _("Job")))
        self.body.addWidget(self.job_id)
        self.body.addWidget(self.says)
        self.body.addStretch()

    def done(self, result: int) -> None:
        """Drop the answers that are under way, and close."""
        if self._task is not None:
            self._task.cancel()
        super().done(result)

    def _on_provider_changed(self) -> None:
        self.connection.set_provider(self.providers.provider)
        self.jobs.clear()
        self.jobs.hide()
        self._show_buttons()

    def _show_buttons(self) -> None:
        ready = not self.connection.problem
        self.list_jobs.setEnabled(ready)
        self.bring.setEnabled(ready and bool(self.job_id.text().strip()))

    def _on_job_chosen(self, item: QListWidgetItem | None) -> None:
        if item is not None:
            self.job_id.setText(item.data(JOB))

    def _connection(self) -> "_ConnectionMaker":
        return _ConnectionMaker(
            self.providers.provider,
            self.connection.base_url,
            self._keys,
            plain_http=self.connection.plain_http.isChecked(),
        )

    def _find(self) -> None:
        made = self._connection()

        def work(wait: Wait) -> list[JobState]:
            return list_jobs(made.connection(wait))

        self.says.hide()
        self.list_jobs.setEnabled(False)
        self._task = self._background.run(
            work,
            on_result=self._show_jobs,
            on_error=self._show_error,
            on_finished=self._show_buttons,
            lets_go=True,
        )

    def _show_jobs(self, jobs: list[JobState]) -> None:
        self.jobs.clear()
        for job in jobs:
            item = QListWidgetItem(job_text(job))
            item.setData(JOB, job.id)
            self.jobs.addItem(item)
        # Its own size hint has room for many, however few there are.
        shown = min(len(jobs), MOST_SHOWN)
        self.jobs.setFixedHeight(shown * self.jobs.sizeHintForRow(0) + 2 * self.jobs.frameWidth())
        self.jobs.setVisible(bool(jobs))
        if not jobs:
            self._show_error(
                UserError(_("There are no jobs."), _("Nobody has started one there yet."))
            )

    def _bring_in(self) -> None:
        made, job_id = self._connection(), self.job_id.text().strip()
        project, keys = self._project, self._keys

        def work(wait: Wait) -> int:
            connection = made.connection(wait)
            with contextlib.closing(project.handle()) as handle:
                return RunService(handle, keys).adopt_job(job_id, connection).id

        def came(run_id: int) -> None:
            self.accept()
            self.brought_in.emit(run_id)

        self.says.hide()
        self.bring.setEnabled(False)
        self._task = self._background.run(
            work,
            on_result=came,
            on_error=self._show_error,
            on_finished=self._show_buttons,
            lets_go=True,
        )

    def _show_error(self, error: UserError) -> None:
        self.says.setText(f"{error.sentence} {error.advice}".strip())
        self.says.show()


class _ConnectionMaker:
    """Makes the connection in the thread that needs it: keyrings and servers may take a while."""

    def __init__(self, provider: Provider, base_url: str, keys: Keys, *, plain_http: bool) -> None:
        self._provider = provider
        self._base_url = base_url
        self._keys = keys
        self._plain_http = plain_http

    def connection(self, wait: Wait) -> Connection:
        if self._provider.name == "local":
            return local_server.ensure_running(wait)
        return connect(self._provider, self._base_url, self._keys, plain_http=self._plain_http)


def job_text(job: JobState) -> str:
    """A job in one line."""
    moment = "" if job.created_at is None else moment_text(job.created_at)
    parts = (job.suffix or job.id, job.model, status_text(job.status), moment)
    return "  ·  ".join(part for part in parts if part)
