"""Paints the rows of the examples table, and keeps each row as a pixmap.

Every text is drawn as it is, never as markup. While an import runs, each call of a drawing
function may have to wait for Python's lock. A row that is one pixmap needs one call instead of
twenty, so scrolling stays smooth beside any work.
"""

from collections import OrderedDict
from typing import NamedTuple

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import (
    QColor,
    QFont,
    QFontMetrics,
    QPainter,
    QPen,
    QPixmap,
    QTextCharFormat,
    QTextLayout,
    QTextOption,
)
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem, QTableView

from tunedesk.gui.examples.columns import Column
from tunedesk.gui.examples.table_model import ExampleTableModel
from tunedesk.gui.examples.table_rows import RowSelection
from tunedesk.gui.roles_and_states import STATES
from tunedesk.gui.theme import Theme
from tunedesk.project.reads import ExampleRow
from tunedesk.project.search import hits

STATE_GLYPHS = {
    "to_review": "circle",
    "draft": "circle-dashed",
    "approved": "check-circle-fill",
    "changes_wanted": "arrow-u-up-left-fill",
    "rejected": "x-circle-fill",
}
"""A shape of its own for each state, so that nobody needs to tell them by colour."""

PADDING = 8
ICON = 15
PILL = 18
HIT_AFTER = 4
"""How many characters are shown before a hit that would otherwise be cut off."""

Index = QModelIndex | QPersistentModelIndex


