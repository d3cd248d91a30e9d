"""Records of other tools' forms, kept as they are: ShareGPT, Alpaca, and what nobody recognises."""

from typing import Any

from tunedesk.examples.kinds.conversation import ConversationKind
from tunedesk.examples.kinds.kind import Kind, KindName, RecordFormat
from tunedesk.i18n import _


class ShareGptKind(Kind):
    """A ShareGPT conversation: `conversations` of messages with `from` and `value`."""

    name: KindName = "sharegpt"
    file_format: RecordFormat = "sharegpt"

    def title(self) -> str:
        """The kind as part of a sentence."""
        return _("a ShareGPT conversation")

    def section_title(self, section: str) -> str:
        """What stands under a key, as a heading."""
        return _("Conversation") if section == "conversations" else ""

    def recognises(self, record: dict[str, Any]) -> bool:
        """Whether the record is of this kind."""
        turns = record.get("conversations")
        if not isinstance(turns, list):
            return False
        return all(isinstance(turn, dict) and "value" in turn for turn in turns)


class AlpacaKind(Kind):
    """An Alpaca record: an `instruction`, perhaps an `input` or `context`, and its answer."""

    name: KindName = "alpaca"
    file_format: RecordFormat = "alpaca"

    def title(self) -> str:
        """The kind as part of a sentence."""
        return _("an Alpaca instruction")

    def section_title(self, section: str) -> str:
        """What stands under a key, as a heading."""
        titles = {
            "instruction": _("Instruction"),
            "input": _("Input"),
            "context": _("Context"),
            "output": _("Answer"),
            "response": _("Answer"),
        }
        return titles.get(section, "")

    def recognises(self, record: dict[str, Any]) -> bool:
        """Whether the record is of this kind."""
        return "instruction" in record and ("output" in record or "response" in record)


class OtherKind(ConversationKind):
    """Any other object: checked and edited as a conversation that lacks its messages."""

    name: KindName = "other"
    file_format: RecordFormat = "other"
    blank = None

    def title(self) -> str:
        """The kind as part of a sentence."""
        return _("something else")

    def recognises(self, record: dict[str, Any]) -> bool:
        """Whether the record is of this kind."""
        del record
        return True


SHAREGPT = ShareGptKind()
ALPACA = AlpacaKind()
OTHER = OtherKind()
