"""Buttons: one that does what an action does, one that is only an icon, one that copies a text."""

from collections.abc import Callable

from PySide6.QtCore import QRect, QRectF, QSize, Qt, QTimer
from PySide6.QtGui import (
    QAccessible,
    QAction,
    QFont,
    QFontMetrics,
    QGuiApplication,
    QIcon,
    QPainter,
    QPaintEvent,
    QPen,
)
from PySide6.QtWidgets import (
    QPushButton,
    QSizePolicy,
    QStyle,
    QStyleOptionButton,
    QStylePainter,
    QToolButton,
    QWidget,
)

from tunedesk.gui.theme import Theme
from tunedesk.gui.widgets.labels import plain_tooltip
from tunedesk.i18n import _

PADDING = 12
GAP = 7
ICON = 14


class ActionButton(QPushButton):
    """A labelled button bound to an action: icon, words, and its key in a small frame.

    Its accessible name is `label` and stays so when the action's text says more. The key gives way
    when the button has less room than it asks for.
    """

    def __init__(
        self,
        theme: Theme,
        action: QAction,
        label: str = "",
        icon: str = "",
        kind: str = "",
        show_key: bool = True,
        parent: QWidget | None = None,
        padding: int = PADDING,
    ) -> None:
        super().__init__(parent)
        self._padding = padding
        self._theme = theme
        self._action = action
        self._show_key = show_key
        self._kind = kind
        self._icon = theme.icons.icon(icon, self._foreground()) if icon else QIcon()
        self.setProperty("kind", kind)
        self.setText(label or action.text().rstrip("…"))
        self.setAccessibleName(self.text())
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.clicked.connect(action.trigger)
        action.changed.connect(self._take)
        theme.changed.connect(self.update)
        self._take()

    def _take(self) -> None:
        self.setEnabled(self._action.isEnabled())
        self.setToolTip(self._action.toolTip())
        self.updateGeometry()

    def _key(self) -> str:
        if not self._show_key:
            return ""
        return self._action.shortcut().toString(self._action.shortcut().SequenceFormat.NativeText)

    def _foreground(self) -> str:
        return {"primary": "on_accent", "danger": "error", "success": "success"}.get(
            self._kind, "text"
        )

    def _widths(self) -> tuple[int, int, int]:
        """Pixels of the icon, the words and the key, each with the gap before it."""
        icon = 0 if self._icon.isNull() else ICON + GAP
        words = QFontMetrics(self._words_font()).horizontalAdvance(self.text())
        key = self._key()
        hint = (
            QFontMetrics(self._theme.font("small")).horizontalAdvance(key) + 10 + GAP if key else 0
        )
        return icon, words, hint

    def sizeHint(self) -> QSize:
        """Room for all of it."""
        return QSize(sum(self._widths()) + 2 * self._padding, self._theme.size("control"))

    def minimumSizeHint(self) -> QSize:
        """The least room it can do with."""
        icon, words, _hint = self._widths()
        return QSize(icon + words + 2 * self._padding, self._theme.size("control"))

    def _words_font(self) -> QFont:
        return self._theme.font("strong" if self._kind == "primary" else "base")

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw it in the colours of the theme."""
        painter = QStylePainter(self)
        option = QStyleOptionButton()
        self.initStyleOption(option)
        option.text = ""
        painter.drawControl(QStyle.ControlElement.CE_PushButton, option)
        icon, words, hint = self._widths()
        if self.width() < sum((icon, words, hint)) + 2 * self._padding:
            hint = 0
        x = (self.width() - icon - words - hint) // 2
        foreground = self._theme.color(self._foreground() if self.isEnabled() else "text_disabled")
        if icon:
            mode = QIcon.Mode.Normal if self.isEnabled() else QIcon.Mode.Disabled
            box = self._mirrored(QRect(x, (self.height() - ICON) // 2, ICON, ICON))
            self._icon.paint(painter, box, Qt.AlignmentFlag.AlignCenter, mode)
        painter.setPen(foreground)
        painter.setFont(self._words_font())
        box = self._mirrored(QRect(x + icon, 0, words + 1, self.height()))
        painter.drawText(
            box, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, self.text()
        )
        if hint:
            self._paint_key(
                painter, self._mirrored(QRect(x + icon + words + GAP, 0, hint - GAP, 18))
            )

    def _mirrored(self, rect: QRect) -> QRect:
        if self.layoutDirection() == Qt.LayoutDirection.RightToLeft:
            rect.moveLeft(self.width() - rect.right() - 1)
        return rect

    def _paint_key(self, painter: QPainter, box: QRect) -> None:
        primary = self._kind == "primary"
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        box.moveTop((self.height() - box.height()) // 2)
        frame = self._theme.color("on_accent" if primary else "border")
        if primary:
            frame.setAlphaF(0.4)
        painter.setPen(QPen(frame, 1))
        painter.drawRoundedRect(QRectF(box).adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)
        painter.setFont(self._theme.font("small"))
        foreground = "on_accent" if primary else "text_muted"
        painter.setPen(self._theme.color(foreground if self.isEnabled() else "text_disabled"))
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, self._key())


class IconButton(QToolButton):
    """A flat (or framed) square button; its name is the text that its tooltip shows."""

    def __init__(
        self,
        theme: Theme,
        icon: str,
        text: str,
        color: str = "text_muted",
        framed: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._action: QAction | None = None
        size = theme.size("icon")
        self.setIconSize(QSize(size, size))
        self.setIcon(theme.icons.icon(icon, color))
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonIconOnly)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setProperty("framed", framed)
        self.set_name(text)
        theme.changed.connect(self.update)

    def set_name(self, text: str) -> None:
        """Give the button a name, for the tooltip and for screen readers."""
        self.setText(text)
        self.setAccessibleName(text)
        self.setToolTip(plain_tooltip(text))

    def follow(self, action: QAction) -> None:
        """Do what the action does, and be enabled and explained as it is."""
        self._action = action
        self.clicked.connect(action.trigger)
        action.changed.connect(self._take)
        self._take()

    def _take(self) -> None:
        if self._action is not None:
            self.setEnabled(self._action.isEnabled())
            self.setToolTip(self._action.toolTip())


SAID_MS = 1500


class CopyButton(QPushButton):
    """Copies what `text` returns when it is pressed."""

    def __init__(self, text: Callable[[], str], what: str, parent: QWidget | None = None) -> None:
        """Make the button.

        Args:
            text: What is copied, asked for at the press.
            what: What a screen reader calls it, such as "Copy the name".
            parent: Its owner.
        """
        super().__init__(_("Copy"), parent)
        self._copied = text
        self.setAccessibleName(what)
        self.setToolTip(what)
        self.setAutoDefault(False)
        self.clicked.connect(self._copy)

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self._copied())
        self.setText(_("Copied"))
        QTimer.singleShot(SAID_MS, self, lambda: self.setText(_("Copy")))


class FoldButton(QPushButton):
    """A link that shows or hides what stands below it; it says which it would do.

    Args:
        text: What is folded away.
        folded: The widget that is shown and hidden; hidden at first.
    """

    accessible_role = QAccessible.Role.Button

    def __init__(self, text: str, folded: QWidget, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._words = text
        self.folded = folded
        self.setProperty("kind", "link")
        self.setCheckable(True)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.toggled.connect(self._show)
        self._show(False)

    def _show(self, shown: bool) -> None:
        self.folded.setVisible(shown)
        sign = "▾" if shown else "▸"
        self.setText(f"{sign} {self._words}".replace("&", "&&"))
        self.setAccessibleName(self._words)
        self.setAccessibleDescription(_("Open") if shown else _("Folded"))
