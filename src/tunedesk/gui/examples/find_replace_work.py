"""Counts what find and replace would find, in worker processes, with a few samples.

The expression of a user may take for ever on some text (a catastrophic regular expression). So it
never runs in the window's own process: the workers can be killed.
"""

import contextlib
from collections.abc import Callable, Sequence
from typing import NamedTuple

from tunedesk.gui.examples.find_replace_options import FindOptions
from tunedesk.gui.examples.panel.example_diff import Sample, example_diff
from tunedesk.progress import Progress
from tunedesk.project.project import Project
from tunedesk.project.query import ExampleQuery, Ids
from tunedesk.project.text_edits import EditSummary, Replacement, find_and_replace, text_batches
from tunedesk.workers import WorkerPool

SAMPLES = 4
_BATCH_BYTES = 1_000_000


class Counted(NamedTuple):
    """What was found so far.

    Attributes:
        places: In how many places.
        examples: In how many examples.
        samples: What would change in some of them.
    """

    places: int
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
    places: int
    examples: int
    samples: list[tuple[int, str, str]]


def count_job(job: CountJob) -> JobCount:
    """Count in some texts; called in a worker process."""
    places = examples = 0
    samples: list[tuple[int, str, str]] = []
    for example_id, raw in zip(job.ids, job.texts, strict=True):
        text = raw.decode("utf-8", "surrogatepass")
        new, hits = job.edit.apply(text)
        if hits:
            places += hits
            examples += 1
            if len(samples) < job.samples:
                samples.append((example_id, text, new))
    return JobCount(len(job.ids), places, examples, samples)


def count(
    project: Project,
    pool: WorkerPool,
    options: FindOptions,
    where: Ids,
    tell: Callable[[Counted], object],
    progress: Progress,
) -> Counted:
    """Count the places that find and replace would change.

    Args:
        project: The project; a handle is taken.
        pool: Worker processes of the caller's own, so that they can be killed.
        options: What to find.
        where: In which examples.
        tell: Called with what was found so far, now and then.
        progress: Told how many examples were looked through; may cancel.

    Raises:
        Cancelled: The user stopped it, or the workers were killed.
        UserError: The expression is wrong.
    """
    edit = Replacement(options.pattern(), options.replacement, options.roles, options.regular)
    places = examples = done = 0
    samples: list[Sample] = []
    with contextlib.closing(project.handle()) as handle:
        ids = handle.ids(where, progress) if isinstance(where, ExampleQuery) else where
        jobs = (
            CountJob(edit, SAMPLES, batch.ids, batch.texts)
            for batch in text_batches(handle.context, ids)
        )
        for found in pool.map_ordered(count_job, jobs):
            places += found.places
            examples += found.examples
            done += found.looked_at
            for example_id, before, after in found.samples[: SAMPLES - len(samples)]:
                number = handle.number_of(example_id) or 0
                samples.append(Sample(number, example_diff(before, after)))
            tell(Counted(places, examples, list(samples)))
            progress(done, len(ids))
    return Counted(places, examples, samples)


def replace_all(
    project: Project, pool: WorkerPool, options: FindOptions, where: Ids, progress: Progress
) -> EditSummary:
    """Replace in all of these examples, as one step of undo."""
    with contextlib.closing(project.handle()) as handle:
        return find_and_replace(
            handle.context,
            pool,
            options.pattern(),
            options.replacement,
            where,
            progress,
            roles=options.roles,
            template=options.regular,
            find_text=options.find,
        )
