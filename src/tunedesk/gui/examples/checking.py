"""Checking all examples: when it is asked for, and again when another target or model is chosen.

What is wrong with the whole set, such as copies, is told by the messages after a check and after an
import alike.
"""

from collections.abc import Sequence
from typing import NamedTuple

from PySide6.QtCore import QObject, Signal

from tunedesk.checks.messages import sentences
from tunedesk.checks.problem import SetProblem, severity
from tunedesk.gui.background import Background
from tunedesk.gui.operations import Operation, Operations
from tunedesk.gui.page import PageContext
from tunedesk.i18n import _, ngettext
from tunedesk.progress import Progress
from tunedesk.project.check_project import check_again, set_problems
from tunedesk.project.project import Project
from tunedesk.project.statistics import Totals


class _Checked(NamedTuple):
    """What a check found: the sums, and the sentences about the set."""

    totals: Totals
    of_set: str


class CheckAll(QObject):
    """Checks all examples anew, by every rule, one time at a time.

    Signals:
        checked: It is done; show the problems.
    """

    checked = Signal()

    def __init__(self, context: PageContext, parent: QObject) -> None:
        super().__init__(parent)
        self._operations = context.operations
        self._background = context.background
        self._operation: Operation[_Checked] | None = None

    def start(self) -> None:
        """Check all examples, unless that is being done."""
        if self._operation is not None and self._operation.running:
            return
        pool = self._background.pool

        def check(project: Project, progress: Progress) -> _Checked:
            check_again(project, pool, progress)
            return _Checked(project.totals(), text_of_set(project))

        self._operation = self._operations.run(
            _("Checking all examples"),
            check,
            on_result=lambda _checked: self.checked.emit(),
            message=lambda checked: f"{checked_text(checked.totals)} {checked.of_set}".strip(),
        )


def checked_text(totals: Totals) -> str:
    """What the check found, in one sentence."""
    count = totals.count
    if totals.with_problems and totals.with_errors:
        text = ngettext(
            "{n} example checked: {problems} with problems, {errors} of them with errors.",
            "{n} examples checked: {problems} with problems, {errors} of them with errors.",
            count,
        )
    elif totals.with_problems:
        text = ngettext(
            "{n} example checked: {problems} with problems, none with errors.",
            "{n} examples checked: {problems} with problems, none with errors.",
            count,
        )
    elif totals.with_hints:
        text = ngettext(
            "{n} example checked, none with a problem of its own. Hints on {hints}.",
            "{n} examples checked, none with a problem of its own. Hints on {hints}.",
            count,
        )
    else:
        text = ngettext(
            "{n} example checked, none with a problem of its own.",
            "{n} examples checked, none with a problem of its own.",
            count,
        )
    return text.format(
        n=f"{count:,}",
        problems=f"{totals.with_problems:,}",
        errors=f"{totals.with_errors:,}",
        hints=f"{totals.with_hints:,}",
    )


_COPIES = ("duplicate_examples", "mostly_copies")
_SIZE = ("too_few_examples", "few_examples")
"""How many there are stands in the message itself."""


def text_of_set(project: Project) -> str:
    """Sentences about what is wrong with all examples together; empty if nothing is.

    It looks at all examples: seconds for a million.
    """
    return sentences_of_set(set_problems(project), project.count(), project.context.target)


def sentences_of_set(problems: Sequence[SetProblem], count: int, target: str) -> str:
    """The same of problems that were found; hints are left to the list of problems.

    Args:
        problems: Those of the set.
        count: How many examples there are.
        target: Where they will be trained; decides the severities.
    """
    said = []
    groups = [problem.members for problem in problems if problem.code == _COPIES[0]]
    copies = sum(len(members) - 1 for members in groups)
    if copies:
        text = ngettext(
            "{n} is a copy of another: {distinct} of {count} are distinct.",
            "{n} are copies of others: {distinct} of {count} are distinct.",
            copies,
        )
        said.append(
            text.format(n=f"{copies:,}", distinct=f"{count - copies:,}", count=f"{count:,}")
        )
    codes = dict.fromkeys(
        problem.code
        for problem in problems
        if problem.code not in (*_COPIES, *_SIZE) and severity(problem.code, target) != "hint"
    )
    if codes:
        titles = "; ".join(sentences.title(code) for code in codes)
        said.append(_("In the whole set: {titles}.").format(titles=titles))
    return " ".join(said)


class Recheck:
    """Checks those examples again whose figures are of another target or base model."""

    def __init__(self, operations: Operations, background: Background) -> None:
        self._operations = operations
        self._background = background
        self._operation: Operation[int] | None = None
        self._again = False

    @property
    def running(self) -> bool:
        """Whether examples are being checked."""
        return self._operation is not None and self._operation.running

    def start(self) -> None:
        """Check by the settings that the project has now; a check under way begins anew."""
        if self._operation is not None and self._operation.running:
            self._again = True
            self._operation.cancel()
            return
        self._again = False
        pool = self._background.pool
        self._operation = self._operations.run(
            _("Checking all examples"),
            lambda project, progress: check_again(project, pool, progress, only_stale=True),
            on_finished=self._on_finished,
        )

    def _on_finished(self) -> None:
        if self._again:
            self.start()
