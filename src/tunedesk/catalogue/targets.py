"""Where the data will be trained, and what each target allows: resources/targets.json."""

import json
from functools import cache
from typing import NamedTuple

from tunedesk.errors import UserError
from tunedesk.i18n import _
from tunedesk.paths import resource

DEFAULT_TARGET = "openai"
"""For files that belong to no project; a project trains on this computer unless it says else."""

THIS_COMPUTER = "local"


class Target(NamedTuple):
    """Where models are trained, and the limits of files there.

    Attributes:
        name: The short name, as for `--target`.
        title: The name to show.
        token_limit: The tokens of an example beyond which its end is cut off.
        images_per_example: The most images in one example.
        image_bytes: The most bytes of one image.
        tools: The most tools that an example may declare.
        least_examples: The fewest examples that a file may have.
        advised_examples: The fewest examples that are advised.
    """

    name: str
    title: str
    token_limit: int
    images_per_example: int
    image_bytes: int
    tools: int
    least_examples: int
    advised_examples: int


@cache
def targets() -> dict[str, Target]:
    """All targets by their short names."""
    table = json.loads(resource("targets.json").read_text(encoding="utf-8"))["targets"]
    fields = [field for field in Target._fields if field not in ("name", "title")]
    return {
        name: Target(
            name=name, title=_(entry["title"]), **{field: entry[field] for field in fields}
        )
        for name, entry in table.items()
    }


def target(name: str) -> Target:
    """The target of that name.

    Raises:
        UserError: There is none.
    """
    try:
        return targets()[name]
    except KeyError:
        raise UserError(
            _("There is no target named “{name}”.").format(name=name),
            _("Choose one of these: {known}.").format(known=", ".join(targets())),
        ) from None
