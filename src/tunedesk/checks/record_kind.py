"""What kind of training example a JSON object is, by its keys (facts 2.1 to 2.5)."""

from typing import Any

from tunedesk.checks.facts import Kind

_CHAT_KEYS = frozenset({"messages", "tools", "parallel_tool_calls", "functions"})


def kind_of(record: dict[str, Any]) -> Kind:
    """The kind of the record; "other" for what is none of the known ones.

    A reinforcement item is a conversation that no assistant speaks in and that carries keys for
    its grader.
    """
    messages = record.get("messages")
    if isinstance(messages, list):
        if record.keys() <= _CHAT_KEYS or not messages:
            return "chat"
        speaks = any(isinstance(m, dict) and m.get("role") == "assistant" for m in messages)
        last = messages[-1]
        asks = isinstance(last, dict) and last.get("role") == "user"
        return "chat" if speaks or not asks else "reinforcement"
    if "messages" in record:
        return "chat"
    if "preferred_output" in record or "non_preferred_output" in record:
        return "preference"
    if "chosen" in record and "rejected" in record:
        return "preference"
    if "prompt" in record and "completion" in record:
        return "prompt_completion"
    if isinstance(record.get("conversations"), list):
        return "sharegpt"
    if "instruction" in record and ("output" in record or "response" in record):
        return "alpaca"
    return "other"
