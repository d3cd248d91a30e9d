"""How long all examples are: totals, spread, longest rows, roles and turns, and the price."""

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QPushButton, QSizePolicy, QVBoxLayout, QWidget

from tunedesk.checks.cost import default_epochs
from tunedesk.checks.models import BaseModel
from tunedesk.gui.examples.panel.conversation_diff import role_name
from tunedesk.gui.examples.panel.fact_lines import FactLine, FactLines
from tunedesk.gui.examples.panel.tokens_figures import LongRow, SetFigures
from tunedesk.gui.examples.panel.tokens_long_row import LongRowButton
from tunedesk.gui.theme import Theme
from tunedesk.gui.widgets.label import Label
from tunedesk.gui.widgets.section_title import SectionTitle
from tunedesk.i18n import _, ngettext
from tunedesk.project.query import ExampleQuery


class SetTokens(QWidget):
    """The sections "All examples" and "Longest"; the histogram has its place between them.

    Signals:
        filter_requested: An `ExampleQuery` with what to filter to, and what it is in words.
        example_requested: The id of an example to open.
    """

    filter_requested = Signal(object, str)
    example_requested = Signal(int)

    def __init__(self, *, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._figures: SetFigures | None = None
        self._title = SectionTitle(theme, _("All examples"))
        self._lines = FactLines(theme=theme)
        self._over = _link("")
        self._over.clicked.connect(self._show_over)
        self.bars_place = QVBoxLayout()
        self._longest_title = SectionTitle(theme, _("Longest"))
        self._longest = QVBoxLayout()
        self._longest.setSpacing(0)
        self._longest_buttons: list[LongRowButton] = []
        self._talk_title = SectionTitle(theme, _("Roles and turns"))
        self._talk = FactLines(theme=theme)
        self._waiting = Label(theme, _("Adding up …"), "small", "muted")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        for part in (self._title, self._waiting, self._lines, self._over):
            column.addWidget(part)
        column.addLayout(self.bars_place)
        column.addSpacing(10)
        column.addWidget(self._longest_title)
        column.addLayout(self._longest)
        column.addSpacing(10)
        column.addWidget(self._talk_title)
        column.addWidget(self._talk)
        self._show(None)

    def show_figures(self, figures: SetFigures) -> None:
        """Show the figures of all examples."""
        self._show(figures)

    def _show(self, figures: SetFigures | None) -> None:
        self._figures = figures
        self._waiting.setVisible(figures is None)
        filled = figures is not None and figures.examples > 0
        for part in (self._longest_title, self._talk_title, self._talk):
            part.setVisible(filled)
        self._over.setVisible(filled and figures.over_limit > 0)
        if figures is None:
            return
        self._title.setText(
            ngettext("All {count} example", "All {count} examples", figures.examples).format(
                count=f"{figures.examples:,}"
            )
            if filled
            else _("All examples")
        )
        if not filled:
            self._waiting.setVisible(True)
            self._waiting.setText(_("There are no examples yet."))
            self._lines.set_lines([])
            self._show_longest([])
            return
        self._lines.set_lines(
            [
                FactLine(_("Tokens"), f"{figures.tokens:,}", strong=True),
                FactLine(_("Trained on"), f"{figures.trained_tokens:,}", strong=True),
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
        self._over.setText(
            ngettext(
                "{count} example is over the limit",
                "{count} examples are over the limit",
                figures.over_limit,
            ).format(count=f"{figures.over_limit:,}")
        )
        self._over.setAccessibleName(self._over.text())
        self._show_longest(figures.long_rows)
        self._talk.set_lines(_talk_lines(figures))

    def _show_longest(self, rows: Sequence[LongRow]) -> None:
        while len(self._longest_buttons) < len(rows):
            button = LongRowButton(self._theme)
            button.example_requested.connect(self.example_requested)
            self._longest.addWidget(button)
            self._longest_buttons.append(button)
        for number, button in enumerate(self._longest_buttons):
            button.setVisible(number < len(rows))
            if number < len(rows):
                button.show_row(rows[number])

    def _show_over(self) -> None:
        if self._figures is not None:
            self.filter_requested.emit(
                ExampleQuery(tokens=(self._figures.limit + 1, None)), _("Over the limit")
            )


def _link(text: str) -> QPushButton:
    button = QPushButton(text)
    button.setProperty("kind", "link")
    button.setCursor(Qt.CursorShape.PointingHandCursor)
    button.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
    return button


def _talk_lines(figures: SetFigures) -> list[FactLine]:
    lines = [
        FactLine(_("Messages in an example, half have at most"), f"{figures.median_turns:,}"),
        FactLine(_("At most"), f"{figures.most_turns:,}", indent=True),
    ]
    lines += [
        FactLine(_("{role} messages").format(role=role_name(role)), f"{count:,}", tone="muted")
        for role, count in figures.messages_by_role
        if count
    ]
    return lines


def cost_lines(figures: SetFigures, model: BaseModel | None) -> list[FactLine]:
    """What training on all examples would take, as lines; an estimate, and said so."""
    epochs = default_epochs(figures.examples)
    billable = figures.billed_tokens * epochs
    lines = [
        FactLine(
            _("Epochs, automatic"),
            f"{epochs:,}",
            tooltip=_("How often training goes through all examples, as OpenAI chooses it"),
        ),
        FactLine(
            _("Tokens to pay for"),
            f"{billable:,}",
            tooltip=_("The tokens of all examples up to the limit, once an epoch"),
        ),
    ]
    if model is not None and model.price is not None:
        price = billable * model.price.training / 1e6
        lines.append(FactLine(_("Cost, an estimate"), _money(price), strong=True))
    elif model is not None:
        lines.append(FactLine(_("Cost"), _("no price for a token"), tone="muted"))
    return lines


def _money(dollars: float) -> str:
    return f"≈ ${dollars:,.2f}" if dollars >= 0.01 or dollars == 0 else _("under $0.01")
