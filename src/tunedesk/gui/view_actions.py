"""The actions that change how everything looks: theme, size of the texts, full screen."""

from PySide6.QtWidgets import QMainWindow

from tunedesk.gui.actions import Actions
from tunedesk.gui.theme import CHOICES, Theme
from tunedesk.settings import Settings

STEP = 0.1


class ViewActions:
    """Connects the actions and keeps their marks true."""

    def __init__(
        self, window: QMainWindow, actions: Actions, theme: Theme, settings: Settings
    ) -> None:
        self._window = window
        self._actions = actions
        self._theme = theme
        self._settings = settings
        actions.connect("view.zoom_in", lambda: self._zoom(self._theme.zoom + STEP))
        actions.connect("view.zoom_out", lambda: self._zoom(self._theme.zoom - STEP))
        actions.connect("view.zoom_reset", lambda: self._zoom(1.0))
        actions.connect("view.full_screen", self._full_screen)
        actions.connect("view.theme_system", lambda _on: self._choose("system"))
        actions.connect("view.theme_light", lambda _on: self._choose("light"))
        actions.connect("view.theme_dark", lambda _on: self._choose("dark"))
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
