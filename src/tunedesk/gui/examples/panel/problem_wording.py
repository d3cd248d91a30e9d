"""Turns problems as they are stored (code, path, parameters) into the rows of a list."""

from collections import Counter
from collections.abc import Mapping, Sequence

from tunedesk.checks.fixes import fixable
from tunedesk.checks.messages import sentences
from tunedesk.checks.problem import Problem, severity
from tunedesk.gui.examples.panel.problem_rows import ProblemRow, RowAction
from tunedesk.i18n import _, ngettext

GO, FIX, SAME, SHOW, FIX_ALL = "go", "fix", "same", "show", "fix_all"
SEVERITIES = ("error", "warning", "hint")


def example_rows(
    problems: Sequence[Problem], target: str, counts: Mapping[str, int], *, may_fix: bool
) -> list[tuple[ProblemRow, Problem]]:
    """The rows of one example, errors first, each with its problem.

    Args:
        problems: All problems of the example.
        target: Where it will be trained; decides the severities.
        counts: By code, in how many examples of the project the same is wrong.
        may_fix: Whether the example can be changed.
    """
    looks: dict[str, tuple[str, str, str, tuple[RowAction, ...]]] = {}
    for code in {problem.code for problem in problems}:
        actions = _example_actions(code, counts.get(code, 0) - 1, may_fix=may_fix)
        looks[code] = (
            severity(code, target),
            sentences.title(code),
            sentences.advice(code),
            actions,
        )
    seen: Counter[tuple[str, tuple[str | int, ...]]] = Counter()
    rows = []
    for problem in sorted(problems, key=lambda p: SEVERITIES.index(looks[p.code][0])):
        place = (problem.code, problem.path)
        seen[place] += 1
        how_bad, title, advice, actions = looks[problem.code]
        row = ProblemRow(
            key=(*place, seen[place]),
            severity=how_bad,
            title=title,
            sentence=sentences.sentence(problem),
            advice=advice,
            actions=actions,
        )
        rows.append((row, problem))
    return rows


def _example_actions(code: str, more: int, *, may_fix: bool) -> tuple[RowAction, ...]:
    """What can be done about a problem of the open example that `more` others have as well."""
    actions = [RowAction(GO, _("Go there"), _("Show the place in the example (Enter)"))]
    if may_fix and fixable(code):
        actions.append(RowAction(FIX, _("Fix…"), _("Look at a safe correction first")))
    if more > 0:
        actions.append(
            RowAction(
                SAME,
                _("Same in {count} more").format(count=f"{more:,}"),
                _("Show all examples that have this problem"),
            )
        )
    return tuple(actions)


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
