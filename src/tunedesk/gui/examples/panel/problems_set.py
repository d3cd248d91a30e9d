"""The problems of all examples: each rule with its number, and what concerns the set as a whole."""

from collections.abc import Hashable, Mapping, Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QStackedLayout, QWidget

from tunedesk.checks import sentences
from tunedesk.checks.problem import SetProblem
from tunedesk.checks.severity import severity
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
from tunedesk.i18n import _


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
        self._set_problems: dict[Hashable, SetProblem] = {}
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
        self._set_problems = {(p.code, n): p for n, p in enumerate(of_set)}
        rows = [self._set_row(key, problem, target) for key, problem in self._set_problems.items()]
        rows.sort(key=lambda row: SEVERITIES.index(row.severity))
        rows += rule_rows(counts, target, may_fix=self._may_fix)
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
    def _set_row(key: Hashable, problem: SetProblem, target: str) -> ProblemRow:
        actions = (RowAction(SHOW, _("Show them"), _("Show only these examples in the table")),)
        return ProblemRow(
            key=key,
            severity=severity(problem.code, target),
            title=sentences.title(problem.code),
            sentence=sentences.sentence(problem),
            advice=sentences.advice(problem.code),
            count=len(problem.members),
            actions=actions if problem.members else (),
        )

    def _act(self, row: ProblemRow, action: str) -> None:
        of_set = self._set_problems.get(row.key)
        if of_set is not None:
            if of_set.members:
                self.members_requested.emit(of_set)
        elif action == SHOW:
            self.rule_requested.emit(str(row.key))
        elif action == FIX_ALL:
            self.fix_all_requested.emit(str(row.key), row.count)
