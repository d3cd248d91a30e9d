"""What an import came to, when there is more to say than a number."""

from collections import Counter

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QWidget

from tunedesk.checks.messages.sentences import sentence, title
from tunedesk.gui.examples.chosen_rows import examples_words
from tunedesk.gui.theme import Theme
from tunedesk.gui.widgets.card import Card
from tunedesk.gui.widgets.dialog import Dialog
from tunedesk.gui.widgets.label import Label
from tunedesk.i18n import _, ngettext
from tunedesk.project.importing import ImportSummary

MOST_LINES = 12
"""The rest is counted; each row has its problems beside it in the table."""


def summary_words(summary: ImportSummary) -> str:
    """How many examples came from which file."""
    return _("{examples} from {file}, {tokens} tokens.").format(
        examples=examples_words(summary.added),
        file=summary.info.path.name,
        tokens=f"{summary.tokens:,}",
    )


def odd_lines(summary: ImportSummary) -> list[str]:
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
        self.body.addWidget(Label(theme, summary_words(summary), "strong", wrap=True))
        card = Card()
        lines = odd_lines(summary)
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
