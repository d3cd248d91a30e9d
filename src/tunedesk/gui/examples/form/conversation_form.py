"""The form of a conversation: its messages as cards that can be written, moved and dragged."""

from PySide6.QtCore import QPoint, QTimer, Signal
from PySide6.QtGui import QFont, QFontMetrics
from PySide6.QtWidgets import (
    QApplication,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from tunedesk.examples.conversation import Conversation, ImagePart, RawValue
from tunedesk.examples.json_text import Path
from tunedesk.gui.actions import Actions
from tunedesk.gui.examples.form.content_parts import RawValueRow
from tunedesk.gui.examples.form.example_edits import ExampleEdits
from tunedesk.gui.examples.form.kind_form import WIDEST_KEY, KindForm
from tunedesk.gui.examples.form.message_card import CardContent, MessageCard
from tunedesk.gui.examples.form.message_head import QuietButton
from tunedesk.gui.examples.form.message_list import CardDrag, MessageList
from tunedesk.gui.examples.form.message_menu import MessageCommands, MessageMenus
from tunedesk.gui.examples.form.message_text import MessageText
from tunedesk.gui.examples.form.open_example import OpenExample
from tunedesk.gui.examples.form.pictures import PictureAdder
from tunedesk.gui.examples.form.presets import Presets
from tunedesk.gui.examples.form.problem_marks import (
    ProblemLine,
    ShownProblem,
    ShownProblems,
    problem_spans,
)
from tunedesk.gui.page import PageContext
from tunedesk.gui.spelling import Spelling
from tunedesk.gui.theme import Theme
from tunedesk.gui.widgets.buttons import ActionButton
from tunedesk.gui.widgets.layouts import FlowLayout
from tunedesk.i18n import _

MOST_KEYS = 40
SHOWN_UNFOLDED = 3
"""More keys than this are folded away until they are asked for."""


class ListFooter(QWidget):
    """Buttons and, below them, problems and keys that belong to no message.

    Signals:
        tools_wanted: The user wants to see the tools.
        key_removed: A key of the example is to go; its number among the other keys.
    """

    tools_wanted = Signal()
    key_removed = Signal(int)

    def __init__(self, theme: Theme, actions: Actions, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.add = ActionButton(theme, actions["message.add"], _("Add message"), "add")
        self.prompt = ActionButton(
            theme, actions["message.add_prompt"], _("System prompt"), "add", show_key=False
        )
        self.prompt.setAccessibleName(_("Add system prompt"))
        self.tools = QPushButton(_("Tools"))
        self.tools.setIcon(theme.icons.icon("tool"))
        self.tools.setToolTip(_("The programs that the model may call in this example"))
        self.tools.setAccessibleName(_("Tools"))
        self.tools.clicked.connect(self.tools_wanted)
        self._problem_lines: list[ProblemLine] = []
        self._rows: list[RawValueRow] = []
        buttons = FlowLayout(spacing=8, squeezes=True)
        for button in (self.add, self.prompt, self.tools):
            buttons.addWidget(button)
        self._keys_title = QuietButton(theme, theme.font("small"))
        self._keys_title.clicked.connect(self._unfold)
        self._unfolded = False
        self._keys: tuple[RawValue, ...] = ()
        self._keys_are_used = False
        self._writable = False
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 2, 0, 0)
        self._column.setSpacing(8)
        self._column.addLayout(buttons)
        self._column.addWidget(self._keys_title)

    def heightForWidth(self, width: int) -> int:
        """The height that all of it needs at a width."""
        if self._column.hasHeightForWidth():
            return self._column.totalHeightForWidth(width)
        return self._column.totalSizeHint().height()

    def show_example(
        self,
        tools: int,
        has_prompt: bool,
        problems: tuple[ShownProblem, ...],
        keys: tuple[RawValue, ...],
        keys_are_used: bool,
        writable: bool,
    ) -> None:
        """Show how many tools there are, the example's own problems and its other keys.

        Args:
            tools: The number of tools.
            has_prompt: Whether there is a system prompt.
            problems: The problems of the example as a whole.
            keys: The keys that belong to no message.
            keys_are_used: Whether training makes use of them, as a grader does.
            writable: Whether they can be removed.
        """
        self.prompt.setVisible(writable and not has_prompt)
        self.tools.setText(_("Tools {count}").format(count=tools) if tools else _("Tools"))
        while len(self._problem_lines) < len(problems):
            line = ProblemLine(self._theme)
            self._problem_lines.append(line)
            self._column.insertWidget(len(self._problem_lines), line)
        for number, line in enumerate(self._problem_lines):
            line.setVisible(number < len(problems))
            if number < len(problems):
                line.show_problem(problems[number])
        self._keys, self._keys_are_used, self._writable = keys, keys_are_used, writable
        self._show_keys()

    def _unfold(self) -> None:
        self._unfolded = not self._unfolded
        self._show_keys()

    def _show_keys(self) -> None:
        keys = self._keys
        folds = len(keys) > SHOWN_UNFOLDED
        self._keys_title.setVisible(bool(keys))
        self._keys_title.setEnabled(folds)
        if self._keys_are_used:
            title, counted = _("Reference for the grader"), _("Reference for the grader: {count}")
            tooltip = _("What the answer that the model gives is graded by")
        else:
            title = _("Other keys of this example")
            counted = _("Other keys of this example: {count}")
            tooltip = _("Trainers do not use these. They are kept as they are.")
        self._keys_title.setToolTip(tooltip)
        title = counted.format(count=len(keys)) if folds else title
        self._keys_title.show_word(title, "text_muted")
        shown = keys[:MOST_KEYS] if self._unfolded or not folds else ()
        while len(self._rows) < len(shown):
            row = RawValueRow(self._theme)
            number = len(self._rows)
            row.removed.connect(lambda number=number: self.key_removed.emit(number))
            self._rows.append(row)
            self._column.addWidget(row)
        width = max((self._rows[0].key_width(value.key) for value in shown), default=0)
        for number, row in enumerate(self._rows):
            row.setVisible(number < len(shown))
            if number < len(shown):
                row.align_keys(min(width, WIDEST_KEY))
                row.show_value(shown[number].key, shown[number].raw, "", self._writable)


CARD_HEIGHT_WITHOUT_TEXT = 54
PICTURE_HEIGHT = 172
CALL_HEIGHT = 110


class ConversationForm(KindForm):
    """The form of every kind that is written as messages.

    Attributes:
        list: The column of cards.
        commands: What is done to whole messages.
        pictures: What embeds pictures in messages.
    """

    def __init__(
        self,
        context: PageContext,
        example: OpenExample,
        edits: ExampleEdits,
        spelling: Spelling,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        background, actions, theme = context.background, context.actions, context.theme
        self._example = example
        self._spelling = spelling
        self._edits = edits
        self._background = background
        self._theme = theme
        self._fonts = (theme.font("message"), theme.font("mono"))
        self._problems = ShownProblems((), example.target)
        self._tokens: list[int] = []
        self._search = ""
        self._conversation = Conversation((), (), None, ())
        self._tool_names: tuple[str, ...] = ()
        self._calls: list[tuple[int, str, str]] = []
        self._presets = Presets(context, self)
        self._footer = ListFooter(theme, actions)
        self.list = MessageList(self._make_card, self._fill, self._estimate, self._footer)
        self.commands = MessageCommands(example, edits, self.list, actions, self)
        self._entered: tuple[int | None, int] | None = None
        self.pictures = PictureAdder(example, edits, background, context.feedback, self)
        self._menus = MessageMenus(
            edits, self._presets, self.pictures, spelling, actions, theme, self
        )
        self._drag = CardDrag(self.list, theme)
        self._drag.moved.connect(self.commands.move_to)
        self._footer.tools_wanted.connect(self.tools_wanted)
        self._footer.key_removed.connect(self._remove_key)
        self._presets.many_wanted.connect(self.system_prompt_wanted)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.list)

    def set_fonts(self, text: QFont, code: QFont) -> None:
        """Show the texts and the JSON in other fonts."""
        self._fonts = (text, code)
        self.list.refill()

    def set_commands_enabled(self, enabled: bool) -> None:
        """Say whether the open example has messages to which the commands may be done."""
        self.commands.enabled = enabled

    def set_search(self, search: str) -> None:
        """Mark the hits of another search."""
        if search != self._search:
            self._search = search
            self.list.refill()

    def show_example(self, problems: ShownProblems, tokens: list[int], another: bool) -> None:
        """Show the messages as they are now; `another` for an example that was not shown yet."""
        conversation = self._example.conversation
        self._conversation = conversation
        self._problems, self._tokens = problems, tokens
        self._tool_names = tuple(tool.name for tool in conversation.tools if tool.name)
        self._calls = [
            (message.index, call.id, call.name)
            for message in conversation.messages
            for call in message.tool_calls
            if call.id
        ]
        if another:
            self.commands.current = None
        self._show_footer()
        self.list.show_messages(len(conversation.messages), to_top=another)

    def show_checks(self, problems: ShownProblems, tokens: list[int]) -> None:
        """Show what the checks say of the text that is shown."""
        self._problems, self._tokens = problems, tokens
        self._show_footer()
        self.list.refill()

    def presets_changed(self) -> None:
        """A preset was kept or deleted: some cards say so."""
        self._presets.forget()
        self.list.refill()

    def focus_last(self) -> None:
        """Put the cursor into the message that was written in last, or the first that is empty."""
        messages = self._conversation.messages
        if not messages:
            self._footer.add.setFocus()
            return
        current = self.commands.current
        if current is None or current >= len(messages):
            empty = (m.index for m in messages if not m.text and not m.tool_calls)
            current = next(empty, 0)
        self.commands.go(current)

    def go_to(self, path: Path) -> None:
        """Put the cursor to the value at a path, on the letters that are wrong if it has such."""
        if len(path) < 2 or path[0] != "messages" or not isinstance(path[1], int):
            self.list.verticalScrollBar().setValue(0)
            self.focus_last()
            return
        if path[1] >= self.list.count:
            return
        card = self._card(path[1])
        self.commands.current = path[1]
        field = card.field_at(path[2:])
        if field is None:
            self.list.show_rect(card, card.rect())
            return
        field.setFocus()
        if isinstance(field, MessageText):
            spans = [
                span
                for problem in self._problems.of_message(path[1])
                if problem.path == path
                for span in problem_spans(problem.stored, field.text)
            ]
            if spans:
                field.set_cursor_position(spans[0][0], spans[0][1] - spans[0][0])
            self.list.show_rect(card, card.rect())
            self.list.show_rect(field, field.cursorRect())
        else:
            self.list.show_rect(field, field.rect())

    def show_position(self, path: Path, position: int) -> None:
        """Scroll to where undo changed the text; the cursor goes there if it is in the form."""
        if len(path) < 2 or path[0] != "messages" or not isinstance(path[1], int):
            return
        if path[1] >= self.list.count:
            return
        focus = QApplication.focusWidget()
        had_focus = focus is not None and self.isAncestorOf(focus)
        card = self._card(path[1])
        field = card.field_at(path[2:]) if len(path) > 2 else card.parts.first_text()
        if not isinstance(field, MessageText):
            self.list.show_rect(card, card.rect())
            return
        if had_focus:
            field.setFocus()
            field.set_cursor_position(position)
        self.list.show_rect(field, field.cursorRect())

    def _card(self, index: int) -> MessageCard:
        card = self.list.card(index)
        assert isinstance(card, MessageCard)
        return card

    def _make_card(self) -> QWidget:
        card = MessageCard(self._theme, self._background, self._edits)
        card.parts.text_made.connect(self._spelling.watch)
        card.role_wanted.connect(lambda: self._menus.ask_role(card))
        card.preset_wanted.connect(lambda: self._menus.ask_preset(card))
        card.menu_wanted.connect(lambda point: self._open_menu(card, point))
        card.focused.connect(lambda: self._focused(card))
        card.left.connect(lambda: self._left(card))
        card.leave_requested.connect(self.leave_requested)
        card.cursor_moved.connect(self._show_cursor)
        card.pictures_dropped.connect(lambda mime: self.pictures.drop(card.message, mime))
        card.dragged.connect(lambda point: self._drag.drag(card.message.index, point))
        card.dropped.connect(self._drag.drop)
        return card

    def _fill(self, widget: QWidget, index: int) -> None:
        assert isinstance(widget, MessageCard)
        message = self._conversation.messages[index]
        calls = {}
        if message.role == "tool" or message.tool_call_id is not None:
            calls = {call_id: name for at, call_id, name in self._calls if at < index}
        preset = tooltip = ""
        if message.role in ("system", "developer") and self._edits.writable:
            preset, tooltip = self._presets.word_for(message.text)
        widget.show_content(
            CardContent(
                message=message,
                tokens=self._tokens[index] if index < len(self._tokens) else None,
                problems=self._problems.of_message(index),
                search=self._search,
                tools=self._tool_names,
                calls=calls,
                preset=preset,
                preset_tooltip=tooltip,
                writable=self._edits.writable,
            ),
            *self._fonts,
        )

    def _estimate(self, index: int, width: int) -> int:
        """The likely height of a card, from the length of its text."""
        message = self._conversation.messages[index]
        metrics = QFontMetrics(self._fonts[0])
        per_line = max(10, (width - 26) // max(1, metrics.averageCharWidth()))
        text = message.text
        lines = max(1, text.count("\n") + 1 + len(text) // per_line)
        pictures = sum(isinstance(part, ImagePart) for part in message.parts or ())
        return (
            CARD_HEIGHT_WITHOUT_TEXT
            + lines * metrics.lineSpacing()
            + pictures * PICTURE_HEIGHT
            + len(message.tool_calls) * CALL_HEIGHT
        )

    def _show_footer(self) -> None:
        self._footer.show_example(
            len(self._conversation.tools),
            self._conversation.system_message is not None,
            tuple(
                problem for problem in self._problems.of_example if problem.path[:1] != ("tools",)
            ),
            self._conversation.other_keys,
            self._example.kind.reads_other_keys,
            self._edits.writable,
        )

    def _remove_key(self, number: int) -> None:
        if number < len(self._conversation.other_keys):
            self._edits.remove_other_key(self._conversation.other_keys[number].path)

    def _focused(self, card: MessageCard) -> None:
        self.commands.current = card.message.index
        self._entered = (self._example.example_id, card.message.index)

    def _left(self, card: MessageCard) -> None:
        # The focus may leave a card that shows another example by now: that one was not entered.
        if self._entered == (self._example.example_id, card.message.index):
            self._example.leave_message(card.message.index)

    def _show_cursor(self, text: MessageText) -> None:
        # The box may be about to grow: look once it has its height.
        QTimer.singleShot(0, self, lambda: self.list.show_rect(text, text.cursorRect()))

    def _open_menu(self, card: MessageCard, point: QPoint) -> None:
        self.commands.current = card.message.index
        self._menus.open(card, point, self._tool_names[0] if self._tool_names else "")
