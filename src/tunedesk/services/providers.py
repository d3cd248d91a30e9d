"""Providers: who trains models, what differs between them, and the addresses of their servers.

The differences stand in resources/providers.json.
"""

import datetime
import ipaddress
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal, NamedTuple
from urllib.parse import SplitResult, urlsplit

from tunedesk.catalogue.hyperparameters import Limit
from tunedesk.catalogue.models import Catalogue
from tunedesk.catalogue.targets import target
from tunedesk.errors import UserError
from tunedesk.i18n import _
from tunedesk.paths import resource
from tunedesk.project.run_records import TERMINAL

GOING_ON = frozenset({"validating_files", "queued", "running", "paused"})
"""OpenAI's words for a job that goes on; `paused` is in its documents but not in its schema."""


class RequestPreset(NamedTuple):
    """A choice that a provider offers beside the usual settings.

    Attributes:
        title: The choice in plain words.
        extra_body: What is added to the request that makes the job.
    """

    title: str
    extra_body: dict[str, Any]


class TunableModel(NamedTuple):
    """A base model that a provider trains.

    Attributes:
        id: Its name when a job is made.
        title: The name to show.
        methods: The methods of training: supervised, dpo.
        inference_id: Its name when it is asked; at Nebius another one than `id`.
        ends: The first day on which it takes no new jobs or is shut down; None: not announced.
        token_limit: The tokens that an example may have; None: not published.
    """

    id: str
    title: str
    methods: tuple[str, ...]
    inference_id: str
    ends: datetime.date | None
    token_limit: int | None


@dataclass(frozen=True, eq=False)
class Provider:
    """Who trains models, and what is particular to it.

    Attributes:
        name: The short name, as for `--provider`.
        title: The name to show.
        explanation: What choosing it means: who sees the examples, who is paid.
        base_url: Its address; empty where the user gives one; with RESOURCE in it at Azure.
        address_hint: How its address looks, where the user has to give it.
        key_variable: The environment variable that holds its key; empty: there is none.
        key_hosts: The hosts to which the key of that variable may go; `*.` for any before it.
        key_needed: Whether it does nothing without a key.
        key_page: The page on which a key is made; shown as text.
        target: The target of the checks.
        suffix_length: The most letters of the suffix in the tuned model's name.
        suffix_pattern: What a suffix must look like; empty: anything.
        suffix_rule: That, in a sentence.
        byte_order_mark: Whether its training files begin with a byte order mark.
        body_style: Where hyperparameters stand in the request: "method" or "hyperparameters".
        learning_rate: Whether it is a "multiplier" of the provider's own or "absolute".
        hyperparameter_names: Its names by ours: epochs, batch_size, learning_rate, beta,
            lora_rank; what is missing cannot be set there.
        limits: Which numbers its settings take, by our names.
        fixed_hyperparameters: What is always sent among them.
        full_hyperparameters: What is sent to train all weights instead of an adapter; empty:
            that cannot be chosen.
        methods: The methods of training it has.
        seed: Whether a job can have a seed.
        metadata: Whether it keeps metadata of a job, so that a lost job is found again by it.
        wandb: Whether it reports to Weights & Biases by OpenAI's integration.
        losses_in: Where losses are told while it trains: "events" or "checkpoints".
        statuses: OpenAI's word for each spelling of a status, in small letters.
        pausing: Whether jobs can be paused and resumed.
        trains_tuned: Whether it takes a tuned model as the base of another job.
        file_bytes: The largest file that is sent in one piece.
        upload_bytes: The largest file that is sent in parts; None: it takes no parts.
        ends: The first day on which it takes no new jobs; None: none is announced.
        new_customers_end: The day since which it refuses new customers; None: it does not.
        ends_note: What is to be said of that.
        presets: Choices of its own beside the usual settings.
        deployment: How a tuned model is deployed before it can be used: "azure" or "nebius";
            empty: it can be used at once.
        source: Where all this comes from.
    """

    name: str
    title: str
    explanation: str
    base_url: str
    address_hint: str
    key_variable: str
    key_hosts: tuple[str, ...]
    key_needed: bool
    key_page: str
    target: str
    suffix_length: int
    suffix_pattern: str
    suffix_rule: str
    byte_order_mark: bool
    body_style: Literal["method", "hyperparameters"]
    learning_rate: Literal["multiplier", "absolute"]
    hyperparameter_names: Mapping[str, str]
    limits: Mapping[str, Limit]
    fixed_hyperparameters: Mapping[str, Any]
    full_hyperparameters: Mapping[str, Any]
    methods: tuple[str, ...]
    seed: bool
    metadata: bool
    wandb: bool
    losses_in: Literal["events", "checkpoints"]
    statuses: Mapping[str, str]
    pausing: bool
    trains_tuned: bool
    file_bytes: int
    upload_bytes: int | None
    ends: datetime.date | None
    new_customers_end: datetime.date | None
    ends_note: str
    presets: tuple[RequestPreset, ...]
    deployment: Literal["", "azure", "nebius"]
    models: tuple[TunableModel, ...]
    source: str

    def is_closed(self, today: datetime.date) -> bool:
        """Whether it takes no new jobs from anyone on that day."""
        return self.ends is not None and today >= self.ends

    def open_models(self, today: datetime.date) -> tuple[TunableModel, ...]:
        """The base models of its list that take jobs on that day; empty: it lists them itself."""
        return tuple(model for model in self.models if model.ends is None or today < model.ends)

    def status(self, word: object) -> str:
        """OpenAI's word for a status; one that is not known stays as it came and goes on."""
        text = word.strip() if isinstance(word, str) else ""
        plain = text.casefold().replace("-", "_").replace(" ", "_")
        return self.statuses.get(plain, plain if plain in GOING_ON | TERMINAL else text)

    def suffix_problem(self, suffix: str) -> str:
        """What is wrong with a suffix, in a sentence; empty: nothing."""
        if len(suffix) > self.suffix_length:
            return _("The name is too long: {provider} takes at most {most} letters.").format(
                provider=self.title, most=self.suffix_length
            )
        if self.suffix_pattern and not re.fullmatch(self.suffix_pattern, suffix):
            return self.suffix_rule
        return ""

    def owns(self, host: str) -> bool:
        """Whether a host is this provider's own, so that the key in the environment may go to it.

        This computer's own addresses are all its own: 127.0.0.2 as well as 127.0.0.1.
        """
        host = host.casefold().rstrip(".")
        if self.name == "local" and is_this_computer(host):
            return True
        return any(
            host.endswith(own[1:]) if own.startswith("*.") else host == own
            for own in self.key_hosts
        )


