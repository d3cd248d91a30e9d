"""What find and replace looks for, and how it is counted and replaced in worker processes.

The expression of a user may take for ever on some text (a catastrophic regular expression). So it
never runs in the window's own process: the workers can be killed. What is replaced in a project
is written by `project/text_edits.py`.
"""

import contextlib
import re
from collections.abc import Callable, Sequence
from typing import NamedTuple

from tunedesk.errors import UserError
from tunedesk.gui.example_diff import Sample, example_diff
from tunedesk.i18n import _
from tunedesk.progress import Progress
from tunedesk.project.project import Project
from tunedesk.project.query import ExampleQuery, Ids
from tunedesk.project.text_edit_jobs import Replacement
from tunedesk.project.text_edits import (
    EditSummary,
    find_and_replace,
    run_in_workers,
    text_batches,
)
from tunedesk.workers import WorkerPool

_REASONS = {
    "nothing to repeat": _("nothing stands before a sign of repetition (*, + or ?)"),
    "multiple repeat": _("two signs of repetition stand side by side"),
    "unterminated character set": _("a bracket [ is not closed"),
    "missing ), unterminated subpattern": _("a parenthesis ( is not closed"),
    "unbalanced parenthesis": _("a parenthesis ) was never opened"),
    "bad escape (end of pattern)": _("it ends in a single backslash"),
    "unknown extension ?<": _("the sign after (? is not known"),
}


class FindOptions(NamedTuple):
    r"""What to find and what to put in its place.

    Attributes:
        find: The words, or a regular expression.
        replacement: What comes in their place; with a regular expression `\1` is its first group.
        match_case: Whether capitals count.
        whole_words: Whether only whole words are found.
        regular: Whether `find` is a regular expression.
        roles: The roles of the messages looked at; None for all.
    """

    find: str
    replacement: str = ""
    match_case: bool = False
    whole_words: bool = False
    regular: bool = False
    roles: frozenset[str] | None = None

    def pattern(self) -> re.Pattern[str]:
        """The choices as a pattern.

        Raises:
            UserError: The regular expression, or the replacement that goes with it, is wrong.
        """
        source = self.find if self.regular else re.escape(self.find)
        flags = re.NOFLAG if self.match_case else re.IGNORECASE
        try:
            pattern = re.compile(source, flags)
            if self.whole_words:
                pattern = re.compile(rf"(?<!\w)(?:{source})(?!\w)", flags)
        except (re.error, OverflowError, RecursionError) as error:
            raise UserError(
                _("This regular expression cannot be read: {reason}.").format(reason=_why(error)),
                _("Fix it, or switch “Regular expression” off to find the words as they are."),
            ) from error
        if self.regular:
            self._refuse_wrong_groups(pattern)
        return pattern

    def _refuse_wrong_groups(self, pattern: re.Pattern[str]) -> None:
        try:
            pattern.sub(self.replacement, "")
        except (re.error, IndexError) as error:
            raise UserError(
                _("The replacement cannot be read: {reason}.").format(reason=_why(error)),
                _(r"\1 stands for the first group of the expression; write \\ for a backslash."),
            ) from error


def _why(error: Exception) -> str:
    message = error.msg if isinstance(error, re.error) else str(error)
    reason = _REASONS.get(message, message)
    if isinstance(error, re.error) and error.pos is not None:
        return _("{reason}, at character {position}").format(reason=reason, position=error.pos + 1)
    return reason


SAMPLES = 4


class Counted(NamedTuple):
    """What was found so far.

    Attributes:
        matches: How many matches.
        examples: In how many examples.
        samples: What would change in some of them.
    """

    matches: int
    examples: int
    samples: list[Sample]


class CountJob(NamedTuple):
    """Texts to look through in a worker, and how many samples are wanted."""

    edit: Replacement
    samples: int
    ids: Sequence[int]
    texts: Sequence[bytes]


class JobCount(NamedTuple):
    """What a worker found: samples are the id, the text and the text as it would be."""

    looked_at: int
    matches: int
    examples: int
    samples: list[tuple[int, str, str]]


def count_job(job: CountJob) -> JobCount:
    """Count in some texts; called in a worker process."""
    matches = examples = 0
    samples: list[tuple[int, str, str]] = []
    for example_id, raw in zip(job.ids, job.texts, strict=True):
        text = raw.decode("utf-8", "surrogatepass")
        new, hits = job.edit.apply(text)
        if hits:
            matches += hits
            examples += 1
            if len(samples) < job.samples:
                samples.append((example_id, text, new))
    return JobCount(len(job.ids), matches, examples, samples)


def count(
    project: Project,
    pool: WorkerPool,
    options: FindOptions,
    where: Ids,
    on_counted: Callable[[Counted], object],
    progress: Progress,
) -> Counted:
    """Count the matches that find and replace would change.

    Args:
        project: The project; a handle is taken.
        pool: Worker processes of the caller's own, so that they can be killed.
        options: What to find.
        where: In which examples.
        on_counted: Called with what was found so far, now and then.
        progress: Told how many examples were looked through; may cancel.

    Raises:
        Cancelled: The user stopped it, or the workers were killed.
        UserError: The expression is wrong.
    """
    edit = Replacement(options.pattern(), options.replacement, options.roles, options.regular)
    matches = examples = done = 0
    samples: list[Sample] = []
    with contextlib.closing(project.handle()) as handle:
        ids = handle.ids(where, progress) if isinstance(where, ExampleQuery) else where
        jobs = (
            CountJob(edit, SAMPLES, batch.ids, batch.texts)
            for batch in text_batches(handle.context, ids)
        )
        # Plain words come to an end on any text: few are sought here, without waiting for workers.
        results = (
            pool.map_ordered(count_job, jobs)
            if options.regular
            else run_in_workers(pool, count_job, jobs, len(ids))
        )
        for found in results:
            matches += found.matches
            examples += found.examples
            done += found.looked_at
            for example_id, before, after in found.samples[: SAMPLES - len(samples)]:
                number = handle.number_of(example_id) or 0
                samples.append(Sample(number, example_diff(before, after)))
            on_counted(Counted(matches, examples, list(samples)))
            progress(done, len(ids))
    return Counted(matches, examples, samples)


def replace_all(
    project: Project, pool: WorkerPool, options: FindOptions, where: Ids, progress: Progress
) -> EditSummary:
    """Replace in all of these examples of a project or a handle, as one step of undo."""
    return find_and_replace(
        project.context,
        pool,
        options.pattern(),
        options.replacement,
        where,
        progress,
        roles=options.roles,
        template=options.regular,
        find_text=options.find,
    )
