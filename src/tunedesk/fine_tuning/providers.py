"""Where a model can be trained, and what differs from place to place: resources/providers.json."""

import datetime
import ipaddress
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal, NamedTuple

from tunedesk.checks.models import Catalogue
from tunedesk.errors import UserError
from tunedesk.i18n import _
from tunedesk.paths import resource
from tunedesk.project.run_records import TERMINAL

GOING_ON = frozenset({"validating_files", "queued", "running", "paused"})
"""OpenAI's words for a job that goes on; `paused` is in its documents but not in its schema."""


class Preset(NamedTuple):
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
    """A place that trains models, and what is particular to it.

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
    fixed_hyperparameters: Mapping[str, Any]
    full_hyperparameters: Mapping[str, Any]
    methods: tuple[str, ...]
    seed: bool
    metadata: bool
    wandb: bool
    losses_in: Literal["events", "checkpoints"]
    statuses: Mapping[str, str]
    pausing: bool
    file_bytes: int
    upload_bytes: int | None
    ends: datetime.date | None
    new_customers_end: datetime.date | None
    ends_note: str
    presets: tuple[Preset, ...]
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
        name: _provider(name, entry, table["statuses"])
        for name, entry in table["providers"].items()
    }


def provider(name: str) -> Provider:
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


def _provider(name: str, entry: dict[str, Any], statuses: dict[str, str]) -> Provider:
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
            "ends": _day(entry["ends"]),
            "new_customers_end": _day(entry["new_customers_end"]),
            "presets": tuple(Preset(_(p["title"]), p["extra_body"]) for p in entry["presets"]),
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
