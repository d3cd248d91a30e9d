"""What all examples come to: tokens, epochs, and the price of training on them."""

from PySide6.QtWidgets import QVBoxLayout, QWidget

from tunedesk.catalogue.cost import default_epochs
from tunedesk.catalogue.models import HostedModel
from tunedesk.gui.examples.panel.fact_lines import FactLine, FactLines, figure_text
from tunedesk.gui.examples.panel.tokens_example import estimate_lines
from tunedesk.gui.examples.panel.tokens_figures import SetFigures
from tunedesk.gui.theme import Theme
from tunedesk.gui.widgets.label import Label
from tunedesk.gui.widgets.section_title import SectionTitle
from tunedesk.i18n import _, ngettext


class SetTotals(QWidget):
    """The section "All 128 examples".

    Attributes:
        bars_place: The layout in which the histogram has its place.
    """

    def __init__(self, *, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._figures: SetFigures | None = None
        self._model: HostedModel | None = None
        self._title = SectionTitle(theme, _("All examples"))
        self.facts = FactLines(theme=theme)
        self._note = Label(theme, "", "small", "muted", wrap=True)
        self.bars_place = QVBoxLayout()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        for part in (self._title, self.facts, self._note):
            column.addWidget(part)
        column.addLayout(self.bars_place)
        self._show()

    def show_figures(self, figures: SetFigures) -> None:
        """Show the figures of all examples."""
        self._figures = figures
        self._show()

    def set_model(self, model: HostedModel | None) -> None:
        """Work the price out for another base model."""
        self._model = model
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
                *cost_lines(figures, self._model),
            ]
        )
        self._note.setText(_("An epoch is one pass of the training through all examples."))


def cost_lines(figures: SetFigures, model: HostedModel | None) -> list[FactLine]:
    """What training on all examples would take; the money is an estimate, and said to be one."""
    epochs = default_epochs(figures.examples)
    billable = figures.billed_tokens * epochs
    lines = [
        FactLine(
            _("Epochs (automatic)"),
            f"{epochs:,}",
            tooltip=_("How often training goes through all examples, as OpenAI chooses it"),
        ),
        FactLine(
            _("Tokens to pay for"),
            figure_text(billable, any(figures.estimated)),
            tooltip=_("The tokens of all examples up to the limit, once an epoch"),
        ),
    ]
    if model is not None and model.price is not None:
        price = billable * model.price.training / 1e6
        lines.append(
            FactLine(
                _("Cost (estimate)"),
                _money(price),
                strong=True,
                tooltip=_("Tokens to pay for, times the price of training {model}").format(
                    model=model.title
                ),
            )
        )
    elif model is not None:
        lines.append(FactLine(_("Cost"), _("not known"), tone="muted"))
    return lines


def _money(dollars: float) -> str:
    return f"≈ ${dollars:,.2f}" if dollars >= 0.01 or dollars == 0 else _("under $0.01")
