"""Prompt and completion: the form of base models that are not chat models."""

from collections.abc import Collection, Iterator
from typing import Any

from tunedesk.examples.hashes import Hashes, record_hashes
from tunedesk.examples.json_text import JsonNode, parse
from tunedesk.examples.kinds.kind import (
    Block,
    Kind,
    KindName,
    Method,
    RecordFormat,
    member_blocks,
    read_or_spelled,
)
from tunedesk.i18n import _

_PARTS = ("prompt", "completion")


class PromptCompletionKind(Kind):
    """A prompt and the text that follows it."""

    name: KindName = "prompt_completion"
    file_format: RecordFormat = "prompt_completion"
    method: Method | None = "supervised"

    def title(self) -> str:
        """The kind as part of a sentence."""
        return _("a prompt and its completion (the older format)")

    def section_title(self, section: str) -> str:
        """What stands under a key, as a heading."""
        titles = {"prompt": _("Prompt"), "completion": _("Completion")}
        return titles.get(section, "")

    def recognises(self, record: dict[str, Any]) -> bool:
        """Whether the record is of this kind."""
        return "prompt" in record and "completion" in record

    def hashes(self, record: dict[str, Any]) -> Hashes | None:
        """The hashes by which doubles are found."""
        return record_hashes({key: record[key] for key in _PARTS})

    def replaceable(self, root: JsonNode, roles: Collection[str] | None) -> Iterator[JsonNode]:
        """The prompt counts as the user's, the completion as the assistant's."""
        for key, role in zip(_PARTS, ("user", "assistant"), strict=True):
            node = root.member(key)
            if node is not None and node.kind == "string" and (roles is None or role in roles):
                yield node

    def blocks(self, text: str) -> list[Block]:
        """The parts of the record as a person reads them."""
        root = parse(text)
        headings = {"prompt": _("Prompt"), "completion": _("Completion")}
        blocks = []
        for key, heading in headings.items():
            node = root.member(key)
            if node is not None:
                blocks.append(Block(key, heading, "", read_or_spelled(text, node)))
        return blocks + member_blocks(text, root, without=_PARTS)


PROMPT_COMPLETION = PromptCompletionKind()
