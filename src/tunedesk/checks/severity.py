"""How bad each problem is at each target: resources/severities.json."""

import json
from functools import cache
from typing import Any, Literal, cast

from tunedesk.checks.targets import DEFAULT_TARGET
from tunedesk.paths import resource

Severity = Literal["error", "warning", "hint"]
"""error: the target refuses it, breaks on it, or would lose the answer; warning: it trains but
costs quality; hint: worth a look."""


@cache
def _table() -> dict[str, dict[str, Any]]:
    table: dict[str, dict[str, Any]] = json.loads(
        resource("severities.json").read_text(encoding="utf-8")
    )
    return table


def codes() -> tuple[str, ...]:
    """The codes of all rules, in the order of the table: file, example, tools, images, set."""
    return tuple(_table())


@cache
def severity(code: str, target: str = DEFAULT_TARGET) -> Severity:
    """How bad a problem of this code is at the target."""
    entry = _table()[code]
    return cast("Severity", entry.get("targets", {}).get(target, entry["default"]))


def source(code: str) -> str:
    """Where the rule comes from."""
    return str(_table()[code]["source"])
