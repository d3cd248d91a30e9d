"""Checking a whole project: all examples anew, and the rules for the data set as a whole.

The groups that the rules for the set look at are made by SQL and judged by checks.set_rules.
"""

from collections import deque
from collections.abc import Iterator
from typing import NamedTuple

from tunedesk.checks.checker import CheckJob, check_texts
from tunedesk.checks.kinds.preference import check_pairs
from tunedesk.checks.problem import SetProblem
from tunedesk.checks.set_rules import (
    PromptUse,
    alike_examples,
    almost_equal_prompts,
    check_size,
    different_answers,
    duplicates,
    looks_of,
    mostly_copies,
    perhaps_alike,
    whole_merges,
    without_system,
)
from tunedesk.examples.conversation import Conversation
from tunedesk.examples.kinds.preference import PREFERENCE
from tunedesk.examples.kinds.unreadable import UNREADABLE
from tunedesk.i18n import _
from tunedesk.progress import Progress, no_progress
from tunedesk.project import damage, reads
from tunedesk.project.context import ProjectContext, as_json_array
from tunedesk.project.damage import DiskFullError
from tunedesk.project.project import Project
from tunedesk.project.project_change import ProjectChange
from tunedesk.project.query import ALL_EXAMPLES, STATE_NUMBERS, ExampleQuery
from tunedesk.project.store import Row
from tunedesk.project.text_edits import WRITTEN_AT_ONCE, TextBatch, run_in_workers, text_batches
from tunedesk.workers import WorkerPool

_MOST_PROMPTS = 2_000
_CURRENT = "example JOIN version ON version.id = example.version_id WHERE deleted = 0"


def check_again(
    project: Project,
    pool: WorkerPool | None,
    progress: Progress = no_progress,
    *,
    only_stale: bool = False,
) -> int:
    """Work out the facts of all examples anew, for the project's target, encoding and model.

    The project itself does not change, so nothing is there to be undone. What was done when it is
    cancelled stays; `only_stale` goes on with the rest.

    Args:
        project: The project, or a handle of it in a background thread.
        pool: Worker processes; without it the work is done here.
        progress: Told how many were checked, and of how many; may cancel.
        only_stale: Only those that were checked with other settings or by an older Tunedesk.

    Returns:
        How many examples were checked.

    Raises:
        DiskFullError: There was no room for what was found; what was checked by then stays.
    """
    context = project.context
    target, encoding, model = context.check_settings
    ids = stale_ids(context) if only_stale else reads.ids(context, ALL_EXAMPLES)
    waiting: deque[TextBatch] = deque()

    def jobs() -> Iterator[CheckJob]:
        for batch in text_batches(context, ids):
            waiting.append(batch)
            yield CheckJob(batch.texts, target, encoding, model)

    done = 0
    for facts in run_in_workers(pool, check_texts, jobs(), len(ids)):
        batch = waiting.popleft()
        checked = list(zip(batch.versions, facts, strict=True))
        for start in range(0, len(checked), WRITTEN_AT_ONCE):
            part = checked[start : start + WRITTEN_AT_ONCE]
            try:
                with context.store.transaction(bulk=True):
                    context.versions.set_facts(part, context.basis, target)
            except DiskFullError as error:
                raise DiskFullError(
                    _("The disk is full: {n} of {total} examples were checked.").format(
                        n=f"{done + start:,}", total=f"{len(ids):,}"
                    ),
                    _("Make room on the disk and check again."),
                ) from error
        done += len(batch.ids)
        context.store.checkpoint_if_large()
        progress(done, len(ids))
    if done:
        context.store.publish(ProjectChange(frozenset({"facts", "set"})))
    return done


def stale_ids(context: ProjectContext) -> list[int]:
    """The examples that were checked with other settings or by an older Tunedesk."""
    basis = context.store.value("SELECT id FROM check_basis WHERE name = ?", (context.basis,))
    return [
        row[0]
        for row in context.store.rows(
            "SELECT id FROM example WHERE deleted = 0 AND checked_as IS NOT ? ORDER BY position",
            (basis,),
        )
    ]


def has_stale(context: ProjectContext) -> bool:
    """Whether any example was checked with other settings or by an older Tunedesk."""
    basis = context.store.value("SELECT id FROM check_basis WHERE name = ?", (context.basis,))
    found = context.store.value(
        "SELECT 1 FROM example WHERE deleted = 0 AND checked_as IS NOT ? LIMIT 1", (basis,)
    )
    return found is not None


