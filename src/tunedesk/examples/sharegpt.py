"""ShareGPT conversations: `conversations` of messages with `from` and `value`."""

from typing import Any


def is_sharegpt(record: dict[str, Any]) -> bool:
    """Whether the record is a ShareGPT conversation."""
    turns = record.get("conversations")
    if not isinstance(turns, list):
        return False
    return all(isinstance(turn, dict) and "value" in turn for turn in turns)
