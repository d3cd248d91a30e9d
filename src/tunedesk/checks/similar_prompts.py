"""Which system prompts are almost the same: equal but for a few words, letters or blanks."""

import re
from collections.abc import Iterable
from difflib import SequenceMatcher
from typing import NamedTuple

_WORD = re.compile(r"\w+")
_NUMBER = re.compile(r"\d+")
_MOST_PROMPTS = 200
_MOST_COMPARISONS = 500
_LONGEST = 4_000
# Short prompts are compared letter by letter, longer ones word by word.
_SHORT = 200
_SHARED_WORDS = 0.5
_ALIKE = 0.93


class SystemPrompt(NamedTuple):
    """A system prompt and the examples that use it."""

    text: str
    members: tuple[int, ...]


def similar_groups(prompts: Iterable[SystemPrompt]) -> list[list[SystemPrompt]]:
    """The groups of prompts that are almost the same, in each the most used first.

    Prompts that differ in numbers only come from a template and are meant to differ. Only the 200
    most used prompts are looked at: a set with more has a prompt for each example.
    """
    ordered = sorted(
        (prompt for prompt in prompts if prompt.text.strip()), key=lambda p: -len(p.members)
    )
    groups: list[list[SystemPrompt]] = []
    heads: list[_Head] = []
    templates: set[str] = set()
    left = _MOST_COMPARISONS
    for prompt in ordered:
        template = _NUMBER.sub("0", prompt.text)
        if template in templates:
            continue
        templates.add(template)
        if len(templates) > _MOST_PROMPTS:
            break
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
        self.words = _WORD.findall(text[:_LONGEST].casefold())
        self.vocabulary = frozenset(self.words)

    def is_like(self, other: "_Head", may_compare: bool) -> tuple[bool, bool]:
        """Whether the two are almost the same, and whether the slow comparison was needed."""
        if self.words == other.words and abs(self.length - other.length) < 100:
            return True, False
        longer = max(self.length, other.length)
        if abs(self.length - other.length) > 0.1 * longer or not may_compare:
            return False, False
        shared = len(self.vocabulary & other.vocabulary)
        if shared < _SHARED_WORDS * max(1, len(self.vocabulary | other.vocabulary)):
            return False, False
        if longer <= _SHORT:
            matcher = SequenceMatcher(None, self.text, other.text, autojunk=False)
            return matcher.quick_ratio() >= _ALIKE and matcher.ratio() >= _ALIKE, True
        words = SequenceMatcher(None, self.words, other.words, autojunk=False)
        return words.quick_ratio() >= _ALIKE and words.ratio() >= _ALIKE, True
