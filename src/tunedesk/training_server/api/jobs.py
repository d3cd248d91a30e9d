"""/v1/fine_tuning/jobs: the jobs, their events and checkpoints, as OpenAI's API shows them."""

import importlib.util
import os
import re
import time
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tunedesk.training_server.job_folder import STARTER
from tunedesk.training_server.models import BaseModels, ModelNames
from tunedesk.training_server.store.database import CursorUnknown
from tunedesk.training_server.store.job_store import Job, NewJob
from tunedesk.training_server.store.stores import Stores
from tunedesk.training_server.web.requests import LOADING, cursor_error, query_whole, read_json
from tunedesk.training_server.web.responses import ApiError, bad_value, not_found

ORGANIZATION = "org-local"
_PLAIN = ("batch_size", "learning_rate_multiplier", "n_epochs")


def job_object(job: Job, now: float) -> dict[str, Any]:
    """The job as the API shows it.

    Args:
        job: The job.
        now: The time, for the estimate of its end.
    """
    hyperparameters = job.hyperparameters
    return {
        "object": "fine_tuning.job",
        "id": job.id,
        "created_at": job.created_at,
        "finished_at": job.finished_at,
        "estimated_finish": estimated_finish(job, now),
        "model": job.model,
        "fine_tuned_model": job.model_name if job.status == "succeeded" else None,
        "organization_id": ORGANIZATION,
        "status": job.status,
        # OpenAI's document: returned for supervised jobs only.
        "hyperparameters": {
            name: hyperparameters.get(name) for name in _PLAIN if job.method == "supervised"
        },
        "method": {"type": job.method, job.method: {"hyperparameters": hyperparameters}},
        "training_file": job.training_file,
        "validation_file": job.validation_file,
        "result_files": [] if job.result_file is None else [job.result_file],
        "trained_tokens": job.trained_tokens,
        "error": job.error,
        "seed": job.seed,
        "integrations": job.integrations or [],
        "metadata": job.metadata,
        "user_provided_suffix": job.suffix,
    }


def estimated_finish(job: Job, now: float) -> int | None:
    """When it will be done if it goes on at its pace; None if nobody can tell."""
    if (
        job.status != "running"
        or job.started_at is None
        or job.last_step is None
        or job.total_steps is None
    ):
        return None
    done = job.last_step - (job.started_step or 0)
    if done < 1 or now < job.started_at:
        # It has only begun, or the clock was set back since it last told of a step.
        return None
    pace = (now - job.started_at) / done
    left = max(0, job.total_steps - job.last_step) * pace
    return max(job.created_at, int(now + left) + 1)


_JOBS = "/v1/fine_tuning/jobs"
_ADAPTER_KEYS = ("rank", "alpha", "dropout")
_ACTIVE = ("validating_files", "queued", "running", "paused")
_MOST_PAIRS = 16
"""Of metadata: as many as a job may have."""


