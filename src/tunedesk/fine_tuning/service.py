"""The connection to the service that trains: this computer's own server, or one with an address."""

from tunedesk.fine_tuning import local_server
from tunedesk.fine_tuning.connection import Connection, connect
from tunedesk.fine_tuning.keys import Keys
from tunedesk.fine_tuning.providers import provider
from tunedesk.fine_tuning.sending import Wait
from tunedesk.project.run_records import Run


def service(
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
        provider(provider_name), base_url, keys, variable=variable, plain_http=plain_http
    )


def service_of(run: Run, keys: Keys, wait: Wait, *, variable: str = "") -> Connection:
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
    return service(run.provider, address, keys, wait, variable=variable, plain_http=True)
