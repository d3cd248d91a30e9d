"""Writes examples into a file in the background, and says afterwards what was written."""

import contextlib
from pathlib import Path

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices

from tunedesk.gui.background import Background
from tunedesk.gui.examples.chosen_rows import examples_words
from tunedesk.gui.examples.file_words import size_words
from tunedesk.gui.feedback import Feedback
from tunedesk.i18n import _
from tunedesk.progress import Progress
from tunedesk.project.exporting import ExportSummary, export
from tunedesk.project.project import Project
from tunedesk.project.query import ExampleQuery


class ExportRun:
    """One export: the file stands there whole, or not at all."""

    def __init__(self, *, project: Project, background: Background, feedback: Feedback) -> None:
        self._project = project
        self._background = background
        self._feedback = feedback

    def start(self, path: Path, query: ExampleQuery, *, leave_out_errors: bool) -> None:
        """Write the examples of a query."""
        shown = self._feedback.progress(
            _("Exporting to {file}").format(file=path.name), lambda: task.cancel()
        )
        task = self._background.run(
            _export,
            self._project,
            path,
            query,
            leave_out_errors,
            on_result=lambda summary: self._say(path, summary),
            on_progress=shown.report,
            on_finished=shown.close,
        )

    def _say(self, path: Path, summary: ExportSummary) -> None:
        self._feedback.toast(
            export_words(path, summary, path.stat().st_size if path.is_file() else 0),
            _("Open folder"),
            lambda: QDesktopServices.openUrl(QUrl.fromLocalFile(str(path.parent))),
        )


def export_words(path: Path, summary: ExportSummary, size: int) -> str:
    """What was written, and what was left out and why."""
    words = _("{examples} written to {file} ({size}).").format(
        examples=examples_words(summary.written), file=path.name, size=size_words(size)
    )
    return " ".join([words, *summary.reasons()])


def _export(
    project: Project, path: Path, query: ExampleQuery, leave_out_errors: bool, progress: Progress
) -> ExportSummary:
    with contextlib.closing(project.handle()) as handle:
        return export(handle, path, query, progress, leave_out_errors=leave_out_errors)
