"""The tab "Tokens": lengths of the open example and of all, the base model and its price."""

import contextlib
import datetime

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QComboBox, QFrame, QScrollArea, QVBoxLayout, QWidget

from tunedesk.catalogue.cost import is_priced
from tunedesk.catalogue.models import (
    STARTER_ID,
    Catalogue,
    HostedModel,
    default_model,
    token_limit,
)
from tunedesk.catalogue.targets import THIS_COMPUTER, targets
from tunedesk.catalogue.targets import target as target_of
from tunedesk.catalogue.token_encodings import DEFAULT_ENCODING, ModelEncoding, model_encoding
from tunedesk.gui.background import Background
from tunedesk.gui.examples.checking import Recheck
from tunedesk.gui.examples.form.open_example import OpenExample
from tunedesk.gui.examples.panel.histogram import Histogram
from tunedesk.gui.examples.panel.panel_tab import PanelTab
from tunedesk.gui.examples.panel.set_figures import FactLine, FactLines, SetFigures, find_figures
from tunedesk.gui.examples.panel.token_sections import ExampleTokens, SetLengths, SetTotals
from tunedesk.gui.live_query import ProjectChangeSignal
from tunedesk.gui.operations import Operations
from tunedesk.gui.theme import Theme
from tunedesk.gui.widgets.choices import NoWheelComboBox
from tunedesk.gui.widgets.labels import Label, SectionTitle
from tunedesk.i18n import _
from tunedesk.project.check_project import has_stale
from tunedesk.project.project import Project
from tunedesk.project.project_change import ProjectChange
from tunedesk.project.query import ExampleQuery
from tunedesk.project.statistics import Bin


