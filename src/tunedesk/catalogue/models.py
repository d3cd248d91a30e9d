"""The base models that can be fine-tuned, at services and on this computer, as dated data.

All of it stands in resources/models.json: encodings, limits, prices, shutdown dates and sizes, with
the day of the figures and where they come from.
"""

import datetime
import json
import re
from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple

from tunedesk.catalogue.memory_estimate import ModelSize
from tunedesk.catalogue.targets import THIS_COMPUTER, Target
from tunedesk.catalogue.token_encodings import (
    DEFAULT_ENCODING,
    DEFAULT_FORMULA,
    ENCODINGS,
    ImageFormula,
    model_encoding,
)
from tunedesk.errors import UserError
from tunedesk.i18n import _
from tunedesk.paths import models_dir, resource

STARTER_ID = "tunedesk-starter"
"""The model that is built in: made on the spot, trained whole, nothing to download."""
FIRST_MODEL_ID = "HuggingFaceTB/SmolLM2-135M-Instruct"
"""The small language model that an installation brings along."""
DEFAULT_MODEL = "gpt-4.1-mini-2025-04-14"
"""The id of the hosted model that tokens and prices are shown for until another is chosen."""


def default_model(target_name: str) -> str:
    """The id of the base model that is assumed at a target until one is chosen."""
    return default_base_model() if target_name == THIS_COMPUTER else DEFAULT_MODEL


def default_base_model() -> str:
    """The id of the base model that a launch on this computer begins with until one is chosen.

    The small language model that an installation brings; the starter where it could not be had.
    """
    is_here = (models_dir() / FIRST_MODEL_ID / "config.json").is_file()
    return FIRST_MODEL_ID if is_here else STARTER_ID


class FigureSource(NamedTuple):
    """Where figures of a model were read.

    Attributes:
        where: An address, a repository and a path, or what else it was.
        figures: The keys of the model's entry that it bears out; `shape` is all of layers, width,
            inner_width and vocabulary.
    """

    where: str
    figures: tuple[str, ...]


class ModelPackage(NamedTuple):
    """A package of the Python index that carries a model as a GGUF file.

    Attributes:
        requirement: The package and its version, as pip takes them.
        sha256: Of its wheel, as hexadecimal digits.
        bytes: Of its wheel.
        file: The GGUF file in the wheel.
        licence_file: The text of the licence in the wheel.
        origin: What it is and where it came from, in a sentence for the model's card.
    """

    requirement: str
    sha256: str
    bytes: int
    file: str
    licence_file: str
    origin: str


@dataclass(frozen=True)
class LocalModel:
    """A small model that can be trained here.

    Attributes:
        id: Its name on the Hugging Face hub, and in the API of the training server.
        title: The name to show.
        family: The family of its chat template and tokenizer, as its makers call it.
        size: Its weights and their shape.
        weight_bytes: The bytes of its weights on the hub and on the disk; 0 where there is
            nothing to download.
        context: The most tokens that it reads, and so the longest example.
        licence: Its licence: an SPDX identifier, or the name that its makers gave it.
        is_gated: Whether its makers give it only to those who accept the licence on the hub.
        note: What it is good for, in a sentence.
        package: The package of the Python index that it can be had from, without the hub; None if
            there is none.
        sources: Where its figures were read.
        unconfirmed: The keys of its entry for which no source was found, named as in a source.
    """

    id: str
    title: str
    family: str
    size: ModelSize
    weight_bytes: int
    context: int
    licence: str
    is_gated: bool
    note: str
    package: ModelPackage | None
    sources: tuple[FigureSource, ...]
    unconfirmed: tuple[str, ...]

    @property
    def download_bytes(self) -> int:
        """What is fetched of it at most; 0 where there is nothing to download."""
        return self.package.bytes if self.package else self.weight_bytes

    @property
    def short_name(self) -> str:
        """A short name for the command line, such as smollm2-135m."""
        return self.title.lower().replace(" ", "-")

    @property
    def is_built_in(self) -> bool:
        """Whether it comes with the program."""
        return self.id == STARTER_ID

    @staticmethod
    def from_entry(entry: dict[str, Any]) -> "LocalModel":
        """The model of an entry of resources/models.json."""
        return LocalModel(
            id=entry["id"],
            title=entry["title"],
            family=entry["family"],
            size=ModelSize(
                parameters=entry["parameters"],
                layers=entry["layers"],
                width=entry["width"],
                inner_width=entry["inner_width"],
                vocabulary=entry["vocabulary"],
            ),
            weight_bytes=entry["weight_bytes"],
            context=entry["context"],
            licence=entry["licence"],
            is_gated=entry["is_gated"],
            note=_(entry["note"]) if entry["note"] else "",
            package=ModelPackage(**entry["package"]) if entry.get("package") else None,
            sources=tuple(
                FigureSource(where, tuple(figures)) for where, figures in entry["sources"].items()
            ),
            unconfirmed=tuple(entry["unconfirmed"]),
        )


