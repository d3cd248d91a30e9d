"""Edits of texts as values that worker processes are given, and what a worker does with them."""

import re
from collections.abc import Sequence
from typing import NamedTuple, Protocol

from tunedesk.checks import fixes
from tunedesk.checks.checker import CheckJob, check_texts
from tunedesk.checks.problem import Problem
from tunedesk.examples.kinds import registry
from tunedesk.project.stored_values import PackedFacts, packed, problems_of


class TextEdit(Protocol):
    """What is done to each text."""

    def apply(self, text: str) -> tuple[str, int]:
        """The new text and in how many places it was changed."""
        ...


class Replacement(NamedTuple):
    """Find and replace in the messages.

    Attributes:
        pattern: What to find.
        replacement: What to put there.
        roles: In messages of these roles; None for all.
        template: Whether the replacement may name groups of the pattern.
    """

    pattern: re.Pattern[str]
    replacement: str
    roles: frozenset[str] | None = None
    template: bool = False

    def apply(self, text: str) -> tuple[str, int]:
        """Replace in one text."""
        return registry.replace_text(
            text, self.pattern, self.replacement, self.roles, self.template
        )


class Fixing(NamedTuple):
    """Apply the fixes of these rules.

    Attributes:
        codes: The rules.
        target: Whose rules.
    """

    codes: tuple[str, ...]
    target: str

    def apply(self, text: str, known: Sequence[Problem] | None = None) -> tuple[str, int]:
        """Fix one text; its problems, if they are known, need not be looked for."""
        return fixes.fix_all(text, self.codes, self.target, known)


class SetSystemPrompt(NamedTuple):
    """Give the conversation this system prompt.

    Attributes:
        prompt: The prompt.
    """

    prompt: str

    def apply(self, text: str) -> tuple[str, int]:
        """Set it in one text; what can have none is left alone."""
        new = registry.with_system_prompt(text, self.prompt)
        return new, int(new != text)


class EditJob(NamedTuple):
    """Texts to be edited and checked in a worker.

    Attributes:
        edit: What is done to each.
        texts: The records.
        target: The checker's target.
        encoding: The checker's encoding.
        model: The checker's model.
        known: For fixes, the problems of each text as the project file keeps them, where they
            are known.
    """

    edit: TextEdit
    texts: Sequence[bytes]
    target: str
    encoding: str
    model: str | None
    known: Sequence[str | None] | None = None


class EditedTexts(NamedTuple):
    """The texts of a job that an edit changed.

    Attributes:
        texts: Of each, which text of the job it was, the new record, and what was worked out
            from it.
        places: In how many places they were changed.
    """

    texts: list[tuple[int, bytes, PackedFacts]]
    places: int


def edit_texts(job: EditJob) -> EditedTexts:
    """Edit and check the texts of a job; those that stay as they are are not returned."""
    numbers: list[int] = []
    changed: list[bytes] = []
    total = 0
    edit = job.edit
    for number, raw in enumerate(job.texts):
        try:
            text = raw.decode("utf-8", "surrogatepass")
        except UnicodeDecodeError:
            continue
        stored = job.known[number] if job.known else None
        if stored and isinstance(edit, Fixing):
            new, places = edit.apply(text, problems_of(stored))
        else:
            new, places = edit.apply(text)
        if places and new != text:
            numbers.append(number)
            changed.append(new.encode("utf-8", "surrogatepass"))
            total += places
    facts = check_texts(CheckJob(changed, job.target, job.encoding, job.model))
    return EditedTexts(list(zip(numbers, changed, map(packed, facts), strict=True)), total)
