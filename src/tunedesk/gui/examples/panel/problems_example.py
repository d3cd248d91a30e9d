"""All problems of the open example, as they are found while it is written."""

from collections.abc import Mapping

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QStackedLayout, QVBoxLayout, QWidget

from tunedesk.checks.problem import Problem
from tunedesk.gui.examples.form.open_example import OpenExample
from tunedesk.gui.examples.panel.problem_list import ProblemList
from tunedesk.gui.examples.panel.problem_rows import ProblemRow
from tunedesk.gui.examples.panel.problem_wording import FIX, GO, SAME, example_rows
from tunedesk.gui.theme import Theme
from tunedesk.gui.widgets.empty_state import EmptyState
from tunedesk.gui.widgets.label import Label
from tunedesk.i18n import _


class ExampleProblems(QWidget):
    """The list "Problems", live at each keystroke.

    Signals:
        count_changed: How many problems the example has.
        fix_requested: A problem that the user wants to have mended.
        same_requested: The code of a problem whose other examples the user wants to see.
    """

    count_changed = Signal(int)
    fix_requested = Signal(object)
    same_requested = Signal(str)

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
        self.list.chosen_changed.connect(self._say_position)
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
        open_example.loaded.connect(self._begin)
        open_example.facts_changed.connect(self._refresh)
        open_example.text_changed.connect(self._refresh_if_gone)
        self._refresh()

    @property
    def position(self) -> str:
        """Which problem is chosen, of how many, in words."""
        return self._position.text()

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

    def _begin(self) -> None:
        """Another example is open."""
        self._visited = None
        self._refresh()
        if self.list.rows():
            self.list.choose(0)

    def _refresh_if_gone(self) -> None:
        if self._open_example.example_id is None:
            self._refresh()

    def _refresh(self) -> None:
        facts = self._open_example.facts
        found = example_rows(
            facts.problems if facts is not None else (),
            self._target,
            self._counts,
            may_fix=not self._open_example.read_only,
        )
        self._problems = {row.key: problem for row, problem in found}
        self.list.set_rows([row for row, _problem in found])
        if self._open_example.example_id is None:
            self._empty.show_text(
                "examples", _("No example is open"), _("Choose one in the table.")
            )
        elif not found:
            self._empty.show_text(
                "done", _("No problems"), _("Every rule is kept in this example.")
            )
        self._stack.setCurrentIndex(1 if found else 0)
        self._say_position(self.list.currentIndex().row())
        self.count_changed.emit(len(found))

    def _say_position(self, number: int) -> None:
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
