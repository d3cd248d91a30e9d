"""What the base model of a launch makes of the examples: read in the background, told in lines."""

import contextlib

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from tunedesk.errors import UserError
from tunedesk.fine_tuning.launch_check import (
    LaunchAsTrained,
    LaunchReader,
    can_be_read,
    findings_of,
)
from tunedesk.fine_tuning.launch_preview import LaunchPreview
from tunedesk.gui.background import Background, Task
from tunedesk.gui.fine_tune.launch.findings_panel import FindingLine
from tunedesk.gui.theme import Theme
from tunedesk.gui.widgets.labels import SectionTitle
from tunedesk.gui.widgets.layouts import clear_layout
from tunedesk.i18n import _
from tunedesk.progress import Progress, no_progress
from tunedesk.project.project import Project

DELAY_MS = 300
"""Reading begins so much later: choices that follow each other quickly begin it once."""


class AsTrainedSection(QWidget):
    """Says how many tokens are learnt, and which examples lose something or are refused.

    Attributes:
        found: What the base model makes of the examples; None while that is not known.

    Signals:
        changed: Reading has begun or ended.
        examples_asked: Show these examples: an `ExampleQuery` and a title.
    """

    changed = Signal()
    examples_asked = Signal(object, str)

    def __init__(
        self,
        theme: Theme,
        project: Project,
        background: Background,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._theme = theme
        self._project = project
        self._background = background
        self._reader = LaunchReader()
        self._task: Task | None = None
        self._wanted: LaunchPreview | None = None
        self._shown: LaunchPreview | None = None
        self.found: LaunchAsTrained | None = None
        self._lines = QVBoxLayout()
        self._lines.setSpacing(4)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 10, 0, 0)
        column.setSpacing(8)
        column.addWidget(SectionTitle(theme, _("As the base model reads them")))
        column.addLayout(self._lines)
        self.hide()

    @property
    def is_refused(self) -> bool:
        """Whether the base model does not take some of the examples."""
        return self.found is not None and bool(self.found.refused)

    @property
    def is_reading(self) -> bool:
        """Whether the examples are being read, or about to be."""
        return self._wanted is not None or self._task is not None

    @property
    def refused(self) -> frozenset[int]:
        """The versions of examples that the base model refuses, as far as they were read."""
        return self._reader.refused(self._shown.settings) if self._shown else frozenset()

    def show_launch(self, preview: LaunchPreview) -> None:
        """Read the examples of a launch, unless that was done.

        Nothing is said where another computer trains, or the model is not here yet: what trains
        will say it.
        """
        if not can_be_read(preview.settings):
            self.close_reading()
            self._shown = self.found = None
            self.hide()
            return
        shown = self._shown
        if shown is not None and _is_same(shown, preview):
            return
        self._shown = self._wanted = preview
        self.found = None
        if self._task is None:
            self._begin()
        else:
            self._task.cancel()

    def close_reading(self) -> None:
        """Stop reading."""
        self._wanted = None
        if self._task is not None:
            self._task.cancel()

    def _begin(self) -> None:
        preview, self._wanted = self._wanted, None
        if preview is None:
            return
        self.show()
        self._show_progress(0, len(preview.split.training) + len(preview.split.validation))
        self._task = self._background.run(
            _read,
            self._project,
            self._reader,
            preview,
            on_result=self._on_read,
            on_error=self._on_error,
            on_progress=self._show_progress,
            on_finished=self._on_finished,
            delay_ms=DELAY_MS,
        )

    def _on_finished(self) -> None:
        self._task = None
        self._begin()
        self.changed.emit()

    def _on_read(self, found: LaunchAsTrained | None) -> None:
        self.found = found
        clear_layout(self._lines)
        if found is None:
            # Nothing is taught, or what reads it has gone meanwhile.
            self.hide()
            return
        for finding in findings_of(found):
            line = FindingLine(self._theme, finding.text, finding.tone, finding.ids, finding.title)
            line.examples_asked.connect(self.examples_asked)
            self._lines.addWidget(line)

    def _on_error(self, error: UserError) -> None:
        clear_layout(self._lines)
        text = " ".join(part for part in (error.sentence, error.advice) if part)
        self._lines.addWidget(FindingLine(self._theme, text, "error"))

    def _show_progress(self, done: int, total: int | None) -> None:
        clear_layout(self._lines)
        text = _("Reading them as the model will: {done} of {total} …")
        self._lines.addWidget(
            FindingLine(
                self._theme, text.format(done=f"{done:,}", total=f"{total or 0:,}"), "muted"
            )
        )


def _is_same(one: LaunchPreview, other: LaunchPreview) -> bool:
    """Whether two launches teach the same examples to the same model."""
    return (
        one.settings.base_model == other.settings.base_model
        and one.settings.method == other.settings.method
        and one.split == other.split
    )


def _read(
    project: Project,
    reader: LaunchReader,
    preview: LaunchPreview,
    progress: Progress = no_progress,
) -> LaunchAsTrained | None:
    with contextlib.closing(project.handle()) as handle:
        return reader.read(handle, preview, progress)
