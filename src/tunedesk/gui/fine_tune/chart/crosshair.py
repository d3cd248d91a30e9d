"""What the crosshair reads at a step, and the small box that shows it."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QVBoxLayout, QWidget

from tunedesk.fine_tuning.charted_run import ChartedRun
from tunedesk.fine_tuning.curves import format_accuracy, format_loss
from tunedesk.gui.theme import Theme
from tunedesk.gui.widgets.labels import Label
from tunedesk.i18n import _

BESIDE = 10  # pixels between the crosshair and the box


class CrosshairReading(NamedTuple):
    """What stands at a step.

    Attributes:
        head: The step, and the checkpoint if there is one: "step 126".
        lines: For each run its figures: "train 0.91 · valid 1.16".
    """

    head: str
    lines: tuple[str, ...]

    @property
    def sentence(self) -> str:
        """All of it in one line: "step 126, train 0.91, valid 1.16"."""
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
    every = _("all valid {figure}") if run.validates_batches else _("valid {figure}")
    words = _worded(
        (_("train {figure}"), run.curves.at("train_loss", step)),
        (_("smooth {figure}"), run.smoothed_training.at(step)),
        (_("valid {figure}"), run.curves.at("valid_loss", step)),
        (every, run.curves.at("full_valid_loss", step)),
        words=format_loss,
    )
    held_back = run.curves.points("full_valid_loss").between(0, step)
    if not run.validates_batches and len(held_back) and held_back.steps[-1] != step:
        text = _("valid {figure} at step {n}")
        figure = format_loss(float(held_back.values[-1]))
        words.append(text.format(figure=figure, n=f"{held_back.steps[-1]:,}"))
    return words


def _accuracies(run: ChartedRun, step: int) -> list[str]:
    every = _("all valid {figure}") if run.validates_batches else _("valid {figure}")
    return _worded(
        (_("accuracy {figure}"), run.curves.at("train_accuracy", step)),
        (_("valid {figure}"), run.curves.at("valid_accuracy", step)),
        (every, run.curves.at("full_valid_accuracy", step)),
        words=format_accuracy,
    )


def _worded(*figures: tuple[str, float | None], words: Callable[[float], str]) -> list[str]:
    """The figures that were measured at the step."""
    return [text.format(figure=words(value)) for text, value in figures if value is not None]


def latest(run: ChartedRun, *, alone: bool) -> str:
    """The last figures of a run, in one sentence."""
    train, valid = run.curves.points("train_loss"), run.curves.validation()
    return _latest_sentence(bool(len(train)), bool(len(valid)), alone=alone).format(
        name=run.name,
        n=f"{run.curves.last_step:,}",
        train=format_loss(float(train.values[-1])) if len(train) else "",
        valid=format_loss(float(valid.values[-1])) if len(valid) else "",
    )


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
