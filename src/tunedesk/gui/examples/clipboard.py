"""Rows on the clipboard: copied as JSONL, pasted from JSONL or from a spreadsheet."""

from collections.abc import Callable

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QGuiApplication

from tunedesk.errors import UserError
from tunedesk.examples.json_edit import on_one_line
from tunedesk.formats.pasted_text import PastedExample, read_pasted
from tunedesk.gui.examples.row_actions import SelectedRows
from tunedesk.gui.page import PageContext
from tunedesk.i18n import _, ngettext
from tunedesk.progress import Progress
from tunedesk.project.change_names import ChangeName
from tunedesk.project.project import Project
from tunedesk.project.row_edits import NewExample

MOST_COPIED = 50_000
CHUNK = 500


class Clipboard(QObject):
    """Copies the selected rows, and pastes examples behind the open one.

    Signals:
        pasted: The ids of the examples that were added.
    """

    pasted = Signal(list)

    def __init__(
        self,
        *,
        context: PageContext,
        rows: Callable[[], SelectedRows],
        behind: Callable[[], int | None],
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._project = context.project
        self._actions = context.actions
        self._feedback = context.feedback
        self._operations = context.operations
        self._rows = rows
        self._behind = behind
        context.actions.bind("example.copy", self.copy)
        context.actions.bind("example.paste", self.paste)

    def close(self) -> None:
        """Let go of the actions."""
        self._actions.release("example.copy", "example.paste")

    def copy(self) -> None:
        """Put the rows on the clipboard, one line a row."""
        rows = self._rows()
        if not rows.count:
            return
        if rows.count > MOST_COPIED:
            self._feedback.error(
                UserError(
                    ngettext(
                        "{n} example is too many for the clipboard.",
                        "{n} examples are too many for the clipboard.",
                        rows.count,
                    ).format(n=f"{rows.count:,}"),
                    _("Export them into a file instead."),
                )
            )
            return
        self._operations.run(
            ngettext("Copying {n} example", "Copying {n} examples", rows.count).format(
                n=f"{rows.count:,}"
            ),
            lambda project, progress: _lines(project, rows, progress),
            examples=rows.count,
            on_result=QGuiApplication.clipboard().setText,
            message=lambda _text: ngettext(
                "{n} example copied", "{n} examples copied", rows.count
            ).format(n=f"{rows.count:,}"),
        )

    def paste(self) -> None:
        """Add what is on the clipboard behind the open example."""
        if self._project.read_only:
            return
        pasted = read_pasted(QGuiApplication.clipboard().text())
        if not pasted.examples:
            advice = _(
                "Copy rows here, lines of JSONL, or rows of a spreadsheet: two columns, questions "
                "and answers, or more with their names in the first row."
            )
            sentence = (
                _("What is on the clipboard could not be read as examples.")
                if pasted.left_out
                else _("There are no examples on the clipboard.")
            )
            self._feedback.error(UserError(sentence, " ".join(pasted.left_out) or advice))
            return
        behind = self._behind()
        count = len(pasted.examples)
        said = ngettext("{n} example pasted", "{n} examples pasted", count).format(n=f"{count:,}")
        if pasted.left_out:
            said = ngettext("{n} example pasted.", "{n} examples pasted.", count).format(
                n=f"{count:,}"
            )
            said = " ".join([said, *pasted.left_out])
        self._operations.run(
            ngettext("Pasting {n} example", "Pasting {n} examples", count).format(n=f"{count:,}"),
            lambda project, progress: _add(project, pasted.examples, behind, progress),
            examples=count,
            on_result=self.pasted.emit,
            message=lambda _ids: said,
        )


def _lines(project: Project, rows: SelectedRows, progress: Progress) -> str:
    lines = []
    for done, example_id in enumerate(rows.ids):
        lines.append(on_one_line(project.text(example_id)))
        if done % CHUNK == 0:
            progress(done, rows.count)
    return "\n".join(lines) + "\n"


def _add(
    project: Project, pasted: list[PastedExample], behind: int | None, progress: Progress
) -> list[int]:
    checker = project.checker()
    new: list[NewExample] = []
    for start in range(0, len(pasted), CHUNK):
        part = pasted[start : start + CHUNK]
        texts = [example.record.encode("utf-8", "surrogatepass") for example in part]
        new += [
            NewExample(text, facts, tags=example.tags)
            for text, facts, example in zip(texts, checker.check_many(texts), part, strict=True)
        ]
        progress(len(new), 2 * len(pasted))
    name = ChangeName("paste", {"count": len(new)})
    return project.add_examples(new, behind, name=name, pasted=True)
