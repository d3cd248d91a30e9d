"""The look of the window: colours by name, sizes, fonts, icons, light and dark.

The colours and sizes are data in ``resources/style/palette.json``; the one style sheet beside it
takes them by name. Widgets that paint themselves ask `Theme.color`, and paint anew on `changed`.

Icons have our own names and are drawn from the Phosphor set of qtawesome in the theme's colours.
Only the font and its table of characters are taken from it, and only when the first icon is
painted: importing the package itself would cost a fifth of the time a start may take.
"""

import functools
import importlib.util
import json
from collections.abc import Callable
from pathlib import Path
from string import Template
from typing import Any

from PySide6.QtCore import QObject, QRect, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFont,
    QFontDatabase,
    QGuiApplication,
    QIcon,
    QIconEngine,
    QPainter,
    QPalette,
    QPixmap,
)
from PySide6.QtWidgets import QApplication, QWidget

from tunedesk.paths import resource

NAMES = {
    "add": "plus",
    "add_message": "chat-text",
    "approve": "check",
    "approved": "check-circle-fill",
    "arrow_down": "arrow-down",
    "arrow_right": "arrow-right",
    "arrow_up": "arrow-up",
    "cancel": "x",
    "changes_wanted": "pencil-simple",
    "chart": "chart-line",
    "check": "checks",
    "clock": "clock-counter-clockwise",
    "close": "x",
    "code": "brackets-curly",
    "collapse": "caret-up",
    "columns": "columns",
    "copy": "copy",
    "delete": "trash",
    "done": "check-circle",
    "drag": "dots-six-vertical",
    "duplicate": "copy-simple",
    "edit": "pencil-simple",
    "error": "warning-circle",
    "examples": "rows",
    "expand": "caret-down",
    "export": "export",
    "file": "file-text",
    "filter": "funnel",
    "fine_tune": "trend-up",
    "fix": "wrench",
    "folder": "folder-open",
    "hint": "lightbulb",
    "history": "clock-counter-clockwise",
    "image": "image",
    "import": "download-simple",
    "information": "info",
    "keyboard": "keyboard",
    "link": "link",
    "merge": "arrows-in-line-vertical",
    "more": "dots-three",
    "new_project": "file-plus",
    "next": "caret-right",
    "open": "folder-open",
    "pause": "pause",
    "preset": "push-pin",
    "previous": "caret-left",
    "redo": "arrow-u-up-right",
    "reject": "x",
    "resume": "play",
    "sample": "graduation-cap",
    "search": "magnifying-glass",
    "settings": "gear",
    "sort": "sort-ascending",
    "split": "scissors",
    "tag": "tag",
    "text": "text-aa",
    "tokens": "chart-bar",
    "tool": "wrench",
    "undo": "arrow-u-up-left",
    "warning": "warning",
}


class Icons:
    """Makes icons that follow the theme; found at `Theme.icons`."""

    def __init__(self, color_named: Callable[[str], QColor]) -> None:
        self._color_named = color_named
        self._characters: dict[str, str] = {}
        self._font = QFont()

    def icon(self, name: str, color: str = "text", on_color: str = "accent") -> QIcon:
        """An icon by our name.

        Args:
            name: A key of `NAMES`.
            color: The theme's colour it is painted in.
            on_color: Its colour on a control that is switched on.
        """
        return QIcon(_GlyphEngine(self, NAMES[name], color, on_color))

    def pixmap(self, name: str, size: int, color: str = "text", ratio: float = 1.0) -> QPixmap:
        """An icon as a picture, for a label; make it anew when the theme changes."""
        pixels = QSize(round(size * ratio), round(size * ratio))
        pixmap = QPixmap(pixels)
        pixmap.fill(Qt.GlobalColor.transparent)
        painter = QPainter(pixmap)
        self.paint(painter, QRect(0, 0, pixels.width(), pixels.height()), name, color)
        painter.end()
        pixmap.setDevicePixelRatio(ratio)
        return pixmap

    def paint(self, painter: QPainter, rect: QRect, name: str, color: str | QColor) -> None:
        """Paint an icon of our name into a rectangle, as delegates do."""
        self.paint_glyph(painter, rect, NAMES[name], color)

    def paint_glyph(self, painter: QPainter, rect: QRect, glyph: str, color: str | QColor) -> None:
        """Paint a character of the set by its own name."""
        character = self._character(glyph)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.TextAntialiasing)
        self._font.setPixelSize(max(1, min(rect.width(), rect.height())))
        painter.setFont(self._font)
        painter.setPen(self._color_named(color) if isinstance(color, str) else color)
        painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, character)
        painter.restore()

    def _character(self, glyph: str) -> str:
        if not self._characters:
            self._load()
        return self._characters[glyph]

    def _load(self) -> None:
        family, self._characters = _icon_font()
        self._font = QFont(family)
        # A glyph must not be replaced by one of another font, nor hinted out of its shape.
        self._font.setStyleStrategy(QFont.StyleStrategy.NoFontMerging)
        self._font.setHintingPreference(QFont.HintingPreference.PreferNoHinting)

    def color_of(self, mode: QIcon.Mode, state: QIcon.State, color: str, on_color: str) -> QColor:
        """The colour that a control's mode and state ask for."""
        if mode == QIcon.Mode.Disabled:
            return self._color_named("text_disabled")
        return self._color_named(on_color if state == QIcon.State.On else color)


class _GlyphEngine(QIconEngine):
    """Paints one character at the moment it is shown, so that it follows the theme by itself."""

    def __init__(self, icons: Icons, glyph: str, color: str, on_color: str) -> None:
        super().__init__()
        self._icons = icons
        self._arguments = (glyph, color, on_color)

    def paint(self, painter: QPainter, rect: QRect, mode: QIcon.Mode, state: QIcon.State) -> None:
        glyph, color, on_color = self._arguments
        shade = self._icons.color_of(mode, state, color, on_color)
        self._icons.paint_glyph(painter, rect, glyph, shade)

    def pixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State) -> QPixmap:
        pixmap = QPixmap(size)
        pixmap.fill(Qt.GlobalColor.transparent)
        painter = QPainter(pixmap)
        self.paint(painter, QRect(0, 0, size.width(), size.height()), mode, state)
        painter.end()
        return pixmap

    def clone(self) -> QIconEngine:
        return _GlyphEngine(self._icons, *self._arguments)


@functools.cache
def _icon_font() -> tuple[str, dict[str, str]]:
    """The family of the icons and their characters by name; Qt keeps each font that it is given."""
    folder = _fonts_folder()
    font_file = next(folder.glob("phosphor-*.ttf"))
    number = QFontDatabase.addApplicationFontFromData(font_file.read_bytes())
    table = json.loads(next(folder.glob("phosphor-charmap-*.json")).read_text(encoding="utf-8"))
    characters = {name: chr(int(code, 16)) for name, code in table.items()}
    return QFontDatabase.applicationFontFamilies(number)[0], characters


def _fonts_folder() -> Path:
    spec = importlib.util.find_spec("qtawesome")
    if spec is None or not spec.submodule_search_locations:
        raise FileNotFoundError("The icons (qtawesome) are missing; install Tunedesk again.")
    return Path(spec.submodule_search_locations[0]) / "fonts"


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
