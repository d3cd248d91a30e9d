"""What is done to whole messages from the keyboard, the menus and the buttons."""

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QApplication

from tunedesk.examples.conversation import Message
from tunedesk.gui.actions import Actions
from tunedesk.gui.examples.form.example_edits import ExampleEdits
from tunedesk.gui.examples.form.message_card import MessageCard
from tunedesk.gui.examples.form.message_list import MessageList
from tunedesk.gui.examples.form.open_example import OpenExample


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
            "message.delete": self.delete,
            "message.duplicate": self.duplicate,
            "message.move_up": lambda: self.move_by(-1),
            "message.move_down": lambda: self.move_by(1),
            "message.split": self.split,
            "message.merge": self.merge,
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
