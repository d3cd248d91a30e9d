"""The address of a server: put in order, compared, and judged for safety."""

from urllib.parse import SplitResult, urlsplit

from tunedesk.errors import UserError
from tunedesk.fine_tuning.providers import Provider, is_this_computer
from tunedesk.i18n import _


def normal_address(provider: Provider, text: str) -> str:
    """The address as it is kept and compared: with its scheme, no slash at the end.

    What people paste is put in order: a scheme that is missing, the address of one call instead
    of the API's, at Azure the address of the resource alone. An empty text is the provider's own.

    Raises:
        UserError: It is no address that can be used.
    """
    text = text.strip() or provider.base_url
    if not text or "RESOURCE" in text:
        raise UserError(
            _("{provider} needs an address.").format(provider=provider.title),
            _("It looks like this: {hint}").format(hint=provider.address_hint),
        )
    if "://" not in text:
        host = _split(f"http://{text}", provider).hostname or ""
        text = f"{'http' if is_this_computer(host) else 'https'}://{text}"
    parts = _split(text, provider)
    if parts.username or parts.password:
        raise UserError(
            _("The address holds a user name or a password."),
            _("Take it out, and give the key in its own field: it is kept apart from the address."),
        )
    path = parts.path.rstrip("/")
    for call in ("/chat/completions", "/completions", "/fine_tuning/jobs", "/files", "/models"):
        path = path.removesuffix(call)
    if provider.name == "azure":
        # Old Azure addresses name a deployment and a version; the v1 address has neither.
        path = "/openai/v1"
    host = (parts.hostname or "").rstrip(".")
    if ":" in host:
        host = f"[{host}]"
    default_port = {"http": 80, "https": 443}[parts.scheme]
    port = "" if parts.port in (None, default_port) else f":{parts.port}"
    return f"{parts.scheme}://{host}{port}{path}"


def host_of(address: str) -> str:
    """The host of an address, without its port; empty if it has none."""
    return urlsplit(address).hostname or ""


def called(provider: Provider, base_url: str) -> str:
    """What a place is called within a sentence: a server of the user's own by its host."""
    if provider.name != "custom":
        return provider.title
    try:
        return host_of(normal_address(provider, base_url))
    except UserError:
        return _("the server")


def origin_of(address: str) -> tuple[str, str, int]:
    """The scheme, host and port of an address: what must not change while a key is sent."""
    parts = urlsplit(address)
    port = parts.port or {"http": 80, "https": 443}.get(parts.scheme, 0)
    return parts.scheme.casefold(), (parts.hostname or "").casefold(), port


def is_readable_by_others(address: str) -> bool:
    """Whether what is sent to it can be read on the way: plain http, beyond this computer."""
    parts = urlsplit(address)
    return parts.scheme.casefold() == "http" and not is_this_computer(parts.hostname or "")


def _split(text: str, provider: Provider) -> SplitResult:
    try:
        parts = urlsplit(text)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname)
        _port = parts.port  # not a number, or too large: it says so when it is asked
    except ValueError:
        usable = False
    if not usable or any(letter.isspace() for letter in text):
        raise UserError(
            _("“{text}” is not the address of a server.").format(text=text[:200]),
            _("It looks like this: {hint}").format(hint=provider.address_hint or provider.base_url),
        )
    return parts
