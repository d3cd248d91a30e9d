"""The raw JSON of an example: all of it, checked as it is typed, also when it is not JSON."""

from PySide6.QtCore import QTimer, Signal
from PySide6.QtGui import QFont
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from tunedesk.checks.messages.sentences import sentence
from tunedesk.checks.parse_record import parse_carefully
from tunedesk.checks.problem import Problem
from tunedesk.examples.json_text import JsonSyntaxError, Path, parse
from tunedesk.gui.examples.form.code_edit import CodeEdit, laid_out
from tunedesk.gui.examples.form.problem_marks import problem_mark
from tunedesk.gui.theme import Theme
from tunedesk.gui.widgets.labels import Label
from tunedesk.i18n import _

CHECKED_AT_ONCE = 200_000
CHECK_LATER_MS = 400


class RawJsonView(QWidget):
    """Shows and edits the text of an example.

    Signals:
        edited: The text after a keystroke.
        leave_requested: Esc was pressed.
    """

    edited = Signal(object)
    leave_requested = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._error_at: int | None = None
        self._verdict = Label(theme, font="small", tone="muted", wrap=True)
        self._go = QPushButton(_("Go there"))
        self._go.setProperty("kind", "link")
        self._go.clicked.connect(self.go_to_error)
        self.edit = CodeEdit(theme)
        self.edit.setAccessibleName(_("Raw JSON"))
        self.edit.edited.connect(self._edited)
        self.edit.leave_requested.connect(self.leave_requested)
        self._later = QTimer(self)
        self._later.setSingleShot(True)
        self._later.setInterval(CHECK_LATER_MS)
        self._later.timeout.connect(self._check)
        top = QHBoxLayout()
        top.setContentsMargins(0, 0, 0, 0)
        top.addWidget(self._verdict, 1)
        top.addWidget(self._go)
        column = QVBoxLayout(self)
        column.setContentsMargins(18, 6, 18, 12)
        column.setSpacing(6)
        column.addLayout(top)
        column.addWidget(self.edit, 1)
        theme.changed.connect(self._check)

    def show_text(self, text: str, another: bool) -> None:
        """Show the text of an example; `another` is true for an example that was not shown yet."""
        if not another and text == self.edit.shown_text.original:
            return
        self.edit.show_text(laid_out(text), keep_place=not another)
        self._check()

    def set_text_font(self, font: QFont) -> None:
        """Show the text in a font."""
        self.edit.setFont(font)

    def set_writable(self, writable: bool) -> None:
        """Allow or forbid edits."""
        self.edit.setReadOnly(not writable)

    def go_to(self, path: Path) -> None:
        """Put the cursor to the value at a path."""
        text = self.edit.shown_text
        try:
            node = parse(text.original).find(path)
        except JsonSyntaxError:
            self.go_to_error()
            return
        if node is not None:
            self.edit.go_to(text.to_shown(node.start))

    def go_to_error(self) -> None:
        """Put the cursor to where the text stops being JSON."""
        if self._error_at is not None:
            self.edit.go_to(self._error_at)
        else:
            self.edit.setFocus()

    def _edited(self, text: str) -> None:
        if len(text) <= CHECKED_AT_ONCE:
            self._check()
        else:
            self._later.start()
        self.edited.emit(text)

    def _check(self) -> None:
        text = self.edit.shown_text
        problem = _problem(text.original)
        self._error_at = None
        if problem is None:
            self._verdict.setText(_("Valid JSON. Line breaks between values are only shown here."))
            self._verdict.set_tone("muted")
            self.edit.set_marks([])
        else:
            self._mark_error(problem)
        self._go.setVisible(self._error_at is not None)

    def _mark_error(self, problem: Problem) -> None:
        text = self.edit.shown_text
        offset = problem.parameters.get("offset")
        if isinstance(offset, int):
            self._error_at = min(text.to_shown(offset), len(text.shown))
            before = text.shown[: self._error_at]
            column = self._error_at - (before.rfind("\n") + 1) + 1
            location = {"line": before.count("\n") + 1, "column": column}
            problem = problem._replace(parameters={**problem.parameters, **location})
            start = max(0, min(self._error_at, len(text.shown) - 1))
            message = sentence(problem)
            self.edit.set_marks([problem_mark(start, start + 1, "error", message, self._theme)])
        else:
            message = sentence(problem)
            self.edit.set_marks([])
        self._verdict.setText(message)
        self._verdict.set_tone("error")


def _problem(text: str) -> Problem | None:
    """What keeps the text from being a record; None if it is one."""
    try:
        if parse(text).kind == "object":
            return None
        offset = None
    except JsonSyntaxError as error:
        offset = error.offset
    problems = parse_carefully(text.encode("utf-8", "surrogatepass")).problems
    if not problems:
        return None
    return problems[0]._replace(parameters={**problems[0].parameters, "offset": offset})
