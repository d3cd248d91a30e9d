"""Reinforcement items: messages that end before the answer, with what a grader compares it to."""

from collections.abc import Iterator
from typing import Any

from tunedesk.examples.kinds.conversation import ConversationKind
from tunedesk.examples.kinds.kind import KindName, strings
from tunedesk.i18n import _

_CHAT_KEYS = frozenset({"messages", "tools", "parallel_tool_calls", "functions"})


class ReinforcementKind(ConversationKind):
    """A conversation that waits for its answer, and what that answer is graded by."""

    name: KindName = "reinforcement"
    reads_other_keys = True
    blank = None  # its files are read and shown as those of conversations

    def title(self) -> str:
        """The kind as part of a sentence."""
        return _("an item for reinforcement fine-tuning")

    def recognises(self, record: dict[str, Any]) -> bool:
        """Whether there is no answer in the record, but more than a conversation has.

        A conversation that merely lacks its answer looks nearly the same: only what stands beside
        the messages, such as `reference_answer`, tells them apart.
        """
        messages = record.get("messages")
        if not isinstance(messages, list) or not messages or not record.keys() - _CHAT_KEYS:
            return False
        last = messages[-1]
        if isinstance(last, dict) and last.get("role") == "assistant":
            return False
        roles = [message.get("role") for message in messages if isinstance(message, dict)]
        return "assistant" not in roles

    def texts(self, record: Any) -> Iterator[str]:
        """All that is said in the record, in order."""
        yield from super().texts(record)
        for key, value in record.items():
            if key not in _CHAT_KEYS:
                yield from strings(value)


REINFORCEMENT = ReinforcementKind()