_AZURE_TUNED = re.compile(r"\.ft-[0-9a-f]{32}.*\Z")


class Price(NamedTuple):
    """What a model costs, in USD for 1,000,000 tokens.

    Attributes:
        training: Of tokens trained on, once for each epoch.
        input: Of tokens read by the tuned model.
        cached_input: Of tokens it has read lately; None where there is no such price.
        output: Of tokens it writes.
    """

    training: float
    input: float
    cached_input: float | None
    output: float


class HostedModel(NamedTuple):
    """A model that can be, or once could be, fine-tuned.

    Attributes:
        id: Its exact name.
        title: The name to show.
        aliases: Other names that mean it.
        encoding: The encoding of its tokens.
        token_limit: The tokens of an example beyond which training cuts it.
        methods: The methods of training: supervised, dpo, reinforcement; of a model that OpenAI
            trains, those that it offers.
        image_formula: How its image tokens are estimated.
        price: What it costs; None when it has no price for a token.
        shutdown_date: The day on which it ends at OpenAI; None when none is announced.
        note: Whatever else is to be said.
        unconfirmed: Those of these attributes for which no source was found.
    """

    id: str
    title: str
    aliases: tuple[str, ...]
    encoding: str
    token_limit: int
    methods: tuple[str, ...]
    image_formula: ImageFormula
    price: Price | None
    shutdown_date: datetime.date | None
    note: str
    unconfirmed: tuple[str, ...]

    def is_shut_down(self, today: datetime.date) -> bool:
        """Whether it has ended by that day."""
        return self.shutdown_date is not None and self.shutdown_date <= today


