"""The parameters of a tool as a small table: name, type, required, description."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QCheckBox, QGridLayout, QLineEdit, QWidget

from tunedesk.gui.examples.form.calm_combo_box import CalmComboBox
from tunedesk.gui.examples.form.tool_edits import TYPES, Parameter
from tunedesk.gui.theme import Theme
from tunedesk.gui.widgets.icon_button import IconButton
from tunedesk.gui.widgets.label import Label
from tunedesk.gui.widgets.plain_tooltip import plain_tooltip
from tunedesk.i18n import _

COLUMNS = 5


class _Row:
    """The widgets of one row, made once and filled again."""

    def __init__(self, theme: Theme) -> None:
        self.name = QLineEdit()
        self.type = CalmComboBox()
        self.required = QCheckBox()
        self.description = QLineEdit()
        self.remove = IconButton(theme, "delete", _("Remove parameter"))
        self.shown = Parameter("", "", False, "", "")

    def widgets(self) -> tuple[QWidget, ...]:
        """From left to right."""
        return (self.name, self.type, self.required, self.description, self.remove)


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
            Label(theme, words, "small", "muted")
            for words in (_("Parameter"), _("Type"), _("Required"), _("Description"))
        ]
        self._headings[2].setToolTip(_("A call without it is refused"))
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(8)
        self._grid.setVerticalSpacing(6)
        self._grid.setColumnStretch(0, 3)
        self._grid.setColumnStretch(1, 2)
        self._grid.setColumnStretch(3, 6)
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
            row.name.setText(parameter.name)
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
            lambda words: self.description_changed.emit(row.shown.name, words)
        )
        row.remove.clicked.connect(lambda: self.removed.emit(row.shown.name))
        self._rows.append(row)
        line = len(self._rows)
        for column, widget in enumerate(row.widgets()):
            flags = Qt.AlignmentFlag.AlignHCenter if column == 2 else Qt.AlignmentFlag(0)
            self._grid.addWidget(widget, line, column, flags)

    def _rename(self, row: _Row) -> None:
        new = row.name.text().strip()
        if new == row.shown.name:
            return
        if not new or new in self.names():
            row.name.setText(row.shown.name)  # two of one name would be one
            return
        self.renamed.emit(row.shown.name, new)