class JobEndpoints:
    """Answers the requests about jobs."""

    def __init__(self, stores: Stores, names: ModelNames, base_models: BaseModels) -> None:
        self._stores = stores
        self._names = names
        self._base_models = base_models

    def routes(self) -> list[Route]:
        """The paths."""
        return [
            Route(_JOBS, self.create, methods=["POST"]),
            Route(_JOBS, self.list, methods=["GET"]),
            Route(f"{_JOBS}/{{id}}", self.retrieve, methods=["GET"]),
            Route(f"{_JOBS}/{{id}}/cancel", self.cancel, methods=["POST"]),
            Route(f"{_JOBS}/{{id}}/pause", self.pause, methods=["POST"]),
            Route(f"{_JOBS}/{{id}}/resume", self.resume, methods=["POST"]),
            Route(f"{_JOBS}/{{id}}/events", self.events, methods=["GET"]),
            Route(f"{_JOBS}/{{id}}/checkpoints", self.checkpoints, methods=["GET"]),
        ]

    async def create(self, request: Request) -> Response:
        """Make a job."""
        new = await read_json(request, read_job_request)
        _check_wandb(new.integrations)
        self._check_files(new)
        if self._names.find(new.model) is None and self._base_models.find(new.model) is None:
            known = ", ".join(model.name for model in self._base_models.list())
            raise bad_value(
                "model",
                f"The model '{new.model[:100]}' is not here. To train there are: {known}, and the "
                "models tuned from them.",
                "model_not_found",
            )
        self._check_learning(new)
        name = self._names.new_name(new.model, suffix_in_name(new.suffix))
        with self._stores.database.writing():
            job = self._stores.jobs.add(new, name)
            self._stores.events.add(job.id, f"Created fine-tuning job: {job.id}", once="created")
        return self._answer(job)

    def _check_learning(self, new: NewJob) -> None:
        """Refuse settings of an adapter where none is made: they would be dropped in silence."""
        given = [key for key in _ADAPTER_KEYS if key in new.hyperparameters]
        if not given:
            return
        if new.model == STARTER or new.model.startswith(f"ft:{STARTER}:"):
            reason = "the starter is always trained whole, and this belongs to LoRA"
        elif self._names.has_adapter(new.model) and not new.hyperparameters.get("full"):
            reason = "the model has an adapter, and training goes on with that"
        else:
            return
        param = f"hyperparameters.{given[0]}"
        raise bad_value(param, f"Invalid '{param}': {reason}. Leave it out.")

    def _check_files(self, new: NewJob) -> None:
        for param, file_id in (
            ("training_file", new.training_file),
            ("validation_file", new.validation_file),
        ):
            if file_id is None:
                continue
            stored = self._stores.files.find(file_id)
            if stored is None:
                raise bad_value(
                    param, f"invalid {param}: {file_id[:100]} is not a file here.", "file_not_found"
                )
            if stored.purpose != "fine-tune":
                raise bad_value(
                    param,
                    f"invalid {param}: the file has the purpose '{stored.purpose}', and "
                    "'fine-tune' is needed.",
                    "invalid_file_purpose",
                )
            if not stored.filename.lower().endswith(".jsonl"):
                raise bad_value(
                    param,
                    f"invalid {param}: only files with the name ending .jsonl are trained on.",
                    "invalid_file_format",
                )

    async def list(self, request: Request) -> Response:
        """A page of the jobs, newest first."""
        limit = query_whole(request, "limit", 20, 1, 100)
        metadata: dict[str, str] = {}
        for name, value in request.query_params.multi_items():
            key = re.fullmatch(r"metadata\[(.*)\]", name, re.DOTALL)
            if key is not None:
                metadata[key.group(1)] = value
        whole = request.query_params.get("metadata")
        if whole not in (None, "null"):
            raise bad_value(
                "metadata", "Invalid 'metadata': write metadata[key]=value, or metadata=null."
            )
        if len(metadata) > _MOST_PAIRS:
            text = f"Invalid 'metadata': a job has at most {_MOST_PAIRS} pairs."
            raise bad_value("metadata", text)
        try:
            page = self._stores.jobs.page(
                request.query_params.get("after"), limit, metadata or None, whole == "null"
            )
        except CursorUnknown as error:
            raise cursor_error(error) from error
        return JSONResponse(
            {
                "object": "list",
                "data": [job_object(job, time.time()) for job in page.items],
                "has_more": page.has_more,
            }
        )

    async def retrieve(self, request: Request) -> Response:
        """One job."""
        return self._answer(self._find(request))

    async def cancel(self, request: Request) -> Response:
        """End a job; its process stops at the next step."""
        job = self._find(request)
        with self._stores.database.writing():
            if self._stores.jobs.move(job.id, _ACTIVE, "cancelled"):
                self._stores.events.add(job.id, "Fine-tuning job cancelled", once="cancelled")
            elif self._stores.jobs.get(job.id).status != "cancelled":
                raise self._wrong_status(job.id, "cancelled")
        return self._answer(self._stores.jobs.get(job.id))

    async def pause(self, request: Request) -> Response:
        """Pause a job; its process writes a checkpoint at the next step and ends."""
        job = self._find(request)
        with self._stores.database.writing():
            if self._stores.jobs.move(job.id, ("queued", "running"), "paused"):
                self._stores.events.add(job.id, "Pausing the fine-tuning job")
            elif self._stores.jobs.get(job.id).status != "paused":
                raise self._wrong_status(job.id, "paused")
        return self._answer(self._stores.jobs.get(job.id))

    async def resume(self, request: Request) -> Response:
        """Let a paused job go on, at its turn."""
        job = self._find(request)
        with self._stores.database.writing():
            if not self._stores.jobs.enqueue(job.id, ("paused",)):
                raise self._wrong_status(job.id, "resumed")
            self._stores.events.add(job.id, "Fine-tuning job resumed, moving it to queued state")
        return self._answer(self._stores.jobs.get(job.id))

    async def events(self, request: Request) -> Response:
        """A page of a job's events, newest first."""
        job = self._find(request)
        limit = query_whole(request, "limit", 20, 1, 1000)
        try:
            page = self._stores.events.page(job.id, request.query_params.get("after"), limit)
        except CursorUnknown as error:
            raise cursor_error(error) from error
        return JSONResponse({"object": "list", "data": page.items, "has_more": page.has_more})

    async def checkpoints(self, request: Request) -> Response:
        """A page of a job's checkpoints, newest first."""
        job = self._find(request)
        limit = query_whole(request, "limit", 10, 1, 100)
        try:
            page = self._stores.checkpoints.page(job.id, request.query_params.get("after"), limit)
        except CursorUnknown as error:
            raise cursor_error(error) from error
        items = [checkpoint.as_object() for checkpoint in page.items]
        return JSONResponse(
            {
                "object": "list",
                "data": items,
                "first_id": items[0]["id"] if items else None,
                "last_id": items[-1]["id"] if items else None,
                "has_more": page.has_more,
            }
        )

    def _find(self, request: Request) -> Job:
        given = request.path_params["id"]
        job = self._stores.jobs.find(given)
        if job is None:
            raise not_found("fine-tuning job", given, "fine_tuning_job_id")
        return job

    def _answer(self, job: Job) -> Response:
        return JSONResponse(job_object(job, time.time()))

    def _wrong_status(self, job_id: str, action: str) -> ApiError:
        status = self._stores.jobs.get(job_id).status
        return ApiError(
            400,
            f"Job has status '{status}' and cannot be {action}.",
            None,
            "invalid_job_status",
        )


