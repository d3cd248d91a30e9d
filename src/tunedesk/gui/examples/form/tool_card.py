"""One tool of the example: what it is called, what it is for, what it is given."""

from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QPushButton, QWidget

from tunedesk.examples.conversation import Tool
from tunedesk.gui.examples.form.example_edits import ExampleEdits
from tunedesk.gui.examples.form.note_line import NoteLine
from tunedesk.gui.examples.form.parameter_rows import ParameterRows
from tunedesk.gui.examples.form.problem_notes import Note, worst
from tunedesk.gui.examples.form.tool_edits import (
    Parameter,
    add_parameter,
    remove_parameter,
    remove_tool,
    rename_parameter,
    set_function_value,
    set_parameter_value,
    set_required,
)
from tunedesk.gui.theme import Theme
from tunedesk.gui.widgets.card import Card
from tunedesk.gui.widgets.icon_button import IconButton
from tunedesk.gui.widgets.label import Label
from tunedesk.i18n import _

MOST_NOTES = 3


class ToolCard(Card):
    """Shows and edits a tool."""

    def __init__(
        self, theme: Theme, edits: ExampleEdits, number: int, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent=parent)
        self._theme = theme
        self._edits = edits
        self._number = number
        self._notes: list[NoteLine] = []
        self.name = QLineEdit()
        self.name.setAccessibleName(_("Name of tool {number}").format(number=number + 1))
        self.name.setPlaceholderText(_("Name, such as get_weather"))
        self.name.setToolTip(_("Letters, digits, _ and -, at most 64. The model calls it so."))
        self.description = QLineEdit()
        self.description.setAccessibleName(
            _("Description of tool {number}").format(number=number + 1)
        )
        self.description.setPlaceholderText(_("What it does and when it is to be called"))
        self.rows = ParameterRows(theme)
        self._odd = Label(
            theme,
            _("Its parameters are not described as an object; change them in the raw JSON."),
            "small",
            "warning",
            wrap=True,
        )
        self._add = QPushButton(_("Add parameter"))
        self._add.setProperty("kind", "link")
        self._remove = IconButton(theme, "delete", _("Remove tool"))
        top = QHBoxLayout()
        top.setSpacing(8)
        top.addWidget(self.name, 3)
        top.addWidget(self.description, 6)
        top.addWidget(self._remove)
        self.body.setSpacing(8)
        self.body.addLayout(top)
        self.body.addWidget(self.rows)
        self.body.addWidget(self._odd)
        below = QHBoxLayout()
        below.addWidget(self._add)
        below.addStretch(1)
        self.body.addLayout(below)
        self._connect()

    def show_tool(self, tool: Tool, parameters: list[Parameter] | None, writable: bool) -> None:
        """Show a tool; its parameters are None where they are no table."""
        for field, text in ((self.name, tool.name), (self.description, tool.description)):
            if field.text() != text:
                field.setText(text)
            field.setReadOnly(not writable)
        self._odd.setVisible(parameters is None)
        self._add.setVisible(parameters is not None and writable)
        self._remove.setVisible(writable)
        self.rows.setVisible(bool(parameters))
        self.rows.show_parameters(parameters or [], writable)

    def show_notes(self, notes: tuple[Note, ...]) -> None:
        """Show the problems of the tool."""
        while len(self._notes) < min(MOST_NOTES, len(notes)):
            line = NoteLine(self._theme)
            self._notes.append(line)
            self.body.addWidget(line)
        for number, line in enumerate(self._notes):
            line.setVisible(number < len(notes))
            if number < len(notes):
                line.show_note(notes[number])
        self.set_tone(worst(notes))

    def _connect(self) -> None:
        number, edits = self._number, self._edits
        self.name.textEdited.connect(lambda words: self._type("name", words))
        self.description.textEdited.connect(lambda words: self._type("description", words))
        self._add.clicked.connect(self._add_parameter)
        self._remove.clicked.connect(
            lambda: edits.change_tools(remove_tool(edits.text, number), _("Remove a tool"))
        )
        self.rows.renamed.connect(
            lambda old, new: edits.change_tools(
                rename_parameter(edits.text, number, old, new), _("Rename a parameter")
            )
        )
        self.rows.type_changed.connect(
            lambda name, kind: edits.change_tools(
                set_parameter_value(edits.text, number, name, "type", kind),
                _("Change the type of a parameter"),
            )
        )
        self.rows.description_changed.connect(
            lambda name, words: edits.type_tools(
                set_parameter_value(edits.text, number, name, "description", words),
                ("tools", number, name),
            )
        )
        self.rows.required_changed.connect(
            lambda name, on: edits.change_tools(
                set_required(edits.text, number, name, on), _("Change what a tool requires")
            )
        )
        self.rows.removed.connect(
            lambda name: edits.change_tools(
                remove_parameter(edits.text, number, name), _("Remove a parameter")
            )
        )

    def _type(self, key: str, words: str) -> None:
        new = set_function_value(self._edits.text, self._number, key, words)
        self._edits.type_tools(new, ("tools", self._number, key))

    def _add_parameter(self) -> None:
        taken = self.rows.names()
        count = len(taken) + 1
        while f"parameter_{count}" in taken:
            count += 1
        name = f"parameter_{count}"
        self._edits.change_tools(
            add_parameter(self._edits.text, self._number, name), _("Add a parameter")
        )
        field = self.rows.field(name)
        if isinstance(field, QLineEdit):
            field.setFocus()
            field.selectAll()