class RowDelegate(QStyledItemDelegate):
    """Draws one cell from the row that the model holds, with fonts and colours kept ready.

    Attributes:
        hovered_row: The row under the pointer; -1 for none.
        marks_tags: Whether the preview shows a mark for tags, since their column does not show.
    """

    def __init__(self, model: ExampleTableModel, theme: Theme) -> None:
        super().__init__(model)
        self._model = model
        self._theme = theme
        self.hovered_row = -1
        self.marks_tags = False
        self._colors: dict[str, QColor] = {}
        self._icons: dict[tuple[str, float], QPixmap] = {}
        self._base = QFont()
        self._figures = QFont()
        self._strong = QFont()
        self._apply_theme()
        theme.changed.connect(self._apply_theme)

    def _apply_theme(self) -> None:
        theme = self._theme
        self._colors.clear()
        self._icons.clear()
        self._base = theme.font()
        self._figures = theme.font()
        self._strong = theme.font("small_strong")
        for font in (self._figures, self._strong):
            font.setFeature(QFont.Tag("tnum"), 1)
        self._base_metrics = QFontMetrics(self._base)
        self._strong_metrics = QFontMetrics(self._strong)

    def color(self, name: str) -> QColor:
        """A colour of the theme, kept."""
        found = self._colors.get(name)
        if found is None:
            found = self._colors[name] = self._theme.color(name)
        return found

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        """All rows are equally high; the columns have widths of their own."""
        return QSize(60, self._theme.size("row"))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Draw one cell; the table itself draws whole rows."""
        selected = bool(option.state & QStyle.StateFlag.State_Selected)
        self.paint_cell(painter, option.rect, index.row(), index.column(), selected=selected)

    def paint_cell(
        self, painter: QPainter, rect: QRect, number: int, column: int, *, selected: bool
    ) -> None:
        """Draw what stands in a cell, on the ground of its row."""
        if selected:
            painter.fillRect(rect, self.color("selection"))
        elif number == self.hovered_row:
            painter.fillRect(rect, self.color("hover"))
        row = self._model.row_at(number)
        if row is None:
            return
        inner = rect.adjusted(PADDING, 0, -PADDING, -1)
        if column == Column.PREVIEW:
            if row.tags and self.marks_tags:
                inner = self._paint_tag_mark(painter, inner, len(row.tags))
            self._paint_preview(painter, inner, number)
        elif column == Column.STATE:
            self._paint_state(painter, rect, row)
        elif column == Column.PROBLEMS:
            self._paint_problems(painter, inner, row)
        elif column == Column.TAGS:
            self._paint_tags(painter, inner, row)
        else:
            self._paint_text(painter, inner, column, self._model.text_of(row, number, column))

    def _paint_text(self, painter: QPainter, rect: QRect, column: int, text: str) -> None:
        numeric = column in (Column.NUMBER, Column.TURNS, Column.TOKENS)
        painter.setFont(self._figures)
        painter.setPen(self.color("text_muted" if column != Column.TOKENS else "text"))
        side = Qt.AlignmentFlag.AlignRight if numeric else Qt.AlignmentFlag.AlignLeft
        elided = self._base_metrics.elidedText(text, Qt.TextElideMode.ElideRight, rect.width())
        painter.drawText(rect, side | Qt.AlignmentFlag.AlignVCenter, elided)

    def _paint_preview(self, painter: QPainter, rect: QRect, number: int) -> None:
        text = self._model.preview_at(number)
        painter.setFont(self._base)
        if not text:
            painter.setPen(self.color("text_disabled"))
            flags = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
            painter.drawText(rect, flags, self._model.empty_text)
            return
        elided, marks = self._fitted(text, rect.width())
        painter.setPen(self.color("text"))
        if not marks:
            flags = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
            painter.drawText(rect, flags | Qt.TextFlag.TextSingleLine, elided)
            return
        layout = QTextLayout(elided, self._base)
        option = QTextOption()
        option.setWrapMode(QTextOption.WrapMode.NoWrap)
        layout.setTextOption(option)
        shade = QTextCharFormat()
        shade.setBackground(self.color("mark"))
        ranges = []
        for start, end in marks:
            marked = QTextLayout.FormatRange()
            # Qt counts in UTF-16 units, Python in characters.
            marked.start = _units(elided, start)
            marked.length = _units(elided, end) - marked.start
            marked.format = shade
            ranges.append(marked)
        layout.setFormats(ranges)
        layout.beginLayout()
        layout.createLine()
        layout.endLayout()
        top = rect.top() + (rect.height() - layout.boundingRect().height()) / 2
        layout.draw(painter, QPointF(rect.left(), top))

    def _paint_tag_mark(self, painter: QPainter, rect: QRect, count: int) -> QRect:
        """Draw a small tag at the end of the preview; returns the room that is left."""
        text = str(count) if count > 1 else ""
        width = 14 + self._strong_metrics.horizontalAdvance(text)
        middle = rect.top() + rect.height() // 2
        icon = QRect(rect.right() - width, middle - 6, 12, 12)
        self._theme.icons.paint_glyph(painter, icon, "tag", self.color("accent"))
        if text:
            painter.setFont(self._strong)
            painter.setPen(self.color("accent"))
            box = QRect(icon.right() + 2, rect.top(), width, rect.height())
            painter.drawText(box, Qt.AlignmentFlag.AlignVCenter, text)
        return rect.adjusted(0, 0, -width - 6, 0)

    def _fitted(self, text: str, width: int) -> tuple[str, list[tuple[int, int]]]:
        """The part of a preview that fits, with the first hit of the search in it, and the hits."""
        search = self._model.query.search
        mode = Qt.TextElideMode.ElideRight
        elided = self._base_metrics.elidedText(text, mode, width)
        found = hits(text, search)
        if found and found[0][1] > len(elided) - 1 and elided != text:
            start = max(0, text.rfind(" ", 0, max(0, found[0][0] - HIT_AFTER)) + 1)
            elided = self._base_metrics.elidedText("…" + text[start:], mode, width)
        return elided, hits(elided, search)

    def _paint_state(self, painter: QPainter, rect: QRect, row: ExampleRow) -> None:
        ratio = painter.device().devicePixelRatio()
        icon = self._icons.get((row.state, ratio))
        if icon is None:
            icon = self._icons[row.state, ratio] = self._state_icon(row.state, ratio)
        x = rect.left() + (rect.width() - ICON) // 2
        painter.drawPixmap(x, rect.top() + (rect.height() - ICON) // 2, icon)

    def _state_icon(self, state: str, ratio: float) -> QPixmap:
        pixels = round(ICON * ratio)
        pixmap = QPixmap(pixels, pixels)
        pixmap.fill(Qt.GlobalColor.transparent)
        painter = QPainter(pixmap)
        look = STATES.get(state)
        color = look.color if look else "text_muted"
        glyph = STATE_GLYPHS.get(state, "question")
        self._theme.icons.paint_glyph(painter, QRect(0, 0, pixels, pixels), glyph, color)
        painter.end()
        pixmap.setDevicePixelRatio(ratio)
        return pixmap

    def _paint_problems(self, painter: QPainter, rect: QRect, row: ExampleRow) -> None:
        """The worst first; what has no room whole is left to the tooltip."""
        x = rect.left()
        for count, tone, glyph in (
            (row.errors, "error", "warning-circle"),
            (row.warnings, "warning", "warning"),
            (row.hints, "muted", "lightbulb"),
        ):
            text = f"{count:,}"
            fits = x == rect.left() or x + self._pill_width(text, glyph) <= rect.right() + 1
            if count and fits:
                x += 4 + self._paint_pill(painter, x, rect, text, tone, glyph)

    def _paint_tags(self, painter: QPainter, rect: QRect, row: ExampleRow) -> None:
        x = rect.left()
        for index, tag in enumerate(row.tags):
            left = len(row.tags) - index
            room = rect.right() - x - (0 if left == 1 else 30)
            if room < 40:
                self._paint_pill(painter, x, rect, f"+{left}", "muted")
                return
            text = self._strong_metrics.elidedText(tag, Qt.TextElideMode.ElideRight, room - 16)
            x += 4 + self._paint_pill(painter, x, rect, text, "accent")

    def _pill_width(self, text: str, glyph: str) -> int:
        return self._strong_metrics.horizontalAdvance(text) + (28 if glyph else 14)

    def _paint_pill(
        self, painter: QPainter, x: int, rect: QRect, text: str, tone: str, glyph: str = ""
    ) -> int:
        """Draw a small coloured pill; returns its width."""
        icon, width = 14 if glyph else 0, self._pill_width(text, glyph)
        top = rect.top() + (rect.height() - PILL) // 2
        foreground = self.color("text_muted" if tone == "muted" else tone)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self.color(f"{tone}_soft"))
        painter.drawRoundedRect(QRectF(x, top, width, PILL), PILL / 2, PILL / 2)
        if glyph:
            box = QRect(x + 6, top + 3, 12, 12)
            self._theme.icons.paint_glyph(painter, box, glyph, foreground)
        painter.setFont(self._strong)
        painter.setPen(QPen(foreground))
        box = QRect(x + 7 + icon, top, width - 14 - icon + 1, PILL)
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextSingleLine, text)
        return width


def _units(text: str, characters: int) -> int:
    """How many UTF-16 units the first characters take."""
    return len(text[:characters].encode("utf-16-le", "surrogatepass")) // 2


KEPT = 160
BAR = 3


class RowLook(NamedTuple):
    """What all rows have in common.

    Attributes:
        columns: The columns that show: number, left edge and width of each.
        width: The width of a row.
        ratio: Pixels of the screen for one of Qt's.
        mirrored: Whether the window reads from right to left.
    """

    columns: tuple[tuple[int, int, int], ...]
    width: int
    ratio: float
    mirrored: bool


class RowPixmaps:
    """The pictures of the rows that were looked at last."""

    def __init__(
        self, table: QTableView, model: ExampleTableModel, delegate: RowDelegate, theme: Theme
    ) -> None:
        self._table = table
        self._model = model
        self._delegate = delegate
        self._height = theme.size("row")
        self._kept: OrderedDict[tuple[object, ...], QPixmap] = OrderedDict()

    def clear(self) -> None:
        """Draw all rows anew: their colours have changed."""
        self._kept.clear()

    def paint(self, area: QRect, selected: RowSelection) -> None:
        """Draw the rows of an area of the table.

        Args:
            area: What is to be drawn, in the table's viewport.
            selected: The selected rows.
        """
        table, height = self._table, self._height
        offset, count = table.verticalOffset(), self._model.rowCount()
        first = max(0, (area.top() + offset) // height)
        last = min(count - 1, (area.bottom() + offset) // height)
        if first > last:
            return
        look = self._row_look()
        self._delegate.marks_tags = all(column != Column.TAGS for column, _x, _size in look.columns)
        left = -table.horizontalOffset()
        painter = QPainter(table.viewport())
        for row in range(first, last + 1):
            picture = self._picture(row, look, row in selected)
            painter.drawPixmap(left, row * height - offset, picture)
        painter.end()

    def _row_look(self) -> RowLook:
        table = self._table
        header = table.horizontalHeader()
        width = max(header.length(), table.viewport().width())
        mirrored = table.isRightToLeft()
        columns = []
        for column in map(header.logicalIndex, range(header.count())):
            if not header.isSectionHidden(column):
                x, size = header.sectionPosition(column), header.sectionSize(column)
                columns.append((column, width - x - size if mirrored else x, size))
        return RowLook(tuple(columns), width, table.devicePixelRatioF(), mirrored)

    def _picture(self, number: int, look: RowLook, selected: bool) -> QPixmap:
        """The picture of a row as it is now."""
        content = self._model.row_at(number)
        current = number == self._model.current_row
        hovered = number == self._delegate.hovered_row
        key = (content, look, selected, current, hovered, self._model.query.search)
        found = self._kept.get(key)
        if found is None:
            found = self._kept[key] = self._draw(number, look, selected, current)
            if len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        else:
            self._kept.move_to_end(key)
        return found

    def _draw(self, number: int, look: RowLook, selected: bool, current: bool) -> QPixmap:
        width, height, ratio = look.width, self._height, look.ratio
        picture = QPixmap(round(width * ratio), round(height * ratio))
        picture.setDevicePixelRatio(ratio)
        picture.fill(self._delegate.color("surface"))
        painter = QPainter(picture)
        if look.mirrored:
            painter.setLayoutDirection(Qt.LayoutDirection.RightToLeft)
        for column, x, size in look.columns:
            cell = QRect(x, 0, size, height)
            painter.setClipRect(cell)
            self._delegate.paint_cell(painter, cell, number, column, selected=selected)
        painter.setClipping(False)
        painter.fillRect(0, height - 1, width, 1, self._delegate.color("border"))
        if current:
            left = width - BAR if look.mirrored else 0
            painter.fillRect(left, 0, BAR, height - 1, self._delegate.color("accent"))
        painter.end()
        return picture
