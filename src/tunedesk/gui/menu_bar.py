"""The menu bar, where every action that somebody has connected is reachable, and its View menu."""

from pathlib import Path

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QAction, QActionGroup, QKeyEvent, QKeySequence
from PySide6.QtWidgets import (
    QAbstractItemView,
    QApplication,
    QLineEdit,
    QMainWindow,
    QMenu,
    QMenuBar,
    QPlainTextEdit,
    QTextEdit,
    QWidget,
)

from tunedesk.gui.actions import Actions
from tunedesk.gui.theme import CHOICES, Theme
from tunedesk.i18n import _
from tunedesk.settings import Settings

SEPARATOR, RECENT, THEME, CLIPBOARD = "|", "recent", "theme", "clipboard"
THEME_ACTIONS = tuple(f"view.theme_{choice}" for choice in CHOICES)
ZOOM_STEP = 0.1
"""So much larger or smaller do message texts become in one step, as a share of their size."""

MENUS: tuple[tuple[str, tuple[str, ...]], ...] = (
    (
        _("&Project"),
        (
            "project.new",
            "project.open",
            RECENT,
            "project.sample",
            SEPARATOR,
            "project.import",
            "project.export",
            "project.check",
            "project.duplicates",
            SEPARATOR,
            "project.save_copy",
            "project.backups",
            "project.rescue",
            "project.kept",
            SEPARATOR,
            "app.preferences",
            SEPARATOR,
            "project.close",
            "app.quit",
        ),
    ),
    (_("&Edit"), ("edit.undo", "edit.redo", SEPARATOR, CLIPBOARD, SEPARATOR, "edit.*")),
    (_("E&xample"), ("example.*",)),
    (_("&Message"), ("message.*",)),
    (_("&Train"), ("finetune.*", SEPARATOR, "run.*")),
    (_("&Go"), ("go.*", SEPARATOR, "panel.*")),
    (_("&View"), ("view.*", SEPARATOR, THEME)),
    (_("&Help"), ("help.*",)),
)


class Menus(QObject):
    """Fills a menu bar and keeps it to what can be done.

    Signals:
        open_requested: The path of a recent project to open.
    """

    open_requested = Signal(Path)

    def __init__(self, bar: QMenuBar, actions: Actions, settings: Settings) -> None:
        bar.setAccessibleName(_("Menu"))
        super().__init__(bar)
        self._actions = actions
        self._settings = settings
        self._menus: list[tuple[QMenu, tuple[str, ...]]] = []
        self._recent = QMenu(_("Open recent"), bar)
        self._recent.aboutToShow.connect(self._fill_recent)
        self._recent.triggered.connect(self._open_recent)
        self._theme = self._theme_menu(bar)
        self._clipboard = ClipboardEntries(bar)
        for title, entries in MENUS:
            menu = bar.addMenu(title)
            menu.setToolTipsVisible(False)
            if CLIPBOARD in entries:
                menu.aboutToShow.connect(self._clipboard.refresh)
            self._menus.append((menu, entries))
        for menu in bar.findChildren(QMenu):
            # To screen readers Qt tells the title of a menu's entry, not of the menu.
            menu.setAccessibleName(menu.title().replace("&", ""))
        self.refresh()

    def refresh(self) -> None:
        """Fill the menus anew: actions came or went with a page."""
        for menu, entries in self._menus:
            menu.clear()
            for entry in entries:
                self._add(menu, entry)
            shown = any(a.isVisible() and not a.isSeparator() for a in menu.actions())
            menu.menuAction().setVisible(shown)

    def _add(self, menu: QMenu, entry: str) -> None:
        if entry == SEPARATOR:
            menu.addSeparator()
        elif entry == RECENT:
            menu.addMenu(self._recent)
        elif entry == THEME:
            menu.addMenu(self._theme)
        elif entry == CLIPBOARD:
            menu.addActions(self._clipboard.actions)
        elif entry.endswith("*"):
            named = {*menu.actions(), *map(self._actions.__getitem__, THEME_ACTIONS)}
            group = (self._actions[a.id] for a in self._actions if a.id.startswith(entry[:-1]))
            menu.addActions([action for action in group if action not in named])
        else:
            menu.addAction(self._actions[entry])

    def _theme_menu(self, bar: QMenuBar) -> QMenu:
        menu = QMenu(_("Theme"), bar)
        group = QActionGroup(menu)
        for action_id in THEME_ACTIONS:
            group.addAction(self._actions[action_id])
            menu.addAction(self._actions[action_id])
        return menu

    def _fill_recent(self) -> None:
        self._recent.clear()
        for path in self._settings.recent_projects:
            action = self._recent.addAction(Path(path).stem.replace("&", "&&"))
            action.setData(path)
        if not self._settings.recent_projects:
            self._recent.addAction(_("None yet")).setEnabled(False)

    def _open_recent(self, action: QAction) -> None:
        if action.data():
            self.open_requested.emit(Path(action.data()))


