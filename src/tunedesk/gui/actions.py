"""Every action of the window, declared once: its name, its key, its place in the menus.

A screen connects its handlers with `Actions.connect`; an action that nobody has connected shows in
no menu. Keys stand in tooltips and menus and can be changed by the user.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QAction, QKeyEvent, QKeySequence
from PySide6.QtWidgets import (
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QKeySequenceEdit,
    QLineEdit,
    QPlainTextEdit,
    QTextEdit,
    QWidget,
)

from tunedesk.errors import UserError
from tunedesk.gui.action_table import ACTIONS, ActionSpec, page_of
from tunedesk.gui.widgets.labels import plain_tooltip
from tunedesk.i18n import _
from tunedesk.settings import Settings

EDITORS = (QLineEdit, QPlainTextEdit, QTextEdit, QAbstractSpinBox, QKeySequenceEdit)
FORBIDDEN_KEYS = ("Backspace", "Tab", "Shift+Tab", "Return", "Enter", "Space", "Esc")
TEXT_KEYS = (
    QKeySequence.StandardKey.Copy,
    QKeySequence.StandardKey.Cut,
    QKeySequence.StandardKey.Paste,
    QKeySequence.StandardKey.SelectAll,
    QKeySequence.StandardKey.Delete,
    QKeySequence.StandardKey.Backspace,
    QKeySequence.StandardKey.DeleteStartOfWord,
    QKeySequence.StandardKey.DeleteEndOfWord,
    QKeySequence.StandardKey.MoveToNextWord,
    QKeySequence.StandardKey.MoveToPreviousWord,
    QKeySequence.StandardKey.MoveToStartOfDocument,
    QKeySequence.StandardKey.MoveToEndOfDocument,
    QKeySequence.StandardKey.SelectNextWord,
    QKeySequence.StandardKey.SelectPreviousWord,
)
MENU_ROLES = {
    "app.preferences": QAction.MenuRole.PreferencesRole,
    "app.quit": QAction.MenuRole.QuitRole,
    "help.about": QAction.MenuRole.AboutRole,
}
"""Where macOS has a place of its own for them; it would guess by the words otherwise."""
UNDO_KEYS = (QKeySequence.StandardKey.Undo, QKeySequence.StandardKey.Redo)


@dataclass(frozen=True)
class KeyConflict:
    """Why a key cannot be given to an action: another one has it."""

    key: str
    other: ActionSpec


class Actions(QObject):
    """Makes the actions and holds their keys.

    Signals:
        keys_changed: The user changed a key.
    """

    keys_changed = Signal()

    def __init__(self, settings: Settings, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._settings = settings
        self._specs: dict[str, ActionSpec] = {}
        self._actions: dict[str, QAction] = {}
        self._handlers: dict[str, Callable[..., Any]] = {}
        self._page = ""
        self.declare(*ACTIONS)

    def declare(self, *specs: ActionSpec) -> None:
        """Add actions that a screen brings itself; those of `action_table` are there already."""
        for spec in specs:
            action = QAction(spec.text, self)
            action.setObjectName(spec.id)
            action.setCheckable(spec.checkable)
            action.setVisible(False)
            action.setAutoRepeat(spec.repeats)
            action.setMenuRole(MENU_ROLES.get(spec.id, QAction.MenuRole.NoRole))
            self._specs[spec.id] = spec
            self._actions[spec.id] = action
            self._give_keys(spec.id)

    def __getitem__(self, action_id: str) -> QAction:
        return self._actions[action_id]

    def __iter__(self) -> Iterator[ActionSpec]:
        return iter(self._specs.values())

    def spec(self, action_id: str) -> ActionSpec:
        """What is declared about an action."""
        return self._specs[action_id]

    def bind(self, action_id: str, handler: Callable[..., Any]) -> QAction:
        """Let the handler do what the action says, in place of an earlier one.

        A checkable action calls it with its new state, any other without arguments.
        """
        self.release(action_id)
        action = self._actions[action_id]

        def act(checked: bool = False) -> None:
            if action.isCheckable():
                handler(checked)
            else:
                handler()

        self._handlers[action_id] = act
        action.triggered.connect(act)
        action.setEnabled(True)
        self._show(action_id)
        return action

    def release(self, *action_ids: str) -> None:
        """Take the handlers away, as a screen does that closes; the actions leave the menus."""
        for action_id in action_ids:
            handler = self._handlers.pop(action_id, None)
            if handler is not None:
                self._actions[action_id].triggered.disconnect(handler)
            self._show(action_id)

    def show_page(self, name: str) -> None:
        """Set the actions of all other pages aside: their keys would act on what nobody sees.

        Args:
            name: The page that shows; empty: no page, and nothing is set aside.
        """
        self._page = name
        for action_id in self._actions:
            self._show(action_id)

    def _show(self, action_id: str) -> None:
        here = not self._page or page_of(action_id) in ("", self._page)
        self._actions[action_id].setVisible(action_id in self._handlers and here)

    def connected(self, action_id: str) -> bool:
        """Whether somebody does what the action says."""
        return action_id in self._handlers

    def add_to(self, widget: QWidget) -> None:
        """Let the keys of all actions act in this window."""
        widget.addActions(list(self._actions.values()))

    def keys(self, action_id: str) -> list[str]:
        """The keys in force, in portable spelling; the first is the one that is shown."""
        changed = self._settings.keys.get(action_id)
        if changed is not None:
            return [changed] if changed else []
        return list(self._specs[action_id].keys)

    def key_text(self, action_id: str) -> str:
        """The shown key as the system spells it, or an empty text."""
        keys = self.keys(action_id)
        return native_key(keys[0]) if keys else ""

    def conflict(self, action_id: str, key: str) -> KeyConflict | None:
        """Which other action has this key already."""
        wanted = QKeySequence(key)
        for other in self._specs.values():
            if other.id != action_id and any(
                QKeySequence(taken) == wanted for taken in self.keys(other.id)
            ):
                return KeyConflict(key, other)
        return None

    def set_key(self, action_id: str, key: str) -> None:
        """Give an action another key (empty: none) and keep it in the settings.

        Raises:
            UserError: The key is needed for moving about and writing, or another action has it.
        """
        if key in FORBIDDEN_KEYS:
            raise UserError(
                _("{key} is needed for moving about and writing.").format(key=native_key(key)),
                _("Choose another key."),
            )
        taken = self.conflict(action_id, key) if key else None
        if taken is not None:
            raise UserError(
                _("{key} already belongs to “{action}”.").format(
                    key=native_key(key), action=plain_text(taken.other.text)
                ),
                _("Choose another key, or change that one first."),
            )
        self._settings.keys[action_id] = key
        self._settings.save()
        self._give_keys(action_id)
        self.keys_changed.emit()

    def reset_keys(self, action_id: str | None = None) -> None:
        """Go back to the declared keys, of one action or of all."""
        for changed in [action_id] if action_id else list(self._settings.keys):
            self._settings.keys.pop(changed, None)
            if changed in self._specs:
                self._give_keys(changed)
        self._settings.save()
        self.keys_changed.emit()

    def rename(self, action_id: str, text: str) -> None:
        """Give an action a text that says more, such as "Undo fix 214 empty names"."""
        self._actions[action_id].setText(text)

    def _give_keys(self, action_id: str) -> None:
        spec, action = self._specs[action_id], self._actions[action_id]
        action.setShortcuts([QKeySequence(key) for key in self.keys(action_id)])
        action.setToolTip(self.tooltip(spec))

    def tooltip(self, spec: ActionSpec) -> str:
        """What it does, and its key, as text that no tooltip takes for markup."""
        words = spec.tooltip or plain_text(spec.text)
        key = self.key_text(spec.id)
        return plain_tooltip(f"{words} ({key})" if key else words)

    def watch(self, app: QApplication) -> None:
        """Decide about the keys in every text of the application that gets the focus."""
        app.focusChanged.connect(self._follow_focus)

    def _follow_focus(self, old: QWidget | None, new: QWidget | None) -> None:
        # A filter on the application would hand every event of the program to Python.
        if old is not None and takes_text(old):
            old.removeEventFilter(self)
        if new is not None and takes_text(new):
            new.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Decide who gets a key while a text has the focus: the text, or an action.

        Letters are the text's; Undo and Redo are the project's where
        the text keeps no history of its own; other keys that an action declares win over the
        rarely known editing keys of the toolkit (Ctrl+K, Ctrl+E).
        """
        if (
            event.type() == QEvent.Type.ShortcutOverride
            and isinstance(event, QKeyEvent)
            and isinstance(watched, QWidget)
        ):
            if is_letter(event):
                event.accept()
                return True
            if self._wins_over(watched, event):
                event.ignore()
                return True
        return False

    def _wins_over(self, editor: QWidget, event: QKeyEvent) -> bool:
        pressed = QKeySequence(event.keyCombination())
        if not any(
            pressed in action.shortcuts() and action.isVisible()
            for action in self._actions.values()
        ):
            return False
        if any(event.matches(key) for key in UNDO_KEYS):
            return isinstance(editor, QPlainTextEdit | QTextEdit) and not editor.isUndoRedoEnabled()
        return not any(event.matches(key) for key in TEXT_KEYS)


def takes_text(widget: QWidget) -> bool:
    """Whether letters typed now would be text."""
    return isinstance(widget, EDITORS) or (isinstance(widget, QComboBox) and widget.isEditable())


def native_key(key: str) -> str:
    """A key as the user's system spells it."""
    return QKeySequence(key).toString(QKeySequence.SequenceFormat.NativeText)


def plain_text(text: str) -> str:
    """The text of an action without the marks of its menu letter and its dialog."""
    return text.replace("&&", "\0").replace("&", "").replace("\0", "&").rstrip("…")


def is_letter(event: QKeyEvent) -> bool:
    """Whether the key alone, or with Shift, writes a character."""
    command = (
        Qt.KeyboardModifier.ControlModifier
        | Qt.KeyboardModifier.AltModifier
        | Qt.KeyboardModifier.MetaModifier
    )
    return bool(event.text().isprintable() and event.text()) and not event.modifiers() & command
