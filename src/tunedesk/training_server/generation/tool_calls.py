"""Finds the calls of tools in the text of an answer."""

import json
import re
import uuid
from typing import Any

_BEGIN = "<tool_call>"
_CALL = re.compile(r"<tool_call>\s*(.*?)\s*(?:</tool_call>|\Z)", re.DOTALL)
_ARGUMENTS = re.compile(r'"(?:arguments|parameters)"\s*:\s*')


class CallsInText:
    """Holds back what may be a call until the answer has ended.

    Two ways of writing one are known: `<tool_call>{"name": ..., "arguments": {...}}</tool_call>`
    (ours, Qwen's and many others'), and an answer that is one JSON object (Llama's).
    """

    def __init__(self, is_watching: bool) -> None:
        """Make it; without tools the text goes through as it is."""
        self._is_watching = is_watching
        self._held = ""
        self._is_holding = False
        self._told_any = False

    def add(self, piece: str) -> str:
        """What of the text may be told."""
        if not self._is_watching:
            return piece
        self._held += piece
        if self._is_holding:
            return ""
        if not self._told_any:
            start = self._held.lstrip()
            if not start:
                return ""
            if start.startswith("{"):
                self._is_holding = True
                return ""
        place = self._held.find(_BEGIN)
        if place >= 0:
            self._is_holding = True
            told, self._held = self._held[:place].rstrip("\n"), self._held[place:]
        else:
            kept = next(
                (n for n in range(len(_BEGIN) - 1, 0, -1) if self._held.endswith(_BEGIN[:n])), 0
            )
            if self._held[: len(self._held) - kept].endswith("\n"):
                # The line break before a call belongs to the call.
                kept += 1
            cut = len(self._held) - kept
            told, self._held = self._held[:cut], self._held[cut:]
        self._told_any = self._told_any or bool(told)
        return told

    def finish(self) -> tuple[str, tuple[dict[str, object], ...]]:
        """What is left of the text, and the calls."""
        held, self._held = self._held, ""
        if not self._is_watching:
            return "", ()
        texts = _CALL.findall(held) if _BEGIN in held else [held.strip()]
        calls = [_read(text) for text in texts if text]
        if not self._is_holding or not calls or None in calls:
            return held, ()
        return "", tuple(call for call in calls if call is not None)


def _read(text: str) -> dict[str, object] | None:
    """A call in OpenAI's form; None if the text is none."""
    try:
        value: Any = json.loads(text)
    except ValueError:
        return None
    if not isinstance(value, dict) or not isinstance(value.get("name"), str):
        return None
    arguments = value.get("arguments", value.get("parameters", {}))
    return {
        "id": f"call_{uuid.uuid4().hex[:24]}",
        "type": "function",
        "function": {"name": value["name"], "arguments": _written(text, arguments)},
    }


def _written(text: str, arguments: Any) -> str:
    """The arguments letter by letter as the model wrote them, where they can be cut out."""
    if isinstance(arguments, str):
        return arguments
    found = _ARGUMENTS.search(text)
    if found:
        raw = text[found.end() :].rstrip().removesuffix("}").rstrip()
        try:
            if json.loads(raw) == arguments:
                return raw
        except ValueError:
            pass
    return json.dumps(arguments, ensure_ascii=False)
