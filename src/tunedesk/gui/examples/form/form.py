"""The open example in the form of its kind, as tools, as trained and as raw JSON, with its head."""

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QAccessible
from PySide6.QtWidgets import QApplication, QStackedWidget, QVBoxLayout, QWidget

from tunedesk.examples.json_text import JsonSyntaxError, Path
from tunedesk.examples.kinds.kind import Kind
from tunedesk.examples.kinds.registry import KINDS
from tunedesk.examples.kinds.unreadable import UNREADABLE
from tunedesk.gui.examples.form.as_trained import AsTrainedView
from tunedesk.gui.examples.form.conversation_form import ConversationForm
from tunedesk.gui.examples.form.example_edits import ExampleEdits
from tunedesk.gui.examples.form.form_bars import (
    FORM,
    RAW,
    TOOLS,
    TRAINED,
    FormHead,
    FormTabs,
    ReviewBar,
)
from tunedesk.gui.examples.form.kind_form import KindForm
from tunedesk.gui.examples.form.open_example import OpenExample
from tunedesk.gui.examples.form.problem_marks import ShownProblems
from tunedesk.gui.examples.form.raw_json import RawJsonView
from tunedesk.gui.examples.form.read_only_form import ReadOnlyForm
from tunedesk.gui.examples.form.text_mapping import diff_position
from tunedesk.gui.examples.form.tools_editor import ToolsEditor
from tunedesk.gui.live_query import ProjectChangeSignal
from tunedesk.gui.page import PageContext
from tunedesk.gui.spelling import Spelling
from tunedesk.gui.widgets.cards import EmptyState
from tunedesk.i18n import _
from tunedesk.project.project_change import ProjectChange


