"""Reinforcement items: messages that end before the answer, with what a grader compares it to."""

import re
from collections.abc import Iterator
from typing import Any

from tunedesk.examples.hashes import Hashes, record_hashes
from tunedesk.examples.kinds.conversation import ConversationKind, role_letters
from tunedesk.examples.kinds.kind import KindName, Method, RecordFormat, strings
from tunedesk.i18n import _

_CHAT_KEYS = frozenset({"messages", "tools", "parallel_tool_calls", "functions"})
_BOOKKEEPING = re.compile(
    r"_*(?:(?:row|example|sample|record|item|conversation|chat|dialog(?:ue)?|prompt|message|doc"
    r"|data(?:set)?|user|session|thread)[_-]?)?"
    r"(?:u?u?id|idx|index|no|number|source|src|split|subset|name|version|url|hash|lang(?:uage)?"
    r"|locale|meta(?:data)?|info|tags?|labels|categor(?:y|ies)|topics?|domain|task(?:_type)?|type"
    r"|kind|created(?:_?at)?|updated(?:_?at)?|date|time(?:stamp)?|licen[cs]e|author|annotator"
    r"|reviewer|status|state|notes?|comments?|images?|videos?|audios?|model|system|weight|seed"
    r"|quality|rating|turns?|tokens?|length|temperature|max_tokens)_*|\w+_u?u?id_*",
    re.IGNORECASE,
)
"""Keys that say where a row is from or how it was made: no grader compares an answer to them."""
_GRADED = re.compile(
    r"reference|answer|solution|expected|ground_?truth|gold|target|label\Z|grader|rubric|criteri"
    r"|test_?cases?|unit_?tests?|correct|verif|reward",
    re.IGNORECASE,
)
"""Keys that only a grader has a use for."""


class ReinforcementKind(ConversationKind):
    """A conversation that waits for its answer, and what that answer is graded by."""

    name: KindName = "reinforcement"
    file_format: RecordFormat = "reinforcement"
    method: Method | None = "reinforcement"
    reads_other_keys = True
    blank = None  # its files are read and shown as those of conversations

    def title(self) -> str:
        """The kind as part of a sentence."""
        return _("an item for reinforcement fine-tuning")

    def recognises(self, record: dict[str, Any]) -> bool:
        """Whether the record waits for its answer, and something beside it may grade that.

        A conversation that lacks its answer looks nearly the same: only what stands beside the
        messages tells them apart. Where the assistant has spoken before, it takes a key that
        graders use, such as `reference_answer`; where it has not, any key that is not bookkeeping.
        """
        messages = record.get("messages")
        if not isinstance(messages, list) or not messages:
            return False
        others = record.keys() - _CHAT_KEYS
        if not others:
            return False
        roles = role_letters(messages)
        if roles[-1] == "a":
            return False
        if "a" in roles:
            return any(map(_GRADED.search, others))
        return any(_GRADED.search(key) or not _BOOKKEEPING.fullmatch(key) for key in others)

    def texts(self, record: Any) -> Iterator[str]:
        """All that is said in the record, in order."""
        yield from super().texts(record)
        for key, value in record.items():
            if key not in _CHAT_KEYS:
                yield from strings(value)

    def hashes(self, record: dict[str, Any]) -> Hashes | None:
        """The hashes by which doubles are found: the same question may have other references."""
        whole = super().hashes(record)
        compared = {
            key: value
            for key, value in record.items()
            if key in _CHAT_KEYS or not _BOOKKEEPING.fullmatch(key)
        }
        system = None if whole is None else whole.system
        return record_hashes(compared)._replace(system=system)


REINFORCEMENT = ReinforcementKind()
