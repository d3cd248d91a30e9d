"""The menus of a message: all that can be done to it, also from the keyboard, and the doing."""

from collections.abc import Callable

from PySide6.QtCore import QObject, QPoint
from PySide6.QtGui import QAction, QGuiApplication, QIcon, QKeySequence
from PySide6.QtWidgets import QApplication, QMenu, QWidget

from tunedesk.examples.conversation import Message
from tunedesk.gui.actions import Actions
from tunedesk.gui.examples.form.example_edits import ExampleEdits
from tunedesk.gui.examples.form.message_card import MessageCard
from tunedesk.gui.examples.form.message_list import MessageList
from tunedesk.gui.examples.form.message_text import MessageText
from tunedesk.gui.examples.form.open_example import OpenExample
from tunedesk.gui.examples.form.pictures import PictureAdder
from tunedesk.gui.examples.form.presets import Presets
from tunedesk.gui.roles_and_states import ROLES, role_explanation, role_title
from tunedesk.gui.spelling import Spelling
from tunedesk.gui.theme import Theme
from tunedesk.i18n import _

MESSAGE_ACTIONS = (
    "message.move_up",
    "message.move_down",
    "message.split",
    "message.merge",
    "message.duplicate",
)


class MessageMenus(QObject):
    """The menus of the messages: the role, the presets, and all that can be done to a message."""

    def __init__(
        self,
        edits: ExampleEdits,
        presets: Presets,
        pictures: PictureAdder,
        spelling: Spelling,
        actions: Actions,
        theme: Theme,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._edits = edits
        self._presets = presets
        self._pictures = pictures
        self._spelling = spelling
        self._actions = actions
        self._theme = theme

    def ask_role(self, card: MessageCard) -> None:
        """Offer the roles below the role of a message."""
        menu = _role_menu(card, card.message.role, self._set_role(card))
        _popup(menu, _below(card.head.role))

    def ask_preset(self, card: MessageCard) -> None:
        """Offer the presets below the word that stands for that of a message."""
        menu = QMenu(card)
        menu.setAccessibleName(_("Presets"))
        self._fill_presets(menu, card)
        _popup(menu, _below(card.head.preset))

    def open(self, card: MessageCard, point: QPoint, tool: str) -> None:
        """Open the menu of a message.

        Args:
            card: The card of the message.
            point: Where on the screen.
            tool: The tool that a new tool call calls; empty if the example declares none.
        """
        focus = card.focusWidget()
        text = focus if isinstance(focus, MessageText) and focus.hasFocus() else None
        _popup(self._build(card, text, point, tool), point)

    def _build(
        self, card: MessageCard, text: MessageText | None, point: QPoint, tool: str
    ) -> QMenu:
        """Build the menu; `text` is the box that it was asked for in, None at the button."""
        message = card.message
        menu = QMenu(card)
        menu.setAccessibleName(_("Menu of message {number}").format(number=message.index + 1))
        if text is not None:
            self._spelling.fill_suggestions(menu, text, point)
            _add_clipboard(menu, text)
            menu.addSeparator()
        languages = QMenu(_("Spelling"), menu)
        languages.setAccessibleName(_("Spelling"))
        self._spelling.fill_languages(languages)
        menu.addMenu(languages)
        if not self._edits.writable:
            return menu
        if message.is_object:
            menu.addMenu(_owned(menu, _role_menu(menu, message.role, self._set_role(card))))
            if message.role in ("system", "developer"):
                presets = QMenu(_("Presets"), menu)
                presets.setAccessibleName(_("Presets"))
                presets.setIcon(self._theme.icons.icon("preset", "text_muted"))
                self._fill_presets(presets, card)
                menu.addMenu(presets)
            self._add_fields(menu, card, tool)
            menu.addSeparator()
        for name in MESSAGE_ACTIONS:
            if message.is_object or name.startswith("message.move"):
                menu.addAction(self._actions[name])
        menu.addSeparator()
        menu.addAction(self._actions["message.delete"])
        return menu

    def _add_fields(self, menu: QMenu, card: MessageCard, tool: str) -> None:
        """Offer the fields that the message does not have yet."""
        icon, edits, message = self._theme.icons.icon, self._edits, card.message
        if message.role == "assistant":
            trained = menu.addAction(_("Train on this"))
            trained.setCheckable(True)
            trained.setChecked(message.weight != 0)
            trained.triggered.connect(lambda on: edits.set_trained(card.message, on))
            _entry(
                menu,
                icon("tool", "text_muted"),
                _("Add tool call"),
                lambda: edits.add_call(card.message, tool),
            )
            if message.refusal is None:
                _entry(menu, None, _("Add refusal"), lambda: edits.write_refusal(card.message, ""))
        if message.role == "user":
            _entry(
                menu,
                icon("image", "text_muted"),
                _("Add picture…"),
                lambda: self._pictures.pick(card.message),
            )
        if message.name is None and message.role != "tool":
            _entry(menu, None, _("Add name"), card.ask_for_name)

    def _fill_presets(self, menu: QMenu, card: MessageCard) -> None:
        self._presets.fill(menu, card.message.text, self._edits.set_system_prompt)

    def _set_role(self, card: MessageCard) -> Callable[[str], object]:
        return lambda role: self._edits.set_role(card.message, role)


def _role_menu(parent: QWidget, current: str | None, set_role: Callable[[str], object]) -> QMenu:
    """The roles to choose from, each with what it is."""
    menu = QMenu(_("Role"), parent)
    menu.setAccessibleName(_("Role"))
    menu.setToolTipsVisible(True)
    for role in dict.fromkeys((*ROLES, *((current,) if current else ()))):
        action = menu.addAction(role_title(role).replace("&", "&&"))
        action.setToolTip(role_explanation(role))
        action.setCheckable(True)
        action.setChecked(role == current)
        action.triggered.connect(lambda _checked=False, role=role: set_role(role))
    return menu


def _below(widget: QWidget) -> QPoint:
    """The corner below a widget, on the screen."""
    return widget.mapToGlobal(QPoint(0, widget.height()))


def _popup(menu: QMenu, point: QPoint) -> None:
    menu.aboutToHide.connect(menu.deleteLater)
    menu.popup(point)


def _owned(menu: QMenu, child: QMenu) -> QMenu:
    child.setParent(menu, child.windowFlags())
    return child


def _entry(menu: QMenu, icon: QIcon | None, text: str, callback: Callable[[], object]) -> None:
    action = QAction(text, menu)
    if icon is not None:
        action.setIcon(icon)
    action.triggered.connect(lambda _checked=False: callback())
    menu.addAction(action)


def _add_clipboard(menu: QMenu, text: MessageText) -> None:
    selected, writable = text.textCursor().hasSelection(), not text.isReadOnly()
    mime = QGuiApplication.clipboard().mimeData()
    can_paste = mime is not None and text.canInsertFromMimeData(mime)
    keys = QKeySequence.StandardKey
    for title, key, callback, possible in (
        (_("Cut"), keys.Cut, text.cut, selected and writable),
        (_("Copy"), keys.Copy, text.copy, selected),
        (_("Paste"), keys.Paste, text.paste, writable and can_paste),
        (_("Select all"), keys.SelectAll, text.selectAll, True),
    ):
        action = menu.addAction(title)
        # The key is shown only: the box itself answers to it.
        action.setText(f"{title}\t{QKeySequence(key).toString(_NATIVE)}")
        action.setEnabled(possible)
        action.triggered.connect(lambda _checked=False, callback=callback: callback())


_NATIVE = QKeySequence.SequenceFormat.NativeText


class MessageCommands(QObject):
    """Adds, deletes, moves, splits, merges and duplicates, and keeps the cursor where one writes.

    Attributes:
        action_ids: The actions that are connected here.
        enabled: Whether the open example has messages at all.
        current: The index of the message that was written in last; None if there is none.
    """

    def __init__(
        self,
        example: OpenExample,
        edits: ExampleEdits,
        cards: MessageList,
        actions: Actions,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._example = example
        self._edits = edits
        self._cards = cards
        self.enabled = False
        self.current: int | None = None
        callbacks = {
            "message.add": self.add,
            "message.add_prompt": self.add_prompt,
            "message.delete": self.delete,
            "message.duplicate": self.duplicate,
            "message.move_up": lambda: self.move_by(-1),
            "message.move_down": lambda: self.move_by(1),
            "message.split": self.split,
            "message.merge": self.merge,
            "go.next_message": lambda: self.go_by(1),
            "go.previous_message": lambda: self.go_by(-1),
        }
        self.action_ids = tuple(callbacks)
        for action_id, callback in callbacks.items():
            actions.bind(action_id, callback)

    def add(self) -> None:
        """Add a message behind the one that has the cursor, else at the end."""
        if not self._edits.writable or not self.enabled:
            return
        at = self._focused()
        index = len(self._messages()) if at is None else at + 1
        self._edits.insert(index, next_role(self._messages()[:index]))
        self.go(index)

    def add_prompt(self) -> None:
        """Go to the system prompt; put an empty one before all messages if there is none."""
        if not self._edits.writable or not self.enabled:
            return
        there = self._example.conversation.system_message
        if there is None:
            self._edits.insert(0, "system")
        self.go(0 if there is None else there.index)

    def delete(self) -> None:
        """Delete the current message; the cursor goes to the one that takes its place."""
        index = self._index()
        if index is None:
            return
        self._edits.delete(index)
        count = len(self._messages())
        if count:
            self.go(min(index, count - 1))

    def duplicate(self) -> None:
        """Put a copy behind the current message."""
        index = self._index()
        if index is not None:
            self._edits.duplicate(index)
            self.go(index + 1)

    def move_by(self, step: int) -> None:
        """Move the current message up or down."""
        index = self._index()
        if index is not None:
            self.move_to(index, index + step)

    def move_to(self, index: int, to: int) -> None:
        """Move a message to an index; the cursor moves with it."""
        if (
            not self._edits.writable
            or not self.enabled
            or not 0 <= to < len(self._messages())
            or to == index
        ):
            return
        position = self._cursor_position(index)
        self._edits.move(index, to)
        self.go(to, position)

    def split(self) -> None:
        """Make two messages of the current one, at the cursor."""
        index = self._index()
        if index is None or not self._messages()[index].is_object:
            return
        self._edits.split(index, self._position_in_whole_text(index))
        self.go(index + 1, 0)

    def merge(self) -> None:
        """Make one message of the current one and the next."""
        index = self._index()
        messages = self._messages()
        if index is None or index + 1 >= len(messages):
            return
        if messages[index].is_object and messages[index + 1].is_object:
            position = len(messages[index].text)
            self._edits.merge(index)
            self.go(index, position)

    def go(self, index: int, position: int | None = None) -> None:
        """Put the cursor into a message."""
        if 0 <= index < self._cards.count:
            card = self._cards.card(index)
            assert isinstance(card, MessageCard)
            self.current = index
            card.focus_text(position)
            self._cards.lay_out()
            self._cards.show_rect(card, card.rect())

    def go_by(self, step: int) -> None:
        """Put the cursor into the message before or behind the current one."""
        index = self._focused()
        if not self.enabled or not self._cards.count:
            return
        if index is None:
            index = self.current if self.current is not None else -step
        self.go(max(0, min(index + step, self._cards.count - 1)))

    def _messages(self) -> tuple[Message, ...]:
        return self._example.conversation.messages

    def _index(self) -> int | None:
        """The current message, if the example can be changed and it still exists."""
        if not self._edits.writable or not self.enabled:
            return None
        index = self._focused()
        index = self.current if index is None else index
        return index if index is not None and index < self._cards.count else None

    def _focused(self) -> int | None:
        focus = QApplication.focusWidget()
        for index, card in self._cards.cards().items():
            if focus is not None and card.isAncestorOf(focus):
                return index
        return None

    def _cursor_position(self, index: int) -> int | None:
        card = self._cards.card(index)
        assert isinstance(card, MessageCard)
        for _number, text in card.texts():
            if text.hasFocus():
                return text.cursor_position()
        return None

    def _position_in_whole_text(self, index: int) -> int:
        """Where the cursor stands, counted over all text parts of the message."""
        card = self._cards.card(index)
        assert isinstance(card, MessageCard)
        before = 0
        texts = card.texts()
        for _number, text in texts:
            if text.hasFocus() or len(texts) == 1:
                return before + text.cursor_position()
            before += len(text.text) + 1
        return max(0, before - 1)


def next_role(messages: tuple[Message, ...]) -> str:
    """The role that naturally comes next."""
    if not messages:
        return "system"
    last = messages[-1]
    if last.role == "assistant":
        return "tool" if last.tool_calls else "user"
    if last.role == "tool":
        calls = next((m for m in reversed(messages) if m.tool_calls), None)
        answered = {m.tool_call_id for m in messages}
        if calls is not None and any(call.id not in answered for call in calls.tool_calls):
            return "tool"
        return "assistant"
    return "assistant" if last.role == "user" else "user"
