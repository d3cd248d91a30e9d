"""The fields of one tool call: which tool, under which id, with which arguments."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFont
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QPushButton, QWidget

from tunedesk.examples.conversation import ToolCall
from tunedesk.gui.examples.form.calm_combo_box import CalmComboBox
from tunedesk.gui.examples.form.inset import Inset
from tunedesk.gui.examples.form.message_text import MessageText
from tunedesk.gui.examples.form.problem_notes import Note, worst
from tunedesk.gui.theme import Theme
from tunedesk.gui.widgets.icon_button import IconButton
from tunedesk.gui.widgets.label import Label
from tunedesk.gui.widgets.plain_tooltip import plain_tooltip
from tunedesk.i18n import _


class ToolCallFields(Inset):
    """Shows and edits a tool call of an answer, or a function call of the older form.

    Signals:
        name_edited, id_edited, arguments_edited: A field has another text.
        removed: The call is to go.
        modernised: A function call is to become a tool call.
    """

    name_edited = Signal(str)
    id_edited = Signal(str)
    arguments_edited = Signal(object)
    removed = Signal()
    modernised = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, parent=parent)
        self._filling = False
        self._title = Label(theme, _("Calls"), "small", "muted")
        self.name = CalmComboBox()
        self.name.setEditable(True)
        self.name.setInsertPolicy(CalmComboBox.InsertPolicy.NoInsert)
        self.name.setMinimumWidth(90)
        self.name.setAccessibleName(_("Tool"))
        self.name.lineEdit().setPlaceholderText(_("Name of the tool"))
        self.name.lineEdit().setAccessibleName(_("Tool"))
        self._id_label = Label(theme, _("Id"), "small", "muted")
        self.id = QLineEdit()
        self.id.setAccessibleName(_("Id"))
        self.id.setPlaceholderText(_("such as call_1"))
        self.id.setToolTip(_("The tool's answer below names this id, so the two belong together."))
        self._modernise = QPushButton(_("Turn into tool call"))
        self._modernise.setProperty("kind", "link")
        self._modernise.setToolTip(
            _("function_call is the older form; trainers now expect tool_calls.")
        )
        self._remove = IconButton(theme, "delete", _("Remove tool call"))
        self.arguments = MessageText()
        self.arguments.setAccessibleName(_("Arguments"))
        self.arguments.setPlaceholderText(_('Arguments as JSON, such as {"city": "Oslo"}'))
        self._reason = Label(theme, font="small", tone="error", wrap=True)
        top = QHBoxLayout()
        top.setSpacing(8)
        top.addWidget(self._title)
        top.addWidget(self.name, 3)
        top.addWidget(self._id_label)
        top.addWidget(self.id, 2)
        top.addWidget(self._modernise)
        top.addWidget(self._remove)
        self._field = Inset(theme, "field")
        self._field.body.addWidget(self.arguments)
        self.body.addLayout(top)
        self.body.addWidget(self._field)
        self.body.addWidget(self._reason)
        self.name.currentTextChanged.connect(self._name_changed)
        self.id.textEdited.connect(self.id_edited)
        self.arguments.edited.connect(self.arguments_edited)
        self._remove.clicked.connect(self.removed)
        self._modernise.clicked.connect(self.modernised)

    def show_call(
        self,
        call: ToolCall,
        tools: tuple[str, ...],
        notes: tuple[Note, ...],
        writable: bool,
        older_form: bool,
    ) -> None:
        """Show a call.

        Args:
            call: The call.
            tools: The names of the tools that the example declares.
            notes: The problems of this call.
            writable: Whether it can be changed.
            older_form: Whether it is a function_call, which has no id.
        """
        self._filling = True
        try:
            if [self.name.itemText(i) for i in range(self.name.count())] != list(tools):
                self.name.clear()
                self.name.addItems(list(tools))
            if self.name.currentText() != call.name:
                self.name.setCurrentText(call.name)
                self.name.lineEdit().setCursorPosition(0)  # the beginning tells tools apart
            if self.id.text() != (call.id or ""):
                self.id.setText(call.id or "")
            self.arguments.set_text(call.arguments)
        finally:
            self._filling = False
        about = _("The tool that the model calls; the tools of this example are offered.")
        self.name.setToolTip(plain_tooltip(f"{call.name}\n{about}" if call.name else about))
        self._title.setText(_("Calls function") if older_form else _("Calls"))
        self._id_label.setVisible(not older_form)
        self.id.setVisible(not older_form)
        self._modernise.setVisible(older_form and writable)
        self._remove.setVisible(not older_form and writable)
        self.name.setEnabled(writable and not older_form)
        self.id.setReadOnly(not writable)
        self.arguments.set_writable(writable and not older_form)
        self._reason.setText("\n".join(note.words for note in notes))
        self._reason.setVisible(bool(notes))
        tone = worst(notes)
        self._reason.set_tone(tone or "muted")
        self._field.set_frame(tone or "border")

    def set_text_font(self, font: QFont) -> None:
        """Show the arguments in a font."""
        self.arguments.setFont(font)

    def _name_changed(self, name: str) -> None:
        if not self._filling:
            self.name_edited.emit(name)


class ToolAnswerFields(QWidget):
    """Which call a tool message answers.

    Signals:
        id_edited: Another call is named.
    """

    id_edited = Signal(str)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._filling = False
        self._label = Label(theme, _("Answers call"), "small", "muted")
        self.id = CalmComboBox()
        self.id.setEditable(True)
        self.id.setInsertPolicy(CalmComboBox.InsertPolicy.NoInsert)
        self.id.setAccessibleName(_("Answers call"))
        self.id.setToolTip(_("The id (tool_call_id) of the call above that this is the result of."))
        self.id.lineEdit().setPlaceholderText(_("id of the call"))
        self.id.lineEdit().setAccessibleName(_("Answers call"))
        self._label.setBuddy(self.id)
        self._tool = Label(theme, font="small", tone="muted")
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        row.addWidget(self._label)
        row.addWidget(self.id, 1)
        row.addWidget(self._tool, 1, Qt.AlignmentFlag.AlignVCenter)
        self.id.currentTextChanged.connect(self._changed)

    def show_answer(self, call_id: str, calls: dict[str, str], writable: bool) -> None:
        """Show the id, offering those of the calls before, each with the name of its tool."""
        self._filling = True
        try:
            if [self.id.itemText(i) for i in range(self.id.count())] != list(calls):
                self.id.clear()
                self.id.addItems(list(calls))
            if self.id.currentText() != call_id:
                self.id.setCurrentText(call_id)
        finally:
            self._filling = False
        self.id.setEnabled(writable)
        self._tool.setText(calls.get(call_id, ""))

    def _changed(self, call_id: str) -> None:
        if not self._filling:
            self.id_edited.emit(call_id)