def read_job_request(body: dict[str, Any]) -> NewJob:
    """The job that a body asks for.

    Raises:
        ApiError: Something in it cannot be.
    """
    with LOADING:
        from tunedesk.training_server.api.job_request import JobRequest
    return JobRequest.read(body).new_job()


def suffix_in_name(suffix: str | None) -> str:
    """The suffix as it stands in a model's name: without what means something there."""
    return re.sub(r"[^\w.-]+", "-", suffix or "").strip("-")


def _check_wandb(integrations: list[dict[str, Any]] | None) -> None:
    """Say at once that the integration cannot work, instead of when the job runs."""
    if not integrations:
        return
    if len(integrations) > 1:
        raise bad_value(
            "integrations", "Invalid 'integrations': this server sends a job to one wandb project."
        )
    if importlib.util.find_spec("wandb") is None:
        raise bad_value(
            "integrations",
            "The package wandb is not installed beside this server. This installs it: "
            'pip install "tunedesk[wandb]".',
            "wandb_not_installed",
        )
    if not os.environ.get("WANDB_API_KEY") and os.environ.get("WANDB_MODE") != "offline":
        raise bad_value(
            "integrations",
            "The server has no key for Weights & Biases: start it with WANDB_API_KEY in its "
            "environment, or with WANDB_MODE=offline.",
            "wandb_key_missing",
        )
