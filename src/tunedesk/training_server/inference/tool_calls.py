"""Calls of tools in an answer: finding those that a model makes, and how it writes them."""

import json
import re
import uuid
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

from tunedesk.training_server.thread_pools import call_within
from tunedesk.training_server.training.chat_template import ChatTemplate

TOOL_CALL = "<tool_call>"
TOOL_CALL_END = "</tool_call>"
_BLANKS = re.compile(r"\s*")
_BETWEEN = re.compile(r"[\s,]*")
_ARGUMENTS = re.compile(r'"(?:arguments|parameters)"\s*:\s*')
_BEGUN = re.compile(r'\{\s*"name"\s*:\s*"([^"]*)')
"""As far as the name of a call that has no mark."""
_BEFORE_NAME = '{"name":"'
_MARK_BEGUN = "<tool"


class ToolCallParser:
    """Holds back what may be a call until the answer has ended.

    Three ways of writing one are known: `<tool_call>{"name": ..., "arguments": {...}}</tool_call>`
    (ours, Qwen's and many others'), the same with a list of calls (SmolLM2's), and an answer
    that is one JSON object (Llama's). Such an object is a call only where it names a tool that
    there is.
    """

    def __init__(self, tools: Collection[str], is_parallel: bool = True) -> None:
        """Make it.

        Args:
            tools: The names of the tools; without any the text goes through as it is.
            is_parallel: Whether there may be several calls.
        """
        self._tools = frozenset(tools)
        self._is_parallel = is_parallel
        self._held = ""
        self._is_holding = False
        self._shown_any = False

    @property
    def is_over(self) -> bool:
        """Whether the one call that there may be is whole."""
        return not self._is_parallel and self._is_holding and TOOL_CALL_END in self._held

    def add(self, piece: str) -> str:
        """What of the text may be told."""
        if not self._tools:
            return piece
        self._held += piece
        if self._is_holding:
            return ""
        if not self._shown_any:
            start = self._held.lstrip()
            if not start:
                return ""
            if start.startswith("{"):
                self._is_holding = True
                return ""
        offset = self._held.find(TOOL_CALL)
        if offset >= 0:
            self._is_holding = True
            shown, self._held = self._held[:offset].rstrip("\n"), self._held[offset:]
        else:
            kept = next(
                (n for n in range(len(TOOL_CALL) - 1, 0, -1) if self._held.endswith(TOOL_CALL[:n])),
                0,
            )
            if self._held[: len(self._held) - kept].endswith("\n"):
                # The line break before a call belongs to the call.
                kept += 1
            cut = len(self._held) - kept
            shown, self._held = self._held[:cut], self._held[cut:]
        self._shown_any = self._shown_any or bool(shown)
        return shown

    def finish(self, is_cut: bool = False) -> tuple[str, tuple[dict[str, object], ...]]:
        """What is left of the text, and the calls.

        Args:
            is_cut: Whether the answer was cut off: a call that is not whole is then dropped, for it
                is neither a call nor a text.
        """
        held, self._held = self._held, ""
        if not self._is_holding:
            is_mark = is_cut and held.lstrip().startswith(_MARK_BEGUN)
            return "" if is_mark else held, ()
        calls = list(_marked(held)) if TOOL_CALL in held else [self._unmarked(held)]
        whole = [call for call in calls if call is not None]
        if is_cut and (whole or self._is_begun(held)):
            return "", tuple(whole)
        if not whole or None in calls:
            return held, ()
        return "", tuple(whole if self._is_parallel else whole[:1])

    def _unmarked(self, text: str) -> dict[str, object] | None:
        call = _read(text.strip())
        if call is None or call["function"]["name"] not in self._tools:
            return None
        return call

    def _is_begun(self, text: str) -> bool:
        """Whether a text is the beginning of a call."""
        if text.startswith(TOOL_CALL) or _BEFORE_NAME.startswith("".join(text.split())):
            return True
        found = _BEGUN.match(text.lstrip())
        return found is not None and any(name.startswith(found[1]) for name in self._tools)


def _marked(text: str) -> Iterator[dict[str, Any] | None]:
    """The calls in a text that begins with the mark of one; None for each that is not whole."""
    offset = 0
    while (offset := text.find(TOOL_CALL, offset)) >= 0:
        found = _BLANKS.match(text, offset + len(TOOL_CALL))
        start = found.end() if found else 0
        in_list = text.startswith("[", start)
        if in_list:
            # An empty list is a call of nothing.
            start = _between(text, start + 1)
        while not (in_list and text.startswith("]", start)):
            try:
                _value, end = json.JSONDecoder().raw_decode(text, start)
            except (ValueError, RecursionError):
                yield None
                break
            yield _read(text[start:end])
            start = end
            if not in_list:
                break
            start = _between(text, end)
        offset = start


def _between(text: str, offset: int) -> int:
    """Where the next entry of a list of calls, or its end, begins."""
    found = _BETWEEN.match(text, offset)
    return found.end() if found else offset


def _read(text: str) -> dict[str, Any] | None:
    """A call in OpenAI's form; None if the text is none."""
    try:
        value: Any = json.loads(text)
    except (ValueError, RecursionError):
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


@dataclass(frozen=True)
class CallForm:
    """How a chat template writes a call of a tool.

    Attributes:
        before: What stands before the name.
        between: What stands between the name and the arguments.
        after: What stands after the arguments.
    """

    before: str
    between: str
    after: str

    @property
    def is_marked(self) -> bool:
        """Whether calls begin with a mark; otherwise a call is an answer that is one object."""
        return self.before.startswith(TOOL_CALL)


_TRIAL_SECONDS = 2.0
_USUAL_FORM = CallForm(f'{TOOL_CALL}\n{{"name": ', ', "arguments": ', f"}}\n{TOOL_CALL_END}")
_TRIAL_NAME = "trial_of_a_call"
_TRIAL = [
    {"role": "user", "content": "Question"},
    {
        "role": "assistant",
        "content": "",
        "tool_calls": [
            {
                "id": "call000000",
                "type": "function",
                "function": {"name": _TRIAL_NAME, "arguments": "{}"},
            }
        ],
    },
]
_TRIAL_TOOLS = [
    {"type": "function", "function": {"name": _TRIAL_NAME, "parameters": {"type": "object"}}}
]
_TRIAL_CALL = re.compile(
    r"(?P<mark><tool_call>\s*(?P<list>\[\s*)?)?"
    rf'(?P<before>\{{\s*"name":\s*)"{_TRIAL_NAME}"(?P<between>\s*,\s*"(?:arguments|parameters)":\s*)'
    r"\{\}(?P<after>\s*\}(?(list)\s*\])(?(mark)\s*</tool_call>))"
)


def call_form(template: ChatTemplate) -> CallForm:
    """How a template writes a call, found by a trial; the usual form if it writes none we read."""
    try:
        written = call_within(_TRIAL_SECONDS, template.written_answer, _TRIAL, _TRIAL_TOOLS)
    except Exception:
        # A template is a stranger's program: it may raise anything.
        return _USUAL_FORM
    found = _TRIAL_CALL.search(written)
    if found is None or (not found["mark"] and written[: found.start()].strip()):
        return _USUAL_FORM
    return CallForm((found["mark"] or "") + found["before"], found["between"], found["after"])
