"""The tags in use and how many examples carry each."""

from typing import NamedTuple

from tunedesk.project.parts import ProjectParts


class TagUse(NamedTuple):
    """A tag.

    Attributes:
        name: The tag.
        examples: How many examples carry it.
    """

    name: str
    examples: int


def tags(parts: ProjectParts) -> list[TagUse]:
    """The tags in use, by name."""
    uses: dict[str, int] = {}
    for number, examples in parts.store.rows(
        "SELECT tag_set, count(*) FROM example WHERE hidden = 0 GROUP BY tag_set"
    ):
        for tag in parts.tags.members(number):
            uses[tag] = uses.get(tag, 0) + examples
    return [TagUse(name, uses[name]) for name in sorted(uses, key=str.casefold)]
