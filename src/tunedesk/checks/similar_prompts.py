"""Which system prompts are almost the same: equal but for a few words, letters or blanks."""

import re
from collections.abc import Iterable
from difflib import SequenceMatcher
from typing import NamedTuple

_WORD = re.compile(r"\w+")
_MOST_PROMPTS = 200
_MOST_COMPARISONS = 400
_LONGEST = 2_000
_SHARED_WORDS = 0.5
_ALIKE = 0.93


class SystemPrompt(NamedTuple):
    """A system prompt and the examples that use it."""

    text: str
    members: tuple[int, ...]


def similar_groups(prompts: Iterable[SystemPrompt]) -> list[list[SystemPrompt]]:
    """The groups of prompts that are almost the same, in each the most used first.

    Only the 200 most used prompts are looked at: a set with more has a prompt for each example,
    and they are meant to differ.
    """
    ordered = sorted(
        (prompt for prompt in prompts if prompt.text.strip()), key=lambda p: -len(p.members)
    )
    groups: list[list[SystemPrompt]] = []
    heads: list[_Head] = []
    left = _MOST_COMPARISONS
    for prompt in ordered[:_MOST_PROMPTS]:
        head = _Head(prompt.text)
        for known, group in zip(heads, groups, strict=True):
            alike, compared = head.is_like(known, left > 0)
            left -= compared
            if alike:
                group.append(prompt)
                break
        else:
            heads.append(head)
            groups.append([prompt])
    return [group for group in groups if len(group) > 1]


class _Head:
    """The prompt that stands for a group, prepared for comparing."""

    def __init__(self, text: str) -> None:
        self.text = " ".join(text[:_LONGEST].split())
        self.length = len(text)
        words = _WORD.findall(text[:_LONGEST].casefold())
        self.plain = " ".join(words)
        self.words = frozenset(words)

    def is_like(self, other: "_Head", may_compare: bool) -> tuple[bool, bool]:
        """Whether the two are almost the same, and whether the slow comparison was needed."""
        if self.plain == other.plain and abs(self.length - other.length) < 100:
            return True, False
        longer = max(self.length, other.length)
        if abs(self.length - other.length) > 0.1 * longer or not may_compare:
            return False, False
        shared = len(self.words & other.words)
        if shared < _SHARED_WORDS * max(1, len(self.words | other.words)):
            return False, False
        matcher = SequenceMatcher(None, self.text, other.text, autojunk=False)
        if matcher.real_quick_ratio() < _ALIKE or matcher.quick_ratio() < _ALIKE:
            return False, False
        return matcher.ratio() >= _ALIKE, True
