"""Whether a connection works, in plain words, by the cheapest questions: jobs, then models."""

import datetime
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple

from tunedesk.errors import UserError
from tunedesk.fine_tuning.answers import rows_of, value_of
from tunedesk.fine_tuning.connection import Connection
from tunedesk.fine_tuning.plain_errors import ServiceError, plainly
from tunedesk.fine_tuning.providers import Provider
from tunedesk.i18n import _

if TYPE_CHECKING:
    import openai

_SECONDS = 20.0


class ListedModel(NamedTuple):
    """A base model that a service lists.

    Attributes:
        id: Its name.
        shutdown_date: The day on which it is shut down; None: the service does not say.
    """

    id: str
    shutdown_date: datetime.date | None


@dataclass(frozen=True)
class ConnectionReport:
    """What trying a connection showed.

    Attributes:
        ok: Whether jobs can be listed, so that most likely they can be made.
        sentence: What it showed.
        advice: What to do, or what to know before a job is made; may be empty.
        models: The base models that the service lists.
        detail: What the service said itself; empty: nothing.
        better_address: An address that answers where the one that was given does not.
        refuses_key: Whether it is the key that is not accepted.
    """

    ok: bool
    sentence: str
    advice: str = ""
    models: tuple[ListedModel, ...] = ()
    detail: str = ""
    better_address: str = ""
    refuses_key: bool = False


def try_connection(connection: Connection) -> ConnectionReport:
    """Ask a service for a job and for its models, and say what came of it.

    Whether it takes new jobs from this account is known for certain only when one is made; what
    can be told before is told as a warning.
    """
    try:
        with connection.client(timeout=_SECONDS) as client:
            return _asked(connection, client)
    except ServiceError as error:
        return ConnectionReport(
            False,
            error.sentence,
            error.advice,
            detail=error.detail,
            refuses_key=error.status == 401 and bool(connection.key_value),
        )
    except UserError as error:
        return ConnectionReport(False, error.sentence, error.advice)


def _asked(connection: Connection, client: "openai.OpenAI") -> ConnectionReport:
    provider = connection.provider
    try:
        with plainly(provider, connection.key_value):
            answer = client.fine_tuning.jobs.with_raw_response.list(limit=1)
        jobs = value_of(answer, provider)
    except ServiceError as error:
        # Not there, or a page of something else: is it the address that is wrong?
        if error.status not in (200, 404, 405):
            raise
        return _address_is_wrong(connection, client, error)
    if not isinstance(jobs, list) and not (isinstance(jobs, dict) and "data" in jobs):
        return ConnectionReport(
            False,
            _("The answer of {host} is not one of the fine-tuning API.").format(
                host=connection.host
            ),
            _("Check the address; most end in /v1."),
            detail=str(jobs)[:500],
        )
    return ConnectionReport(
        True,
        _("The connection to {provider} works.").format(provider=provider.title),
        _warning(provider, has_jobs=bool(rows_of(jobs)), today=datetime.date.today()),
        models=_models(connection, client),
    )


def _address_is_wrong(
    connection: Connection, client: "openai.OpenAI", error: ServiceError
) -> ConnectionReport:
    better = "" if connection.base_url.endswith("/v1") else f"{connection.base_url}/v1"
    if better:
        there = replace(connection, base_url=better)
        with there.client(timeout=_SECONDS) as other:
            if _models(there, other):
                return ConnectionReport(
                    False,
                    _("The address is not complete."),
                    _("Use {address}: there the server answers.").format(address=better),
                    detail=error.detail,
                    better_address=better,
                )
    if _models(connection, client):
        return ConnectionReport(
            False,
            _("{host} answers, but it does no fine-tuning.").format(host=connection.host),
            _("Its models can be used, not trained. Choose another provider."),
            detail=error.detail,
        )
    return ConnectionReport(False, error.sentence, error.advice, detail=error.detail)


def _warning(provider: Provider, has_jobs: bool, today: datetime.date) -> str:
    """What stands in the way of a new job, as far as it is known before one is made."""
    if provider.is_closed(today):
        return _("{provider} takes no new jobs any more: {note}").format(
            provider=provider.title, note=provider.ends_note
        )
    refused_since = provider.new_customers_end
    if refused_since is not None and today >= refused_since and not has_jobs:
        return _(
            "This account has made no job yet, and {provider} has refused accounts new to "
            "fine-tuning since {day}. Whether it takes one shows only when one is made; nothing "
            "is charged if it does not."
        ).format(provider=provider.title, day=refused_since.isoformat())
    return ""


def _models(connection: Connection, client: "openai.OpenAI") -> tuple[ListedModel, ...]:
    """The base models that the service lists; none if it has no such list."""
    try:
        with plainly(connection.provider, connection.key_value):
            answer = client.models.with_raw_response.list()
        rows = rows_of(value_of(answer, connection.provider))
    except ServiceError:
        return ()
    return tuple(
        ListedModel(row["id"], _day(row.get("shutdown_date")))
        for row in rows
        if isinstance(row.get("id"), str) and not _is_tuned(row["id"])
    )


def _is_tuned(name: str) -> bool:
    return name.startswith(("ft:", "ftchkpt-")) or ".ft-" in name


def _day(text: Any) -> datetime.date | None:
    try:
        return datetime.date.fromisoformat(text)
    except (TypeError, ValueError):
        return None
