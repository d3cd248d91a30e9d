"""Puts the server together: what it keeps, the work behind it, and the application in front."""

import logging
import threading
from collections.abc import Callable

from starlette.applications import Starlette

from tunedesk.training_server.api.chat import ChatEndpoints
from tunedesk.training_server.api.completions import CompletionEndpoints
from tunedesk.training_server.api.files import FileEndpoints
from tunedesk.training_server.api.jobs import JobEndpoints
from tunedesk.training_server.api.machine import MachineEndpoint
from tunedesk.training_server.api.models import ModelEndpoints
from tunedesk.training_server.api.speaking import Speaking
from tunedesk.training_server.api.uploads import UploadEndpoints
from tunedesk.training_server.application import make_application
from tunedesk.training_server.base_models import BaseModels
from tunedesk.training_server.full_disk import is_disk_full
from tunedesk.training_server.idleness import Idleness
from tunedesk.training_server.jobs.launching import Launcher
from tunedesk.training_server.jobs.runner import Runner
from tunedesk.training_server.jobs.validator import Validator
from tunedesk.training_server.model_names import ModelNames
from tunedesk.training_server.server_settings import ServerSettings
from tunedesk.training_server.store.database import now
from tunedesk.training_server.store.stores import Stores

_LOOK_SECONDS = 0.1
_MEMORY_SECONDS = 1.0
_TIDY_SECONDS = 60.0


class Server:
    """The server; `close` ends its work and leaves its jobs to the next start."""

    def __init__(self, settings: ServerSettings) -> None:
        self._stores = Stores.open(settings.data_dir)
        self._stores.jobs_folder.mkdir(exist_ok=True)
        base_models = BaseModels(settings, now())
        names = ModelNames(self._stores, base_models)
        launcher = Launcher(settings.accelerate_config)
        speaking = Speaking(
            names,
            lambda: launcher.device,
            lambda: self._runner.busy_with,
            lambda: self._runner.memory_to_come(),
        )
        self._speaking = speaking
        self._runner = Runner(self._stores, launcher, speaking.unload)
        self._validator = Validator(self._stores, base_models, launcher, names.ref)
        self._stopping = threading.Event()
        self.idleness = Idleness(self._has_work)
        files = FileEndpoints(self._stores.files, settings.data_dir, settings.total_bytes)
        machine = MachineEndpoint(launcher, base_models, settings.data_dir, settings.allow_download)
        self.application: Starlette = make_application(
            settings,
            [
                *files.routes(),
                *UploadEndpoints(self._stores, files).routes(),
                *JobEndpoints(self._stores, names, base_models).routes(),
                *ModelEndpoints(names, speaking.forget).routes(),
                *machine.routes(),
                *ChatEndpoints(speaking).routes(),
                *CompletionEndpoints(speaking).routes(),
            ],
            self.idleness,
        )
        self._runner.end_leftovers()
        self._threads = [
            threading.Thread(target=self._repeat, args=(self._run_step,), name="runner"),
            threading.Thread(target=self._repeat, args=(self._validate_step,), name="validator"),
            threading.Thread(
                target=self._repeat, args=(speaking.relieve, _MEMORY_SECONDS), name="memory"
            ),
            threading.Thread(target=self._repeat, args=(self._tidy, _TIDY_SECONDS), name="tidy"),
        ]
        for thread in self._threads:
            thread.start()

    def close(self) -> None:
        """End the work."""
        self._stopping.set()
        for thread in self._threads:
            thread.join()
        self._runner.stop()
        self._speaking.unload()
        self._stores.database.close()

    def _has_work(self) -> bool:
        """Whether a job runs or waits for its turn; one that is paused waits for its user."""
        waiting = self._stores.jobs.with_status("validating_files", "queued", "running")
        return bool(waiting) or self._runner.busy_with is not None

    def _repeat(self, step: Callable[[], None], seconds: float = _LOOK_SECONDS) -> None:
        while not self._stopping.is_set():
            try:
                step()
            except Exception as error:
                # A job that stumbles over a bug must not end the work for all others.
                if is_disk_full(error):
                    self._stores.database.full_disk.met()
                else:
                    logging.getLogger(__name__).exception("The work behind the server failed")
                self._stopping.wait(1.0)
            self._stopping.wait(seconds)

    def _run_step(self) -> None:
        self._runner.step()

    def _validate_step(self) -> None:
        while self._validator.validate_next(self._stopping.is_set):
            if self._stopping.is_set():
                return

    def _tidy(self) -> None:
        self._stores.files.delete_expired()
        self._stores.uploads.end_expired()