def is_this_computer(host: str) -> bool:
    """Whether a host is this computer, so that what is sent to it goes over no network."""
    if host.casefold().rstrip(".") == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


@cache
def providers() -> dict[str, Provider]:
    """All providers by their short names, in the order in which they are offered."""
    table = json.loads(resource("providers.json").read_text(encoding="utf-8"))
    return {
        name: _provider(name, entry, table["statuses"], table["limits"])
        for name, entry in table["providers"].items()
    }


def provider_named(name: str) -> Provider:
    """The provider of that name.

    Raises:
        UserError: There is none.
    """
    try:
        return providers()[name]
    except KeyError:
        raise UserError(
            _("There is no provider named “{name}”.").format(name=name),
            _("Choose one of these: {known}.").format(known=", ".join(providers())),
        ) from None


def _provider(
    name: str, entry: dict[str, Any], statuses: dict[str, str], limits: dict[str, Any]
) -> Provider:
    texts = ("title", "explanation", "address_hint", "suffix_rule", "ends_note")
    tuples = ("key_hosts", "methods")
    made = dict(entry)
    made |= {key: _(entry[key]) if entry[key] else "" for key in texts}
    made |= {key: tuple(entry[key]) for key in tuples}
    return Provider(
        **made
        | {
            "name": name,
            "statuses": statuses | entry["statuses"],
            "limits": {
                setting: Limit(**limit) for setting, limit in (limits | entry["limits"]).items()
            },
            "ends": _day(entry["ends"]),
            "new_customers_end": _day(entry["new_customers_end"]),
            "presets": tuple(
                RequestPreset(_(p["title"]), p["extra_body"]) for p in entry["presets"]
            ),
            "models": _models(entry["models"], tuple(entry["methods"])),
        }
    )


def _models(entries: Any, methods: tuple[str, ...]) -> tuple[TunableModel, ...]:
    """The base models of a list, or those of the catalogue that can be trained by the methods."""
    if entries == "catalogue":
        return tuple(
            TunableModel(
                model.id, model.title, kept, model.id, model.shutdown_date, model.token_limit
            )
            for model in Catalogue.load().models
            if model.price is not None
            and (kept := tuple(method for method in model.methods if method in methods))
        )
    return tuple(_listed_model(entry) for entry in entries)


def _listed_model(entry: Mapping[str, Any]) -> TunableModel:
    model_id = entry["id"]
    known = Catalogue.load().find(model_id)
    return TunableModel(
        id=model_id,
        title=entry.get("title") or (known.title if known else model_id),
        methods=tuple(entry["methods"]),
        inference_id=entry.get("inference_id", model_id),
        ends=_day(entry.get("ends")),
        token_limit=entry.get("token_limit") or (known.token_limit if known else None),
    )


def _day(text: str | None) -> datetime.date | None:
    return None if text is None else datetime.date.fromisoformat(text)


def normalize_address(provider: Provider, text: str) -> str:
    """The address as it is kept and compared: with its scheme, no slash at the end.

    What people paste is put in order: a scheme that is missing, the address of one call instead
    of the API's, at Azure the address of the resource alone. An empty text is the provider's own.

    Raises:
        UserError: It is not an address that can be used.
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


def provider_label(provider: Provider, base_url: str) -> str:
    """What a provider is called in a sentence: a server of the user's own by its host."""
    if provider.name != "custom":
        return provider.title
    try:
        return host_of(normalize_address(provider, base_url))
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


def longest_example(provider: Provider, base_model: str) -> int | None:
    """The tokens beyond which an example is cut or refused; None: they are not known.

    On this computer the model's context decides, elsewhere what the provider publishes for it
    (resources/models.json and providers.json say where both come from).
    """
    catalogue = Catalogue.load()
    if provider.name == "local":
        local = catalogue.find_local(base_model)
        return min(target(provider.target).token_limit, local.context) if local else None
    for model in provider.models:
        if model.id == base_model:
            return model.token_limit
    known = catalogue.find(base_model)
    return known.token_limit if known else None