class ExampleForm(QWidget):
    """Shows the open example and lets it be written.

    Signals:
        leave_requested: Esc was pressed in a text: the focus belongs to the table.
        system_prompt_wanted: A system prompt is to be set on the selected examples.
    """

    accessible_role = QAccessible.Role.Form

    leave_requested = Signal()
    system_prompt_wanted = Signal(str)

    def __init__(
        self, context: PageContext, example: OpenExample, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        project, actions, theme = context.project, context.actions, context.theme
        self._project = project
        self._example = example
        self._settings = context.settings
        self._feedback = context.feedback
        self._actions = actions
        self._theme = theme
        self._shown_example: int | None = None
        self._unreadable = False
        self._changed_at: tuple[Path, int] | None = None
        self._edits = ExampleEdits(example)
        self._head = FormHead(theme, actions)
        self._tabs = FormTabs(theme, actions)
        spelling = Spelling(context.settings, context.background, theme, self)
        self._conversation = ConversationForm(context, example, self._edits, spelling, self)
        self._read_only = ReadOnlyForm(example, theme, self)
        # A kind with a form of its own gets it here.
        self._forms: dict[Kind, KindForm] = {
            kind: self._conversation if kind.is_written_as_messages else self._read_only
            for kind in KINDS
        }
        self._tools = ToolsEditor(theme, self._edits)
        self._trained = AsTrainedView(project, example, theme)
        self._raw = RawJsonView(theme)
        self._nothing = EmptyState(
            theme,
            "examples",
            _("No example is open"),
            _("Choose one in the table, or write a new one."),
        )
        self._review = ReviewBar(theme, actions)
        self._views = QStackedWidget()
        self._lay_out()
        self._connect()
        self._update_fonts()
        self._loaded()

    @property
    def cards(self) -> ConversationForm:
        """The cards of the messages."""
        return self._conversation

    @property
    def kind_form(self) -> KindForm:
        """The form of the kind of the open example."""
        return self._forms.get(self._example.kind, self._read_only)

    def set_row_position(self, number: int | None, total: int) -> None:
        """Show the place of the example among those that the table shows; None hides it."""
        self._head.show_row_position(number, total)

    def set_search(self, search: str) -> None:
        """Mark the words of a search in the messages."""
        for form in (self._conversation, self._read_only):
            form.set_search(search)

    def focus_messages(self) -> None:
        """Put the cursor into the message that was written in last, or the first."""
        if self._tabs.current == RAW:
            self._raw.edit.setFocus()
        elif self._tabs.current == TOOLS:
            self._tools.focus_first()
        elif self._tabs.current == TRAINED:
            self._trained.focus_text()
        else:
            self.kind_form.focus_last()

    def focus_change(self, text_before: str | None = None) -> None:
        """Put the cursor where undo or somebody else has changed the text, if that can be seen.

        Args:
            text_before: The text before the change; None where the example was open meanwhile.
        """
        if text_before is not None:
            self._changed_at = diff_position(text_before, self._example.text)
        if self._changed_at is None or self._tabs.current != FORM or self._unreadable:
            self.focus_messages()
            return
        path, position = self._changed_at
        self.kind_form.go_to(path)
        self.kind_form.show_position(path, position)

    def choose_view(self, tab: int) -> None:
        """Show the form, the tools, the example as trained or the raw JSON."""
        self._tabs.choose(tab)

    def _lay_out(self) -> None:
        self.setProperty("surface", "window")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setAccessibleName(_("Open example"))
        views = (self._conversation, self._read_only, self._tools, self._trained, self._raw)
        for view in (*views, self._nothing):
            self._views.addWidget(view)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        for widget in (self._head, self._tabs):
            column.addWidget(widget)
        column.addWidget(self._views, 1)
        column.addWidget(self._review)

    def _connect(self) -> None:
        example = self._example
        example.loaded.connect(self._loaded)
        example.text_changed.connect(self._text_changed)
        example.facts_changed.connect(self._facts_changed)
        example.go_to_requested.connect(self._go_to)
        example.position_changed.connect(self._position_changed)
        example.write_failed.connect(self._feedback.error)
        example.closed.connect(self._on_closed)
        self._tabs.chosen.connect(self._view_chosen)
        for form in (self._conversation, self._read_only):
            form.leave_requested.connect(self.leave_requested)
            form.tools_wanted.connect(lambda: self.choose_view(TOOLS))
            form.raw_json_wanted.connect(lambda: self._raw_switched(True))
            form.system_prompt_wanted.connect(self.system_prompt_wanted)
        self._tools.leave_requested.connect(self.leave_requested)
        self._raw.edited.connect(self._edits.write_raw)
        self._raw.leave_requested.connect(self.leave_requested)
        self._feed = ProjectChangeSignal(self._project, self)
        self._feed.changed.connect(self._project_changed)
        for action_id, callback in (
            ("view.raw", self._raw_switched),
            ("view.monospace", self._monospace_switched),
        ):
            self._actions.bind(action_id, callback)
        self._actions["view.monospace"].setChecked(self._settings.monospace)
        self._theme.changed.connect(self._update_fonts)
        _application().focusChanged.connect(self._focus_changed)

    def _on_closed(self) -> None:
        """The project closes: take the handlers off the actions."""
        self._trained.close_process()
        _application().focusChanged.disconnect(self._focus_changed)
        self._feed.close()
        self._actions.release("view.raw", "view.monospace", *self._conversation.commands.action_ids)

    def _loaded(self) -> None:
        """Show another example."""
        self._shown_example = self._example.example_id
        self._changed_at = None
        self._edits.steps.end()
        open_ = self._shown_example is not None
        for widget in (self._head, self._tabs, self._review):
            widget.setVisible(open_)
        if not open_:
            self._views.setCurrentWidget(self._nothing)
            return
        self._show_row()
        was_unreadable = self._unreadable
        self._understand()
        if self._unreadable:
            self._tabs.choose_quietly(RAW)
        elif was_unreadable:
            self._tabs.choose_quietly(FORM)
        self._actions["view.raw"].setChecked(self._tabs.current == RAW)
        self._show_view(another=True)

    def _text_changed(self) -> None:
        self._understand()
        self._show_view(another=False)

    def _facts_changed(self) -> None:
        if not self._unreadable:
            problems = ShownProblems(self._example.problems, self._example.target)
            self.kind_form.show_checks(problems, self._example.message_tokens)
            self._tools.show_problems(problems)

    def _understand(self) -> None:
        """See whether the text can be shown in a form, and in which."""
        kind = self._example.kind
        self._unreadable = kind is UNREADABLE
        try:
            tools = len(self._example.conversation.tools)
        except JsonSyntaxError:  # such as what is nested too deep for a form
            self._unreadable = True
        for form in (self._conversation, self._read_only):
            form.set_commands_enabled(not self._unreadable and form is self.kind_form)
        if not self._unreadable:
            self._tabs.show_tools_tab(kind.is_written_as_messages)
            self._tabs.show_tool_count(tools)

    def _show_view(self, another: bool) -> None:
        """Bring the view that can be seen in step with the text."""
        tab = self._tabs.current
        if tab == RAW or self._unreadable:
            self._views.setCurrentWidget(self._raw)
            self._raw.set_writable(self._edits.writable)
            self._raw.show_text(self._example.text, another)
        elif tab == TOOLS:
            self._views.setCurrentWidget(self._tools)
            self._tools.show_tools(self._example.conversation, self._edits.writable)
            self._tools.show_problems(ShownProblems(self._example.problems, self._example.target))
        elif tab == TRAINED:
            self._views.setCurrentWidget(self._trained)
            self._trained.show_example()
        else:
            # First: at the width of the window every card is laid out once, not twice.
            form = self.kind_form
            self._views.setCurrentWidget(form)
            problems = ShownProblems(self._example.problems, self._example.target)
            form.show_example(problems, self._example.message_tokens, another)

    def _view_chosen(self, tab: int) -> None:
        if self._unreadable and tab != RAW:
            self._feedback.toast(_("First fix the JSON: then the messages can be shown."))
            QTimer.singleShot(0, lambda: self.choose_view(RAW))
            return
        self._actions["view.raw"].setChecked(tab == RAW)
        if self._shown_example is not None:
            self._show_view(another=True)

    def _raw_switched(self, on: bool) -> None:
        self.choose_view(RAW if on else FORM)
        self.focus_messages()

    def _go_to(self, path: Path) -> None:
        """Show the value at a path and put the cursor there."""
        if self._shown_example is None:
            return
        if self._unreadable or (self._tabs.current == RAW and path):
            self.choose_view(RAW)
            self._raw.go_to(path)
        elif path[:1] == ("tools",) and self._example.kind.is_written_as_messages:
            self.choose_view(TOOLS)
            self._tools.go_to(path)
        else:
            self.choose_view(FORM)
            self.kind_form.go_to(path)

    def _position_changed(self, path: Path, position: int) -> None:
        """Undo changed something: show where."""
        self._changed_at = (path, position)
        if self._tabs.current == FORM and not self._unreadable:
            self.kind_form.show_position(path, position)

    def _project_changed(self, change: ProjectChange) -> None:
        if self._shown_example is None:
            return
        if "presets" in change.kinds:
            self._conversation.presets_changed()
        concerned = change.ids is None or self._shown_example in change.ids
        if change.kinds & {"order", "added", "deleted"} or (concerned and "state" in change.kinds):
            self._show_row()

    def _show_row(self) -> None:
        if self._shown_example is not None:
            rows = self._project.rows([self._shown_example])
            self._head.show_row(rows[0] if rows else None)

    def _monospace_switched(self, on: bool) -> None:
        self._settings.monospace = on
        self._settings.save()
        self._update_fonts()

    def _update_fonts(self) -> None:
        code = self._theme.font("mono")
        text = code if self._settings.monospace else self._theme.font("message")
        for form in (self._conversation, self._read_only):
            form.set_fonts(text, code)
        self._tools.set_text_font(code)
        self._raw.set_text_font(code)

    def _focus_changed(self, old: QWidget | None, new: QWidget | None) -> None:
        """Write what was typed when the focus leaves the form, and close the step of undo."""
        if old is None or not self.isAncestorOf(old):
            return
        self._edits.steps.end()
        if new is None or not self.isAncestorOf(new):
            self._example.flush()


def _application() -> QApplication:
    application = QApplication.instance()
    assert isinstance(application, QApplication)
    return application
