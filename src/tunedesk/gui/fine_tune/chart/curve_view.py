"""The drawing of the chart: the panels over one another, zoom, and the crosshair.

Imports pyqtgraph: import it when the first chart is shown, not before.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import NamedTuple

import pyqtgraph as pg
from PySide6.QtCore import QEvent, QObject, QPointF, Qt, Signal
from PySide6.QtGui import QAccessible, QFocusEvent, QKeyEvent, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QFrame, QVBoxLayout, QWidget

from tunedesk.fine_tuning.charted_run import ChartedRun, ChartView
from tunedesk.fine_tuning.curves import format_accuracy, format_loss
from tunedesk.gui.fine_tune.chart.panel import Panel
from tunedesk.gui.theme import Theme
from tunedesk.gui.widgets.labels import Label
from tunedesk.i18n import _

BESIDE = 10  # pixels between the crosshair and the box


class CrosshairReading(NamedTuple):
    """What stands at a step.

    Attributes:
        head: The step, and the checkpoint if there is one: "step 126".
        lines: For each run its figures: "training loss 0.91 · validation loss 1.16".
    """

    head: str
    lines: tuple[str, ...]

    @property
    def sentence(self) -> str:
        """All of it in one line: "step 126, training loss 0.91, …"."""
        return ", ".join([self.head, *(line.replace(" · ", ", ") for line in self.lines)])


def reading(runs: Sequence[ChartedRun], step: int, *, accuracy: bool) -> CrosshairReading:
    """What the runs have at a step; what was not measured there is left out.

    But for the validation loss at the ends of epochs: there the last one before is told, with its
    step.
    """
    found = []
    for run in runs:
        rows = [_losses(run, step), _accuracies(run, step) if accuracy else []]
        texts = [" · ".join(words) for words in rows if words]
        if texts and len(runs) > 1:
            texts = [f"{run.name}: {' · '.join(texts)}"]
        found += texts
    is_checkpoint = len(runs) == 1 and step in runs[0].checkpoints
    head = _("step {n}, checkpoint") if is_checkpoint else _("step {n}")
    return CrosshairReading(head.format(n=f"{step:,}"), tuple(found))


def _losses(run: ChartedRun, step: int) -> list[str]:
    every = _("validation loss {figure}")
    if run.validates_batches:
        every = _("validation loss of all {figure}")
    words = _worded(
        (_("training loss {figure}"), run.curves.at("train_loss", step)),
        (_("smoothed {figure}"), run.smoothed_training.at(step)),
        (_("validation loss {figure}"), run.curves.at("valid_loss", step)),
        (every, run.curves.at("full_valid_loss", step)),
        words=format_loss,
    )
    held_back = run.curves.points("full_valid_loss").between(0, step)
    if not run.validates_batches and len(held_back) and held_back.steps[-1] != step:
        text = _("validation loss {figure} at step {n}")
        figure = format_loss(float(held_back.values[-1]))
        words.append(text.format(figure=figure, n=f"{held_back.steps[-1]:,}"))
    return words


def _accuracies(run: ChartedRun, step: int) -> list[str]:
    every = _("validation accuracy {figure}")
    if run.validates_batches:
        every = _("validation accuracy of all {figure}")
    return _worded(
        (_("accuracy {figure}"), run.curves.at("train_accuracy", step)),
        (_("validation accuracy {figure}"), run.curves.at("valid_accuracy", step)),
        (every, run.curves.at("full_valid_accuracy", step)),
        words=format_accuracy,
    )


def _worded(*figures: tuple[str, float | None], words: Callable[[float], str]) -> list[str]:
    """The figures that were measured at the step."""
    return [text.format(figure=words(value)) for text, value in figures if value is not None]


def latest(run: ChartedRun, *, alone: bool) -> str:
    """The last figures of a run, and those of its tuned model where it is of another step."""
    train, valid = run.curves.points("train_loss"), run.curves.validation()
    text = _latest_sentence(bool(len(train)), bool(len(valid)), alone=alone).format(
        name=run.name,
        n=f"{run.curves.last_step:,}",
        train=format_loss(float(train.values[-1])) if len(train) else "",
        valid=format_loss(float(valid.values[-1])) if len(valid) else "",
    )
    kept = run.model_step
    if kept is None or kept not in valid.steps or kept == valid.steps[-1]:
        return text
    of_model = _("The tuned model is that of step {n}, validation loss {valid}.").format(
        n=f"{kept:,}", valid=format_loss(float(valid.values[valid.steps == kept][0]))
    )
    return f"{text} {of_model}"


def _latest_sentence(train: bool, valid: bool, *, alone: bool) -> str:
    """The sentence with its gaps, for a run of which these losses are known."""
    if train and valid:
        if alone:
            return _("Step {n}, training loss {train}, validation loss {valid}.")
        return _("{name}: step {n}, training loss {train}, validation loss {valid}.")
    if train:
        if alone:
            return _("Step {n}, training loss {train}.")
        return _("{name}: step {n}, training loss {train}.")
    if valid:
        if alone:
            return _("Step {n}, validation loss {valid}.")
        return _("{name}: step {n}, validation loss {valid}.")
    return _("Step {n}.") if alone else _("{name}: step {n}.")


class CrosshairBox(QFrame):
    """The small box beside the crosshair; it never takes the mouse."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._head = Label(theme, "", "small", "muted")
        self._lines = Label(theme, "", "base")
        column = QVBoxLayout(self)
        column.setContentsMargins(10, 6, 10, 7)
        column.setSpacing(2)
        column.addWidget(self._head)
        column.addWidget(self._lines)

    def show_reading(self, said: CrosshairReading) -> None:
        """Say what stands at the step."""
        self._head.setText(said.head)
        self._lines.setText("\n".join(said.lines))
        self.adjustSize()

    def stand_by(self, x: int, top: int, width: int) -> None:
        """Stand beside the crosshair, on the side that has the room."""
        left = x + BESIDE
        if left + self.width() > width:
            left = max(0, x - BESIDE - self.width())
        self.move(left, top + 30)


