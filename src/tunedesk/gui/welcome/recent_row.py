"""One recent project on the welcome page: its name, its folder, when it was used last."""

import time
from pathlib import Path

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QFontMetrics, QKeyEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QSizePolicy, QWidget

from tunedesk.gui.theme import Theme
from tunedesk.gui.widgets.plain_tooltip import plain_tooltip
from tunedesk.i18n import _, ngettext

PADDING = 12
DAY = 86_400


class RecentRow(QAbstractButton):
    """Opens a recent project; Delete takes it off the list, never off the disk.

    Signals:
        forget_requested: The user wants it off the list.
        step_requested: The user goes to the row above (-1) or below (1).
    """

    forget_requested = Signal()
    step_requested = Signal(int)

    def __init__(self, theme: Theme, path: Path, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.path = path
        self._detail, self._when = _folder(path.parent), _when(path)
        self.setText(path.stem)
        self.setAccessibleName(path.stem)
        self.setAccessibleDescription(f"{self._detail}, {self._when}")
        self.setToolTip(plain_tooltip(str(path)))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        theme.changed.connect(self.update)

    def sizeHint(self) -> QSize:
        """Room for two lines."""
        return QSize(300, 48)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Delete forgets the project; the arrows go along the list."""
        steps = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}
        if event.key() == Qt.Key.Key_Delete:
            self.forget_requested.emit()
        elif event.key() in steps:
            self.step_requested.emit(steps[Qt.Key(event.key())])
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.click()
        else:
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw it in the colours of the theme."""
        color = self._theme.color
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self.underMouse() or self.isDown() or self.hasFocus():
            focus = self.hasFocus()
            painter.setPen(QPen(color("accent"), 1) if focus else Qt.PenStyle.NoPen)
            painter.setBrush(color("pressed" if self.isDown() else "hover"))
            radius = self._theme.size("radius")
            painter.drawRoundedRect(self.rect().adjusted(1, 1, -1, -1), radius, radius)
        mirrored = self.layoutDirection() == Qt.LayoutDirection.RightToLeft
        lead, trail = Qt.AlignmentFlag.AlignLeft, Qt.AlignmentFlag.AlignRight
        if mirrored:
            lead, trail = trail, lead
        inner = self.rect().adjusted(PADDING, 7, -PADDING, -7)
        small = self._theme.font("small")
        when_width = QFontMetrics(small).horizontalAdvance(self._when)
        room = inner.width() - when_width - 16
        painter.setFont(self._theme.font("strong"))
        painter.setPen(color("text"))
        name = painter.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideRight, room)
        painter.drawText(inner, lead | Qt.AlignmentFlag.AlignTop, name)
        painter.setFont(small)
        painter.setPen(color("text_muted"))
        painter.drawText(inner, trail | Qt.AlignmentFlag.AlignTop, self._when)
        detail = painter.fontMetrics().elidedText(
            self._detail, Qt.TextElideMode.ElideMiddle, inner.width()
        )
        painter.drawText(inner, lead | Qt.AlignmentFlag.AlignBottom, detail)


def _folder(folder: Path) -> str:
    """The folder, with the user's own as a short sign."""
    home = Path.home()
    return f"~/{folder.relative_to(home)}" if folder.is_relative_to(home) else str(folder)


def _when(path: Path) -> str:
    """When the file was written last, in words."""
    try:
        written = path.stat().st_mtime
    except OSError:
        return _("not there now")
    days = int(time.time() // DAY - written // DAY)
    if days <= 0:
        return _("today")
    if days == 1:
        return _("yesterday")
    if days < 30:
        return ngettext("{n} day ago", "{n} days ago", days).format(n=days)
    return time.strftime("%Y-%m-%d", time.localtime(written))
