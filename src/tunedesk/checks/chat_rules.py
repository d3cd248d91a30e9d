"""All rules for one chat example, in the order in which a person reads it."""

from typing import Any

from tunedesk.checks.call_rules import check_calls
from tunedesk.checks.image_rules import check_image_count
from tunedesk.checks.json_type import json_type
from tunedesk.checks.message_rules import check_message
from tunedesk.checks.order_rules import check_order, check_weights
from tunedesk.checks.problem import Problem
from tunedesk.checks.schema import is_valid, reasons
from tunedesk.checks.severity import severity
from tunedesk.checks.targets import Target
from tunedesk.checks.text_rules import check_texts
from tunedesk.checks.tool_rules import check_tools

KNOWN_KEYS = frozenset({"messages", "tools", "parallel_tool_calls", "functions"})


def check_chat(record: dict[str, Any], roles: str, target: Target) -> list[Problem]:
    """The problems of a chat example, but for those of its JSON and its length.

    Args:
        record: The example.
        roles: Its roles, as `order_rules.role_letters` gives them.
        target: Where it will be trained.
    """
    found: list[Problem] = []
    messages = record.get("messages")
    if "messages" not in record:
        found.append(Problem("messages_missing", (), {"keys": sorted(record)[:5]}))
    elif not isinstance(messages, list):
        found.append(Problem("messages_not_a_list", ("messages",), {"type": json_type(messages)}))
    elif not messages:
        found.append(Problem("messages_empty", ("messages",), {}))
    else:
        for number, message in enumerate(messages):
            found += check_message(message, ("messages", number), target)
        found += check_order(roles)
        found += check_weights(messages)
        found += check_texts(messages)
        found += check_image_count(messages, target)
    listed = messages if isinstance(messages, list) else []
    found += check_tools(record, target)
    found += check_calls(record, listed)
    found += check_unknown_keys(record)
    if not is_valid("chat", record) and not any(severity(p.code) == "error" for p in found):
        # The rules name every fault of the shape; should one escape them, the schema still does.
        for reason in reasons("chat", record)[:3]:
            detail = {"keyword": reason.keyword, "reason": reason.message[:200]}
            found.append(Problem("schema_mismatch", reason.path, detail))
    return sorted(found, key=_place)


def check_unknown_keys(record: dict[str, Any]) -> tuple[Problem, ...]:
    """The keys beside the conversation, in one problem: files often have a dozen in every row."""
    keys = [key for key in record if key not in KNOWN_KEYS]
    if not keys or "messages" not in record:
        return ()
    shown = ", ".join(key[:40] for key in keys[:8]) + (" …" if len(keys) > 8 else "")
    return (Problem("unknown_key", (keys[0],), {"keys": shown, "count": len(keys)}),)


def _place(problem: Problem) -> tuple[int, int, str]:
    path = problem.path
    if not path:
        return (0, 0, "")
    if path[0] == "messages":
        return (1, int(path[1]) + 1 if len(path) > 1 and isinstance(path[1], int) else 0, "")
    return (2, 0, str(path[0]))
