"""A card that stands for a place to train at: its name and what there is to know of it."""

from PySide6.QtCore import QRect, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QSizePolicy, QWidget

from tunedesk.gui.theme import Theme

PADDING = 12
WIDTH = 126


class PlaceCard(QAbstractButton):
    """A card that is chosen by a click; one of several."""

    def __init__(
        self, theme: Theme, title: str, line: str, tone: str = "", parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._theme = theme
        self._line = line
        self._tone = tone
        self.setText(title)
        self.setAccessibleName(title)
        self.setAccessibleDescription(line)
        self.setCheckable(True)
        self.setAutoExclusive(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        theme.changed.connect(self.update)

    def show_line(self, line: str, tone: str = "") -> None:
        """Say something else below the name."""
        self._line, self._tone = line, tone
        self.setAccessibleDescription(line)
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        """Room for the name and what stands below it, five lines in all."""
        small = QFontMetrics(self._theme.font("small")).lineSpacing()
        strong = QFontMetrics(self._theme.font("strong")).lineSpacing()
        return QSize(WIDTH, 2 * PADDING + 2 * strong + 3 * small + 2)

    def minimumSizeHint(self) -> QSize:
        """The least room it can do with; the section sets fewer beside each other before."""
        return QSize(WIDTH // 2, self.sizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw it in the colours of the theme."""
        theme, on = self._theme, self.isChecked()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        ground = "hover" if self.underMouse() and not on else "surface"
        frame = "accent" if on or self.hasFocus() else "border"
        width = 2 if on else 1
        radius = theme.size("card_radius")
        box = QRectF(self.rect()).adjusted(1, 1, -1, -1)
        if self.hasFocus():
            painter.setPen(QPen(theme.color("accent_soft"), 3))
            painter.drawRoundedRect(box, radius, radius)
        painter.setPen(QPen(theme.color(frame), width))
        painter.setBrush(theme.color(ground))
        painter.drawRoundedRect(box.adjusted(1, 1, -1, -1), radius, radius)
        inner = self.rect().adjusted(PADDING, PADDING, -PADDING, -PADDING)
        painter.setLayoutDirection(self.layoutDirection())
        painter.setFont(theme.font("strong"))
        painter.setPen(theme.color("text"))
        lead = Qt.AlignmentFlag.AlignLeading | Qt.AlignmentFlag.AlignTop
        wrapped = int(lead) | int(Qt.TextFlag.TextWordWrap)
        name = painter.boundingRect(inner, wrapped, self.text())
        painter.drawText(inner, wrapped, self.text())
        painter.setFont(theme.font("small"))
        painter.setPen(theme.color(self._tone or "text_muted"))
        rest = QRect(inner)
        rest.setTop(inner.top() + name.height() + 2)
        rest.setBottom(self.rect().bottom() - 2)
        painter.drawText(rest, wrapped, self._line)
