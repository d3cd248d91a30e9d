"""The menu bar: every action that somebody has connected is reachable here."""

from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QMenu, QMenuBar

from tunedesk.gui.actions import Actions
from tunedesk.i18n import _
from tunedesk.settings import Settings

SEPARATOR, RECENT, THEME = "|", "recent", "theme"

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
            SEPARATOR,
            "app.preferences",
            SEPARATOR,
            "project.close",
            "app.quit",
        ),
    ),
    (_("&Edit"), ("edit.*",)),
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
        super().__init__(bar)
        self._actions = actions
        self._settings = settings
        self._menus: list[tuple[QMenu, tuple[str, ...]]] = []
        self._recent = QMenu(_("Open recent"), bar)
        self._recent.aboutToShow.connect(self._fill_recent)
        self._recent.triggered.connect(self._open_recent)
        self._theme = self._theme_menu(bar)
        for title, entries in MENUS:
            menu = bar.addMenu(title)
            menu.setToolTipsVisible(False)
            self._menus.append((menu, entries))
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
        elif entry.endswith("*"):
            for spec in self._actions:
                if spec.id.startswith(entry[:-1]) and spec.id not in self._theme_ids():
                    menu.addAction(self._actions[spec.id])
        else:
            menu.addAction(self._actions[entry])

    def _theme_ids(self) -> tuple[str, ...]:
        return ("view.theme_system", "view.theme_light", "view.theme_dark")

    def _theme_menu(self, bar: QMenuBar) -> QMenu:
        menu = QMenu(_("Theme"), bar)
        group = QActionGroup(menu)
        for action_id in self._theme_ids():
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
