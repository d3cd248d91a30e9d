"""What cannot be read: no JSON, or JSON that is not an object. It is kept as it is."""

from collections.abc import Iterator
from typing import Any

from tunedesk.examples.kinds.kind import Block, Kind, KindName, Replacing, preview_line, strings
from tunedesk.i18n import _


class UnreadableKind(Kind):
    """A row of which nothing is known but its characters: its record is its own text."""

    name: KindName = "unreadable"

    def title(self) -> str:
        """The kind as part of a sentence."""
        return _("something else")

    def recognises(self, record: dict[str, Any]) -> bool:
        """Whether the record is of this kind."""
        del record
        return False

    def preview(self, record: Any) -> str:
        """One line that shows what the record is about."""
        return preview_line(record) if isinstance(record, str) else ""

    def texts(self, record: Any) -> Iterator[str]:
        """All that is said in the record, in order."""
        return strings(record)

    def replace(self, text: str, record: Any, replacing: Replacing) -> tuple[str, int]:
        """The text with all hits replaced, and how many there were."""
        del record, replacing
        return text, 0

    def blocks(self, text: str) -> list[Block]:
        """The parts of the record as a person reads them."""
        return [Block("", _("Raw JSON"), "", text)]


UNREADABLE = UnreadableKind()
