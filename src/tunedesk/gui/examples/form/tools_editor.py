"""The tools of an example: as cards with their parameters, or as the JSON that they are."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFont, QKeyEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QHBoxLayout,
    QPushButton,
    QScrollArea,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from tunedesk.examples.conversation import Conversation
from tunedesk.examples.json_edit import raw_value
from tunedesk.examples.json_text import JsonSyntaxError, Path, parse
from tunedesk.examples.tool_edits import add_tool, parameters_of
from tunedesk.gui.examples.form.code_edit import CodeEdit, laid_out
from tunedesk.gui.examples.form.example_edits import ExampleEdits
from tunedesk.gui.examples.form.problem_marks import ShownProblems
from tunedesk.gui.examples.form.tool_card import ToolCard
from tunedesk.gui.theme import Theme
from tunedesk.gui.widgets.choices import NoWheelComboBox
from tunedesk.gui.widgets.labels import Label
from tunedesk.i18n import _

PARALLEL = (None, True, False)
"""What the choices of "Several calls at once" stand for."""


class ToolsEditor(QWidget):
    """The view "Tools".

    Signals:
        leave_requested: Esc was pressed.
    """

    leave_requested = Signal()

    def __init__(self, theme: Theme, edits: ExampleEdits, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._edits = edits
        self._cards: list[ToolCard] = []
        self._conversation = Conversation((), (), None, ())
        self._problems: ShownProblems | None = None
        self._about = Label(
            theme,
            _("Programs that the model may call in this example."),
            "small",
            "muted",
            wrap=True,
        )
        self._as_json = QCheckBox(_("Show as JSON"))
        self._as_json.toggled.connect(self._switch)
        self._add = QPushButton(_("Add tool"))
        self._add.setIcon(theme.icons.icon("add"))
        self._parallel = NoWheelComboBox()
        self._parallel.addItems([_("not said"), _("allowed"), _("not allowed")])
        self._parallel.setAccessibleName(_("Several calls at once"))
        self._parallel.setToolTip(
            _("parallel_tool_calls: whether the model may call several tools in one answer.")
        )
        self._parallel.activated.connect(lambda number: self._edits.set_parallel(PARALLEL[number]))
        self._add.clicked.connect(self._add_tool)
        self._code = CodeEdit(theme)
        self._code.setAccessibleName(_("Tools as JSON"))
        self._code.edited.connect(self._code_edited)
        self._code.leave_requested.connect(self.leave_requested)
        self._error = Label(theme, font="small", tone="error", wrap=True)
        self._lay_out()

    def set_text_font(self, font: QFont) -> None:
        """Show the JSON in a font."""
        self._code.setFont(font)

    def show_tools(self, conversation: Conversation, writable: bool) -> None:
        """Show the tools as they are now."""
        self._conversation = conversation
        for widget in (self._add, self._parallel):
            widget.setEnabled(writable)
        self._parallel.setCurrentIndex(PARALLEL.index(conversation.parallel_tool_calls))
        self._code.setReadOnly(not writable)
        if self._as_json.isChecked():
            self._show_code()
            return
        text = self._edits.text
        while len(self._cards) < len(conversation.tools):
            card = ToolCard(self._theme, self._edits, len(self._cards))
            self._cards.append(card)
            self._column.insertWidget(len(self._cards) - 1, card)
        for number, card in enumerate(self._cards):
            card.setVisible(number < len(conversation.tools))
            if number < len(conversation.tools):
                tool = conversation.tools[number]
                card.show_tool(tool, parameters_of(text, number), writable)
        if self._problems is not None:
            self.show_problems(self._problems)

    def show_problems(self, problems: ShownProblems) -> None:
        """Show the problems of the tools."""
        self._problems = problems
        for number, card in enumerate(self._cards):
            card.show_problems(
                tuple(
                    problem
                    for problem in problems.of_example
                    if problem.path[:2] == ("tools", number)
                )
            )

    def focus_first(self) -> None:
        """Put the focus where the work begins."""
        if self._as_json.isChecked():
            self._code.setFocus()
        elif self._conversation.tools:
            self._cards[0].name.setFocus()
        else:
            self._add.setFocus()

    def go_to(self, path: Path) -> None:
        """Show a tool and put the focus on its name."""
        self._as_json.setChecked(False)
        number = path[1] if len(path) > 1 and isinstance(path[1], int) else 0
        if number < len(self._conversation.tools):
            card = self._cards[number]
            named = next((p for p in reversed(path) if isinstance(p, str)), "")
            field = card.rows.field(named) or card.name
            field.setFocus()
            self._area.ensureWidgetVisible(card)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Esc leaves for the table."""
        if event.key() == Qt.Key.Key_Escape:
            self.leave_requested.emit()
        else:
            super().keyPressEvent(event)

    def _lay_out(self) -> None:
        canvas = QWidget()
        canvas.setProperty("canvas", True)
        self._column = QVBoxLayout(canvas)
        self._column.setContentsMargins(18, 4, 18, 18)
        self._column.setSpacing(10)
        below = QHBoxLayout()
        below.setSpacing(8)
        below.addWidget(self._add)
        below.addStretch(1)
        parallel = Label(self._theme, _("Several calls at once"), "small", "muted")
        parallel.setBuddy(self._parallel)
        below.addWidget(parallel)
        below.addWidget(self._parallel)
        self._column.addLayout(below)
        self._column.addStretch(1)
        self._area = QScrollArea()
        self._area.setWidgetResizable(True)
        self._area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._area.setWidget(canvas)
        coded = QWidget()
        code_column = QVBoxLayout(coded)
        code_column.setContentsMargins(18, 4, 18, 12)
        code_column.addWidget(self._error)
        code_column.addWidget(self._code, 1)
        self._pages = QStackedWidget()
        self._pages.addWidget(self._area)
        self._pages.addWidget(coded)
        head = QHBoxLayout()
        head.setContentsMargins(18, 8, 18, 4)
        head.setSpacing(14)
        head.addWidget(self._about, 1)
        head.addWidget(self._as_json)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(head)
        column.addWidget(self._pages, 1)

    def _switch(self, as_json: bool) -> None:
        self._pages.setCurrentIndex(int(as_json))
        self.show_tools(self._conversation, self._edits.writable)

    def _show_code(self) -> None:
        """Show the JSON of the tools, unless what is being typed there is not JSON yet."""
        if self._error.text() and self._code.hasFocus():
            return
        text = ""
        if parse(self._edits.text).find(("tools",)) is not None:
            text = str(raw_value(self._edits.text, ("tools",)))
        if text != self._code.shown_text.original and not self._same_value(text):
            self._code.show_text(laid_out(text), keep_place=True)
        self._show_error("")

    def _same_value(self, text: str) -> bool:
        """Whether the box says the same, spelled in another way."""
        try:
            return bool(parse(self._code.shown_text.original).value == parse(text).value)
        except JsonSyntaxError:
            return False

    def _code_edited(self, text: str) -> None:
        if text.strip():
            try:
                node = parse(text)
            except JsonSyntaxError as error:
                self._show_error(
                    _("Not JSON yet: character {offset} is not expected there.").format(
                        offset=f"{error.offset + 1:,}"
                    )
                )
                return
            if node.kind != "array":
                self._show_error(_("Tools are a list: [ … ]."))
                return
        self._show_error("")
        self._edits.write_tools(text)

    def _show_error(self, message: str) -> None:
        self._error.setText(message)
        self._error.setVisible(bool(message))

    def _add_tool(self) -> None:
        taken = {tool.name for tool in self._conversation.tools}
        count = len(taken) + 1
        while f"tool_{count}" in taken:
            count += 1
        self._edits.change_tools(add_tool(self._edits.text, f"tool_{count}"), "add_tool")
        if not self._as_json.isChecked() and self._conversation.tools:
            card = self._cards[len(self._conversation.tools) - 1]
            card.name.setFocus()
            card.name.selectAll()
            self._area.ensureWidgetVisible(card)