class ClipboardEntries(QObject):
    """Cut, Copy, Paste and Select all, done by the widget that has the focus.

    The keys are only shown: each text and list answers to them itself.

    Attributes:
        actions: The entries, in their order.
    """

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        keys = Qt.Key
        self.actions = [
            self._entry(_("Cut"), keys.Key_X),
            self._entry(_("Copy"), keys.Key_C),
            self._entry(_("Paste"), keys.Key_V),
            self._entry(_("Select all"), keys.Key_A),
        ]

    def _entry(self, text: str, key: Qt.Key) -> QAction:
        pressed = QKeySequence(Qt.KeyboardModifier.ControlModifier | key)
        shown = pressed.toString(QKeySequence.SequenceFormat.NativeText)
        action = QAction(f"{text}\t{shown}", self)
        action.setData(key)
        action.triggered.connect(lambda: _press(key))
        return action

    def refresh(self) -> None:
        """Switch off what the widget with the focus cannot do."""
        possible = _clipboard_keys(QApplication.focusWidget())
        for action in self.actions:
            action.setEnabled(action.data() in possible)


def _clipboard_keys(widget: QWidget | None) -> set[Qt.Key]:
    """Which of the four, by the letter that is pressed with Ctrl, the widget can do now."""
    cut, copy, paste, select = Qt.Key.Key_X, Qt.Key.Key_C, Qt.Key.Key_V, Qt.Key.Key_A
    if isinstance(widget, QAbstractItemView):
        return {copy, paste, select}
    if isinstance(widget, QLineEdit):
        selected, writable = widget.hasSelectedText(), not widget.isReadOnly()
    elif isinstance(widget, QPlainTextEdit | QTextEdit):
        selected, writable = widget.textCursor().hasSelection(), not widget.isReadOnly()
    else:
        return set()
    possible = {cut: selected and writable, copy: selected, paste: writable, select: True}
    return {key for key, now in possible.items() if now}


def _press(key: Qt.Key) -> None:
    """Give the widget with the focus Ctrl and the key, as if they had been pressed."""
    focus = QApplication.focusWidget()
    if focus is not None:
        for kind in (QEvent.Type.KeyPress, QEvent.Type.KeyRelease):
            event = QKeyEvent(kind, key, Qt.KeyboardModifier.ControlModifier)
            QApplication.sendEvent(focus, event)


class ViewActions:
    """Connects what the View menu offers (text size, theme, full screen) and keeps it marked."""

    def __init__(
        self, window: QMainWindow, actions: Actions, theme: Theme, settings: Settings
    ) -> None:
        self._window = window
        self._actions = actions
        self._theme = theme
        self._settings = settings
        actions.bind("view.zoom_in", lambda: self._zoom(self._theme.zoom + ZOOM_STEP))
        actions.bind("view.zoom_out", lambda: self._zoom(self._theme.zoom - ZOOM_STEP))
        actions.bind("view.zoom_reset", lambda: self._zoom(1.0))
        actions.bind("view.full_screen", self._full_screen)
        actions.bind("view.theme_system", lambda _on: self._choose("system"))
        actions.bind("view.theme_light", lambda _on: self._choose("light"))
        actions.bind("view.theme_dark", lambda _on: self._choose("dark"))
        self.refresh()

    def refresh(self) -> None:
        """Mark and show what is chosen, as after the preferences."""
        for choice in CHOICES:
            self._actions[f"view.theme_{choice}"].setChecked(choice == self._theme.choice)
        monospace = self._actions["view.monospace"]
        if (
            self._actions.connected("view.monospace")
            and monospace.isChecked() != self._settings.monospace
        ):
            monospace.trigger()

    def _choose(self, choice: str) -> None:
        self._settings.theme = choice
        self._settings.save()
        self._theme.set_choice(choice)
        self.refresh()

    def _zoom(self, zoom: float) -> None:
        self._theme.set_zoom(round(zoom, 2))
        self._settings.zoom = self._theme.zoom
        self._settings.save()

    def _full_screen(self, on: bool) -> None:
        if on:
            self._window.showFullScreen()
        else:
            self._window.showNormal()
