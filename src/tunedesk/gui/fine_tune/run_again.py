"""A run once more with the same settings: one click, on a button that says what it costs."""

import datetime
from dataclasses import replace

from PySide6.QtCore import QObject, Signal

from tunedesk.errors import UserError
from tunedesk.fine_tuning.launch_preview import LaunchPreview, preview_launch
from tunedesk.fine_tuning.launch_settings import LaunchSettings
from tunedesk.gui.background import Background
from tunedesk.gui.fine_tune.launch.launch_estimate import (
    LAUNCH_ESTIMATE_KINDS,
    again_text,
    next_name,
)
from tunedesk.gui.live_query import LiveQuery
from tunedesk.i18n import _
from tunedesk.project.project import Project
from tunedesk.project.run_records import Run
from tunedesk.services.keys import Keys
from tunedesk.services.providers import provider_named, providers


class RunAgain(QObject):
    """Knows what it would be to launch the chosen run again, while somebody looks at it.

    At a service that is worked out beforehand, so that the button can say how many examples are
    sent and for how much; on this computer, where nothing is paid or sent, when it is asked for.

    Signals:
        words_changed: What the button says.
        launch_asked: Launch this `LaunchPreview`.
        page_asked: Open the launch page with these `LaunchSettings`: something stands against it.
    """

    words_changed = Signal(str)
    launch_asked = Signal(object)
    page_asked = Signal(object)

    def __init__(
        self, project: Project, background: Background, keys: Keys, parent: QObject
    ) -> None:
        super().__init__(parent)
        self._project = project
        self._keys = keys
        self._settings: LaunchSettings | None = None
        self._preview: LaunchPreview | None = None
        self._wanted = False
        self._seen = False
        self._answer = LiveQuery(
            project=project,
            background=background,
            question=preview_again,
            kinds=LAUNCH_ESTIMATE_KINDS,
            parent=self,
        )
        self._answer.asked.connect(self._forget)
        self._answer.ready.connect(self._on_preview)

    def show_run(self, run: Run | None) -> None:
        """Make ready for a run that has ended; None: for none."""
        again = run is not None and run.ended and run.settings and not self._project.read_only
        settings = LaunchSettings.from_json(run.settings) if run is not None and again else None
        if settings is not None and settings.provider not in providers():
            settings = None
        if settings == self._settings:
            return
        self._settings = settings
        self._wanted = False
        self._begin()

    def watch(self, seen: bool) -> None:
        """Say whether the run can be seen: while it cannot, nothing is worked out or known."""
        self._seen = seen
        self._begin()

    def go(self) -> None:
        """Launch it, or open the launch page where it is not known that it can be launched."""
        if self._settings is None:
            return
        if self._preview is not None:
            self.launch_asked.emit(self._preview)
        elif self._settings.provider == "local":
            self._wanted = True
            self._answer.ask(self._settings, self._keys)
            self._watch()
        else:
            self.page_asked.emit(self._settings)

    def close(self) -> None:
        """The project closes."""
        self._answer.close()

    def _begin(self) -> None:
        self._forget()
        if self._settings is not None:
            self._answer.ask(self._settings, self._keys)
        self._watch()

    def _watch(self) -> None:
        settings = self._settings
        paid = settings is not None and settings.provider != "local"
        self._answer.watch(self._wanted or (self._seen and paid))

    def _forget(self) -> None:
        self._preview = None
        self.words_changed.emit(_("Run again"))

    def _on_preview(self, preview: LaunchPreview | None) -> None:
        settings = self._settings
        if settings is None:
            return
        if self._wanted:
            self._wanted = False
            self._watch()
            if preview is not None:
                self.launch_asked.emit(preview)
            else:
                self.page_asked.emit(settings)
            return
        self._preview = preview
        if preview is not None:
            self.words_changed.emit(again_text(provider_named(settings.provider), preview))


def preview_again(project: Project, settings: LaunchSettings, keys: Keys) -> LaunchPreview | None:
    """What another launch would be, under the next name; None: the user must look at it first.

    Called in a thread. A key that is missing is asked for on the launch page.
    """
    provider = provider_named(settings.provider)
    if provider.key_needed and provider.name != "local":
        try:
            key = keys.find(provider, settings.base_url or provider.base_url)
        except UserError:
            key = None
        if key is None:
            return None
    name = next_name(settings.name, project.path.stem, len(project.runs.all()))
    preview = preview_launch(project, replace(settings, name=name), datetime.date.today())
    return preview if preview.may_start else None
