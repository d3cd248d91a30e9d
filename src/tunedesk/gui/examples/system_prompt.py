"""The same system prompt for many examples: asked for, and set as one step of undo."""

from PySide6.QtWidgets import QWidget

from tunedesk.examples.conversation import Conversation
from tunedesk.examples.json_text import JsonSyntaxError
from tunedesk.gui.examples.row_actions import RowActions, SelectedRows
from tunedesk.gui.page import PageContext
from tunedesk.gui.widgets.dialog import TextQuestion
from tunedesk.i18n import _, ngettext
from tunedesk.project.text_edits import EditSummary, set_system_prompt


class SystemPromptSetter:
    """Gives the selected examples, or all of the filter, the same system prompt."""

    def __init__(
        self, context: PageContext, row_actions: RowActions, page: QWidget | None = None
    ) -> None:
        self._project = context.project
        self._theme = context.theme
        self._page = page
        self._background = context.background
        self._feedback = context.feedback
        self._operations = context.operations
        self._row_actions = row_actions

    def ask_text(self) -> None:
        """Ask for the words and set them on the selected examples, or on the one that is open."""
        rows = self._row_actions.rows()
        if not rows.count:
            return
        question = TextQuestion(
            self._theme,
            _("Set system prompt"),
            label=_("System prompt"),
            explanation=ngettext(
                "It becomes the first message of {n} example, in place of the one there.",
                "It becomes the first message of {n} examples, in place of the one there.",
                rows.count,
            ).format(n=f"{rows.count:,}"),
            action_text=_("Set system prompt"),
            text=self._prompt_of(rows.ids[0]),
            several_lines=True,
            parent=self._page.window() if self._page is not None else None,
        )
        question.answered.connect(lambda prompt: self.start(prompt, rows))
        question.open()

    def _prompt_of(self, example_id: int) -> str:
        """The system prompt that an example begins with; empty without one."""
        try:
            messages = Conversation.from_text(self._project.text(example_id)).messages
        except JsonSyntaxError:
            return ""
        return messages[0].text if messages and messages[0].role == "system" else ""

    def ask(self, prompt: str) -> None:
        """Set the prompt on the selected examples; with only one selected, ask about all."""
        selected, everything = self._row_actions.rows(), self._row_actions.all_rows()
        if selected.count > 1 or everything.count <= 1:
            self.start(prompt, selected)
            return
        count = everything.count
        self._feedback.confirm(
            ngettext(
                "Set this system prompt on all {n} example?",
                "Set this system prompt on all {n} examples?",
                count,
            ).format(n=f"{count:,}"),
            _("Only one example is selected. Undo takes it back."),
            ngettext("Set on {n} example", "Set on {n} examples", count).format(n=f"{count:,}"),
            lambda: self.start(prompt, everything),
        )

    def start(self, prompt: str, rows: SelectedRows) -> None:
        """Set the prompt on these examples, as one step of undo."""
        if not rows.count or self._project.read_only:
            return
        pool = self._background.pool

        def message(summary: EditSummary) -> str:
            text = ngettext(
                "System prompt set in {n} example.",
                "System prompt set in {n} examples.",
                summary.examples,
            ).format(n=f"{summary.examples:,}")
            return " ".join([text, *summary.remarks()])

        self._operations.run(
            ngettext(
                "Setting the system prompt of {n} example",
                "Setting the system prompt of {n} examples",
                rows.count,
            ).format(n=f"{rows.count:,}"),
            lambda project, progress: set_system_prompt(
                project.context, pool, prompt, rows.ids, progress
            ),
            message=message,
        )
