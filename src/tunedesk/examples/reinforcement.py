"""Reinforcement items: messages that end before the answer, with what a grader compares it to."""

from typing import Any

_CHAT_KEYS = frozenset({"messages", "tools", "parallel_tool_calls", "functions"})


def is_reinforcement(record: dict[str, Any]) -> bool:
    """Whether the record is a reinforcement item: no answer in it, but more than a chat has.

    A conversation that merely lacks its answer looks nearly the same: only what stands beside the
    messages, such as `reference_answer`, tells them apart.
    """
    messages = record.get("messages")
    if not isinstance(messages, list) or not messages:
        return False
    roles = [message.get("role") for message in messages if isinstance(message, dict)]
    return "assistant" not in roles and bool(record.keys() - _CHAT_KEYS)