def set_problems(project: Project) -> list[SetProblem]:
    """All problems of the set; their members are ids of examples."""
    context = project.context
    store = context.store
    with store.snapshot():
        examples = store.value(f"SELECT count(*) FROM {_CURRENT} AND kind != ?", (UNREADABLE.name,))
        copies = duplicates(_repeated(context, "fingerprint", "fingerprint"))
        return [
            *check_size(examples, context.target),
            *mostly_copies(copies, examples),
            *copies,
            *_without_system(context),
            *_alike(context, examples),
            *_pairs(context),
            *different_answers(_repeated(context, "question", "question, answer")),
            *_similar_prompts(context),
        ]


_WORTH = {
    STATE_NUMBERS[state]: rank
    for rank, state in enumerate(("approved", "changes_wanted", "rejected", "to_review", "draft"))
}
"""Of examples that are the same the one stays that comes first here: an approval is work that must
not be lost, and a decision, whichever it is, counts more than none."""


def duplicate_groups(project: Project) -> list[tuple[int, ...]]:
    """The groups of examples that are exactly the same, in their order.

    The first of each is the one to keep: that which was reviewed furthest, then the first in order.
    """
    rows = _repeated(project.context, "fingerprint", "fingerprint, state")
    states = {example_id: state for example_id, _fingerprint, state in rows}
    groups = duplicates((example_id, fingerprint) for example_id, fingerprint, _state in rows)
    return [
        tuple(sorted(problem.members, key=lambda one: _WORTH.get(states[one], len(_WORTH))))
        for problem in groups
    ]


class MergeVersion(NamedTuple):
    """One version of the rows of a merge.

    Attributes:
        label: What Git calls it: a branch, a commit; or what it is, where Git does not say so.
        ids: Its rows, in their order.
    """

    label: str
    ids: tuple[int, ...]


class MergeConflict(NamedTuple):
    """What a Git merge left unfinished.

    Attributes:
        first: The number of the row with its first mark, from 1.
        last: The number of the row with its last mark.
        marks: The rows with its marks.
        versions: The rows between them: those of here, those from before both if Git was asked for
            them, those of there.
    """

    first: int
    last: int
    marks: tuple[int, ...]
    versions: tuple[MergeVersion, ...]

    def without(self, kept: int | None) -> list[int]:
        """The rows to delete so that one version stays; both that were merged if None."""
        stay = {0, len(self.versions) - 1} if kept is None else {kept}
        gone = (v.ids for number, v in enumerate(self.versions) if number not in stay)
        return [*self.marks, *(one for ids in gone for one in ids)]


_MOST_MARKS = 1_000
_MOST_BETWEEN = 10_000


def merge_conflicts(project: Project) -> list[MergeConflict]:
    """What Git merges left unfinished, in the order of the rows; of very many marks the first."""
    marks: list[int] = []
    sides: list[object] = []
    for example_id in project.first_ids(ExampleQuery(problems=("merge_marker",)), _MOST_MARKS):
        for problem in project.problems(example_id):
            if problem.code == "merge_marker":
                marks.append(example_id)
                sides.append(problem.parameters.get("reason"))
    conflicts = []
    for merge in whole_merges(sides):
        own = [marks[number] for number in merge]
        numbers = [project.number_of(one) for one in own]
        found = [number for number in numbers if number is not None]
        if len(found) < len(own) or not 0 < found[-1] - found[0] < _MOST_BETWEEN:
            continue
        # Each label stands in the mark of its side: behind <, | and >, and none behind =.
        labels = [project.text(one).strip("<|=>\r\n ") for one in own]
        named = [*labels[:-2], labels[-1]]
        titles = [_("Yours"), _("Before both"), _("Theirs")] if len(own) > 3 else _two_titles()
        conflicts.append(
            MergeConflict(
                found[0],
                found[-1],
                tuple(own),
                tuple(
                    MergeVersion(
                        label or title,
                        tuple(
                            one
                            for number in range(start + 1, end)
                            if (one := project.id_at(number)) is not None
                        ),
                    )
                    for label, title, start, end in zip(
                        named, titles, found[:-1], found[1:], strict=True
                    )
                ),
            )
        )
    return conflicts


def _two_titles() -> list[str]:
    return [_("Yours"), _("Theirs")]