class Catalogue(NamedTuple):
    """All base models, and how old the figures are.

    Attributes:
        models: The models, those that can still be trained first.
        price_date: The day of the prices.
        price_source: Where they come from.
        currency: Their currency.
        shutdown_source: Where the shutdown dates come from.
        training_ends: The day from which OpenAI takes no new jobs from anyone.
        encoding_prefixes: The encoding by the beginning of a model's name, to be tried in order.
        local_models: The models that can be trained on the user's own computer, smallest first;
            the first is the built-in starter.
        local_checked: The day on which their figures were last looked at.
        local_source: How these were read; each model has its own sources.
    """

    models: tuple[HostedModel, ...]
    price_date: datetime.date
    price_source: str
    currency: str
    shutdown_source: str
    training_ends: datetime.date
    encoding_prefixes: tuple[tuple[str, str], ...]
    local_models: tuple[LocalModel, ...]
    local_checked: datetime.date
    local_source: str

    @staticmethod
    def load() -> "Catalogue":
        """The catalogue that ships with the program, read once."""
        return _load()

    def find(self, name: str) -> HostedModel | None:
        """The base model of that name, or of a fine-tune of it; None if it is not in the list."""
        base = base_name(name)
        for model in self.models:
            if base == model.id or base in model.aliases:
                return model
        return None

    def find_local(self, name: str) -> LocalModel | None:
        """The local model of that name, or of a fine-tune of it; None if it is not in the list."""
        base = base_name(name)
        return next((model for model in self.local_models if model.id == base), None)

    def encoding_of(self, name: str) -> str:
        """The encoding of a model by its name; a fine-tune counts as its base.

        Raises:
            UserError: The model is not known, or is a local one that is not on this computer.
        """
        if name in ENCODINGS:
            return name
        model = self.find(name)
        if model is not None:
            return model.encoding
        base = base_name(name)
        for prefix, encoding in self.encoding_prefixes:
            if base.startswith(prefix):
                return encoding
        wanted = base.lower()
        found = (each for each in self.local_models if wanted in (each.id.lower(), each.short_name))
        local = next(found, None)
        own = model_encoding(base if local is None else local.id)
        if own is not None:
            return own.name
        if local is not None and local.is_built_in:
            return DEFAULT_ENCODING  # it makes its own tokens of the examples, in each training
        if local is not None:
            raise UserError(
                _(
                    "{model} is not on this computer, and its tokens are counted by its own files."
                ).format(model=local.title),
                _("Get it: tunedesk models get {name}").format(name=local.short_name),
            )
        raise UserError(
            _("The encoding of the model “{name}” is not known.").format(name=name),
            _("Choose an encoding instead: {known}.").format(known=", ".join(ENCODINGS)),
        )


def base_name(name: str) -> str:
    """The base of a fine-tuned model's name: ``ft:gpt-4.1-2025-04-14:org::id`` is gpt-4.1."""
    name = name.strip()
    if name.startswith("ft:"):
        return name.split(":")[1]
    return _AZURE_TUNED.sub("", name)


@cache
def _load() -> Catalogue:
    table = json.loads(resource("models.json").read_text(encoding="utf-8"))
    local = table["local_models"]
    return Catalogue(
        models=tuple(_model(entry) for entry in table["models"]),
        price_date=datetime.date.fromisoformat(table["price_date"]),
        price_source=_(table["price_source"]),
        currency=table["currency"],
        shutdown_source=_(table["shutdown_source"]),
        training_ends=datetime.date.fromisoformat(table["training_ends"]),
        encoding_prefixes=tuple((prefix, name) for prefix, name in table["encoding_prefixes"]),
        local_models=tuple(LocalModel.from_entry(entry) for entry in local["models"]),
        local_checked=datetime.date.fromisoformat(local["checked"]),
        local_source=local["source"],
    )


def _model(entry: dict[str, Any]) -> HostedModel:
    images, price, shutdown = entry["image_tokens"], entry["price"], entry["shutdown_date"]
    return HostedModel(
        id=entry["id"],
        title=entry["title"],
        aliases=tuple(entry["aliases"]),
        encoding=entry["encoding"],
        token_limit=entry["token_limit"],
        methods=tuple(entry["methods"]),
        image_formula=DEFAULT_FORMULA
        if images is None
        else ImageFormula(
            images.get("base", 0), images.get("tile", 0), images.get("patch_factor", 0.0)
        ),
        price=None if price is None else Price(**price),
        shutdown_date=None if shutdown is None else datetime.date.fromisoformat(shutdown),
        note=_(entry["note"]) if entry.get("note") else "",
        unconfirmed=tuple(entry["unconfirmed"]),
    )


def token_limit(where: Target, model: str | None) -> int:
    """The tokens of an example beyond which training there cuts its end.

    Args:
        where: Where it is trained.
        model: The base model; None for the limit of the target alone.
    """
    if model is None:
        return where.token_limit
    catalogue = Catalogue.load()
    if where.name == THIS_COMPUTER:
        here = catalogue.find_local(model)
        return where.token_limit if here is None else min(where.token_limit, here.context)
    hosted = catalogue.find(model)
    return where.token_limit if hosted is None else hosted.token_limit
