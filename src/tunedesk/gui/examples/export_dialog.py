"""Export: the dialog that asks which examples, what is left out and where to; and the export."""

import contextlib
from dataclasses import replace
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import (
    QButtonGroup,
    QCheckBox,
    QFileDialog,
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QRadioButton,
    QWidget,
)

from tunedesk.gui.operations import Operation, OperationMessage, Operations
from tunedesk.gui.page import PageContext
from tunedesk.gui.widgets.dialog import Dialog
from tunedesk.gui.widgets.labels import Label, SectionTitle
from tunedesk.i18n import _, ngettext, size_text
from tunedesk.project.exporting import (
    NOT_REJECTED,
    ExportSummary,
    count_unreadable,
    default_query,
    export,
)
from tunedesk.project.project import Project
from tunedesk.project.query import ExampleQuery
from tunedesk.project.statistics import Totals


def start_export(
    operations: Operations, path: Path, query: ExampleQuery, *, leave_out_errors: bool
) -> Operation[ExportSummary]:
    """Write the examples of a query into a file: it stands there whole, or not at all."""

    def message(summary: ExportSummary) -> OperationMessage:
        return OperationMessage(
            export_text(path, summary, path.stat().st_size if path.is_file() else 0),
            _("Open folder"),
            lambda: QDesktopServices.openUrl(QUrl.fromLocalFile(str(path.parent))),
        )

    return operations.run(
        _("Exporting to {file}").format(file=path.name),
        lambda project, progress: export(
            project, path, query, progress, leave_out_errors=leave_out_errors
        ),
        message=message,
    )


def export_text(path: Path, summary: ExportSummary, size: int) -> str:
    """What was written, and what was left out and why."""
    written = ngettext(
        "{n} example written to {file} ({size}).",
        "{n} examples written to {file} ({size}).",
        summary.written,
    ).format(n=f"{summary.written:,}", file=path.name, size=size_text(size))
    return " ".join([written, *summary.reasons()])


FOLDER = "examples.export_folder"
CHOICE = "examples.export_choice"
WITH_ERRORS = "examples.export_with_errors"
"""The names under which the user's settings keep what was chosen last; which examples were, for
each project apart: "all" in one must not be the beginning in another."""

SUFFIX = ".jsonl"
MOST_NAMES = 1_000
"""Of so many names with a number the first that is free is proposed."""

APPROVED, NOT_REJECTED_ONES, ALL, FILTERED = "approved", "not_rejected", "all", "filter"
CHOICES = (APPROVED, NOT_REJECTED_ONES, ALL, FILTERED)


