"""What the user likes: theme, size of the texts, full screen, the name in the history."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QHBoxLayout,
    QLineEdit,
    QMainWindow,
    QSlider,
    QWidget,
)

from tunedesk.gui.actions import Actions
from tunedesk.gui.background import Background
from tunedesk.gui.fine_tune.local_install_panel import InstalledRow
from tunedesk.gui.theme import CHOICES, MAX_ZOOM, MIN_ZOOM, Theme
from tunedesk.gui.widgets.dialog import Dialog
from tunedesk.gui.widgets.labels import Label
from tunedesk.i18n import _
from tunedesk.services import local_install
from tunedesk.settings import Settings


class PreferencesDialog(Dialog):
    """Every choice acts at once; closing keeps it.

    Signals:
        changed: A setting has another value.
    """

    changed = Signal()

    def __init__(
        self,
        theme: Theme,
        settings: Settings,
        background: Background,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(theme, _("Preferences"), parent=parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setMinimumWidth(460)
        self._settings = settings
        self._add_theme()
        self._add_zoom()
        self._add_author()
        if local_install.is_anything_here():
            self.body.addWidget(InstalledRow(theme, background))
        close = self.add_button(_("Close"), "primary", default=True)
        close.clicked.connect(self.accept)
        self.finished.connect(lambda _result: settings.save())

    def _title(self, text: str, field: QWidget) -> Label:
        title = Label(self.theme, text, "small_strong", "muted")
        title.setBuddy(field)
        field.setAccessibleName(text)
        self.body.addWidget(title)
        return title

    def _add_theme(self) -> None:
        self.theme_box = QComboBox()
        for choice, label in zip(CHOICES, (_("As the system"), _("Light"), _("Dark")), strict=True):
            self.theme_box.addItem(label, choice)
        self.theme_box.setCurrentIndex(CHOICES.index(self.theme.choice))
        self.theme_box.currentIndexChanged.connect(self._on_theme)
        self._title(_("Theme"), self.theme_box)
        self.body.addWidget(self.theme_box)
        self.body.addSpacing(8)

    def _add_zoom(self) -> None:
        self.zoom = QSlider(Qt.Orientation.Horizontal)
        self.zoom.setRange(round(MIN_ZOOM * 20), round(MAX_ZOOM * 20))
        self.zoom.setValue(round(self.theme.zoom * 20))
        self.zoom.valueChanged.connect(self._on_zoom)
        self._title(_("Size of message text"), self.zoom)
        line = QHBoxLayout()
        line.setSpacing(12)
        line.addWidget(self.zoom, 1)
        self._percent = Label(self.theme, f"{round(self.theme.zoom * 100)} %", "base", "muted")
        self._percent.setMinimumWidth(48)
        line.addWidget(self._percent)
        self.body.addLayout(line)
        self.monospace = QCheckBox(_("Message text in a fixed-width font"))
        self.monospace.setChecked(self._settings.monospace)
        self.monospace.toggled.connect(self._on_monospace)
        self.body.addWidget(self.monospace)
        self.body.addSpacing(8)

    def _add_author(self) -> None:
        self.author = QLineEdit(self._settings.author)
        self.author.setMaxLength(80)
        self.author.setPlaceholderText(_("the name you have on this computer"))
        self.author.textChanged.connect(self._on_author)
        self._title(_("Your name in the history"), self.author)
        self.body.addWidget(self.author)
        self.body.addWidget(
            Label(
                self.theme,
                _(
                    "Stands beside each change, so that others see who made it; from the next "
                    "time you open a project."
                ),
                "small",
                "muted",
                wrap=True,
            )
        )

    def _on_theme(self, index: int) -> None:
        self._settings.theme = CHOICES[index]
        self.theme.set_choice(CHOICES[index])
        self.changed.emit()

    def _on_zoom(self, value: int) -> None:
        self._settings.zoom = value / 20
        self.theme.set_zoom(value / 20)
        self._percent.setText(f"{value * 5} %")
        self.changed.emit()

    def _on_monospace(self, on: bool) -> None:
        self._settings.monospace = on
        self.changed.emit()

    def _on_author(self, name: str) -> None:
        self._settings.author = name.strip()
        self.changed.emit()


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
        actions.bind("view.zoom_in", lambda: self._zoom(self._theme.zoom + STEP))
        actions.bind("view.zoom_out", lambda: self._zoom(self._theme.zoom - STEP))
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
