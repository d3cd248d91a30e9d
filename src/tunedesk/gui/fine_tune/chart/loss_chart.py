"""The loss chart: a heading with the legend and the choices, and the lines below."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt, QTimer, Signal
from PySide6.QtGui import QHideEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import (
    QAbstractButton,
    QButtonGroup,
    QHBoxLayout,
    QLayout,
    QSizePolicy,
    QStackedLayout,
    QWidget,
)

from tunedesk.gui.feedback import Feedback
from tunedesk.gui.fine_tune.save_files import SavePicture
from tunedesk.gui.theme import Theme
from tunedesk.gui.widgets.cards import Card, EmptyState
from tunedesk.gui.widgets.choices import Chip
from tunedesk.gui.widgets.labels import Label, plain_tooltip
from tunedesk.gui.widgets.layouts import FlowLayout
from tunedesk.i18n import _
from tunedesk.lazy_imports import importing

if TYPE_CHECKING:
    from tunedesk.fine_tuning.charted_run import ChartedRun
    from tunedesk.gui.fine_tune.chart.curve_view import CurveView
    from tunedesk.gui.fine_tune.chart.figures_table import FiguresTable

REDRAWN_EVERY = 250
"""Milliseconds between two redraws, however often figures come: a person sees no more."""
HEIGHT, ACCURACY_HEIGHT = 300, 140

CHOICES_GAP = 6


class LossChart(Card):
    """Training and validation loss of one run, or of several laid over each other.

    numpy and pyqtgraph are imported with the first figures, not before.

    Attributes:
        curve_view: The drawing; None until there are figures.
        figures: The table of the figures; None until it was asked for.

    Signals:
        step_read: What the crosshair reads, as `CrosshairReading`; None when it is gone.
    """

    step_read = Signal(object)

    def __init__(
        self, *, theme: Theme, feedback: Feedback | None = None, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent=parent)
        self._theme = theme
        self._feedback = feedback
        self._runs: list[ChartedRun] = []
        self._gist = ""
        self._stale = False
        self.curve_view: CurveView | None = None
        self.figures: FiguresTable | None = None
        self.setAccessibleName(_("Loss chart"))
        self._title = Label(theme, _("Loss"), "strong")
        self._empty = EmptyState(theme, "chart", "", "")
        self._stack = QStackedLayout()
        self._stack.addWidget(self._empty)
        self._redraw = QTimer(self)
        self._redraw.setSingleShot(True)
        self._redraw.setInterval(REDRAWN_EVERY)
        self._redraw.timeout.connect(self._draw_if_stale)
        self._lay_out()
        self.show_nothing()

    def _lay_out(self) -> None:
        self.smooth = Chip(self._theme, _("Smooth"))
        self.raw = Chip(self._theme, _("Raw + smooth"))
        self.log = Chip(self._theme, _("Log"))
        self.accuracy = Chip(self._theme, _("Accuracy"))
        self.table = Chip(self._theme, _("Table"))
        self.fit = Chip(self._theme, _("Fit"))
        self.fit.setCheckable(False)
        self._pair = QButtonGroup(self)
        self._pair.addButton(self.smooth)
        self._pair.addButton(self.raw)
        self.raw.setChecked(True)
        for chip, explained in (
            (self.smooth, _("Only the smoothed lines: the direction without the noise (Space)")),
            (self.raw, _("The measured figures, pale, behind the smoothed lines (Space)")),
            (self.log, _("Losses on a logarithmic axis: small differences late in a run (Space)")),
            (self.accuracy, _("How many of the tokens the model had right, below (Space)")),
            (self.table, _("The figures of all steps, in place of the lines (Space)")),
            (
                self.fit,
                _("Show all steps again (0). Zoom: drag over the lines, + and -, Ctrl and wheel"),
            ),
        ):
            chip.setToolTip(plain_tooltip(explained))
        self.smooth.toggled.connect(self._on_view_changed)
        self.log.toggled.connect(self._on_view_changed)
        self.accuracy.toggled.connect(self._on_view_changed)
        self.table.toggled.connect(self._show_table)
        self.fit.clicked.connect(self._fit)
        head = self._head = QHBoxLayout()
        head.setSpacing(CHOICES_GAP)
        head.addWidget(self._title, 0, Qt.AlignmentFlag.AlignVCenter)
        self._beside = QHBoxLayout()
        self._beside.setContentsMargins(0, 0, 0, 0)
        head.addLayout(self._beside, 1)
        head.addStretch()  # takes the room where the legend stands below
        self.save_picture: SavePicture | None = None
        if self._feedback is not None:
            self.save_picture = SavePicture(
                feedback=self._feedback, svg=self.svg, csv=self.csv, name=self.name
            )
        self._choices = QHBoxLayout()
        self._choices.setSpacing(CHOICES_GAP)
        head.addLayout(self._choices)
        for button in self.buttons():
            self._choices.addWidget(button, 0, Qt.AlignmentFlag.AlignVCenter)
        self._choices_below = FlowLayout(spacing=CHOICES_GAP)
        self._below_head = QHBoxLayout()
        below = QWidget()
        below.setLayout(self._stack)
        below.setMinimumHeight(HEIGHT)
        below.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.accuracy.toggled.connect(
            lambda shown: below.setMinimumHeight(HEIGHT + (ACCURACY_HEIGHT if shown else 0))
        )
        self.body.addLayout(head)
        self.body.addLayout(self._choices_below)
        self.body.addLayout(self._below_head)
        self.body.addWidget(below, 1)

    def buttons(self) -> list[QAbstractButton]:
        """The choices above the lines, from the left."""
        found: list[QAbstractButton] = [
            self.fit,
            self.smooth,
            self.raw,
            self.log,
            self.accuracy,
            self.table,
        ]
        return found if self.save_picture is None else [*found, self.save_picture]

    # What is shown

    def show_nothing(self, title: str = "", text: str = "") -> None:
        """Say why there are no figures, and what comes."""
        self._runs = []
        self._stale = False
        self._empty.show_text(
            "chart",
            title or _("No figures yet"),
            text
            or _(
                "The loss says how far the model's answers are from those of your examples. "
                "It is drawn here, step by step, once the training has begun."
            ),
        )
        self._stack.setCurrentIndex(0)
        for button in self.buttons():
            button.hide()
        self._title.hide()
        self._describe()

    def show_runs(self, runs: Sequence["ChartedRun"]) -> None:
        """Draw these runs, the first one lowest; called again whenever there are new figures.

        What comes within a quarter of a second of the last drawing is drawn after it, and what
        comes while the chart cannot be seen is drawn when it can.
        """
        with_figures = [run for run in runs if len(run.curves)]
        if not with_figures:
            self.show_nothing()
            return
        self._runs = with_figures
        self._stale = True
        if not self._redraw.isActive():
            self._draw_if_stale()

    def set_gist(self, gist: str) -> None:
        """Take the advice in one sentence into what screen readers say of the chart."""
        self._gist = gist
        self._describe()

    def _draw_if_stale(self) -> None:
        if not self._stale or not self.isVisible():
            return
        self._stale = False
        view = self._view()
        view.show_runs(self._runs)
        self._legend.show_runs(self._runs)
        self._place_legend()
        self._stack.setCurrentWidget(view)
        if self.table.isChecked():
            self._show_table(True)
        for button in self.buttons():
            button.show()
        self.accuracy.setEnabled(any(_has_accuracy(run) for run in self._runs))
        self._refresh_fit()
        self._describe()
        self._redraw.start()

    def _view(self) -> "CurveView":
        """The drawing; made when it is first needed."""
        if self.curve_view is None:
            with importing(
                "tunedesk.gui.fine_tune.chart.curve_view", "tunedesk.gui.fine_tune.chart.legend"
            ):
                from tunedesk.gui.fine_tune.chart.curve_view import CurveView
                from tunedesk.gui.fine_tune.chart.legend import Legend

            self.curve_view = CurveView(self._theme)
            self.curve_view.setAccessibleName(_("Loss chart"))
            self.curve_view.step_read.connect(self._read)
            self.curve_view.view_changed.connect(self._refresh_fit)
            self.curve_view.focus_changed.connect(
                lambda focused: self.set_tone("accent" if focused else "")
            )
            self._legend = Legend(self._theme)
            self._beside.addWidget(self._legend, 1, Qt.AlignmentFlag.AlignVCenter)
            self._stack.addWidget(self.curve_view)
            self.setFocusProxy(self.curve_view)
            self._on_view_changed()
        return self.curve_view

    def minimumSizeHint(self) -> QSize:
        """Room for the widest choice: they go on in more lines where there is no more."""
        widest = max(button.sizeHint().width() for button in self.buttons())
        margins = self.body.contentsMargins()
        return QSize(
            widest + margins.left() + margins.right() + 2, super().minimumSizeHint().height()
        )

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Lay the choices and the legend out."""
        super().resizeEvent(event)
        self._place_choices()
        self._place_legend()

    def _place_choices(self) -> None:
        """Beside the heading where they have room in one line, else below it in several."""
        gap = CHOICES_GAP // 2
        needed = sum(part.sizeHint().width() + gap for part in self.buttons())
        row: QLayout = self._choices if self.width() - 26 >= needed else self._choices_below
        if row.count() == 0:
            for button in self.buttons():
                self._choices.removeWidget(button)
                self._choices_below.removeWidget(button)
                row.addWidget(button)

    def _place_legend(self) -> None:
        """Beside the heading if there is room for it in one line, else below.

        Where there is room for neither, the heading gives way: the lines are named all the same.
        """
        if self.curve_view is None:
            return
        gap = CHOICES_GAP
        choices = sum(
            part.sizeHint().width() + gap for part in self.buttons() if not part.isHidden()
        )
        title = self._title.sizeHint().width() + gap
        if self._choices.count() == 0:
            choices = 0
        room = self.width() - choices - title - 2 * gap - 26
        self._title.setVisible(room >= 0)
        self._head.setSpacing(CHOICES_GAP if room >= 0 else CHOICES_GAP // 2)
        row = self._beside if self._legend.line_width() <= room else self._below_head
        if row.indexOf(self._legend) < 0:
            self._beside.removeWidget(self._legend)
            self._below_head.removeWidget(self._legend)
            row.addWidget(self._legend, 1, Qt.AlignmentFlag.AlignVCenter)

    def _on_view_changed(self) -> None:
        if self.curve_view is not None:
            self.curve_view.set_view(
                raw=not self.smooth.isChecked(),
                log=self.log.isChecked(),
                accuracy=self.accuracy.isChecked(),
            )

    def _show_table(self, shown: bool) -> None:
        """Show the figures in place of the lines, or the lines again."""
        if self.curve_view is None:
            return
        if not shown:
            self._stack.setCurrentWidget(self.curve_view)
            return
        if self.figures is None:
            with importing("tunedesk.gui.fine_tune.chart.figures_table"):
                from tunedesk.gui.fine_tune.chart.figures_table import FiguresTable

            self.figures = FiguresTable()
            self._stack.addWidget(self.figures)
        self.figures.show_runs(self._runs)
        self._stack.setCurrentWidget(self.figures)

    def _fit(self) -> None:
        if self.curve_view is not None:
            self.curve_view.fit()

    def _refresh_fit(self) -> None:
        zoomed = self.curve_view is not None and self.curve_view.view.steps is not None
        self.fit.setEnabled(zoomed)
        # Only when there is something to fit: the row has hardly room for all.
        self.fit.setVisible(zoomed)
        self._place_legend()

    def showEvent(self, event: QShowEvent) -> None:
        """Draw what came while the chart could not be seen."""
        super().showEvent(event)
        self._draw_if_stale()

    def hideEvent(self, event: QHideEvent) -> None:
        """Keep the picture as it is: the chart is not visible."""
        super().hideEvent(event)
        self._redraw.stop()

    # What is saved of it

    def name(self) -> str:
        """What the runs are called."""
        return ", ".join(run.name for run in self._runs)

    def svg(self) -> str:
        """A drawing of what is shown, as it is shown."""
        with importing("tunedesk.fine_tuning.chart_style", "tunedesk.fine_tuning.chart_svg"):
            from tunedesk.fine_tuning.chart_style import chart_palette
            from tunedesk.fine_tuning.chart_svg import chart_svg

        view, size = self._view().view, self._view().size()
        return chart_svg(
            self._runs,
            view,
            title=self.name() if len(self._runs) == 1 else _("Loss"),
            colors=chart_palette("dark" if self._theme.dark else "light"),
            width=max(size.width(), 640),
            height=max(size.height() + 60, 360),
        )

    def csv(self) -> str:
        """All figures of the runs that are shown."""
        with importing("tunedesk.fine_tuning.charted_run"):
            from tunedesk.fine_tuning.charted_run import curves_csv

        return curves_csv(self._runs)

    # What is said of it

    def _read(self, said: object) -> None:
        self._describe()
        self.step_read.emit(said)

    def _describe(self) -> None:
        """Say the latest figures and the advice, and where the crosshair stands, if anywhere."""
        parts: list[str] = []
        if not self._runs:
            parts.append(_("No figures yet."))
        elif self.curve_view is not None:
            said = self.curve_view.reading()
            if said is not None:
                parts.append(said.sentence + ".")
            else:
                with importing("tunedesk.gui.fine_tune.chart.curve_view"):
                    from tunedesk.gui.fine_tune.chart.curve_view import latest

                parts += [latest(run, alone=len(self._runs) == 1) for run in self._runs]
        parts += [self._gist] if self._gist else []
        text = " ".join(parts)
        for widget in (self, self.curve_view):
            if widget is not None and widget.accessibleDescription() != text:
                widget.setAccessibleDescription(text)


def _has_accuracy(run: "ChartedRun") -> bool:
    names = ("train_accuracy", "valid_accuracy", "full_valid_accuracy")
    return any(len(run.curves.points(name)) for name in names)
