"""A connection to a provider: its address, its key, and the SDK client, every setting given."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tunedesk.errors import UserError
from tunedesk.i18n import _
from tunedesk.lazy_imports import importing
from tunedesk.services.keys import Key
from tunedesk.services.providers import Provider, host_of, is_readable_by_others

if TYPE_CHECKING:
    import openai


CONNECT_SECONDS = 10.0
READ_SECONDS = 60.0
NO_KEY = "none"
"""What the SDK is given where there is no key: it insists on one. It is never sent."""


@dataclass(frozen=True)
class Connection:
    """Where requests go, and with which key.

    Attributes:
        provider: The provider.
        base_url: Its address, as `normal_address` puts it.
        key: The key; None: the server asks for none.
        plain_http_accepted: Whether the user knows that others can read along and wants it.
    """

    provider: Provider
    base_url: str
    key: Key | None
    plain_http_accepted: bool = False

    @property
    def host(self) -> str:
        """The host that sees what is sent, to be shown."""
        return host_of(self.base_url)

    @property
    def key_value(self) -> str:
        """The key itself, empty if there is none; for requests and for redaction only."""
        return self.key.value if self.key else ""

    @property
    def warning(self) -> str:
        """What the user must be told before anything is sent; empty: nothing."""
        if not is_readable_by_others(self.base_url):
            return ""
        return _(
            "The address begins with http, not https: on the way to {host}, others can read "
            "your examples and your key."
        ).format(host=self.host)

    def check_may_send(self) -> None:
        """Hold back what the user has not been warned of.

        Raises:
            UserError: A key is missing, or would be sent for others to read.
        """
        if self.key is None and self.provider.key_needed:
            raise UserError(
                _("{provider} needs a key.").format(provider=self.provider.title),
                _(
                    "Give the key that you have from {provider}; on the command line it comes "
                    "from the environment variable {name}, or from one that --key-env names."
                ).format(provider=self.provider.title, name=self.provider.key_variable),
            )
        if self.warning and not self.plain_http_accepted:
            raise UserError(
                self.warning,
                _("Use an address that begins with https, or allow it for this server."),
            )

    def client(self, *, max_retries: int = 0, timeout: float = READ_SECONDS) -> "openai.OpenAI":
        """The SDK's client for this server; close it, or use it in a `with`.

        Nothing comes from the environment but the system's proxies and certificates.

        Args:
            max_retries: How often a request is sent again by itself; never for making a job.
            timeout: How many seconds to wait for an answer, and for each piece of one.

        Raises:
            UserError: See `check_may_send`.
        """
        self.check_may_send()
        # The SDK takes half a second to import; the window's start does not wait for it.
        with importing("httpx2", "openai", "tunedesk.services.guarded_http"):
            import httpx2
            import openai

            from tunedesk.services.guarded_http import GuardedClient

        limits = httpx2.Timeout(timeout, connect=CONNECT_SECONDS)
        return openai.OpenAI(
            api_key=self.key_value or NO_KEY,
            admin_api_key="",
            organization="",
            project="",
            webhook_secret="",
            base_url=self.base_url,
            timeout=limits,
            max_retries=max_retries,
            default_headers={},
            http_client=GuardedClient(self.base_url, self.key_value, limits),
        )
