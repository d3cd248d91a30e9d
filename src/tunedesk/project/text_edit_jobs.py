"""Edits of texts as values that worker processes are given, and what a worker does with them."""

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple, Protocol

from tunedesk.checks import fixes
from tunedesk.checks.checker import Checker, CheckJob, check_texts, kept_checker
from tunedesk.checks.picture_files import embed_pictures, picture_folder
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
        return self.for_many()(text)

    def for_many(self) -> Callable[[str], tuple[str, int]]:
        """What replaces in one text after the other."""
        return registry.text_replacer(self.pattern, self.replacement, self.roles, self.template)


class Fixing(NamedTuple):
    """Apply the fixes of these rules.

    Attributes:
        codes: The rules.
        target: Whose rules.
    """

    codes: tuple[str, ...]
    target: str

    def apply(self, text: str) -> tuple[str, int]:
        """Fix one text."""
        return fixes.fix_all(text, self.codes, self.target)

    def apply_to(
        self, text: str, known: Sequence[Problem] | None, checker: Checker
    ) -> fixes.FixedRecord:
        """Fix one text; its problems, if they are known, need not be looked for."""
        return fixes.fix_record(text, self.codes, self.target, known, checker)


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


class EmbedPictures(NamedTuple):
    """Embed the pictures that are named by a path, from this folder.

    Attributes:
        folder: The folder, looked through with all that are in it.
    """

    folder: Path

    def apply(self, text: str) -> tuple[str, int]:
        """Embed those of one text: all, or none where one is not found."""
        new, embedded, _missing = embed_pictures(text, picture_folder(self.folder))
        return new, embedded


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
    edit = job.edit
    if isinstance(edit, Fixing):
        return _fix_texts(edit, job)
    apply = edit.for_many() if isinstance(edit, Replacement) else edit.apply
    numbers: list[int] = []
    changed: list[bytes] = []
    total = 0
    for number, raw in enumerate(job.texts):
        try:
            text = raw.decode("utf-8", "surrogatepass")
        except UnicodeDecodeError:
            continue
        new, places = apply(text)
        if places and new != text:
            numbers.append(number)
            changed.append(new.encode("utf-8", "surrogatepass"))
            total += places
    facts = check_texts(CheckJob(changed, job.target, job.encoding, job.model))
    return EditedTexts(list(zip(numbers, changed, map(packed, facts), strict=True)), total)


def _fix_texts(edit: Fixing, job: EditJob) -> EditedTexts:
    """Fix the texts of a job: what looks whether a fix left anything finds the facts as well."""
    checker = kept_checker(job.target, job.encoding, job.model)
    texts: list[tuple[int, bytes, PackedFacts]] = []
    total = 0
    for number, raw in enumerate(job.texts):
        try:
            text = raw.decode("utf-8", "surrogatepass")
        except UnicodeDecodeError:
            continue
        stored = job.known[number] if job.known else None
        known = problems_of(stored) if stored else None
        new, places, _left, facts = edit.apply_to(text, known, checker)
        if places and new != text:
            data = new.encode("utf-8", "surrogatepass")
            texts.append((number, data, packed(facts or checker.check(data))))
            total += places
    return EditedTexts(texts, total)
