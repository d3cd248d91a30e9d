"""One of the longest examples as a line that opens it."""

from PySide6.QtCore import QRect, QSize, Qt, Signal
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import QAbstractButton, QSizePolicy, QWidget

from tunedesk.gui.examples.panel.tokens_figures import LongRow
from tunedesk.gui.theme import Theme
from tunedesk.gui.widgets.plain_tooltip import plain_tooltip
from tunedesk.i18n import _


class LongRowButton(QAbstractButton):
    """Number, preview and tokens of an example.

    Signals:
        example_requested: The id of the example.
    """

    example_requested = Signal(int)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._row: LongRow | None = None
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.clicked.connect(self._request)
        theme.changed.connect(self.update)

    def show_row(self, row: LongRow) -> None:
        """Show an example."""
        self._row = row
        self.setText(_("Example {number}").format(number=f"{row.number:,}"))
        self.setAccessibleName(self.text())
        self.setAccessibleDescription(_("{count} tokens").format(count=f"{row.tokens:,}"))
        self.setToolTip(plain_tooltip(f"{self.text()}: {row.preview}"))
        self.update()

    def sizeHint(self) -> QSize:
        """One line."""
        return QSize(240, 26)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the line."""
        if self._row is None:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        color = self._theme.color
        pointed_at = self.underMouse() or self.hasFocus()
        if self.hasFocus():
            painter.setPen(color("accent"))
            painter.drawRoundedRect(self.rect().adjusted(0, 0, -1, -1), 5, 5)
        inner = self.rect()
        left = QRect(inner)
        middle = int(Qt.AlignmentFlag.AlignVCenter)
        tokens = f"{self._row.tokens:,}"
        painter.setFont(self._theme.font())
        painter.setPen(color("text"))
        painter.drawText(inner, middle | int(Qt.AlignmentFlag.AlignRight), tokens)
        metrics = QFontMetrics(self._theme.font())
        left.setRight(inner.right() - metrics.horizontalAdvance(tokens) - 10)
        number = f"{self._row.number:,}"
        painter.setPen(color("text_muted"))
        painter.drawText(left, middle, number)
        left.setLeft(left.left() + metrics.horizontalAdvance(number) + 8)
        preview = " ".join(self._row.preview.split())
        painter.setPen(color("accent" if pointed_at else "text"))
        painter.drawText(
            left, middle, metrics.elidedText(preview, Qt.TextElideMode.ElideRight, left.width())
        )

    def _request(self) -> None:
        if self._row is not None:
            self.example_requested.emit(self._row.id)
