"""The sections of the tab "Tokens": the open example; all examples, their price and lengths."""

from collections import Counter
from collections.abc import Sequence

from PySide6.QtCore import QRect, QSize, Qt, Signal
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import QAbstractButton, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from tunedesk.catalogue.cost import estimate
from tunedesk.catalogue.models import HostedModel
from tunedesk.catalogue.targets import THIS_COMPUTER
from tunedesk.examples.json_text import JsonSyntaxError
from tunedesk.gui.examples.form.open_example import OpenExample
from tunedesk.gui.examples.panel.set_figures import (
    FactLine,
    FactLines,
    LongRow,
    SetFigures,
    figure_text,
)
from tunedesk.gui.roles_and_states import role_title
from tunedesk.gui.theme import Theme
from tunedesk.gui.widgets.labels import Label, SectionTitle, plain_tooltip
from tunedesk.i18n import _, money_text, ngettext
from tunedesk.project.query import ExampleQuery

_ESTIMATE = _("Tools and images follow OpenAI's published formula; the real count may differ.")


class ExampleTokens(QWidget):
    """The section "This example", live as the example is written."""

    def __init__(
        self, *, open_example: OpenExample, theme: Theme, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._open_example = open_example
        self._limit = 0
        self._model = ""
        self._watched = True
        self.facts = FactLines(theme=theme)
        self._note = Label(theme, "", "small", "muted", wrap=True)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(SectionTitle(theme, _("This example")))
        column.addWidget(self.facts)
        column.addWidget(self._note)
        open_example.loaded.connect(self._refresh_if_watched)
        open_example.facts_changed.connect(self._refresh_if_watched)
        self.refresh()

    def set_basis(self, limit: int, model: str) -> None:
        """Say how many tokens an example may have, and on which model it will be trained."""
        self._limit, self._model = limit, model
        self.refresh()

    def watch(self, watched: bool) -> None:
        """Say whether it is seen: out of sight it does not follow the open example."""
        if watched and not self._watched:
            self.refresh()
        self._watched = watched

    def _refresh_if_watched(self) -> None:
        if self._watched:
            self.refresh()

    def refresh(self) -> None:
        """Show the figures of the example as it is now."""
        facts = self._open_example.facts
        if self._open_example.example_id is None or facts is None:
            self.facts.set_lines([])
            self._note.setText(_("No example is open."))
            return
        estimated = facts.tool_tokens + facts.image_tokens > 0
        over = facts.tokens - self._limit
        lines = [
            FactLine(
                _("Tokens ({model})").format(model=self._model) if self._model else _("Tokens"),
                figure_text(facts.tokens, estimated),
                strong=True,
                tone="error" if over > 0 else "",
            ),
            *self._by_role(),
        ]
        lines += estimate_lines(facts.tool_tokens, facts.image_tokens)
        frame = facts.message_tokens - sum(self._open_example.message_tokens)
        if lines[1:] and frame > 0:
            lines.append(_part(_("Frame"), frame, _("What the format itself takes")))
        lines += [
            FactLine(
                _("Trained on"),
                figure_text(facts.trained_tokens, facts.tool_tokens > 0),
                strong=True,
                tone="" if facts.trained_tokens else "warning",
                tooltip=_("The answers that the model learns to give"),
            ),
            FactLine(_("Limit"), f"{self._limit:,}"),
        ]
        self.facts.set_lines(lines)
        if over > 0:
            self._note.setText(
                _("{count} tokens too long: the end, the answer, would be cut off.").format(
                    count=f"{over:,}"
                )
            )
        else:
            self._note.setText(
                _("A token is a piece of a word: in English about three quarters of one.")
            )
        self._note.set_tone("error" if over > 0 else "muted")

    def _by_role(self) -> list[FactLine]:
        """The tokens of the messages, added up by role, in the order in which they first speak."""
        counts = self._open_example.message_tokens
        try:
            messages = self._open_example.conversation.messages
        except JsonSyntaxError:
            return []
        if not counts or len(counts) != len(messages):
            return []
        sums: Counter[str | None] = Counter()
        for message, tokens in zip(messages, counts, strict=True):
            sums[message.role] += tokens
        return [_part(role_title(role), tokens) for role, tokens in sums.items()]


def estimate_lines(tools: int, images: int) -> list[FactLine]:
    """The part of a length that is an estimate: what there is of it."""
    parts = ((_("Tools, estimate"), tools), (_("Images, estimate"), images))
    return [_part(name, tokens, _ESTIMATE, about=True) for name, tokens in parts if tokens]


def _part(name: str, tokens: int, tooltip: str = "", *, about: bool = False) -> FactLine:
    value = figure_text(tokens, about)
    return FactLine(name, value, tone="muted", indent=True, tooltip=tooltip)


class LongRowButton(QAbstractButton):
    """Number, preview and tokens of an example.

    Signals:
        example_requested: The id of the example.
    """

    example_requested = Signal(int)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._row: LongRow | None = None
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.clicked.connect(self._request)
        theme.changed.connect(self.update)

    def show_row(self, row: LongRow) -> None:
        """Show an example."""
        self._row = row
        self.setText(_("Example {number}").format(number=f"{row.number:,}"))
        self.setAccessibleName(self.text())
        self.setAccessibleDescription(_("{count} tokens").format(count=f"{row.tokens:,}"))
        self.setToolTip(plain_tooltip(f"{self.text()}: {row.preview}"))
        self.update()

    def sizeHint(self) -> QSize:
        """One line."""
        return QSize(240, 26)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the line."""
        if self._row is None:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        color = self._theme.color
        pointed_at = self.underMouse() or self.hasFocus()
        if self.hasFocus():
            painter.setPen(color("accent"))
            painter.drawRoundedRect(self.rect().adjusted(0, 0, -1, -1), 5, 5)
        inner = self.rect()
        left = QRect(inner)
        middle = int(Qt.AlignmentFlag.AlignVCenter)
        tokens = f"{self._row.tokens:,}"
        painter.setFont(self._theme.font())
        painter.setPen(color("text"))
        painter.drawText(inner, middle | int(Qt.AlignmentFlag.AlignRight), tokens)
        metrics = QFontMetrics(self._theme.font())
        left.setRight(inner.right() - metrics.horizontalAdvance(tokens) - 10)
        number = f"{self._row.number:,}"
        painter.setPen(color("text_muted"))
        painter.drawText(left, middle, number)
        left.setLeft(left.left() + metrics.horizontalAdvance(number) + 8)
        preview = " ".join(self._row.preview.split())
        painter.setPen(color("accent" if pointed_at else "text"))
        painter.drawText(
            left, middle, metrics.elidedText(preview, Qt.TextElideMode.ElideRight, left.width())
        )

    def _request(self) -> None:
        if self._row is not None:
            self.example_requested.emit(self._row.id)


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


class SetTotals(QWidget):
    """The section "All 128 examples".

    Attributes:
        bars_layout: The layout that holds the histogram.
    """

    def __init__(self, *, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._figures: SetFigures | None = None
        self._model: HostedModel | None = None
        self._target = ""
        self._title = SectionTitle(theme, _("All examples"))
        self.facts = FactLines(theme=theme)
        self._note = Label(theme, "", "small", "muted", wrap=True)
        self.bars_layout = QVBoxLayout()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        for part in (self._title, self.facts, self._note):
            column.addWidget(part)
        column.addLayout(self.bars_layout)
        self._show()

    def show_figures(self, figures: SetFigures) -> None:
        """Show the figures of all examples."""
        self._figures = figures
        self._show()

    def set_model(self, model: HostedModel | None, target: str) -> None:
        """Work the price out for another base model, or at another target."""
        self._model = model
        self._target = target
        self._show()

    def _show(self) -> None:
        figures = self._figures
        if figures is None or not figures.examples:
            self._title.setText(_("All examples"))
            self.facts.set_lines([])
            self._note.setText(
                _("Adding up …") if figures is None else _("There are no examples yet.")
            )
            return
        self._title.setText(
            ngettext("All {count} example", "All {count} examples", figures.examples).format(
                count=f"{figures.examples:,}"
            )
        )
        self.facts.set_lines(
            [
                FactLine(
                    _("Tokens"), figure_text(figures.tokens, any(figures.estimated)), strong=True
                ),
                *estimate_lines(*figures.estimated),
                FactLine(
                    _("Trained on"),
                    figure_text(figures.trained_tokens, figures.estimated.tools > 0),
                    tooltip=_("The answers that the model learns to give"),
                ),
                *cost_lines(figures, self._model, self._target),
            ]
        )
        self._note.setText(
            ""
            if self._target == THIS_COMPUTER
            else _("An epoch is one pass of the training through all examples.")
        )


def cost_lines(figures: SetFigures, model: HostedModel | None, target: str) -> list[FactLine]:
    """What training on all examples would take; the money is an estimate, and said to be one."""
    if target == THIS_COMPUTER:  # nothing is paid, and the launch says how long it takes
        return []
    cost = estimate(figures.examples, figures.billed_tokens, target, model)
    lines = [
        FactLine(
            _("Epochs (automatic)"),
            f"{cost.epochs:,}",
            tooltip=_("How often training goes through all examples, as OpenAI chooses it"),
        ),
        FactLine(
            _("Tokens to pay for"),
            figure_text(cost.billable_tokens, any(figures.estimated)),
            tooltip=_("The tokens of all examples up to the limit, once an epoch"),
        ),
    ]
    if model is not None and cost.price is not None:
        lines.append(
            FactLine(
                _("Cost (estimate)"),
                money_text(cost.price),
                strong=True,
                tooltip=_("Tokens to pay for, times the price of training {model}").format(
                    model=model.title
                ),
            )
        )
    elif model is not None:
        lines.append(FactLine(_("Cost"), _("not known"), tone="muted"))
    return lines
