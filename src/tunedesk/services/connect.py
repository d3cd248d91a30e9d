"""Connecting to a provider: this computer's own server, or one with an address; and trying it."""

import datetime
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple

from tunedesk.errors import UserError
from tunedesk.i18n import _
from tunedesk.progress import Wait
from tunedesk.project.run_records import Run
from tunedesk.services import local_server
from tunedesk.services.connection import Connection
from tunedesk.services.keys import Keys
from tunedesk.services.providers import Provider, normalize_address, provider_label, provider_named
from tunedesk.services.responses import parse_json, rows_of
from tunedesk.services.service_errors import ServiceError, errors_explained

if TYPE_CHECKING:
    import openai


def connect(
    provider: Provider, base_url: str, keys: Keys, *, variable: str = "", plain_http: bool = False
) -> Connection:
    """The connection to a provider at an address, with the key that is known for it.

    Args:
        provider: The provider.
        base_url: The address as the user gives it; empty: the provider's own.
        keys: Where keys are found.
        variable: The environment variable that the user names for the key.
        plain_http: Whether the user accepts an address that others can read along.

    Raises:
        UserError: The address or the key cannot be used.
    """
    address = normalize_address(provider, base_url)
    return Connection(provider, address, keys.find(provider, address, variable), plain_http)


def connect_to_provider(
    provider_name: str,
    base_url: str,
    keys: Keys,
    wait: Wait,
    *,
    variable: str = "",
    plain_http: bool = False,
) -> Connection:
    """The connection to a provider; this computer's server is started if it does not run.

    Args:
        provider_name: The short name of the provider.
        base_url: An address; empty: the provider's own.
        keys: Where keys are found.
        wait: How to wait for a server that starts.
        variable: The environment variable that the user names for the key.
        plain_http: Whether the user accepts an address that others can read along.

    Raises:
        UserError: The provider is not known, the address cannot be used, or the server does not
            start.
    """
    if provider_name == "local" and not base_url:
        return local_server.ensure_running(wait)
    return connect(
        provider_named(provider_name), base_url, keys, variable=variable, plain_http=plain_http
    )


def connect_to_run(run: Run, keys: Keys, wait: Wait, *, variable: str = "") -> Connection:
    """The connection to the service of a run.

    The address of this computer's own server is another one at each start; a run that was
    launched at a server with an address of its own goes back there. That others can read along,
    where they can, was accepted when the run was launched or brought in.

    Args:
        run: The run.
        keys: Where keys are found.
        wait: How to wait for a server that starts.
        variable: The environment variable that the user names for the key.

    Raises:
        UserError: See `service`.
    """
    own = run.provider == "local" and not run.settings.get("base_url")
    address = "" if own else run.base_url
    return connect_to_provider(
        run.provider, address, keys, wait, variable=variable, plain_http=True
    )


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
            return _try(connection, client)
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


def _try(connection: Connection, client: "openai.OpenAI") -> ConnectionReport:
    provider = connection.provider
    try:
        with errors_explained(provider, connection.key_value):
            answer = client.fine_tuning.jobs.with_raw_response.list(limit=1)
        jobs = parse_json(answer, provider)
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
        _("The connection to {provider} works.").format(
            provider=provider_label(provider, connection.base_url)
        ),
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
        with errors_explained(connection.provider, connection.key_value):
            answer = client.models.with_raw_response.list()
        rows = rows_of(parse_json(answer, connection.provider))
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
