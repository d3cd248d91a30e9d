"""The choice of base model and target, with what is to be known before money is spent."""

import datetime

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QVBoxLayout, QWidget

from tunedesk.catalogue.models import Catalogue, HostedModel
from tunedesk.catalogue.targets import DEFAULT_TARGET, targets
from tunedesk.gui.examples.form.calm_combo_box import CalmComboBox
from tunedesk.gui.examples.panel.fact_lines import FactLine, FactLines
from tunedesk.gui.theme import Theme
from tunedesk.gui.widgets.label import Label
from tunedesk.gui.widgets.section_title import SectionTitle
from tunedesk.i18n import _


class ModelChoice(QWidget):
    """The section "Base model", and where it is trained.

    Signals:
        model_chosen: The user chose this `BaseModel`.
        target_chosen: The user chose the target of this name.
    """

    model_chosen = Signal(object)
    target_chosen = Signal(str)

    def __init__(
        self, *, theme: Theme, catalogue: Catalogue, today: datetime.date, parent: QWidget | None
    ) -> None:
        super().__init__(parent)
        self._catalogue = catalogue
        self._today = today
        self._combo = _combo(_("Base model"))
        self._targets = _combo(_("Trained at"))
        for target in targets().values():
            self._targets.addItem(target.title, target.name)
        self._targets.activated.connect(self._choose_target)
        for model in catalogue.models:
            ended = model.is_shut_down(today)
            title = _("{model} (ended)").format(model=model.title) if ended else model.title
            self._combo.addItem(title, model.id)
        self._combo.activated.connect(self._choose)
        self.facts = FactLines(theme=theme)
        self._note = Label(theme, "", "small", "muted", wrap=True)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(SectionTitle(theme, _("Base model")))
        column.addWidget(self._combo)
        column.addWidget(
            Label(theme, _("The model that learns from the examples."), "small", "muted", wrap=True)
        )
        column.addWidget(Label(theme, _("Trained at"), "base", "muted"))
        column.addWidget(self._targets)
        column.addWidget(self.facts)
        column.addWidget(self._note)
        self._show()

    @property
    def model(self) -> HostedModel | None:
        """The chosen model."""
        number = self._combo.currentIndex()
        return self._catalogue.models[number] if number >= 0 else None

    @property
    def combo(self) -> QComboBox:
        """The box with the models."""
        return self._combo

    @property
    def target_combo(self) -> QComboBox:
        """The box with the targets."""
        return self._targets

    @property
    def priced_model(self) -> HostedModel | None:
        """The chosen model if its price is known where it is trained."""
        here = self._targets.currentData() == DEFAULT_TARGET
        return self.model if here or self.model is None else self.model._replace(price=None)

    def set_target(self, name: str) -> None:
        """Show a target as the chosen one."""
        self._targets.setCurrentIndex(self._targets.findData(name))
        self._show()

    def set_model(self, model_id: str) -> None:
        """Show a model as the chosen one; one that is not in the list leaves the choice open."""
        found = self._catalogue.find(model_id)
        self._combo.setCurrentIndex(self._combo.findData(found.id) if found else -1)
        self._show()

    def set_enabled(self, enabled: bool) -> None:
        """Whether the model can be changed."""
        self._combo.setEnabled(enabled)
        self._targets.setEnabled(enabled)

    def _choose(self) -> None:
        self._show()
        if self.model is not None:
            self.model_chosen.emit(self.model)

    def _choose_target(self) -> None:
        self._show()
        self.target_chosen.emit(self._targets.currentData())

    def _show(self) -> None:
        model = self.priced_model
        if model is None:
            self.facts.set_lines([])
            self._note.setText("")
            return
        lines = []
        if model.price is not None:
            lines.append(
                FactLine(
                    _("Price per million tokens"),
                    f"${model.price.training:,.2f}",
                    tooltip=_("Price of {date}: {source}").format(
                        date=self._catalogue.price_date.isoformat(),
                        source=self._catalogue.price_source,
                    ),
                )
            )
        at_openai = self._targets.currentData() == DEFAULT_TARGET
        if model.shutdown_date is not None and at_openai:
            ended = model.is_shut_down(self._today)
            lines.append(
                FactLine(
                    _("Ended") if ended else _("Will be shut down"),
                    model.shutdown_date.isoformat(),
                    tone="error" if ended else "warning",
                    tooltip=self._catalogue.shutdown_source,
                )
            )
        lines.append(
            FactLine(
                _("Counts tokens by"),
                model.encoding,
                tooltip=_("The encoding: how the model splits text into tokens"),
            )
        )
        self.facts.set_lines(lines)
        self._note.setText(self._note_on(model))

    def _note_on(self, model: HostedModel) -> str:
        notes = []
        if model.price is not None:
            notes.append(
                _("Price of {date}; look it up before you pay.").format(
                    date=self._catalogue.price_date.isoformat()
                )
            )
        elif self.model is not None and self.model.price is not None:
            notes.append(_("Its price there is not known to Tunedesk."))
        if model.note:
            notes.append(model.note)
        return " ".join(notes)


def _combo(name: str) -> QComboBox:
    """A box that may be made narrow."""
    combo = CalmComboBox()
    combo.setAccessibleName(name)
    combo.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    combo.setMinimumContentsLength(12)
    return combo