def _repeated(context: ProjectContext, column: str, wanted: str) -> list[Row]:
    """Examples whose hash occurs more than once, in their order."""
    return context.store.rows(
        f"SELECT example.id, {wanted} FROM {_CURRENT} AND {column} IN"
        f" (SELECT {column} FROM {_CURRENT} AND {column} IS NOT NULL"
        f" GROUP BY {column} HAVING count(*) > 1) ORDER BY position"
    )


_MOST_ALIKE = 100_000
"""In larger projects examples that are the same but for spelling are not looked for, and of more
pairs it is not looked for which contradict each other; both is said.
"""
_READ_AT_ONCE = 500


def _alike(context: ProjectContext, examples: int) -> list[SetProblem]:
    if examples > _MOST_ALIKE:
        return [SetProblem("alike_not_searched", {"limit": _MOST_ALIKE})]
    rows = context.store.rows(
        f"SELECT example.id, version_id, preview, fingerprint FROM {_CURRENT}"
        " AND fingerprint IS NOT NULL ORDER BY position"
    )
    # A damaged table may name an example twice.
    rows = list({row[0]: row for row in rows}.values())
    versions = {example_id: version_id for example_id, version_id, _preview, _whole in rows}
    looks = looks_of([damage.text(row[2]) for row in rows])
    wanted = perhaps_alike(list(versions), looks, [row[3] for row in rows])
    return alike_examples(_texts_of(context, [(id_, versions[id_]) for id_ in wanted]))


def _pairs(context: ProjectContext) -> list[SetProblem]:
    rows = context.store.rows(
        f"SELECT example.id, version_id FROM {_CURRENT} AND kind = ? ORDER BY position LIMIT ?",
        (PREFERENCE.name, _MOST_ALIKE + 1),
    )
    if len(rows) > _MOST_ALIKE:
        return [SetProblem("alike_not_searched", {"reason": "pairs", "limit": _MOST_ALIKE})]
    texts = dict(_texts_of(context, [(row[0], row[1]) for row in rows]))
    return check_pairs((row[0], texts[row[0]]) for row in rows if row[0] in texts)


def _texts_of(
    context: ProjectContext, wanted: list[tuple[int, int]]
) -> Iterator[tuple[int, bytes]]:
    """Examples with their texts, some read at once."""
    for start in range(0, len(wanted), _READ_AT_ONCE):
        part = {version_id: id_ for id_, version_id in wanted[start : start + _READ_AT_ONCE]}
        for version_id, text in context.store.rows(
            "SELECT id, text FROM version_text WHERE id IN (SELECT value FROM json_each(?))",
            (as_json_array(list(part)),),
        ):
            yield part[version_id], text


def _without_system(context: ProjectContext) -> list[SetProblem]:
    answered = f"{_CURRENT} AND question IS NOT NULL"
    row = context.store.row(f"SELECT count(*), count(system) FROM {answered}")
    if row is None or not 0 < row[0] - row[1] <= row[0] // 2:
        return []
    without = context.store.rows(
        f"SELECT example.id FROM {answered} AND system IS NULL ORDER BY position"
    )
    return without_system([example_id for (example_id,) in without], row[0])


def _similar_prompts(context: ProjectContext) -> list[SetProblem]:
    store = context.store
    used = store.rows(
        f"SELECT system, min(version_id) FROM {_CURRENT} AND system IS NOT NULL"
        " GROUP BY system ORDER BY 2 LIMIT ?",
        (_MOST_PROMPTS,),
    )
    if len(used) < 2:
        return []
    # The prompts go by their hash at first: only for those that are alike the examples are sought.
    prompts = [PromptUse(_prompt(context, version), (system,)) for system, version in used]
    return [
        problem._replace(members=_users(context, problem.members))
        for problem in almost_equal_prompts(prompts)
    ]


def _prompt(context: ProjectContext, version_id: int) -> str:
    text = context.versions.text(version_id) or b""
    messages = Conversation.from_text(text.decode("utf-8", "replace")).messages
    return next((message.text for message in messages if message.role == "system"), "")


def _users(context: ProjectContext, systems: tuple[int, ...]) -> tuple[int, ...]:
    rows = context.store.rows(
        f"SELECT example.id FROM {_CURRENT} AND system IN (SELECT value FROM json_each(?))"
        " ORDER BY position",
        (f"[{','.join(map(str, systems))}]",),
    )
    return tuple(row[0] for row in rows)
