"""The tab "Problems": those of the open example as it is written, and those of all examples."""

from collections.abc import Hashable, Iterator, Mapping, Sequence
from typing import NamedTuple

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QButtonGroup,
    QHBoxLayout,
    QStackedLayout,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from tunedesk.checks import fixes
from tunedesk.checks.messages import sentences
from tunedesk.checks.problem import Problem, SetProblem, severity
from tunedesk.gui.background import Background
from tunedesk.gui.examples.form.open_example import OpenExample
from tunedesk.gui.examples.panel.panel_tab import PanelTab
from tunedesk.gui.examples.panel.problem_list import ProblemList
from tunedesk.gui.examples.panel.problem_rows import (
    CHOOSE_VERSION,
    COMPARE,
    EMBED,
    FIX,
    FIX_ALL,
    GO,
    SAME,
    SEVERITIES,
    SHOW,
    ProblemRow,
    RowAction,
    example_rows,
    rule_rows,
)
from tunedesk.gui.theme import Theme
from tunedesk.gui.widgets.cards import EmptyState
from tunedesk.gui.widgets.choices import Chip
from tunedesk.gui.widgets.labels import Label
from tunedesk.gui.widgets.layouts import FlowLayout
from tunedesk.i18n import _, ngettext
from tunedesk.project import check_project
from tunedesk.project.project import Project
from tunedesk.project.query import ExampleQuery
from tunedesk.project.statistics import Totals


