"""The problems of all examples: each rule with its number, and what concerns the set as a whole."""

from collections.abc import Hashable, Iterator, Mapping, Sequence
from typing import NamedTuple

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QStackedLayout, QWidget

from tunedesk.checks.messages import sentences
from tunedesk.checks.problem import SetProblem, severity
from tunedesk.gui.examples.panel.problem_list import ProblemList
from tunedesk.gui.examples.panel.problem_rows import ProblemRow, RowAction
from tunedesk.gui.examples.panel.problem_wording import (
    FIX_ALL,
    SEVERITIES,
    SHOW,
    rule_rows,
)
from tunedesk.gui.theme import Theme
from tunedesk.gui.widgets.empty_state import EmptyState
from tunedesk.i18n import _, ngettext

_SHOWN_SINGLY = 3


class _Gathered(NamedTuple):
    """A problem of the set, or all of a kind taken together, and how many groups that are."""

    problem: SetProblem
    groups: int


class SetProblems(QWidget):
    """The list "Problems of all examples".

    Signals:
        rule_requested: The code of a rule whose examples the user wants to see.
        members_requested: A problem of the set whose examples the user wants to see.
        fix_all_requested: The code of a rule and in how many examples it is broken.
    """

    rule_requested = Signal(str)
    members_requested = Signal(object)
    fix_all_requested = Signal(str, int)

    def __init__(self, *, theme: Theme, may_fix: bool, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._may_fix = may_fix
        self._set_problems: dict[Hashable, _Gathered] = {}
        self.list = ProblemList(name=_("Problems of all examples"), theme=theme)
        self.list.action_requested.connect(self._act)
        self._empty = EmptyState(theme, "clock", _("Looking at all examples …"))
        self._stack = QStackedLayout(self)
        self._stack.addWidget(self._empty)
        self._stack.addWidget(self.list)

    def show_problems(
        self, counts: Mapping[str, int], of_set: Sequence[SetProblem], target: str, examples: int
    ) -> None:
        """Show what is wrong.

        Args:
            counts: By code, in how many examples.
            of_set: The problems of the set as a whole.
            target: Where it will be trained; decides the severities.
            examples: How many examples there are.
        """
        self._set_problems = dict(_gathered(of_set))
        rows = [self._set_row(key, problem, target) for key, problem in self._set_problems.items()]
        rows += rule_rows(counts, target, may_fix=self._may_fix)
        rows.sort(key=lambda row: SEVERITIES.index(row.severity))
        if not examples:
            rows.clear()  # that a blank page has too few examples need not be said
        self.list.set_rows(rows)
        self._stack.setCurrentIndex(1 if rows else 0)
        if not examples:
            self._empty.show_text("examples", _("No examples yet"))
        elif not rows:
            self._empty.show_text(
                "done", _("No problems"), _("Every rule is kept in all examples.")
            )

    @staticmethod
    def _set_row(key: Hashable, found: _Gathered, target: str) -> ProblemRow:
        problem = found.problem
        actions = (RowAction(SHOW, _("Show them"), _("Show only these examples in the table")),)
        sentence = sentences.sentence(problem)
        if found.groups > 1:
            sentence = ngettext(
                "This is so in {count} group of examples.",
                "This is so in {count} groups of examples.",
                found.groups,
            ).format(count=f"{found.groups:,}")
        return ProblemRow(
            key=key,
            severity=severity(problem.code, target),
            title=sentences.title(problem.code),
            sentence=sentence,
            advice=sentences.advice(problem.code),
            count=len(problem.members),
            actions=actions if problem.members else (),
        )

    def _act(self, row: ProblemRow, action: str) -> None:
        of_set = self._set_problems.get(row.key)
        if of_set is not None:
            if of_set.problem.members:
                self.members_requested.emit(of_set.problem)
        elif action == SHOW:
            self.rule_requested.emit(str(row.key))
        elif action == FIX_ALL:
            self.fix_all_requested.emit(str(row.key), row.count)


def _gathered(problems: Sequence[SetProblem]) -> Iterator[tuple[Hashable, _Gathered]]:
    """The problems by a key; where there are many of a kind, all of them are one row."""
    by_code: dict[str, list[SetProblem]] = {}
    for problem in problems:
        by_code.setdefault(problem.code, []).append(problem)
    for code, alike in by_code.items():
        if len(alike) > _SHOWN_SINGLY:
            members = tuple(dict.fromkeys(m for problem in alike for m in problem.members))
            yield (code, "all"), _Gathered(alike[0]._replace(members=members), len(alike))
        else:
            for number, problem in enumerate(alike):
                yield (code, number), _Gathered(problem, 1)
