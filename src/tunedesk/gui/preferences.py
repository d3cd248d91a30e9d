"""Preferences: theme, size and font of message texts, the name in the history, local training."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QSlider,
    QVBoxLayout,
    QWidget,
)

from tunedesk.errors import UserError
from tunedesk.gui.background import Background
from tunedesk.gui.theme import CHOICES, MAX_ZOOM, MIN_ZOOM, Theme
from tunedesk.gui.widgets.choices import NoWheelComboBox
from tunedesk.gui.widgets.dialog import Dialog
from tunedesk.gui.widgets.labels import Label
from tunedesk.i18n import _
from tunedesk.services import local_install, local_server
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
        self._add_system_prompt()
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
        self.theme_box = NoWheelComboBox()
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
        self._percent = Label(self.theme, "", "base", "muted")
        self._show_percent(self.zoom.value())
        self._percent.setMinimumWidth(48)
        line.addWidget(self._percent)
        self.body.addLayout(line)
        self.monospace = QCheckBox(_("Message text in a fixed-width font"))
        self.monospace.setChecked(self._settings.monospace)
        self.monospace.toggled.connect(self._on_monospace)
        self.body.addWidget(self.monospace)
        self.body.addSpacing(8)

    def _add_system_prompt(self) -> None:
        self.keep_prompt = QCheckBox(_("Keep the system prompt in new examples"))
        self.keep_prompt.setChecked(self._settings.keep_system_prompt)
        self.keep_prompt.toggled.connect(self._on_keep_prompt)
        self.body.addWidget(self.keep_prompt)
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
                _("Stands beside each change from now on, so that others see who made it."),
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
        self._show_percent(value)
        self.changed.emit()

    def _show_percent(self, value: int) -> None:
        self._percent.setText(f"{value * 5} %")
        self.zoom.setAccessibleDescription(self._percent.text())

    def _on_monospace(self, on: bool) -> None:
        self._settings.monospace = on
        self.changed.emit()

    def _on_keep_prompt(self, on: bool) -> None:
        self._settings.keep_system_prompt = on
        self.changed.emit()

    def _on_author(self, name: str) -> None:
        self._settings.author = name.strip()
        self.changed.emit()


class InstalledRow(QWidget):
    """Says that training is installed here, or half of it, and removes it.

    Attributes:
        button: Removes it.
    """

    def __init__(self, theme: Theme, background: Background, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._background = background
        words = (
            _(
                "What training needs is installed in {folder}. Without it, tuned models of this "
                "computer stay on the disk, but cannot be asked, and a run in training stops."
            )
            if local_install.is_installed()
            else _(
                "There is part of an installation, or one of an older Tunedesk, in {folder}. The "
                "Fine-tune page goes on with it; if you want none, remove it."
            )
        )
        self._says = Label(
            theme,
            words.format(folder=local_install.environment_dir()),
            "small",
            "muted",
            wrap=True,
        )
        self.button = QPushButton(_("Remove training from this computer"))
        self.button.setAutoDefault(False)
        self.button.clicked.connect(self._remove)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 8, 0, 0)
        column.setSpacing(6)
        column.addWidget(Label(theme, _("Training on this computer"), "small_strong", "muted"))
        column.addWidget(self._says)
        column.addWidget(self.button)

    def _remove(self) -> None:
        self.button.setEnabled(False)
        self._says.setText(_("It is being removed …"))
        self._background.run(remove_training, on_result=self._take_removed, on_error=self._take)

    def _take_removed(self, _none: object) -> None:
        self._says.setText(_("It is removed. The Fine-tune page installs it again when needed."))

    def _take(self, error: UserError) -> None:
        self._says.setText(f"{error.sentence} {error.advice}".strip())
        self.button.setEnabled(True)


def remove_training() -> None:
    """End the server that uses it, then remove it; called in a thread."""
    local_server.stop()
    local_install.remove()
