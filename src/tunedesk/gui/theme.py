"""The look of the window: colours by name, sizes, fonts, light and dark.

The colours and sizes are data in ``resources/style/palette.json``; the one style sheet beside it
takes them by name. Widgets that paint themselves ask `Theme.color`, and paint anew on `changed`.
"""

import json
from string import Template
from typing import Any

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontDatabase, QGuiApplication, QPalette
from PySide6.QtWidgets import QApplication, QWidget

from tunedesk.gui.icons import Icons
from tunedesk.paths import resource

CHOICES = ("system", "light", "dark")
PREFERRED_FONT = "Inter"
MIN_ZOOM, MAX_ZOOM = 0.7, 2.5


class Theme(QObject):
    """Colours, sizes and fonts of the window, following the system unless told otherwise.

    Attributes:
        icons: Icons that follow the colours.

    Signals:
        changed: The colours or the message size are others now; paint anew.
    """

    changed = Signal()

    def __init__(
        self, choice: str = "system", zoom: float = 1.0, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        data: dict[str, Any] = json.loads(
            resource("style/palette.json").read_text(encoding="utf-8")
        )
        self._sizes: dict[str, int] = data["sizes"]
        self._palettes = {
            name: {key: QColor(value) for key, value in data[name].items()}
            for name in ("light", "dark")
        }
        self._choice = choice if choice in CHOICES else "system"
        self._zoom = _within(zoom)
        self._app: QApplication | None = None
        self._family: str | None = None
        self._shown_dark: bool | None = None
        self.icons = Icons(self.color)

    @property
    def choice(self) -> str:
        """What the user chose: "system", "light" or "dark"."""
        return self._choice

    @property
    def dark(self) -> bool:
        """Whether the dark colours are in use."""
        return _system_is_dark() if self._choice == "system" else self._choice == "dark"

    @property
    def zoom(self) -> float:
        """Size of message text against the normal size."""
        return self._zoom

    def set_choice(self, choice: str) -> None:
        """Change to "system", "light" or "dark"."""
        if choice in CHOICES and choice != self._choice:
            self._choice = choice
            self._follow_choice()
            self._refresh()

    def set_zoom(self, zoom: float) -> None:
        """Change the size of message text."""
        zoom = _within(zoom)
        if zoom != self._zoom:
            self._zoom = zoom
            self.changed.emit()

    def color(self, name: str) -> QColor:
        """A colour of the palette in use, such as "accent" or "error_soft"."""
        return QColor(self._palettes["dark" if self.dark else "light"][name])

    def size(self, name: str) -> int:
        """A size in pixels, by its name without the ending: "row", "control", "gap"."""
        return self._sizes[f"{name}_px"]

    def font(self, name: str = "base") -> QFont:
        """A font of the one type scale.

        Args:
            name: "base", "strong", "small", "small_strong", "title", "headline", "message" or
                "mono"; the last two follow the zoom.
        """
        if name == "mono":
            font = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)
            font.setPixelSize(round((self.size("message") - 1) * self._zoom))
            return font
        font = QFont(self.family())
        size, _, strong = name.partition("_")
        if name == "strong":
            size, strong = "base", "strong"
        pixels = self.size(size)
        font.setPixelSize(round(pixels * self._zoom) if name == "message" else pixels)
        if strong or name in ("title", "headline"):
            font.setWeight(QFont.Weight.DemiBold)
        return font

    def family(self) -> str:
        """The family of the texts: Inter if it is installed, else the system's own."""
        if self._family is None:
            installed = QFontDatabase.hasFamily(PREFERRED_FONT)
            system = QFontDatabase.systemFont(QFontDatabase.SystemFont.GeneralFont)
            self._family = PREFERRED_FONT if installed else system.family()
        return self._family

    def apply(self, app: QApplication) -> None:
        """Dress the whole application, now and whenever the theme changes."""
        self._app = app
        app.setStyle("Fusion")
        app.setFont(self.font())
        self._follow_choice()
        self._refresh()
        app.styleHints().colorSchemeChanged.connect(self._refresh)

    def _follow_choice(self) -> None:
        """Tell Qt, so that native parts (title bar, file dialogs) match the window."""
        hints = QGuiApplication.styleHints()
        if self._choice == "system":
            hints.unsetColorScheme()
        else:
            hints.setColorScheme(
                Qt.ColorScheme.Dark if self._choice == "dark" else Qt.ColorScheme.Light
            )

    def _refresh(self) -> None:
        """Give the application the colours in use, if they are others than before."""
        if self._shown_dark == self.dark:
            return
        self._shown_dark = self.dark
        if self._app is not None:
            self._app.setPalette(self.palette())
            self._app.setStyleSheet(self.style_sheet())
        self.changed.emit()

    def palette(self) -> QPalette:
        """The colours as Qt's own palette, for whatever the style sheet leaves to Fusion."""
        palette = QPalette()
        roles = {
            QPalette.ColorRole.Window: "window",
            QPalette.ColorRole.WindowText: "text",
            QPalette.ColorRole.Base: "field",
            QPalette.ColorRole.AlternateBase: "window",
            QPalette.ColorRole.Text: "text",
            QPalette.ColorRole.PlaceholderText: "text_muted",
            QPalette.ColorRole.Button: "surface",
            QPalette.ColorRole.ButtonText: "text",
            QPalette.ColorRole.BrightText: "on_accent",
            QPalette.ColorRole.ToolTipBase: "toast",
            QPalette.ColorRole.ToolTipText: "on_toast",
            QPalette.ColorRole.Highlight: "selection",
            QPalette.ColorRole.HighlightedText: "text",
            QPalette.ColorRole.Link: "accent",
            QPalette.ColorRole.LinkVisited: "accent",
            QPalette.ColorRole.Accent: "accent",
            QPalette.ColorRole.Light: "surface",
            QPalette.ColorRole.Midlight: "hover",
            QPalette.ColorRole.Mid: "border",
            QPalette.ColorRole.Dark: "border_strong",
        }
        for role, name in roles.items():
            palette.setColor(role, self.color(name))
        for role in (
            QPalette.ColorRole.WindowText,
            QPalette.ColorRole.Text,
            QPalette.ColorRole.ButtonText,
        ):
            palette.setColor(QPalette.ColorGroup.Disabled, role, self.color("text_disabled"))
        return palette

    def style_sheet(self) -> str:
        """The one style sheet, with the colours and sizes in use filled in."""
        names = {name: color.name() for name, color in self._palettes[self._scheme()].items()}
        names |= {name: f"{pixels}px" for name, pixels in self._sizes.items()}
        arrow = resource(f"style/arrow-{self._scheme()}.svg")
        check = resource(f"style/check-{self._scheme()}.svg")
        names |= {"arrow": arrow.as_posix(), "check": check.as_posix()}
        text = resource("style/tunedesk.qss").read_text(encoding="utf-8")
        return Template(text).substitute(names)

    def _scheme(self) -> str:
        return "dark" if self.dark else "light"


def _system_is_dark() -> bool:
    return QGuiApplication.styleHints().colorScheme() == Qt.ColorScheme.Dark


def restyle(widget: QWidget) -> None:
    """Let the style sheet look again at a widget whose property changed."""
    widget.style().unpolish(widget)
    widget.style().polish(widget)
    widget.update()


def _within(zoom: float) -> float:
    return min(max(zoom, MIN_ZOOM), MAX_ZOOM)
