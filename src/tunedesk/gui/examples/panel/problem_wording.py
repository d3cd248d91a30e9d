"""Turns problems as they are stored (code, path, parameters) into the rows of a list."""

from collections import Counter
from collections.abc import Iterable, Mapping

from tunedesk.checks.fixes import fixable

from tunedesk.checks import sentences
from tunedesk.checks.problem import Problem
from tunedesk.checks.severity import severity
from tunedesk.gui.examples.panel.problem_rows import ProblemRow, RowAction
from tunedesk.i18n import _, ngettext

GO, FIX, SAME, SHOW, FIX_ALL = "go", "fix", "same", "show", "fix_all"
SEVERITIES = ("error", "warning", "hint")


def example_rows(
    problems: Iterable[Problem], target: str, counts: Mapping[str, int], *, may_fix: bool
) -> list[tuple[ProblemRow, Problem]]:
    """The rows of one example, errors first, each with its problem.

    Args:
        problems: All problems of the example.
        target: Where it will be trained; decides the severities.
        counts: By code, in how many examples of the project the same is wrong.
        may_fix: Whether the example can be changed.
    """
    ordered = sorted(problems, key=lambda p: SEVERITIES.index(severity(p.code, target)))
    seen: Counter[tuple[str, tuple[str | int, ...]]] = Counter()
    rows = []
    for problem in ordered:
        place = (problem.code, problem.path)
        seen[place] += 1
        actions = [RowAction(GO, _("Go there"), _("Show the place in the example (Enter)"))]
        if may_fix and fixable(problem.code):
            actions.append(RowAction(FIX, _("Fix…"), _("Look at a safe correction first")))
        more = counts.get(problem.code, 0) - 1
        if more > 0:
            actions.append(
                RowAction(
                    SAME,
                    _("Same in {count} more").format(count=f"{more:,}"),
                    _("Show all examples that have this problem"),
                )
            )
        rows.append(
            (
                ProblemRow(
                    key=(*place, seen[place]),
                    severity=severity(problem.code, target),
                    title=sentences.title(problem.code),
                    sentence=sentences.sentence(problem),
                    advice=sentences.advice(problem.code),
                    actions=tuple(actions),
                ),
                problem,
            )
        )
    return rows


def rule_rows(counts: Mapping[str, int], target: str, *, may_fix: bool) -> list[ProblemRow]:
    """One row a rule that examples break, errors first, then the most frequent."""
    rows = []
    for code, count in counts.items():
        actions = [
            RowAction(
                SHOW,
                _("Show them"),
                _("Show only these examples in the table (Enter)"),
            )
        ]
        if may_fix and fixable(code):
            actions.append(
                RowAction(
                    FIX_ALL,
                    ngettext("Fix {count}…", "Fix all {count}…", count).format(count=f"{count:,}"),
                    _("Look at some of the corrections first; all are one step of undo"),
                )
            )
        rows.append(
            ProblemRow(
                key=code,
                severity=severity(code, target),
                title=sentences.title(code),
                sentence="",
                advice=sentences.advice(code),
                count=count,
                actions=tuple(actions),
            )
        )
    return sorted(rows, key=lambda row: (SEVERITIES.index(row.severity), -row.count, row.title))
