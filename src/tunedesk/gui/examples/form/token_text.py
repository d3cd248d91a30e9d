"""A text as a base model reads it: its tokens tinted where they are learnt, its marks as chips."""

from bisect import bisect_left, bisect_right

from PySide6.QtCore import QEvent, QMimeData, QPointF, QRectF, Qt
from PySide6.QtGui import (
    QFont,
    QHelpEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QTextBlock,
    QTextCharFormat,
    QTextLayout,
    QTextOption,
)
from PySide6.QtWidgets import QPlainTextEdit, QToolTip, QWidget

from tunedesk.examples.as_trained import TrainedText
from tunedesk.gui.theme import Theme
from tunedesk.gui.widgets.labels import plain_tooltip
from tunedesk.i18n import _

BREAK = "↵"
"""Shown before each line break, which is a token like others."""

RADIUS = 4
ALTERNATE = 0.55
"""How strong the tint of every second learnt token is, against the others."""


class TokenText(QPlainTextEdit):
    """Shows a text that is trained on; nothing can be written in it.

    What is seen is painted, and no more: a long text costs no more than a short one.
    """

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._text = TrainedText("", [], [], [], [], True)
        self._ends: list[int] = []
        self._learnt: set[int] = set()
        self._special: set[int] = set()
        self._context = 0
        self._pointed: int | None = None
        self._is_old = False
        self.setReadOnly(True)
        self.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse
            | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self.setWordWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        self.setMouseTracking(True)
        self.setTabChangesFocus(True)
        self.document().setDocumentMargin(12)
        theme.changed.connect(self._restyle)
        self._restyle()

    def show_text(self, text: TrainedText, context: int) -> None:
        """Show a text and the tokens in it.

        Args:
            text: The text.
            context: The most tokens that the model reads; what comes later is struck through.
        """
        self._text, self._context, self._is_old = text, context, False
        shown = text.text.replace("\n", f"{BREAK}\n")
        if shown != self.toPlainText():
            place = self.verticalScrollBar().value()
            self.setPlainText(shown)
            self.verticalScrollBar().setValue(place)
        self._ends = self._as_shown(text.ends)
        self._learnt, self._special = set(text.learnt), set(text.special)
        self._pointed = None
        self._format_blocks()

    def mark_old(self) -> None:
        """Tint nothing as learnt until another text is shown: this one is not the latest."""
        self._is_old = True
        self.viewport().update()

    def createMimeDataFromSelection(self) -> QMimeData:
        """Copy the text itself, without the signs for line breaks."""
        data = QMimeData()
        chosen = self.textCursor().selectedText().replace("\u2029", "\n")
        data.setText(chosen.replace(f"{BREAK}\n", "\n"))
        return data

    def event(self, event: QEvent) -> bool:
        """Say of the token below the pointer which one it is."""
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            number = self._token_at(event.pos().toPointF())
            if number is None:
                QToolTip.hideText()
            else:
                QToolTip.showText(event.globalPos(), plain_tooltip(self._about(number)), self)
            return True
        return super().event(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Show the borders of the token below the pointer."""
        super().mouseMoveEvent(event)
        self._point_at(self._token_at(event.position()))

    def leaveEvent(self, event: QEvent) -> None:
        """Show no borders any more."""
        super().leaveEvent(event)
        self._point_at(None)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the tints, then the text over them."""
        painter = QPainter(self.viewport())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        block = self.firstVisibleBlock()
        while block.isValid():
            place = self.blockBoundingGeometry(block).translated(self.contentOffset())
            if place.top() > event.rect().bottom():
                break
            if place.bottom() >= event.rect().top():
                self._paint_block(painter, block, place.topLeft())
            block = block.next()
        painter.end()
        super().paintEvent(event)

    def _paint_block(self, painter: QPainter, block: QTextBlock, corner: QPointF) -> None:
        begin, end = block.position(), block.position() + block.length()
        if not self._ends:
            for start, past in self._spans():
                self._paint_stretch(painter, block, corner, (start, past), "diff_added")
            return
        number = bisect_right(self._ends, begin)
        while number < len(self._ends):
            start = self._ends[number - 1] if number else 0
            if start >= end:
                break
            self._paint_token(painter, block, corner, number, (start, self._ends[number]))
            number += 1

    def _paint_token(
        self,
        painter: QPainter,
        block: QTextBlock,
        corner: QPointF,
        number: int,
        span: tuple[int, int],
    ) -> None:
        is_learnt = number in self._learnt
        if number in self._special:
            color, frame = (
                ("diff_added", "success") if is_learnt else ("muted_soft", "border_strong")
            )
            self._paint_stretch(painter, block, corner, span, color, frame)
        elif is_learnt:
            strength = 1.0 if number % 2 else ALTERNATE
            self._paint_stretch(painter, block, corner, span, "diff_added", strength=strength)
        if number == self._pointed:
            self._paint_stretch(painter, block, corner, span, "", "accent")

    def _paint_stretch(
        self,
        painter: QPainter,
        block: QTextBlock,
        corner: QPointF,
        span: tuple[int, int],
        color: str,
        frame: str = "",
        *,
        strength: float = 1.0,
    ) -> None:
        if self._is_old and color == "diff_added":
            color = "muted_soft"
        ground = self._theme.color(color) if color else None
        if ground is not None:
            ground.setAlphaF(strength)
        painter.setPen(QPen(self._theme.color(frame)) if frame else Qt.PenStyle.NoPen)
        painter.setBrush(ground if ground is not None else Qt.BrushStyle.NoBrush)
        for box in _boxes(block, corner, span):
            if frame:
                painter.drawRoundedRect(box.adjusted(0.5, 0.5, -0.5, -0.5), RADIUS, RADIUS)
            else:
                painter.drawRect(box)

    def _format_blocks(self) -> None:
        """Give the letters their colours: what is learnt, what is only read, what is cut off."""
        read, learnt, cut, mark = (QTextCharFormat() for _each in range(4))
        read.setForeground(self._theme.color("text_muted"))
        learnt.setForeground(self._theme.color("text"))
        cut.setForeground(self._theme.color("error"))
        cut.setFontStrikeOut(True)
        mark.setFontWeight(QFont.Weight.DemiBold)
        ranges = [(0, len(self._text.text) + self.blockCount(), read)]
        ranges += [(start, end, learnt) for start, end in self._spans()]
        starts = [0, *self._ends]
        ranges += [(starts[number], self._ends[number], mark) for number in sorted(self._special)]
        if 0 < self._context < len(self._ends):
            ranges.append((self._ends[self._context - 1], ranges[0][1], cut))
        block = self.document().firstBlock()
        while block.isValid():
            begin, length = block.position(), block.length()
            found = []
            for start, end, style in ranges:
                first, last = max(start, begin), min(end, begin + length)
                if first < last:
                    part = QTextLayout.FormatRange()
                    part.start, part.length, part.format = first - begin, last - first, style
                    found.append(part)
            block.layout().setFormats(found)
            block = block.next()
        self.document().markContentsDirty(0, self.document().characterCount())
        self.viewport().update()

    def _spans(self) -> list[tuple[int, int]]:
        flat = self._as_shown([edge for span in self._text.spans for edge in span])
        return list(zip(flat[::2], flat[1::2], strict=True))

    def _as_shown(self, places: list[int]) -> list[int]:
        """Places in the text as places in what is shown, as Qt counts: in UTF-16."""
        text = self._text.text
        breaks = [index for index, letter in enumerate(text) if letter == "\n"]
        wide = [] if text.isascii() else [n for n, letter in enumerate(text) if letter > "\uffff"]
        if not wide:
            return [place + bisect_left(breaks, place) for place in places]
        return [place + bisect_left(breaks, place) + bisect_left(wide, place) for place in places]

    def _token_at(self, position: QPointF) -> int | None:
        if not self._ends:
            return None
        cursor = self.cursorForPosition(position.toPoint())
        near = (cursor.position(), cursor.position() - 1)
        for place in near:
            number = bisect_right(self._ends, place)
            if number >= len(self._ends) or place < 0:
                continue
            span = (self._ends[number - 1] if number else 0, self._ends[number])
            block = self.document().findBlock(span[0])
            while block.isValid() and block.position() < span[1]:
                place_of = self.blockBoundingGeometry(block).translated(self.contentOffset())
                if any(box.contains(position) for box in _boxes(block, place_of.topLeft(), span)):
                    return number
                block = block.next()
        return None

    def _point_at(self, number: int | None) -> None:
        if number != self._pointed:
            self._pointed = number
            self.viewport().update()

    def _about(self, number: int) -> str:
        total = f"{len(self._ends):,}"
        if number >= self._context > 0:
            text = _("Token {number} of {total}, beyond what the model reads")
        elif number in self._learnt:
            text = _("Token {number} of {total}, learned")
        else:
            text = _("Token {number} of {total}, only read")
        return text.format(number=f"{number + 1:,}", total=total)

    def _restyle(self) -> None:
        self.setFont(self._theme.font("message"))
        self._format_blocks()


def _boxes(block: QTextBlock, corner: QPointF, span: tuple[int, int]) -> list[QRectF]:
    """The rectangles that a stretch of the document takes in the lines of a block."""
    layout = block.layout()
    first, last = span[0] - block.position(), span[1] - block.position()
    boxes = []
    for index in range(layout.lineCount()):
        line = layout.lineAt(index)
        begin, end = line.textStart(), line.textStart() + line.textLength()
        start, stop = max(first, begin), min(last, end)
        if start >= stop:
            continue
        left, right = (_x(line, place) for place in (start, stop))
        top = corner.y() + line.y()
        boxes.append(QRectF(corner.x() + min(left, right), top, abs(right - left), line.height()))
    return boxes


def _x(line: object, place: int) -> float:
    found = line.cursorToX(place)  # type: ignore[attr-defined]
    return float(found[0] if isinstance(found, tuple) else found)