class ExampleProblems(QWidget):
    """The list "Problems", live at each keystroke.

    Signals:
        count_changed: How many problems the example has.
        fix_requested: A problem that the user wants to have fixed.
        same_requested: The code of a problem whose other examples the user wants to see.
        versions_requested: Choose between the versions that a merge left.
    """

    count_changed = Signal(int)
    fix_requested = Signal(object)
    same_requested = Signal(str)
    versions_requested = Signal()

    def __init__(
        self, *, open_example: OpenExample, theme: Theme, target: str, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._open_example = open_example
        self._target = target
        self._counts: Mapping[str, int] = {}
        self._problems: dict[object, Problem] = {}
        self._visited: object = None
        self._position = Label(theme, "", "small", "muted")
        self._hint = Label(theme, _("Enter goes there"), "small", "muted")
        self.list = ProblemList(name=_("Problems"), theme=theme)
        self.list.action_requested.connect(self._act)
        self.list.chosen_changed.connect(self._show_position)
        self._empty = EmptyState(theme, "done", "")
        head = QHBoxLayout()
        head.setContentsMargins(14, 0, 14, 6)
        head.addWidget(self._position, 1)
        head.addWidget(self._hint, 0, Qt.AlignmentFlag.AlignRight)
        listed = QWidget()
        column = QVBoxLayout(listed)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(head)
        column.addWidget(self.list, 1)
        self._stack = QStackedLayout(self)
        self._stack.addWidget(self._empty)
        self._stack.addWidget(listed)
        open_example.loaded.connect(self._on_loaded)
        open_example.facts_changed.connect(self._refresh)
        open_example.text_changed.connect(self._refresh_if_gone)
        self._refresh()

    @property
    def position(self) -> str:
        """Which problem is chosen, of how many, in words."""
        return self._position.text()

    @property
    def count(self) -> int:
        """How many errors and warnings the example has; hints are counted apart."""
        return sum(row.severity != "hint" for row in self.list.rows())

    def set_target(self, target: str) -> None:
        """Judge the severities for another target."""
        if target != self._target:
            self._target = target
            self._refresh()

    def set_counts(self, counts: Mapping[str, int]) -> None:
        """Say in how many examples each problem stands."""
        if counts != self._counts:
            self._counts = dict(counts)
            self._refresh()

    def next_problem(self, step: int = 1) -> None:
        """Go to the chosen problem; if that was visited last, to the one that is a step on."""
        rows = self.list.rows()
        if not rows:
            return
        number = self.list.currentIndex().row()
        if self.list.chosen_key() == self._visited:
            self.list.choose((number + step) % len(rows))
        elif number < 0:
            self.list.choose(0)
        self._act(rows[self.list.currentIndex().row()], GO)

    def _on_loaded(self) -> None:
        """Another example is open."""
        self._visited = None
        self._refresh()
        if self.list.rows():
            self.list.choose(0)

    def _refresh_if_gone(self) -> None:
        if self._open_example.example_id is None:
            self._refresh()

    def _refresh(self) -> None:
        found = example_rows(
            self._open_example.problems,
            self._target,
            self._counts,
            self._may_fix,
        )
        self._problems = {row.key: problem for row, problem in found}
        self.list.set_rows([row for row, _problem in found])
        if self._open_example.example_id is None:
            self._empty.show_text(
                "examples", _("No example is open"), _("Choose one in the table.")
            )
        elif not found and self._open_example.is_being_begun:
            self._empty.show_text(
                "examples", _("Not written yet"), _("A field is checked when you leave it.")
            )
        elif not found:
            self._empty.show_text(
                "done", _("No problems"), _("Every rule is kept in this example.")
            )
        self._stack.setCurrentIndex(1 if found else 0)
        self._show_position(self.list.currentIndex().row())
        self.count_changed.emit(self.count)

    def _may_fix(self, problem: Problem) -> bool:
        """Whether a fix would change something; of a very long text the preview says it."""
        if self._open_example.read_only or not fixes.fixable(problem.code):
            return False
        text = self._open_example.text
        return len(text) > _TRIED_CHARACTERS or fixes.fix(text, problem) is not None

    def _show_position(self, number: int) -> None:
        total = len(self._problems)
        self._position.setText(
            _("{number} of {total}").format(number=number + 1, total=f"{total:,}")
            if number >= 0
            else ""
        )

    def _act(self, row: ProblemRow, action: str) -> None:
        problem = self._problems.get(row.key)
        if problem is None:
            return
        if action == GO:
            self._visited = row.key
            self._open_example.go_to(problem.path)
        elif action == FIX:
            self.fix_requested.emit(problem)
        elif action == SAME:
            self.same_requested.emit(problem.code)
        elif action == CHOOSE_VERSION:
            self.versions_requested.emit()


_SHOWN_SINGLY = 3
DUPLICATES = "duplicate_examples"


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
        duplicates_requested: Look at the examples that are the same.
        pictures_requested: Embed the pictures that examples name by a path.
        versions_requested: Choose between the versions that a merge left.
    """

    duplicates_requested = Signal()
    pictures_requested = Signal()
    versions_requested = Signal()
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
        self,
        counts: Mapping[str, int],
        of_set: Sequence[SetProblem],
        target: str,
        examples: int,
        fixable_counts: Mapping[str, int],
    ) -> None:
        """Show what is wrong.

        Args:
            counts: By code, in how many examples.
            of_set: The problems of the set as a whole.
            target: Where it will be trained; decides the severities.
            examples: How many examples there are.
            fixable_counts: By code, in how many examples a fix changes something, if known.
        """
        self._set_problems = dict(_gathered(of_set))
        rows = [self._set_row(key, problem, target) for key, problem in self._set_problems.items()]
        rows += rule_rows(counts, target, fixable_counts, may_fix=self._may_fix)
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
        actions = [RowAction(SHOW, _("Show them"), _("Show only these examples in the table"))]
        if not problem.members:
            actions = []
        if problem.code in (DUPLICATES, "mostly_copies"):
            tooltip = _("Look at all groups, and keep one of each")
            actions.insert(0, RowAction(COMPARE, _("Compare…"), tooltip))
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
            actions=tuple(actions),
        )

    def _act(self, row: ProblemRow, action: str) -> None:
        of_set = self._set_problems.get(row.key)
        if action == COMPARE:
            self.duplicates_requested.emit()
        elif action == EMBED:
            self.pictures_requested.emit()
        elif action == CHOOSE_VERSION:
            self.versions_requested.emit()
        elif of_set is not None:
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
        if len(alike) > _SHOWN_SINGLY or (code == DUPLICATES and len(alike) > 1):
            members = tuple(dict.fromkeys(m for problem in alike for m in problem.members))
            yield (code, "all"), _Gathered(alike[0]._replace(members=members), len(alike))
        else:
            for number, problem in enumerate(alike):
                yield (code, number), _Gathered(problem, 1)


_KINDS = frozenset({"text", "facts", "added", "deleted", "settings"})


class _Found(NamedTuple):
    """What is wrong in the whole project."""

    counts: dict[str, int]
    of_set: Sequence[SetProblem]
    totals: Totals
    fixable_counts: dict[str, int]


class ProblemsTab(PanelTab):
    """Two lists of problems, one at a time.

    Signals:
        count_changed: How many problems the open example has.
        filter_requested: An `ExampleQuery` with what to filter to, and what it is in words.
        fix_requested: A `Problem` of the open example to be fixed.
        fix_all_requested: The code of a rule, and in how many examples it is broken.
        duplicates_requested: Look at the examples that are the same.
        pictures_requested: Embed the pictures that examples name by a path.
        versions_requested: Choose between the versions that a merge left.
    """

    duplicates_requested = Signal()
    pictures_requested = Signal()
    versions_requested = Signal()
    count_changed = Signal(int)
    filter_requested = Signal(object, str)
    fix_requested = Signal(object)
    fix_all_requested = Signal(str, int)

    def __init__(
        self,
        *,
        project: Project,
        open_example: OpenExample,
        background: Background,
        theme: Theme,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(
            project=project,
            background=background,
            question=_Finder(),
            kinds=_KINDS,
            parent=parent,
        )
        self.example = ExampleProblems(
            open_example=open_example, theme=theme, target=str(project.setting("target"))
        )
        self.all = SetProblems(theme=theme, may_fix=not project.read_only)
        self._this = Chip(theme, _("This example"))
        self._every = Chip(theme, _("All examples"))
        group = QButtonGroup(self)
        chips = FlowLayout(spacing=6)
        chips.setContentsMargins(14, 12, 14, 10)
        for number, chip in enumerate((self._this, self._every)):
            group.addButton(chip, number)
            chips.addWidget(chip)
        self._this.setChecked(True)
        self._pages = QStackedWidget()
        self._pages.addWidget(self.example)
        self._pages.addWidget(self.all)
        group.idClicked.connect(self._pages.setCurrentIndex)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(chips)
        column.addWidget(self._pages, 1)
        self.example.count_changed.connect(self._show_count)
        self.example.fix_requested.connect(self.fix_requested)
        self.example.same_requested.connect(self._show_rule)
        self.all.rule_requested.connect(self._show_rule)
        self.all.members_requested.connect(self._show_members)
        self.all.fix_all_requested.connect(self.fix_all_requested)
        self.all.duplicates_requested.connect(self.duplicates_requested)
        self.all.pictures_requested.connect(self.pictures_requested)
        self._open_example = open_example
        self._found: _Found | None = None
        self._unspoken = False
        for signal in (open_example.loaded, open_example.facts_changed):
            signal.connect(self._follow_unspoken)
        self.all.versions_requested.connect(self.versions_requested)
        self.example.versions_requested.connect(self.versions_requested)
        self.watch(True)
        self._show_count(self.example.count)

    def show_all(self, shown: bool) -> None:
        """Show the problems of all examples, or those of the open one."""
        (self._every if shown else self._this).setChecked(True)
        self._pages.setCurrentIndex(int(shown))

    def focus_main_part(self) -> None:
        """Give the keyboard to the list that is shown, or to the switch above it."""
        shown = self.all.list if self.shows_all else self.example.list
        chip = self._every if self.shows_all else self._this
        (shown if shown.isVisible() else chip).setFocus(Qt.FocusReason.ShortcutFocusReason)

    @property
    def shows_all(self) -> bool:
        """Whether the problems of all examples are shown."""
        return self._pages.currentIndex() == 1

    def _show_count(self, count: int) -> None:
        self._this.set_count(count)
        self.count_changed.emit(count)

    def show_answer(self, answer: _Found) -> None:
        """Show what is wrong in the whole project."""
        self._found = answer
        self._show_found()

    def _show_found(self) -> None:
        found = self._found
        if found is None:
            return
        target = str(self._project.setting("target"))
        counts = self._open_example.spoken_counts(found.counts)
        with_problems = self._open_example.spoken_totals(found.totals).with_problems
        self._unspoken = counts != found.counts
        self.example.set_target(target)
        self.example.set_counts(counts)
        # No 0 above a list of what is wrong with the examples as a whole.
        self._every.set_count(with_problems or (None if found.of_set else 0))
        self._every.setToolTip(
            ngettext(
                "{count} example has problems",
                "{count} examples have problems",
                with_problems,
            ).format(count=f"{with_problems:,}")
        )
        self.all.show_problems(
            counts, found.of_set, target, found.totals.count, found.fixable_counts
        )

    def _follow_unspoken(self) -> None:
        """Count anew when a field of a new example was left, or another example was opened."""
        if self._unspoken or self._open_example.is_being_begun:
            self._show_found()

    def _show_rule(self, code: str) -> None:
        self.filter_requested.emit(ExampleQuery(problems=(code,)), sentences.title(code))

    def _show_members(self, problem: SetProblem) -> None:
        title = sentences.title(problem.code)
        if problem.code == DUPLICATES:
            self.filter_requested.emit(ExampleQuery(duplicated=True), title)
        else:
            self.filter_requested.emit(ExampleQuery(ids=problem.members), title)


_TRIED_CHARACTERS = 20_000
"""In a longer text the fix of a problem is not tried at each keystroke."""
_TRIED_EXAMPLES = 100
"""With more examples than this, it is counted when a fix is looked at."""
_KEPT_TRIALS = 20_000


class _Finder:
    """Finds what is wrong, and remembers of which texts a fix was tried and what came of it."""

    def __init__(self) -> None:
        self._tried: dict[tuple[str, str, int], bool] = {}

    def __call__(self, project: Project) -> _Found:
        """Called in a thread with a handle of the project."""
        totals, counts = project.totals(), project.problem_counts()
        return _Found(
            counts,
            check_project.set_problems(project),
            totals,
            {
                code: self._fixable(project, code)
                for code, count in counts.items()
                if count <= _TRIED_EXAMPLES and fixes.fixable(code)
            },
        )

    def _fixable(self, project: Project, code: str) -> int:
        """In how many examples with a problem of this code its fix changes something."""
        target, found = project.context.target, 0
        if len(self._tried) > _KEPT_TRIALS:
            self._tried.clear()
        for example_id in project.first_ids(ExampleQuery(problems=(code,)), _TRIED_EXAMPLES):
            text = project.text(example_id)
            key = (code, target, hash(text))
            if key not in self._tried:
                self._tried[key] = fixes.fix_all(text, (code,), target)[1] > 0
            found += self._tried[key]
        return found
