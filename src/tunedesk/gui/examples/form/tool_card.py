"""One tool of the example: what it is called, what it is for, and a table of its parameters."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QCheckBox, QGridLayout, QHBoxLayout, QLineEdit, QPushButton, QWidget

from tunedesk.examples.conversation import Tool
from tunedesk.examples.tool_edits import (
    TYPES,
    Parameter,
    add_parameter,
    remove_parameter,
    remove_tool,
    rename_parameter,
    set_function_value,
    set_parameter_value,
    set_required,
)
from tunedesk.gui.examples.form.example_edits import ExampleEdits
from tunedesk.gui.examples.form.problem_marks import ProblemLine, ShownProblem, worst
from tunedesk.gui.theme import Theme
from tunedesk.gui.widgets.buttons import IconButton
from tunedesk.gui.widgets.cards import Card
from tunedesk.gui.widgets.choices import NoWheelComboBox
from tunedesk.gui.widgets.labels import Label, plain_tooltip
from tunedesk.i18n import _

LONGEST_SHOWN = 190
"""Pixels: as far the field of a name grows with it."""


def _show_name(field: QLineEdit, name: str) -> None:
    """Show a name from its beginning, in a field that has room for it."""
    field.setText(name)
    field.setCursorPosition(0)
    needed = field.fontMetrics().horizontalAdvance(name) + 28
    field.setMinimumWidth(min(needed, LONGEST_SHOWN))


class _Row:
    """The widgets of one row, made once and filled again."""

    def __init__(self, theme: Theme) -> None:
        self.name = QLineEdit()
        self.type = NoWheelComboBox()
        self.required = QCheckBox()
        self.description = QLineEdit()
        self.remove = IconButton(theme, "delete", _("Remove parameter"))
        self.shown = Parameter("", "", False, "", "")

    def widgets(self) -> tuple[QWidget, ...]:
        """As Tab goes through them: the description stands below the others."""
        return (self.name, self.type, self.required, self.remove, self.description)


class ParameterRows(QWidget):
    """Shows and edits parameters.

    Signals:
        renamed: The old and the new name.
        type_changed, description_changed: The name and the new value.
        required_changed: The name, and whether it must be given.
        removed: The name.
    """

    renamed = Signal(str, str)
    type_changed = Signal(str, str)
    description_changed = Signal(str, str)
    required_changed = Signal(str, bool)
    removed = Signal(str)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._rows: list[_Row] = []
        self._headings = [
            Label(theme, heading, "small", "muted")
            for heading in (_("Parameter"), _("Type"), _("Required"))
        ]
        self._headings[2].setToolTip(_("A call without it is refused"))
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(8)
        self._grid.setVerticalSpacing(6)
        self._grid.setColumnStretch(0, 3)
        self._grid.setColumnStretch(1, 2)
        for column, heading in enumerate(self._headings):
            self._grid.addWidget(heading, 0, column)

    def show_parameters(self, parameters: list[Parameter], writable: bool) -> None:
        """Show these parameters."""
        while len(self._rows) < len(parameters):
            self._make_row()
        for heading in self._headings:
            heading.setVisible(bool(parameters))
        for number, row in enumerate(self._rows):
            shown = number < len(parameters)
            for widget in row.widgets():
                widget.setVisible(shown)
            if shown:
                self._fill(row, parameters[number], writable)

    def field(self, name: str) -> QWidget | None:
        """The field with the name of a parameter."""
        for row in self._rows:
            if row.shown.name == name and not row.name.isHidden():
                return row.name
        return None

    def names(self) -> set[str]:
        """The names that are taken."""
        return {row.shown.name for row in self._rows if not row.name.isHidden()}

    def _fill(self, row: _Row, parameter: Parameter, writable: bool) -> None:
        row.shown = parameter
        if row.name.text() != parameter.name and not row.name.hasFocus():
            _show_name(row.name, parameter.name)
        if row.description.text() != parameter.description:
            row.description.setText(parameter.description)
        types = list(dict.fromkeys((*TYPES, parameter.type)))
        if [row.type.itemText(i) for i in range(row.type.count())] != types:
            row.type.clear()
            row.type.addItems(types)
        row.type.setCurrentText(parameter.type)
        row.required.setChecked(parameter.required)
        rest = _("Also set: {keys}. They can be changed in the raw JSON.")
        tooltip = rest.format(keys=parameter.rest) if parameter.rest else ""
        for field in (row.name, row.type, row.description):
            field.setToolTip(plain_tooltip(tooltip))
        for widget in row.widgets():
            widget.setEnabled(writable)
        row.name.setAccessibleName(_("Parameter"))
        row.type.setAccessibleName(_("Type of {name}").format(name=parameter.name))
        row.required.setAccessibleName(_("{name} is required").format(name=parameter.name))
        row.description.setAccessibleName(_("Description of {name}").format(name=parameter.name))
        row.remove.set_name(_("Remove parameter {name}").format(name=parameter.name))

    def _make_row(self) -> None:
        row = _Row(self._theme)
        row.description.setPlaceholderText(_("What it means"))
        row.name.editingFinished.connect(lambda: self._rename(row))
        row.type.activated.connect(
            lambda number: self.type_changed.emit(row.shown.name, row.type.itemText(number))
        )
        row.required.clicked.connect(lambda on: self.required_changed.emit(row.shown.name, on))
        row.description.textEdited.connect(
            lambda text: self.description_changed.emit(row.shown.name, text)
        )
        row.remove.clicked.connect(lambda: self.removed.emit(row.shown.name))
        self._rows.append(row)
        line = 2 * len(self._rows) - 1
        for column, widget in enumerate((row.name, row.type, row.required, row.remove)):
            flags = Qt.AlignmentFlag.AlignHCenter if column == 2 else Qt.AlignmentFlag(0)
            self._grid.addWidget(widget, line, column, flags)
        self._grid.addWidget(row.description, line + 1, 0, 1, 4)

    def _rename(self, row: _Row) -> None:
        new = row.name.text().strip()
        if new == row.shown.name:
            return
        if not new or new in self.names():
            _show_name(row.name, row.shown.name)  # two of one name would be one
            return
        self.renamed.emit(row.shown.name, new)


MOST_PROBLEMS = 3


class ToolCard(Card):
    """Shows and edits a tool."""

    def __init__(
        self, theme: Theme, edits: ExampleEdits, number: int, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent=parent)
        self._theme = theme
        self._edits = edits
        self._number = number
        self._problem_lines: list[ProblemLine] = []
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
        top.addWidget(self.description, 5)
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
        """Show a tool; its parameters are None where they are not a table."""
        if self.name.text() != tool.name:
            _show_name(self.name, tool.name)
        if self.description.text() != tool.description:
            self.description.setText(tool.description)
        for field in (self.name, self.description):
            field.setReadOnly(not writable)
        self._odd.setVisible(parameters is None)
        self._add.setVisible(parameters is not None and writable)
        self._remove.setVisible(writable)
        self.rows.setVisible(bool(parameters))
        self.rows.show_parameters(parameters or [], writable)

    def show_problems(self, problems: tuple[ShownProblem, ...]) -> None:
        """Show the problems of the tool."""
        while len(self._problem_lines) < min(MOST_PROBLEMS, len(problems)):
            line = ProblemLine(self._theme)
            self._problem_lines.append(line)
            self.body.addWidget(line)
        for number, line in enumerate(self._problem_lines):
            line.setVisible(number < len(problems))
            if number < len(problems):
                line.show_problem(problems[number])
        self.set_tone(worst(problems))

    def _connect(self) -> None:
        number, edits = self._number, self._edits
        self.name.textEdited.connect(lambda text: self._type("name", text))
        self.description.textEdited.connect(lambda text: self._type("description", text))
        self._add.clicked.connect(self._add_parameter)
        self._remove.clicked.connect(
            lambda: edits.change_tools(remove_tool(edits.text, number), "remove_tool")
        )
        self.rows.renamed.connect(
            lambda old, new: edits.change_tools(
                rename_parameter(edits.text, number, old, new), "rename_parameter"
            )
        )
        self.rows.type_changed.connect(
            lambda name, kind: edits.change_tools(
                set_parameter_value(edits.text, number, name, "type", kind),
                "change_parameter_type",
            )
        )
        self.rows.description_changed.connect(
            lambda name, text: edits.type_tools(
                set_parameter_value(edits.text, number, name, "description", text),
                ("tools", number, name),
            )
        )
        self.rows.required_changed.connect(
            lambda name, on: edits.change_tools(
                set_required(edits.text, number, name, on), "change_required_parameters"
            )
        )
        self.rows.removed.connect(
            lambda name: edits.change_tools(
                remove_parameter(edits.text, number, name), "remove_parameter"
            )
        )

    def _type(self, key: str, text: str) -> None:
        new = set_function_value(self._edits.text, self._number, key, text)
        self._edits.type_tools(new, ("tools", self._number, key))

    def _add_parameter(self) -> None:
        taken = self.rows.names()
        count = len(taken) + 1
        while f"parameter_{count}" in taken:
            count += 1
        name = f"parameter_{count}"
        self._edits.change_tools(
            add_parameter(self._edits.text, self._number, name), "add_parameter"
        )
        field = self.rows.field(name)
        if isinstance(field, QLineEdit):
            field.setFocus()
            field.selectAll()
