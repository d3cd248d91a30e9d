"""The icons by our own names, drawn from the Phosphor set of qtawesome in the theme's colours.

Only the font and its table of characters are taken from qtawesome, and only when the first icon is
painted: importing the package itself would cost a fifth of the time a start may take.
"""

import importlib.util
import json
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontDatabase, QIcon, QIconEngine, QPainter, QPixmap

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
        folder = _fonts_folder()
        font_file = next(folder.glob("phosphor-*.ttf"))
        number = QFontDatabase.addApplicationFontFromData(font_file.read_bytes())
        self._font = QFont(QFontDatabase.applicationFontFamilies(number)[0])
        # A glyph must not be replaced by one of another font, nor hinted out of its shape.
        self._font.setStyleStrategy(QFont.StyleStrategy.NoFontMerging)
        self._font.setHintingPreference(QFont.HintingPreference.PreferNoHinting)
        table = json.loads(next(folder.glob("phosphor-charmap-*.json")).read_text(encoding="utf-8"))
        self._characters = {name: chr(int(code, 16)) for name, code in table.items()}

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


def _fonts_folder() -> Path:
    spec = importlib.util.find_spec("qtawesome")
    if spec is None or not spec.submodule_search_locations:
        raise FileNotFoundError("The icons (qtawesome) are missing; install Tunedesk again.")
    return Path(spec.submodule_search_locations[0]) / "fonts"