class ExportDialog(Dialog):
    """Asks which examples to write and says how many that are, before and after."""

    def __init__(self, context: PageContext, query: ExampleQuery, parent: QWidget) -> None:
        """Make the dialog.

        Args:
            context: The project and what works on it.
            query: The examples that the table shows.
            parent: The window.
        """
        theme = context.theme
        super().__init__(theme, _("Export examples"), parent=parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setMinimumWidth(540)
        self._project = context.project
        self._background = context.background
        self._settings = context.settings
        self._operations = context.operations
        self._feedback = context.feedback
        self._queries = [ExampleQuery(states=("approved",)), NOT_REJECTED, ExampleQuery(), query]
        self._totals: dict[int, Totals] = {}
        self._unreadable: dict[int, int] = {}
        self._choices = QButtonGroup(self)
        labels = (
            _("The approved ones"),
            _("All but the rejected ones"),
            _("All examples"),
            _("Those of the filter"),
        )
        for number, label in enumerate(labels):
            self._choices.addButton(QRadioButton(label), number)
        first = self._choices.button(CHOICES.index(self._first_choice(query)))
        first.setChecked(True)
        self._choices.button(CHOICES.index(FILTERED)).setVisible(not query.unfiltered)
        self._without_errors = QCheckBox(_("Leave out examples with errors"))
        self._without_errors.setChecked(self._settings.window.get(WITH_ERRORS) is not True)
        self._summary = Label(theme, _("Counting …"), "strong", wrap=True)
        self._leaves_out = Label(theme, "", "base", "warning", wrap=True)
        self._file = QLineEdit(str(self._first_path()))
        self._file.setAccessibleName(_("File"))
        self._file_note = Label(theme, "", "small", "muted", wrap=True)
        self._browse = QPushButton(_("Browse…"))
        self.add_cancel()
        self._write = self.add_button(_("Write file"), "primary", default=True)
        self._lay_out()
        first.setFocus()
        self._connect()
        self._refresh_path()
        self._count()

    def _lay_out(self) -> None:
        theme = self.theme
        column = self.body
        column.addWidget(
            Label(
                theme,
                _(
                    "As JSONL, one example a line, in UTF-8. What was never edited is written "
                    "as it came."
                ),
                "base",
                "muted",
                wrap=True,
            )
        )
        column.addSpacing(6)
        column.addWidget(SectionTitle(theme, _("Which")))
        for button in self._choices.buttons():
            column.addWidget(button)
        column.addSpacing(2)
        column.addWidget(self._without_errors)
        column.addSpacing(8)
        column.addWidget(SectionTitle(theme, _("File")))
        row = QHBoxLayout()
        row.addWidget(self._file, 1)
        row.addWidget(self._browse)
        column.addLayout(row)
        column.addWidget(self._file_note)
        column.addSpacing(6)
        column.addWidget(self._summary)
        column.addWidget(self._leaves_out)
        column.addStretch()
        self._browse.setAutoDefault(False)

    def _connect(self) -> None:
        self._choices.idClicked.connect(lambda _number: self._refresh_summary())
        self._without_errors.toggled.connect(self._refresh_summary)
        self._file.textChanged.connect(self._refresh_path)
        self._browse.clicked.connect(self._choose_file)
        self._write.clicked.connect(self._start)

    # Which

    def _first_choice(self, query: ExampleQuery) -> str:
        """What was chosen last, where it can be; else the approved ones, once there are any."""
        last = self._place().get(CHOICE)
        some_approved = default_query(self._project) != NOT_REJECTED
        if last == FILTERED and not query.unfiltered:
            return FILTERED
        if last in (NOT_REJECTED_ONES, ALL) or (last == APPROVED and some_approved):
            return str(last)
        if some_approved:
            return APPROVED
        return NOT_REJECTED_ONES if query.unfiltered else FILTERED

    def _place(self) -> dict[str, Any]:
        """What the user's settings keep for this project."""
        path = str(self._project.path)
        if not isinstance(self._settings.places.get(path), dict):
            self._settings.places[path] = {}
        place: dict[str, Any] = self._settings.places[path]
        return place

    def query(self) -> ExampleQuery:
        """The examples that are selected, in the order they came in."""
        selected = self._queries[self._choices.checkedId()]
        return replace(selected, sort="number", descending=False)

    @property
    def leave_out_errors(self) -> bool:
        """Whether examples with errors stay behind."""
        return self._without_errors.isChecked()

    def _count(self) -> None:
        self._background.run(_count, self._project, self._queries, on_result=self._on_counts)

    def _on_counts(self, counts: list[tuple[Totals, int]]) -> None:
        self._totals = {number: totals for number, (totals, _lost) in enumerate(counts)}
        self._unreadable = {number: lost for number, (_totals, lost) in enumerate(counts)}
        for number, found in self._totals.items():
            button = self._choices.button(number)
            name = button.text().split("  ")[0]
            button.setText(f"{name}  {found.count:,}")
            button.setAccessibleName(name)
            button.setEnabled(found.count > 0)
        self._refresh_summary()

    def _refresh_summary(self) -> None:
        """Say what will be written and what not."""
        totals = self._totals.get(self._choices.checkedId())
        if totals is None:
            return
        left = self._left_out()
        count = totals.count - left
        text = ngettext("{n} example will be written.", "{n} examples will be written.", count)
        self._summary.setText(text.format(n=f"{count:,}"))
        if self.leave_out_errors and left:
            note = ngettext(
                "{n} has errors and is left out.", "{n} have errors and are left out.", left
            ).format(n=f"{left:,}")
        elif totals.with_errors:
            note = _errors_stay_text(totals.with_errors - left, left)
        else:
            note = ""
        self._leaves_out.setText(note)
        self._leaves_out.setVisible(bool(note))
        self._without_errors.setEnabled(totals.with_errors > 0)
        self._refresh_button()

    def _left_out(self) -> int:
        """How many of the selected examples will not be written."""
        selected = self._choices.checkedId()
        if self.leave_out_errors:
            return self._totals[selected].with_errors
        return self._unreadable[selected]

    def _refresh_button(self) -> None:
        totals = self._totals.get(self._choices.checkedId())
        some = totals is not None and totals.count > self._left_out()
        self._write.setEnabled(some and self._path() is not None)

    # Where to

    def _first_path(self) -> Path:
        folder = Path(str(self._settings.window.get(FOLDER, "")) or self._project.path.parent)
        if not folder.is_dir():
            folder = self._project.path.parent
        stem = self._project.path.stem
        path, number = folder / f"{stem}{SUFFIX}", 2
        while path.exists() and number < MOST_NAMES:
            path, number = folder / f"{stem} {number}{SUFFIX}", number + 1
        return path

    def _path(self) -> Path | None:
        text = self._file.text().strip()
        if not text:
            return None
        path = Path(text).expanduser()
        return path if path.suffix else path.with_suffix(SUFFIX)

    def _refresh_path(self) -> None:
        path = self._path()
        exists = path is not None and path.is_file()
        self._file_note.setText(
            _("This file exists: you are asked before it is replaced.") if exists else ""
        )
        self._file_note.set_tone("warning" if exists else "muted")
        self._file_note.setVisible(exists)
        self._refresh_button()

    def _choose_file(self) -> None:
        dialog = QFileDialog(self, _("Export"), self._file.text())
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        # It is asked when the file is written.
        dialog.setOption(QFileDialog.Option.DontConfirmOverwrite)
        dialog.setDefaultSuffix(SUFFIX[1:])
        dialog.setNameFilters([_("JSONL (*.jsonl)"), _("All files (*)")])
        dialog.fileSelected.connect(self._file.setText)
        dialog.open()

    def _start(self) -> None:
        path = self._path()
        if path is None:
            return
        if not path.exists():
            self._export_to(path)
            return
        self._feedback.confirm(
            _("Replace “{file}”?").format(file=path.name),
            _("The file exists. What stands in it will be lost."),
            _("Replace"),
            lambda: self._export_to(path),
            danger=True,
        )

    def _export_to(self, path: Path) -> None:
        window = self._settings.window
        window[FOLDER] = str(path.parent)
        self._place()[CHOICE] = CHOICES[self._choices.checkedId()]
        window[WITH_ERRORS] = not self.leave_out_errors
        start_export(self._operations, path, self.query(), leave_out_errors=self.leave_out_errors)
        self.accept()


def _errors_stay_text(staying: int, unreadable: int) -> str:
    """What to say when examples with errors are written too."""
    parts = []
    if staying:
        text = ngettext(
            "{n} of them has errors: a training service may refuse the file.",
            "{n} of them have errors: a training service may refuse the file.",
            staying,
        )
        parts.append(text.format(n=f"{staying:,}"))
    if unreadable:
        text = ngettext(
            "{n} row is not a JSON object and is left out.",
            "{n} rows are not JSON objects and are left out.",
            unreadable,
        )
        parts.append(text.format(n=f"{unreadable:,}"))
    return " ".join(parts)


def _count(project: Project, queries: list[ExampleQuery]) -> list[tuple[Totals, int]]:
    """The totals of each query, and how many of its rows are not JSON objects."""
    with contextlib.closing(project.handle()) as handle:
        return [(handle.totals(query), count_unreadable(handle, query)) for query in queries]
