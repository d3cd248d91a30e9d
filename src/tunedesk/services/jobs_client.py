"""The calls of the fine-tuning API: the SDK sends, the answers are read with care."""

from collections.abc import Container, Mapping
from typing import TYPE_CHECKING, Any

from tunedesk.services.connection import Connection
from tunedesk.services.responses import (
    MOST_PAGES,
    PAGE,
    Listed,
    parse_json,
    parse_object,
    read_list,
)
from tunedesk.services.service_errors import errors_explained

if TYPE_CHECKING:
    import openai


class JobsClient:
    """Asks one service about jobs; every error is a `ServiceError`.

    Args:
        connection: The service.
        client: A client of that connection, with `max_retries=0` where a job is made.
    """

    def __init__(self, connection: Connection, client: "openai.OpenAI") -> None:
        self._provider = connection.provider
        self._key = connection.key_value
        self._client = client
        self._jobs = client.fine_tuning.jobs.with_raw_response

    def create(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """Make a job.

        Args:
            body: What `job_body` returns.

        Raises:
            ServiceError: It was refused; or, with `lost_answer`, it may have been made.
        """
        with errors_explained(self._provider, self._key):
            return parse_object(self._jobs.create(**body), self._provider)

    def retrieve(self, job_id: str) -> dict[str, Any]:
        """A job.

        Raises:
            ServiceError: It cannot be had.
        """
        with errors_explained(self._provider, self._key):
            return parse_object(self._jobs.retrieve(job_id), self._provider)

    def list(
        self, *, metadata: Mapping[str, str] | None = None, most_pages: int = MOST_PAGES
    ) -> Listed:
        """The jobs, newest first.

        Args:
            metadata: Only those with these pairs. Some services do not look at it: look yourself.
            most_pages: The most pages to read, of `PAGE` jobs.

        Raises:
            ServiceError: The service does not list them.
        """

        def page(after: str) -> Any:
            options: dict[str, Any] = {"after": after} if after else {}
            if metadata:
                options["metadata"] = dict(metadata)
            return parse_json(self._jobs.list(limit=PAGE, **options), self._provider)

        with errors_explained(self._provider, self._key):
            return read_list(page, most_pages=most_pages)

    def events(self, job_id: str, known: Container[str] = ()) -> Listed:
        """The events of a job that are not known yet, newest first.

        Raises:
            ServiceError: The service does not tell them.
        """

        def page(after: str) -> Any:
            options: dict[str, Any] = {"after": after} if after else {}
            answer = self._jobs.list_events(job_id, limit=PAGE, **options)
            return parse_json(answer, self._provider)

        with errors_explained(self._provider, self._key):
            return read_list(page, known=known)

    def checkpoints(self, job_id: str) -> Listed:
        """The checkpoints of a job, newest first.

        Raises:
            ServiceError: The service does not tell them.
        """
        calls = self._client.fine_tuning.jobs.checkpoints.with_raw_response

        def page(after: str) -> Any:
            options: dict[str, Any] = {"after": after} if after else {}
            return parse_json(calls.list(job_id, limit=PAGE, **options), self._provider)

        with errors_explained(self._provider, self._key):
            return read_list(page)

    def cancel(self, job_id: str) -> dict[str, Any]:
        """Cancel a job.

        Raises:
            ServiceError: It was refused, or it is not known whether it was done.
        """
        with errors_explained(self._provider, self._key):
            return parse_object(self._jobs.cancel(job_id), self._provider)

    def pause(self, job_id: str) -> dict[str, Any]:
        """Pause a job.

        Raises:
            ServiceError: As `cancel`.
        """
        with errors_explained(self._provider, self._key):
            return parse_object(self._jobs.pause(job_id), self._provider)

    def resume(self, job_id: str) -> dict[str, Any]:
        """Resume a paused job.

        Raises:
            ServiceError: As `cancel`.
        """
        with errors_explained(self._provider, self._key):
            return parse_object(self._jobs.resume(job_id), self._provider)

    def file_content(self, file_id: str) -> bytes:
        """The bytes of a file, such as the table of results of a job.

        Raises:
            ServiceError: It cannot be had.
        """
        with errors_explained(self._provider, self._key):
            return self._client.files.content(file_id).read()

    def delete_file(self, file_id: str) -> None:
        """Delete a file at the service.

        Raises:
            ServiceError: It was refused, or it is not known whether it was done.
        """
        with errors_explained(self._provider, self._key):
            self._client.files.with_raw_response.delete(file_id)

    def delete_model(self, name: str) -> None:
        """Delete a tuned model at the service, for good.

        Raises:
            ServiceError: It was refused, or it is not known whether it was done.
        """
        with errors_explained(self._provider, self._key):
            self._client.models.with_raw_response.delete(name)