class ModelChoice(QWidget):
    """The section "Base model", and where it is trained.

    Signals:
        model_chosen: The user chose the base model of this id.
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
        self._models_of = ""
        self._recounts = True
        self._offer_models()
        self._combo.activated.connect(self._choose)
        self.facts = FactLines(theme=theme)
        self._note = Label(theme, "", "small", "muted", wrap=True)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(SectionTitle(theme, _("Trained at")))
        column.addWidget(self._targets)
        column.addWidget(Label(theme, _("Base model"), "base", "muted"))
        column.addWidget(self._combo)
        column.addWidget(
            Label(theme, _("The model that learns from the examples."), "small", "muted", wrap=True)
        )
        column.addWidget(self.facts)
        column.addWidget(self._note)
        self._show()

    def _offer_models(self) -> None:
        """The models that are trained where the project trains."""
        where = str(self._targets.currentData())
        if self._models_of and (where == THIS_COMPUTER) == (self._models_of == THIS_COMPUTER):
            return
        self._models_of = where
        self._combo.clear()
        if where == THIS_COMPUTER:
            for local in self._catalogue.local_models:
                self._combo.addItem(local.title, local.id)
            return
        for model in self._catalogue.models:
            ended = model.is_shut_down(self._today)
            title = _("{model} (ended)").format(model=model.title) if ended else model.title
            self._combo.addItem(title, model.id)

    @property
    def model(self) -> HostedModel | None:
        """The chosen model of a service."""
        return self._catalogue.find(str(self._combo.currentData()))

    @property
    def model_id(self) -> str | None:
        """The id of the chosen model; None for none."""
        chosen = self._combo.currentData()
        return None if chosen is None else str(chosen)

    @property
    def model_title(self) -> str:
        """What the chosen model is called; empty for none."""
        return self._combo.currentText()

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
        here = is_priced(self._targets.currentData())
        return self.model if here or self.model is None else self.model._replace(price=None)

    def set_target(self, name: str) -> None:
        """Show a target as the chosen one."""
        self._targets.setCurrentIndex(self._targets.findData(name))
        self._offer_models()
        self._show()

    def set_model(self, model_id: str) -> None:
        """Show a model as the chosen one; one that is not in the list leaves the choice open."""
        found = self._catalogue.find(model_id) or self._catalogue.find_local(model_id)
        row = self._combo.findData(found.id) if found else -1
        if row < 0 and self._models_of == THIS_COMPUTER:
            row = self._combo.findData(default_model(THIS_COMPUTER))
        self._combo.setCurrentIndex(row)
        self._show()

    def set_enabled(self, enabled: bool) -> None:
        """Whether the model can be changed; else the figures stay as they were counted."""
        self._combo.setEnabled(enabled)
        self._targets.setEnabled(enabled)
        self._recounts = enabled
        self._show()

    def _choose(self) -> None:
        self._show()
        self.model_chosen.emit(str(self._combo.currentData()))

    def _choose_target(self) -> None:
        self.target_chosen.emit(self._targets.currentData())

    def _show(self) -> None:
        model = self.priced_model
        if model is None:
            here = self._models_of == THIS_COMPUTER
            recounts = self._recounts
            self.facts.set_lines([self._own_counting()] if here and recounts else [])
            self._note.setText(self._note_here(recounts=recounts) if here else "")
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
        if model.shutdown_date is not None and is_priced(self._targets.currentData()):
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

    def _own_counting(self) -> FactLine:
        """What counts the tokens of a model that is trained here."""
        own = self._own_encoding()
        return FactLine(
            _("Counts tokens by"),
            DEFAULT_ENCODING if own is None else _("its own tokenizer"),
            tooltip=_("The encoding: how the model splits text into tokens")
            if own is None
            else _("The files of the model on this computer: {name}").format(name=own.name),
        )

    def _note_here(self, *, recounts: bool) -> str:
        own, chosen = self._own_encoding(), self._combo.currentData()
        if not recounts:
            counted = _("The tokens are as they were counted when it was last open for writing.")
        elif own is not None:
            counted = (
                _("These are the tokens that it learns.")
                if own.is_framed_exactly
                else _("What its chat template adds to a message is an estimate.")
            )
        elif chosen == STARTER_ID:
            counted = _(
                "The starter makes tokens of its own in each training: take these as about right."
            )
        else:
            counted = _(
                "It is not on this computer yet; its own tokens differ a little from those counted."
            )
        return " ".join((_("Nothing is paid here."), counted))

    def _own_encoding(self) -> ModelEncoding | None:
        return model_encoding(str(self._combo.currentData() or ""))

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
    combo = NoWheelComboBox()
    combo.setAccessibleName(name)
    combo.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    combo.setMinimumContentsLength(12)
    return combo


MODEL_SETTING = "model"
RECHECK_AFTER_MS = 600
"""After opening: the page shows before that."""
_KINDS = frozenset({"text", "facts", "added", "deleted"})


class TokensTab(PanelTab):
    """Figures one below the other, in a column that scrolls.

    Signals:
        filter_requested: An `ExampleQuery` with what to filter to, and what it is in words.
        example_requested: The id of an example to open.
    """

    filter_requested = Signal(object, str)
    example_requested = Signal(int)

    def __init__(
        self,
        *,
        project: Project,
        open_example: OpenExample,
        background: Background,
        operations: Operations,
        theme: Theme,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(
            project=project,
            background=background,
            question=find_figures,
            kinds=_KINDS,
            parent=parent,
        )
        self._theme = theme
        self._background = background
        self._basis = project.context.basis
        self.recheck = Recheck(operations, background)
        self.example = ExampleTokens(open_example=open_example, theme=theme)
        self.totals = SetTotals(theme=theme)
        self.lengths = SetLengths(theme=theme)
        self.choice = ModelChoice(
            theme=theme,
            catalogue=Catalogue.load(),
            today=datetime.date.today(),
            parent=None,
        )
        self.bars = Histogram(theme=theme)
        self.bars.bar_requested.connect(self._show_bar)
        self.totals.bars_layout.addWidget(self.bars)
        self.bars.hide()
        self._build()
        self.choice.set_enabled(not project.read_only)
        self.choice.model_chosen.connect(self._choose_model)
        self.choice.target_chosen.connect(self._choose_target)
        self.lengths.filter_requested.connect(self.filter_requested)
        self.lengths.example_requested.connect(self.example_requested)
        self._feed = ProjectChangeSignal(project, self)
        self._feed.changed.connect(self._project_changed)
        self._read_settings()

    def watch(self, watched: bool) -> None:
        """Say whether the tab is seen."""
        self.example.watch(watched)
        super().watch(watched)

    def follow_models(self) -> None:
        """Count anew where the base model has come to this computer, or has gone from it."""
        if self._project.context.basis != self._basis:
            self._project.context.store.publish(ProjectChange(frozenset({"settings"})))

    def focus_main_part(self) -> None:
        """Give the keyboard to the column, which the arrows scroll."""
        self.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def close_project(self) -> None:
        """Let go of the project."""
        self._feed.close()
        super().close_project()

    def _build(self) -> None:
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setAccessibleName(_("Tokens"))
        self.setFocusProxy(area)
        inner = QWidget()
        inner.setProperty("surface", "surface")
        column = QVBoxLayout(inner)
        column.setContentsMargins(14, 14, 14, 18)
        column.setSpacing(18)
        column.addWidget(self.example)
        column.addWidget(self.totals)
        column.addWidget(self.choice)
        column.addWidget(self.lengths)
        column.addStretch()
        area.setWidget(inner)
        around = QVBoxLayout(self)
        around.setContentsMargins(0, 0, 0, 0)
        around.addWidget(area)

    def show_answer(self, answer: SetFigures) -> None:
        """Show the figures of all examples."""
        self.totals.show_figures(answer)
        self.lengths.show_figures(answer)
        self.bars.setVisible(bool(answer.bars))
        self.bars.set_bars(answer.bars)

    def _show_bar(self, bar: Bin) -> None:
        self.filter_requested.emit(
            ExampleQuery(tokens=(bar.low, bar.high)),
            _("{low} to {high} tokens").format(low=f"{bar.low:,}", high=f"{bar.high:,}"),
        )

    def _choose_model(self, model_id: str) -> None:
        """Keep the choice in the project and count everything anew where that matters."""
        self._project.set_setting(MODEL_SETTING, model_id)
        model = Catalogue.load().find(model_id)
        if model is not None and self._project.setting("encoding") != model.encoding:
            self._project.set_setting("encoding", model.encoding)

    def _choose_target(self, target: str) -> None:
        """Keep the choice in the project; all is judged anew."""
        self._project.set_setting("target", target)

    def recheck_stale(self) -> None:
        """Check what an older Tunedesk checked, or for another target; called on opening."""
        if not self._project.read_only:
            self._background.run(
                _has_stale,
                self._project,
                on_result=lambda stale: self.recheck.start() if stale else None,
                delay_ms=RECHECK_AFTER_MS,
            )

    def _project_changed(self, change: ProjectChange) -> None:
        if "settings" not in change.kinds:
            return
        self._read_settings()
        basis = self._project.context.basis
        if basis != self._basis:
            self._basis = basis
            if not self._project.read_only:
                self.recheck.start()

    def _read_settings(self) -> None:
        """Follow the target and the base model of the project."""
        target = self._project.context.target
        self.choice.set_target(target)
        chosen = self._project.setting(MODEL_SETTING) or default_model(target)
        self.choice.set_model(str(chosen))
        model = self.choice.model
        limit = token_limit(target_of(target), self.choice.model_id)
        self.example.set_basis(limit, self.choice.model_title)
        self.totals.set_model(model, target)
        self._query.ask(limit)


def _has_stale(project: Project) -> bool:
    """Whether any example was checked with other settings or by an older Tunedesk."""
    with contextlib.closing(project.handle()) as handle:
        return has_stale(handle.context)
