"""A large button of the welcome page: an icon, what it does, and one line about it."""

from PySide6.QtCore import QRect, QRectF, QSize, Qt
from PySide6.QtGui import QAction, QFontMetrics, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QSizePolicy, QWidget

from tunedesk.gui.theme import Theme

PADDING = 16
ICON = 24


class StartCard(QAbstractButton):
    """Does what an action does; its name is the label, the explanation its description."""

    def __init__(
        self,
        theme: Theme,
        action: QAction,
        label: str,
        explanation: str,
        icon: str,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._theme = theme
        self._explanation = explanation
        self._icon_name = icon
        self.setText(label)
        self.setAccessibleName(label)
        self.setAccessibleDescription(explanation)
        self.setToolTip(action.toolTip())
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.clicked.connect(action.trigger)
        theme.changed.connect(self.update)

    def sizeHint(self) -> QSize:
        """Room for the icon, the label and two lines of explanation."""
        line = QFontMetrics(self._theme.font("base")).lineSpacing()
        return QSize(200, 2 * PADDING + ICON + 10 + line + 4 + 2 * line)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw it in the colours of the theme."""
        color = self._theme.color
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        hovered = self.underMouse()
        ground = "pressed" if self.isDown() else "hover" if hovered else "surface"
        frame = "accent" if self.hasFocus() else "border_strong" if hovered else "border"
        painter.setPen(QPen(color(frame), 1))
        painter.setBrush(color(ground))
        radius = self._theme.size("card_radius")
        box = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        painter.drawRoundedRect(box, radius, radius)
        inner = self.rect().adjusted(PADDING, PADDING, -PADDING, -PADDING)
        mirrored = self.layoutDirection() == Qt.LayoutDirection.RightToLeft
        lead = Qt.AlignmentFlag.AlignRight if mirrored else Qt.AlignmentFlag.AlignLeft
        spot = QRect(inner.right() - ICON if mirrored else inner.left(), inner.top(), ICON, ICON)
        self._theme.icons.paint(painter, spot, self._icon_name, "accent")
        words = inner.adjusted(0, ICON + 10, 0, 0)
        painter.setPen(color("text"))
        painter.setFont(self._theme.font("strong"))
        painter.drawText(words, lead | Qt.AlignmentFlag.AlignTop, self.text())
        words.adjust(0, QFontMetrics(self._theme.font("base")).lineSpacing() + 4, 0, 0)
        painter.setPen(color("text_muted"))
        painter.setFont(self._theme.font("base"))
        painter.drawText(
            words, lead | Qt.AlignmentFlag.AlignTop | Qt.TextFlag.TextWordWrap, self._explanation
        )
