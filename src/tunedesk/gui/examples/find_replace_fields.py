"""The fields of find and replace: what to find, what to put there, and where."""

from collections.abc import Sequence
from typing import NamedTuple

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QGridLayout,
    QLineEdit,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from tunedesk.gui.examples.find_replace import FindOptions
from tunedesk.gui.roles_and_states import ROLES, role_title
from tunedesk.gui.theme import Theme
from tunedesk.gui.widgets.choices import NoWheelComboBox
from tunedesk.gui.widgets.labels import Label
from tunedesk.gui.widgets.layouts import FlowLayout
from tunedesk.i18n import _
from tunedesk.project.query import Ids


class SearchScope(NamedTuple):
    """Some examples to look in.

    Attributes:
        name: What the user reads: "All 128 examples", "The 12 of the filter".
        examples: Their ids, or the query that finds them.
    """

    name: str
    examples: Ids


class FindReplaceFields(QWidget):
    """All choices of find and replace.

    Signals:
        changed: A choice is another one.
    """

    changed = Signal()

    def __init__(
        self, *, theme: Theme, scopes: Sequence[SearchScope], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._scopes = list(scopes)
        self.words = _field(_("Find"))
        self.replacement = _field(_("Replace with"))
        self.match_case = QCheckBox(_("Match case"))
        self.whole_words = QCheckBox(_("Whole words"))
        self.regular = QCheckBox(_("Regular expression"))
        self.hint = Label(
            theme,
            _(r"\d is a digit, \w+ a word, .* any text; \1 puts in what the first (…) found."),
            "small",
            "muted",
            wrap=True,
        )
        self.hint.hide()
        self.regular.toggled.connect(self.hint.setVisible)
        self.roles = [QCheckBox(role_title(role)) for role in ROLES]
        self.where = NoWheelComboBox()
        self.where.setAccessibleName(_("Where"))
        for scope in self._scopes:
            self.where.addItem(scope.name)
        self._build(theme)
        for box in self._boxes():
            box.toggled.connect(self.changed)
        for line in (self.words, self.replacement):
            line.textChanged.connect(self.changed)
        self.where.currentIndexChanged.connect(self.changed)

    def options(self) -> FindOptions:
        """The choices."""
        roles = frozenset(
            role for role, box in zip(ROLES, self.roles, strict=True) if box.isChecked()
        )
        return FindOptions(
            find=self.words.text(),
            replacement=self.replacement.text(),
            match_case=self.match_case.isChecked(),
            whole_words=self.whole_words.isChecked(),
            regular=self.regular.isChecked(),
            # All four ticked means any role at all, also those that nobody knows.
            roles=None if len(roles) == len(ROLES) else roles,
        )

    def scope(self) -> SearchScope:
        """Where to look."""
        return self._scopes[self.where.currentIndex()]

    def set_scopes(self, scopes: Sequence[SearchScope]) -> None:
        """Offer other scopes, keeping the selected one of the same rank."""
        selected = self.where.currentIndex()
        self._scopes = list(scopes)
        self.where.blockSignals(True)
        self.where.clear()
        self.where.addItems([scope.name for scope in scopes])
        self.where.setCurrentIndex(min(max(selected, 0), len(scopes) - 1))
        self.where.blockSignals(False)

    def _boxes(self) -> list[QCheckBox]:
        return [self.match_case, self.whole_words, self.regular, *self.roles]

    def _build(self, theme: Theme) -> None:
        grid = QGridLayout()
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(8)
        grid.setColumnStretch(1, 1)
        choices = _line(self.match_case, self.whole_words, self.regular)
        roles = _line(*self.roles)
        for box in self.roles:
            box.setChecked(True)
        for row, (name, field) in enumerate(
            (
                (_("Find"), self.words),
                (_("Replace with"), self.replacement),
                ("", choices),
                ("", self.hint),
                (_("In messages of"), roles),
                (_("Where"), self.where),
            )
        ):
            label = Label(theme, name, "base", "muted")
            grid.addWidget(label, row, 0, Qt.AlignmentFlag.AlignVCenter)
            grid.addWidget(field, row, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(grid)
        # Whatever the messages below take, the fields keep their height.
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)


def _field(name: str) -> QLineEdit:
    field = QLineEdit()
    field.setAccessibleName(name)
    field.setClearButtonEnabled(True)
    return field


def _line(*boxes: QCheckBox) -> QWidget:
    holder = QWidget()
    line = FlowLayout(holder, spacing=16)
    for box in boxes:
        line.addWidget(box)
    return holder
