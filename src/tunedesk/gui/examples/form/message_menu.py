"""The menu of a message: everything that can be done to it, also from the keyboard."""

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtGui import QAction, QGuiApplication, QIcon, QKeySequence
from PySide6.QtWidgets import QMenu, QWidget

from tunedesk.examples.conversation import Message
from tunedesk.gui.actions import Actions
from tunedesk.gui.examples.form.message_text import MessageText
from tunedesk.gui.roles_and_states import ROLES, role_explanation, role_title
from tunedesk.gui.theme import Theme
from tunedesk.i18n import _


@dataclass(frozen=True)
class MenuCallbacks:
    """What the entries of the menu do.

    Attributes:
        set_role: Gives the message a role.
        set_trained: Switches "train on this".
        add_name: Shows the field for the name.
        add_refusal: Gives an answer a refusal.
        add_call: Gives an answer a tool call.
        add_picture: Lets the user pick a picture.
        presets: Fills the menu of presets.
        suggestions: Fills in what may be meant by a word that is spelt wrong.
        languages: Fills the menu of the languages to spell in.
    """

    set_role: Callable[[str], object]
    set_trained: Callable[[bool], object]
    add_name: Callable[[], object]
    add_refusal: Callable[[], object]
    add_call: Callable[[], object]
    add_picture: Callable[[], object]
    presets: Callable[[QMenu], object]
    suggestions: Callable[[QMenu, MessageText], object]
    languages: Callable[[QMenu], object]


MESSAGE_ACTIONS = (
    "message.move_up",
    "message.move_down",
    "message.split",
    "message.merge",
    "message.duplicate",
)


def role_menu(parent: QWidget, current: str | None, set_role: Callable[[str], object]) -> QMenu:
    """The roles to choose from, each with what it is."""
    menu = QMenu(_("Role"), parent)
    menu.setToolTipsVisible(True)
    for role in dict.fromkeys((*ROLES, *((current,) if current else ()))):
        action = menu.addAction(role_title(role).replace("&", "&&"))
        action.setToolTip(role_explanation(role))
        action.setCheckable(True)
        action.setChecked(role == current)
        action.triggered.connect(lambda _checked=False, role=role: set_role(role))
    return menu


def message_menu(
    parent: QWidget,
    theme: Theme,
    message: Message,
    text: MessageText | None,
    writable: bool,
    actions: Actions,
    callbacks: MenuCallbacks,
) -> QMenu:
    """Build the menu of a message.

    Args:
        parent: The card.
        theme: For the icons.
        message: The message.
        text: The text box it was asked for in; None from the button.
        writable: Whether the example can be changed.
        actions: For the entries that have keys.
        callbacks: What the other entries do.
    """
    menu = QMenu(parent)
    if text is not None:
        callbacks.suggestions(menu, text)
        _add_clipboard(menu, text)
        menu.addSeparator()
    spelling = QMenu(_("Spelling"), menu)
    callbacks.languages(spelling)
    menu.addMenu(spelling)
    if not writable:
        return menu
    if message.is_object:
        menu.addMenu(_owned(menu, role_menu(menu, message.role, callbacks.set_role)))
        if message.role in ("system", "developer"):
            presets = QMenu(_("Presets"), menu)
            presets.setIcon(theme.icons.icon("preset", "text_muted"))
            callbacks.presets(presets)
            menu.addMenu(presets)
        _add_fields(menu, theme, message, callbacks)
        menu.addSeparator()
    for name in MESSAGE_ACTIONS:
        if message.is_object or name.startswith("message.move"):
            menu.addAction(actions[name])
    menu.addSeparator()
    menu.addAction(actions["message.delete"])
    return menu


def _owned(menu: QMenu, child: QMenu) -> QMenu:
    child.setParent(menu, child.windowFlags())
    return child


def _add_fields(menu: QMenu, theme: Theme, message: Message, callbacks: MenuCallbacks) -> None:
    icon = theme.icons.icon
    if message.role == "assistant":
        trained = menu.addAction(_("Train on this"))
        trained.setCheckable(True)
        trained.setChecked(message.weight != 0)
        trained.triggered.connect(callbacks.set_trained)
        _entry(menu, icon("tool", "text_muted"), _("Add tool call"), callbacks.add_call)
        if message.refusal is None:
            _entry(menu, None, _("Add refusal"), callbacks.add_refusal)
    if message.role == "user":
        _entry(menu, icon("image", "text_muted"), _("Add picture…"), callbacks.add_picture)
    if message.name is None and message.role != "tool":
        _entry(menu, None, _("Add name"), callbacks.add_name)


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
