"""The tab "Tokens": lengths of the open example and of all, the base model and its price."""

import datetime

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QScrollArea, QVBoxLayout, QWidget

from tunedesk.catalogue.models import Catalogue, HostedModel
from tunedesk.catalogue.targets import target as target_of
from tunedesk.gui.background import Background
from tunedesk.gui.examples.change_feed import ChangeFeed
from tunedesk.gui.examples.form.open_example import OpenExample
from tunedesk.gui.examples.panel.histogram import Histogram
from tunedesk.gui.examples.panel.project_answer import ProjectAnswer
from tunedesk.gui.examples.panel.recheck import Recheck
from tunedesk.gui.examples.panel.tokens_example import ExampleTokens
from tunedesk.gui.examples.panel.tokens_figures import SetFigures, find_figures
from tunedesk.gui.examples.panel.tokens_lengths import SetLengths
from tunedesk.gui.examples.panel.tokens_model import ModelChoice
from tunedesk.gui.examples.panel.tokens_totals import SetTotals
from tunedesk.gui.feedback import Feedback
from tunedesk.gui.theme import Theme
from tunedesk.i18n import _
from tunedesk.project.project import Project
from tunedesk.project.project_change import ProjectChange
from tunedesk.project.query import ExampleQuery
from tunedesk.project.statistics import Bin

MODEL_SETTING = "model"
DEFAULT_MODEL = "gpt-4.1-mini-2025-04-14"
_KINDS = frozenset({"text", "facts", "added", "deleted"})


class TokensTab(QScrollArea):
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
        feedback: Feedback,
        theme: Theme,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._project = project
        self._theme = theme
        self.recheck = Recheck(
            project=project, background=background, feedback=feedback, parent=self
        )
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
        self.totals.bars_place.addWidget(self.bars)
        self.bars.hide()
        self._build()
        self.choice.set_enabled(not project.read_only)
        self.choice.model_chosen.connect(self._choose_model)
        self.choice.target_chosen.connect(self._choose_target)
        self.lengths.filter_requested.connect(self.filter_requested)
        self.lengths.example_requested.connect(self.example_requested)
        self._answer = ProjectAnswer(
            project=project,
            background=background,
            question=find_figures,
            kinds=_KINDS,
            parent=self,
        )
        self._answer.ready.connect(self._take)
        self._feed = ChangeFeed(project, self)
        self._feed.changed.connect(self._project_changed)
        self._read_settings()

    def watch(self, watched: bool) -> None:
        """Say whether the tab is seen."""
        self.example.watch(watched)
        self._answer.watch(watched)

    def take_focus(self) -> None:
        """Give the keyboard to the column, which the arrows scroll."""
        self.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def close_project(self) -> None:
        """Let go of the project."""
        self._feed.close()
        self._answer.close()
        self.recheck.close()

    def _build(self) -> None:
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
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
        self.setWidget(inner)

    def _take(self, figures: SetFigures) -> None:
        self.totals.show_figures(figures)
        self.lengths.show_figures(figures)
        self._show_bars(figures)

    def _show_bars(self, figures: SetFigures) -> None:
        self.bars.setVisible(bool(figures.bars))
        self.bars.set_bars(figures.bars)

    def _show_bar(self, bar: Bin) -> None:
        self.filter_requested.emit(
            ExampleQuery(tokens=(bar.low, bar.high)),
            _("{low} to {high} tokens").format(low=f"{bar.low:,}", high=f"{bar.high:,}"),
        )

    def _choose_model(self, model: HostedModel) -> None:
        """Keep the choice in the project and count everything anew where that matters."""
        self._project.set_setting(MODEL_SETTING, model.id)
        if self._project.setting("encoding") != model.encoding:
            self._project.set_setting("encoding", model.encoding)
        self.recheck.start()

    def _choose_target(self, target: str) -> None:
        """Keep the choice in the project and judge everything anew."""
        self._project.set_setting("target", target)
        self.recheck.start()

    def _project_changed(self, change: ProjectChange) -> None:
        if "settings" in change.kinds:
            self._read_settings()

    def _read_settings(self) -> None:
        """Follow the target and the base model of the project."""
        self.choice.set_model(str(self._project.setting(MODEL_SETTING) or DEFAULT_MODEL))
        target = str(self._project.setting("target"))
        self.choice.set_target(target)
        model = self.choice.model
        limit = target_of(target).token_limit if model is None else model.token_limit
        self.example.set_basis(limit, model.title if model else "")
        self.totals.set_model(self.choice.priced_model)
        self._answer.ask(limit)
