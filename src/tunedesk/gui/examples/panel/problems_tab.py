"""The tab "Problems": those of the open example, and those of all examples."""

from collections.abc import Sequence
from typing import NamedTuple

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QButtonGroup, QStackedWidget, QVBoxLayout, QWidget

from tunedesk.checks.messages import sentences
from tunedesk.checks.problem import SetProblem
from tunedesk.gui.background import Background
from tunedesk.gui.examples.form.open_example import OpenExample
from tunedesk.gui.examples.panel.problems_example import ExampleProblems
from tunedesk.gui.examples.panel.problems_set import SetProblems
from tunedesk.gui.examples.panel.project_answer import ProjectAnswer
from tunedesk.gui.theme import Theme
from tunedesk.gui.widgets.chip import Chip
from tunedesk.gui.widgets.flow_layout import FlowLayout
from tunedesk.i18n import _, ngettext
from tunedesk.project import set_checks
from tunedesk.project.project import Project
from tunedesk.project.query import ExampleQuery

_KINDS = frozenset({"text", "facts", "added", "deleted", "settings"})


class _Found(NamedTuple):
    """What is wrong in the whole project."""

    counts: dict[str, int]
    of_set: Sequence[SetProblem]
    examples: int
    with_problems: int


class ProblemsTab(QWidget):
    """Two lists of problems, one at a time.

    Signals:
        count_changed: How many problems the open example has.
        filter_requested: An `ExampleQuery` with what to filter to, and what it is in words.
        fix_requested: A `Problem` of the open example to be mended.
        fix_all_requested: The code of a rule, and in how many examples it is broken.
    """

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
        super().__init__(parent)
        self._project = project
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
        self._answer = ProjectAnswer(
            project=project,
            background=background,
            question=_find,
            kinds=_KINDS,
            parent=self,
        )
        self._answer.ready.connect(self._take)
        self._answer.watch(True)
        self._show_count(len(self.example.list.rows()))

    def show_all(self, shown: bool) -> None:
        """Show the problems of all examples, or those of the open one."""
        (self._every if shown else self._this).setChecked(True)
        self._pages.setCurrentIndex(int(shown))

    def take_focus(self) -> None:
        """Give the keyboard to the list that is shown, or to the switch above it."""
        shown = self.all.list if self.shows_all else self.example.list
        chip = self._every if self.shows_all else self._this
        (shown if shown.isVisible() else chip).setFocus(Qt.FocusReason.ShortcutFocusReason)

    @property
    def shows_all(self) -> bool:
        """Whether the problems of all examples are shown."""
        return self._pages.currentIndex() == 1

    def watch(self, watched: bool) -> None:
        """Say whether the panel is seen at all."""
        self._answer.watch(watched)

    def close_project(self) -> None:
        """Let go of the project."""
        self._answer.close()

    def _show_count(self, count: int) -> None:
        self._this.set_count(count)
        self.count_changed.emit(count)

    def _take(self, found: _Found) -> None:
        target = str(self._project.setting("target"))
        self.example.set_target(target)
        self.example.set_counts(found.counts)
        self._every.set_count(found.with_problems)
        self._every.setToolTip(
            ngettext(
                "{count} example has problems",
                "{count} examples have problems",
                found.with_problems,
            ).format(count=f"{found.with_problems:,}")
        )
        self.all.show_problems(found.counts, found.of_set, target, found.examples)

    def _show_rule(self, code: str) -> None:
        self.filter_requested.emit(ExampleQuery(problems=(code,)), sentences.title(code))

    def _show_members(self, problem: SetProblem) -> None:
        self.filter_requested.emit(ExampleQuery(ids=problem.members), sentences.title(problem.code))


def _find(project: Project) -> _Found:
    totals = project.totals()
    return _Found(
        project.problem_counts(),
        set_checks.set_problems(project),
        totals.count,
        totals.with_problems,
    )
