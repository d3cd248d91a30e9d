"""Import: files come in one after the other, in the background; then what was odd is shown."""

from collections import Counter, deque
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QFileDialog, QWidget

from tunedesk.checks.messages.sentences import sentence, title
from tunedesk.gui.examples.checking import text_of_set
from tunedesk.gui.operations import Operation
from tunedesk.gui.page import PageContext
from tunedesk.gui.theme import Theme
from tunedesk.gui.widgets.cards import Card
from tunedesk.gui.widgets.dialog import Dialog
from tunedesk.gui.widgets.labels import Label
from tunedesk.i18n import _, ngettext, speed_text
from tunedesk.paths import documents_dir
from tunedesk.progress import Progress
from tunedesk.project.importing import ImportSummary, import_file
from tunedesk.project.project import Project

MOST_LINES = 12
"""The rest is counted; each row has its problems beside it in the table."""


def summary_text(summary: ImportSummary) -> str:
    """How many examples came from which file."""
    if summary.with_problems:
        text = ngettext(
            "{n} example from {file}, {tokens} tokens: {problems} with problems.",
            "{n} examples from {file}, {tokens} tokens: {problems} with problems.",
            summary.added,
        )
    else:
        text = ngettext(
            "{n} example from {file}, {tokens} tokens.",
            "{n} examples from {file}, {tokens} tokens.",
            summary.added,
        )
    return text.format(
        problems=f"{summary.with_problems:,}",
        n=f"{summary.added:,}",
        file=summary.info.path.name,
        tokens=f"{summary.tokens:,}",
    )


def remark_lines(summary: ImportSummary) -> list[str]:
    """What was odd about the file, a line each: the same problem of many lines once."""
    lines = []
    if summary.unreadable:
        text = ngettext(
            "{n} row could not be read as JSON. It is in the table with its text: "
            "fix it there, or leave it out when you export.",
            "{n} rows could not be read as JSON. They are in the table with their text: "
            "fix them there, or leave them out when you export.",
            summary.unreadable,
        )
        lines.append(text.format(n=f"{summary.unreadable:,}"))
    counts = Counter(problem.code for _line, problem in summary.problems)
    listed = set()
    for line, problem in summary.problems:
        if problem.code in listed:
            continue
        listed.add(problem.code)
        count = counts[problem.code]
        if count == 1:
            text = sentence(problem)
            if line is not None:
                text = _("Line {line}: {text}").format(line=f"{line:,}", text=text)
        else:
            text = _("{title}: {n} lines, the first is {line}.").format(
                title=title(problem.code), n=f"{count:,}", line=f"{line or 1:,}"
            )
        lines.append(text)
    return lines


class _Imported(NamedTuple):
    """What came in, and the sentences about the set as it is now."""

    summary: ImportSummary
    of_set: str


class ImportSummaryDialog(Dialog):
    """Says calmly what was odd.

    Signals:
        problems_requested: Show the problems of the examples.
    """

    problems_requested = Signal()

    def __init__(
        self, summary: ImportSummary, theme: Theme, parent: QWidget, of_set: str = ""
    ) -> None:
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
        if of_set:
            self.body.addWidget(Label(theme, of_set, wrap=True))
        if summary.with_errors:
            errors = ngettext(
                "{n} example has errors.", "{n} examples have errors.", summary.with_errors
            )
            self.body.addWidget(
                Label(theme, errors.format(n=f"{summary.with_errors:,}"), "base", "error")
            )
        if summary.with_problems:
            show = self.add_button(_("Show problems"))
            show.clicked.connect(self._show_problems)
        self.body.addStretch()
        self.add_button(_("OK"), "primary", default=True).clicked.connect(self.accept)

    def _show_problems(self) -> None:
        self.accept()
        self.problems_requested.emit()


FOLDER = "examples.import_folder"
_SPEED_AFTER_SECONDS = 0.5


class _Wanted(NamedTuple):
    """A file to be brought in, or the rest of it.

    Attributes:
        path: The file.
        resume: What of it is there already; None for nothing.
    """

    path: Path
    resume: ImportSummary | None = None


class FileImports(QObject):
    """Imports files into the project; the rows show as they come.

    Signals:
        ended: A file has been brought in, left alone, or stopped.
        problems_requested: Show the problems of the examples.
    """

    ended = Signal()
    problems_requested = Signal()

    def __init__(self, context: PageContext, page: QWidget) -> None:
        super().__init__(page)
        self._background = context.background
        self._feedback = context.feedback
        self._operations = context.operations
        self._settings = context.settings
        self._theme = context.theme
        self._page = page
        self._waiting: deque[_Wanted] = deque()
        self._operation: Operation[_Imported] | None = None

    @property
    def busy(self) -> bool:
        """Whether a file is being brought in."""
        return self._operation is not None

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
        self._add(_Wanted(path) for path in paths)

    def _add(self, wanted: Iterable[_Wanted]) -> None:
        self._waiting.extend(wanted)
        if self._operation is None and self._waiting:
            self._next()

    def close(self) -> None:
        """The project closes: what came is kept, what waits is left."""
        self._waiting.clear()

    def _next(self) -> None:
        path, resume = self._waiting.popleft()
        pool = self._background.pool

        def import_next(project: Project, progress: Progress) -> _Imported:
            summary = import_file(project, path, pool, progress, resume=resume)
            whole = summary.failure is None and not summary.cancelled
            return _Imported(summary, text_of_set(project) if whole else "")

        self._operation = self._operations.run(
            _("Importing {file}").format(file=path.name),
            import_next,
            on_result=self._show_remarks,
            message=_message,
            on_finished=lambda: self._on_finished(path),
            note=_speed,
        )

    def _on_finished(self, path: Path) -> None:
        operation, self._operation = self._operation, None
        if operation is not None and operation.cancelled:
            self._waiting.clear()
            if not operation.results:
                self._feedback.toast(_stopped_text(path))
        self.ended.emit()
        if self._waiting:
            self._next()

    def _show_remarks(self, imported: _Imported) -> None:
        summary = imported.summary
        if summary.failure is not None:
            left = [_Wanted(summary.info.path, summary), *self._waiting]
            self._waiting.clear()
            self._feedback.error(summary.failure, _("Go on"), lambda: self._add(left))
        elif summary.odd and not summary.cancelled:
            window = self._page.window()
            dialog = ImportSummaryDialog(summary, self._theme, window, imported.of_set)
            dialog.problems_requested.connect(self.problems_requested)
            dialog.open()


def _message(imported: _Imported) -> str | None:
    """What is said in passing; where there is more to say, the dialog says it."""
    summary = imported.summary
    if summary.failure is not None:
        return None
    if summary.cancelled:
        return _stopped_text(summary.info.path)
    if summary.odd:
        return None
    return f"{summary_text(summary)} {imported.of_set}".strip()


def _stopped_text(path: Path) -> str:
    return _("Stopped. What had come of {file} is kept.").format(file=path.name)


def _speed(done: int, seconds: float) -> str:
    return speed_text(done / seconds) if seconds > _SPEED_AFTER_SECONDS else ""