ZOOM = 1.4  # by one press of a key
FEWEST_STEPS = 4.0  # that can be zoomed to


class CurveView(QWidget):
    """The lines of some runs, read by mouse or by the keys.

    Signals:
        step_read: The step that the crosshair stands at, and what it reads; None when it is gone.
        view_changed: Other steps are shown.
        focus_changed: The keys go to it, or no more.
    """

    accessible_role = QAccessible.Role.Chart

    step_read = Signal(object)
    view_changed = Signal()
    focus_changed = Signal(bool)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._runs: list[ChartedRun] = []
        self.view = ChartView()
        self._step: int | None = None
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.canvas = pg.GraphicsLayoutWidget(self)
        self.canvas.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.canvas.viewport().setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.canvas.setFrameShape(pg.GraphicsLayoutWidget.Shape.NoFrame)
        self.canvas.ci.setContentsMargins(0, 4, 18, 0)
        self.canvas.ci.setSpacing(10)
        self.loss = Panel(theme, "loss")
        self.accuracy = Panel(theme, "accuracy")
        self.canvas.addItem(self.loss.plot, 0, 0)
        self._keep_hidden(self.accuracy)
        for panel in (self.loss, self.accuracy):
            panel.box.zoom_wanted.connect(self.zoom)
            panel.box.move_wanted.connect(self.move_by)
            panel.box.stretch_wanted.connect(self.show_steps)
        self._box = CrosshairBox(theme, self)
        self._box.hide()
        self.canvas.scene().sigMouseMoved.connect(self._follow_mouse)
        self.canvas.viewport().installEventFilter(self)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.canvas)
        theme.changed.connect(self._apply_theme)
        self._apply_theme()

    @property
    def panels(self) -> list[Panel]:
        """Those that are shown, from above."""
        return [self.loss, self.accuracy] if self.view.accuracy else [self.loss]

    def _apply_theme(self) -> None:
        self.canvas.setBackground(self._theme.color("surface"))
        for panel in (self.loss, self.accuracy):
            panel.dress()
        self._place_cross()

    # What is shown

    def show_runs(self, runs: Sequence[ChartedRun]) -> None:
        """Draw these runs; the steps that were zoomed to stay."""
        self._runs = list(runs)
        self._draw()

    def set_view(self, *, raw: bool, log: bool, accuracy: bool) -> None:
        """Draw the runs otherwise."""
        if accuracy != self.view.accuracy:
            if accuracy:
                self.accuracy.plot.show()
                self.canvas.addItem(self.accuracy.plot, 1, 0)
                self.canvas.ci.layout.setRowStretchFactor(0, 3)
                self.canvas.ci.layout.setRowStretchFactor(1, 2)
            else:
                self.canvas.removeItem(self.accuracy.plot)
                self._keep_hidden(self.accuracy)
            self.loss.set_last(not accuracy)
        self.view = replace(self.view, raw=raw, log=log, accuracy=accuracy)
        self._draw()

    def _keep_hidden(self, panel: Panel) -> None:
        """Keep a panel that is not shown within the scene, so that it ends with the scene.

        Qt gives its layout a widget of its own. Left to Python, that would die at any moment, even
        while Qt goes through all widgets to give them another style, and Qt would crash.
        """
        panel.plot.hide()
        self.canvas.scene().addItem(panel.plot)

    def _draw(self) -> None:
        for panel in self.panels:
            panel.show(self._runs, self.view)
        self._show_steps()
        self._place_cross()

    @property
    def whole(self) -> tuple[float, float]:
        """The steps there are room for: of all that was measured, and of what is still to come."""
        return 0.0, max(1.0, *(float(run.end) for run in self._runs)) if self._runs else 1.0

    def _show_steps(self) -> None:
        first, last = self.view.steps or self.whole
        for panel in self.panels:
            panel.show_steps(first, last)

    def show_steps(self, first: float, last: float) -> None:
        """Zoom to the steps from one to another."""
        low, high = self.whole
        if last - first < FEWEST_STEPS:
            middle = (first + last) / 2
            first, last = middle - FEWEST_STEPS / 2, middle + FEWEST_STEPS / 2
        width = min(last - first, high - low)
        first = min(max(first, low), high - width)
        steps = None if width >= (high - low) * 0.999 else (first, first + width)
        self.view = replace(self.view, steps=steps)
        for panel in self.panels:
            panel.show(self._runs, self.view)
        self._show_steps()
        self._place_cross()
        self.view_changed.emit()

    def fit(self) -> None:
        """Show everything."""
        self.show_steps(*self.whole)

    def zoom(self, factor: float, about: float | None = None) -> None:
        """Show fewer steps (a factor over 1) or more, about a step or the crosshair."""
        first, last = self.view.steps or self.whole
        if about is None:
            about = float(self._step) if self._step is not None else (first + last) / 2
        about = min(max(about, first), last)
        self.show_steps(about - (about - first) / factor, about + (last - about) / factor)

    def move_by(self, steps: float) -> None:
        """Show later steps, or earlier ones."""
        first, last = self.view.steps or self.whole
        self.show_steps(first + steps, last + steps)

    # The crosshair

    @property
    def step(self) -> int | None:
        """The step that the crosshair stands at."""
        return self._step

    def read(self, step: float | None) -> None:
        """Stand the crosshair at the step nearest to this that has figures; None takes it away."""
        found: int | None = None
        if step is not None:
            near = [
                int(run.curves.steps[index])
                for run in self._runs
                if (index := run.curves.nearest(step)) is not None
            ]
            found = min(near, key=lambda there: abs(there - step), default=None)
        if found != self._step:
            self._step = found
            self._place_cross()

    def _place_cross(self) -> None:
        for panel in self.panels:
            panel.cross(self._step)
        said = self.reading()
        self._box.setVisible(said is not None)
        if said is not None and self._step is not None:
            self._box.show_reading(said)
            box = self.loss.box
            scene = box.mapViewToScene(QPointF(self._step, box.viewRange()[1][1]))
            position = self.canvas.mapTo(self, self.canvas.mapFromScene(scene))
            self._box.stand_by(position.x(), position.y(), self.width())
        self.step_read.emit(said)

    def reading(self) -> CrosshairReading | None:
        """What the crosshair reads."""
        if self._step is None:
            return None
        return reading(self._runs, self._step, accuracy=self.view.accuracy)

    def _follow_mouse(self, position: QPointF) -> None:
        for panel in self.panels:
            if panel.box.sceneBoundingRect().contains(position):
                self.read(panel.box.mapSceneToView(position).x())
                return
        self.read(None)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """The pointer leaves the lines, presses on them, or turns the wheel above them.

        The wheel zooms once the chart was clicked, or with Ctrl; otherwise it scrolls the page.
        """
        if isinstance(event, QWheelEvent) and not (
            self.hasFocus() or event.modifiers() & Qt.KeyboardModifier.ControlModifier
        ):
            event.ignore()
            return True
        if event.type() == QEvent.Type.Leave:
            self.read(None)
        elif event.type() == QEvent.Type.MouseButtonPress:
            self.setFocus(Qt.FocusReason.MouseFocusReason)
        elif event.type() == QEvent.Type.MouseButtonDblClick:
            self.fit()
            return True
        return super().eventFilter(watched, event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep what the crosshair reads beside it."""
        super().resizeEvent(event)
        self._place_cross()

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Say that the keys come here."""
        super().focusInEvent(event)
        self.focus_changed.emit(True)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Take the crosshair away with the keyboard."""
        super().focusOutEvent(event)
        self.focus_changed.emit(False)
        self.read(None)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrows move the crosshair, + and - zoom, 0 shows everything, Escape takes it away."""
        key, far = event.key(), bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        if key in (Qt.Key.Key_Left, Qt.Key.Key_Right):
            self._walk((10 if far else 1) * (1 if key == Qt.Key.Key_Right else -1))
        elif key == Qt.Key.Key_Home:
            self.read(0)
        elif key == Qt.Key.Key_End:
            self.read(self.whole[1])
        elif key in (Qt.Key.Key_Plus, Qt.Key.Key_Equal):
            self.zoom(ZOOM)
        elif key == Qt.Key.Key_Minus:
            self.zoom(1 / ZOOM)
        elif key == Qt.Key.Key_0:
            self.fit()
        elif key == Qt.Key.Key_Escape and self._step is not None:
            self.read(None)
        else:
            super().keyPressEvent(event)

    def _walk(self, points: int) -> None:
        """Move the crosshair by so many measured steps, and show where it stands."""
        first, last = self.view.steps or self.whole
        if self._step is None:
            self.read((first + last) / 2)
            return
        longest = max((run.curves for run in self._runs), key=len, default=None)
        index = longest.nearest(self._step) if longest is not None else None
        if longest is None or index is None:
            return
        step = int(longest.steps[min(max(index + points, 0), len(longest) - 1)])
        if not first <= step <= last:
            self.move_by(step - last if step > last else step - first)
        self.read(step)
