"""Import: files come in one after the other, in the background; then what was odd is told."""

import contextlib
import time
from collections import Counter, deque
from pathlib import Path

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QFileDialog, QWidget

from tunedesk.checks.messages.sentences import sentence, title
from tunedesk.gui.actions import Actions
from tunedesk.gui.background import Background, Task
from tunedesk.gui.examples.selected_rows import examples_text
from tunedesk.gui.feedback import Feedback, ProgressHandle
from tunedesk.gui.size_text import speed_text
from tunedesk.gui.theme import Theme
from tunedesk.gui.widgets.cards import Card
from tunedesk.gui.widgets.dialog import Dialog
from tunedesk.gui.widgets.labels import Label
from tunedesk.i18n import _, ngettext
from tunedesk.paths import documents_dir
from tunedesk.progress import Progress
from tunedesk.project.importing import ImportSummary, import_file
from tunedesk.project.project import Project
from tunedesk.settings import Settings
from tunedesk.workers import WorkerPool

MOST_LINES = 12
"""The rest is counted; each row has its problems beside it in the table."""


def summary_text(summary: ImportSummary) -> str:
    """How many examples came from which file."""
    return _("{examples} from {file}, {tokens} tokens.").format(
        examples=examples_text(summary.added),
        file=summary.info.path.name,
        tokens=f"{summary.tokens:,}",
    )


def remark_lines(summary: ImportSummary) -> list[str]:
    """What was odd about the file, a line each: the same problem of many lines once."""
    lines = []
    if summary.unreadable:
        words = ngettext(
            "{n} row could not be read as JSON. It is in the table with its text: "
            "mend it there, or leave it out when you export.",
            "{n} rows could not be read as JSON. They are in the table with their text: "
            "mend them there, or leave them out when you export.",
            summary.unreadable,
        )
        lines.append(words.format(n=f"{summary.unreadable:,}"))
    counts = Counter(problem.code for _line, problem in summary.problems)
    told = set()
    for line, problem in summary.problems:
        if problem.code in told:
            continue
        told.add(problem.code)
        count = counts[problem.code]
        if count == 1:
            words = sentence(problem)
            if line is not None:
                words = _("Line {line}: {words}").format(line=f"{line:,}", words=words)
        else:
            words = _("{title}: {n} lines, the first is {line}.").format(
                title=title(problem.code), n=f"{count:,}", line=f"{line or 1:,}"
            )
        lines.append(words)
    return lines


class ImportSummaryDialog(Dialog):
    """Says calmly what was odd.

    Signals:
        problems_asked: Show the problems of the examples.
    """

    problems_asked = Signal()

    def __init__(self, summary: ImportSummary, theme: Theme, parent: QWidget) -> None:
        super().__init__(theme, _("Imported, with something to know"), parent=parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setMinimumWidth(520)
        self.setMaximumWidth(680)
        self.body.addWidget(Label(theme, summary_text(summary), "strong", wrap=True))
        card = Card()
        lines = remark_lines(summary)
        for line in lines[:MOST_LINES]:
            card.body.addWidget(Label(theme, f"•  {line}", wrap=True))
        if len(lines) > MOST_LINES:
            more = _("… and {n} more").format(n=len(lines) - MOST_LINES)
            card.body.addWidget(Label(theme, more, "base", "muted"))
        self.body.addWidget(card)
        if summary.with_errors:
            errors = ngettext(
                "{n} example has errors.", "{n} examples have errors.", summary.with_errors
            )
            self.body.addWidget(
                Label(theme, errors.format(n=f"{summary.with_errors:,}"), "base", "error")
            )
            show = self.add_button(_("Show problems"))
            show.clicked.connect(self._show_problems)
        self.body.addStretch()
        self.add_button(_("OK"), "primary", default=True).clicked.connect(self.accept)

    def _show_problems(self) -> None:
        self.accept()
        self.problems_asked.emit()


FOLDER = "examples.import_folder"


class FileImports(QObject):
    """Imports files into the project; the rows show as they come.

    Signals:
        ended: A file has been brought in, left alone, or stopped.
        problems_asked: Show the problems of the examples.
    """

    ended = Signal()
    problems_asked = Signal()

    def __init__(
        self,
        *,
        project: Project,
        background: Background,
        feedback: Feedback,
        actions: Actions,
        settings: Settings,
        theme: Theme,
        page: QWidget,
    ) -> None:
        super().__init__(page)
        self._project = project
        self._background = background
        self._feedback = feedback
        self._actions = actions
        self._settings = settings
        self._theme = theme
        self._page = page
        self._waiting: deque[Path] = deque()
        self._task: Task | None = None
        self._shown: ProgressHandle | None = None
        self._started = 0.0

    @property
    def busy(self) -> bool:
        """Whether a file is being brought in."""
        return self._task is not None

    def choose(self) -> None:
        """Ask for files and bring them in."""
        folder = Path(str(self._settings.window.get(FOLDER, "")) or documents_dir())
        dialog = QFileDialog(self._page.window(), _("Import"))
        dialog.setDirectory(str(folder if folder.is_dir() else Path.home()))
        dialog.setFileMode(QFileDialog.FileMode.ExistingFiles)
        dialog.setNameFilters(
            [_("Conversations (*.jsonl *.json *.ndjson *.txt)"), _("All files (*)")]
        )
        dialog.filesSelected.connect(lambda names: self.start([Path(name) for name in names]))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def start(self, paths: list[Path]) -> None:
        """Bring files in, behind those that are under way."""
        if not paths:
            return
        self._settings.window[FOLDER] = str(paths[0].parent)
        self._waiting.extend(paths)
        if self._task is None:
            self._next()

    def close(self) -> None:
        """The project closes: stop; what came is kept."""
        self._waiting.clear()
        if self._task is not None:
            self._task.cancel()

    def _next(self) -> None:
        path = self._waiting.popleft()
        shown = self._shown = self._feedback.progress(
            _("Importing {file}").format(file=path.name), self._cancel
        )
        self._started = time.monotonic()
        task = self._background.run(
            _bring_in,
            self._project,
            path,
            self._background.pool,
            on_result=self._take,
            on_progress=self._report,
            on_finished=lambda: self._end(task, shown, path),
        )
        self._task = task

    def _cancel(self) -> None:
        self._waiting.clear()
        if self._task is not None:
            self._task.cancel()

    def _report(self, done: int, total: int | None) -> None:
        if self._shown is not None:
            self._shown.report(done, total)
            seconds = time.monotonic() - self._started
            if seconds > 0.5:
                self._shown.say(speed_text(done / seconds))

    def _end(self, task: Task, shown: ProgressHandle, path: Path) -> None:
        shown.close()
        self._task = self._shown = None
        if task.cancelled:
            self._feedback.toast(
                _("Stopped. What had come of {file} is kept.").format(file=path.name),
                _("Undo"),
                self._actions["edit.undo"].trigger,
            )
        self.ended.emit()
        if self._waiting:
            self._next()

    def _take(self, summary: ImportSummary) -> None:
        if summary.odd:
            dialog = ImportSummaryDialog(summary, self._theme, self._page.window())
            dialog.problems_asked.connect(self.problems_asked)
            dialog.open()
        else:
            self._feedback.toast(
                summary_text(summary), _("Undo"), self._actions["edit.undo"].trigger
            )


def _bring_in(project: Project, path: Path, pool: WorkerPool, progress: Progress) -> ImportSummary:
    """Import a file of conversations; another file is named in a `UserError` and left alone."""
    with contextlib.closing(project.handle()) as handle:
        return import_file(handle, path, pool, progress)
