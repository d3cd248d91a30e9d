"""How the lengths of all examples are spread: quantiles, the longest, roles and turns."""

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QPushButton, QSizePolicy, QVBoxLayout, QWidget

from tunedesk.gui.examples.form.roles import role_title
from tunedesk.gui.examples.panel.fact_lines import FactLine, FactLines
from tunedesk.gui.examples.panel.tokens_figures import LongRow, SetFigures
from tunedesk.gui.examples.panel.tokens_long_row import LongRowButton
from tunedesk.gui.theme import Theme
from tunedesk.gui.widgets.section_title import SectionTitle
from tunedesk.i18n import _, ngettext
from tunedesk.project.query import ExampleQuery


class SetLengths(QWidget):
    """The sections "Lengths", "Longest" and "Roles and turns"; hidden without examples.

    Signals:
        filter_requested: An `ExampleQuery` with what to filter to, and what it is in words.
        example_requested: The id of an example to open.
    """

    filter_requested = Signal(object, str)
    example_requested = Signal(int)

    def __init__(self, *, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._limit = 0
        self.facts = FactLines(theme=theme)
        self._over = QPushButton()
        self._over.setProperty("kind", "link")
        self._over.setCursor(Qt.CursorShape.PointingHandCursor)
        self._over.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        self._over.clicked.connect(self._show_over)
        self._longest = QVBoxLayout()
        self._longest.setSpacing(0)
        self.longest_buttons: list[LongRowButton] = []
        self.talk = FactLines(theme=theme)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(SectionTitle(theme, _("Lengths")))
        column.addWidget(self.facts)
        column.addWidget(self._over)
        column.addSpacing(10)
        column.addWidget(SectionTitle(theme, _("Longest")))
        column.addLayout(self._longest)
        column.addSpacing(10)
        column.addWidget(SectionTitle(theme, _("Roles and turns")))
        column.addWidget(self.talk)
        self.hide()

    def show_figures(self, figures: SetFigures) -> None:
        """Show the figures of all examples."""
        self.setVisible(figures.examples > 0)
        self._limit = figures.limit
        self.facts.set_lines(
            [
                FactLine(
                    _("Half have at most"),
                    f"{figures.median:,}",
                    tooltip=_("The median: half of the examples have at most so many tokens"),
                ),
                FactLine(_("95 of 100 have at most"), f"{figures.ninety_five:,}"),
                FactLine(_("The longest has"), f"{figures.longest:,}"),
                FactLine(_("Limit of an example"), f"{figures.limit:,}", tone="muted"),
            ]
        )
        self._over.setVisible(figures.over_limit > 0)
        self._over.setText(
            ngettext(
                "{count} example is over the limit",
                "{count} examples are over the limit",
                figures.over_limit,
            ).format(count=f"{figures.over_limit:,}")
        )
        self._over.setAccessibleName(self._over.text())
        self._show_longest(figures.long_rows)
        self.talk.set_lines(_talk_lines(figures))

    def _show_longest(self, rows: Sequence[LongRow]) -> None:
        while len(self.longest_buttons) < len(rows):
            button = LongRowButton(self._theme)
            button.example_requested.connect(self.example_requested)
            self._longest.addWidget(button)
            self.longest_buttons.append(button)
        for number, button in enumerate(self.longest_buttons):
            button.setVisible(number < len(rows))
            if number < len(rows):
                button.show_row(rows[number])

    def _show_over(self) -> None:
        self.filter_requested.emit(
            ExampleQuery(tokens=(self._limit + 1, None)), _("Over the limit")
        )


def _talk_lines(figures: SetFigures) -> list[FactLine]:
    lines = [
        FactLine(_("Half have at most"), _messages(figures.median_turns)),
        FactLine(_("The longest talk has"), _messages(figures.most_turns)),
    ]
    lines += [
        FactLine(_("{role} messages").format(role=role_title(role)), f"{count:,}", tone="muted")
        for role, count in figures.messages_by_role
        if count
    ]
    return lines


def _messages(count: int) -> str:
    return ngettext("{count} message", "{count} messages", count).format(count=f"{count:,}")
