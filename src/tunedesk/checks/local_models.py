"""The base models that can be trained on the user's own computer, as dated data.

They stand in resources/models.json beside those of the services; `Catalogue.local_models` has
them. What training one needs is said by `training_fit`.
"""

from dataclasses import dataclass
from typing import Any, NamedTuple

from tunedesk.checks.training_fit import ModelSize

STARTER_ID = "tunedesk-starter"
"""The model that is built in: made on the spot, trained whole, nothing to download."""


class Source(NamedTuple):
    """Where figures of a model were read.

    Attributes:
        place: An address, a repository and a path, or what else it was.
        figures: The keys of the model's entry that it bears out; `shape` is all of layers, width,
            inner_width and vocabulary.
    """

    place: str
    figures: tuple[str, ...]


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
    sources: tuple[Source, ...]
    unconfirmed: tuple[str, ...]

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
            note=entry["note"],
            sources=tuple(
                Source(place, tuple(figures)) for place, figures in entry["sources"].items()
            ),
            unconfirmed=tuple(entry["unconfirmed"]),
        )
