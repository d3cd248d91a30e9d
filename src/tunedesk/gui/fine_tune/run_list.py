"""The list of runs at the left of the page: its rows, how each is painted, and the view."""

from collections import Counter
from typing import NamedTuple

from PySide6.QtCore import (
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QRect,
    QSize,
    Qt,
    QTimer,
    Signal,
)
from PySide6.QtGui import QFontMetrics, QPainter
from PySide6.QtWidgets import QListView, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from tunedesk.gui.dates import moment_text
from tunedesk.gui.fine_tune.run_text import (
    facts_text,
    loss_text,
    model_text,
    provider_text,
    share_done,
    state_text,
)
from tunedesk.gui.theme import Theme
from tunedesk.gui.widgets.row_list import ROW, RowListModel, follow_selection
from tunedesk.i18n import _
from tunedesk.project.project import Project
from tunedesk.project.run_records import Run


class RunRow(NamedTuple):
    """A run with what the list says of it.

    Attributes:
        run: The run.
        valid_loss: The validation loss of its tuned model, or else its last; None without.
        is_namesake: Whether another run has the same name.
    """

    run: Run
    valid_loss: float | None
    is_namesake: bool = False

    @property
    def key(self) -> int:
        """What tells it from the others."""
        return self.run.id

    @property
    def begun(self) -> str:
        """When it was begun, as the user's system writes it."""
        return moment_text(self.run.created_at)

    @property
    def aside(self) -> str:
        """The few words at the end of its line: how far it is, or how good it is."""
        if self.run.ended:
            if self.valid_loss is None or not self.run.succeeded:
                return ""
            return _("validation loss {loss}").format(loss=loss_text(self.valid_loss))
        share = share_done(self.run)
        return "" if share is None else _("{n} %").format(n=int(share * 100))

    @property
    def aside_forms(self) -> tuple[str, ...]:
        """The same in words for less and less room: the figure is never what is left out."""
        if not self.aside or not self.run.ended or self.valid_loss is None:
            return (self.aside,)
        loss = loss_text(self.valid_loss)
        return self.aside, _("loss {loss}").format(loss=loss), loss

    @property
    def under(self) -> str:
        """Its second line: the base model and where, and of namesakes when each was begun."""
        words = [model_text(self.run), provider_text(self.run)]
        return " · ".join([self.begun, *words] if self.is_namesake else words)


def find_runs(project: Project) -> list[RunRow]:
    """The rows of the list; called in a thread."""
    rows = []
    runs = project.runs.all()
    names = Counter(run.name.casefold() for run in runs)
    for run in runs:
        last, loss = project.runs.last_metric(run.id), None
        kept = project.runs.model_step(run.id) if run.succeeded else None
        if kept is not None:
            # Where the service does not keep the last step, its losses are not the model's.
            at_step = project.runs.metrics(run.id, kept - 1)[:1]
            if at_step and at_step[0].step == kept:
                measured = (at_step[0].full_valid_loss, at_step[0].valid_loss)
                last = at_step[0] if any(value is not None for value in measured) else last
        if last is not None:
            full = last.full_valid_loss
            loss = full if full is not None else last.valid_loss
        rows.append(RunRow(run, loss, names[run.name.casefold()] > 1))
    return rows


class RunListModel(RowListModel[RunRow]):
    """The runs, in the order of the project."""

    def row_number(self, run_id: int) -> int:
        """The number of a run's row, or -1."""
        numbers = (number for number, row in enumerate(self._rows) if row.key == run_id)
        return next(numbers, -1)

    def row_text(self, row: RunRow, role: int) -> str | None:
        """The run's name, and what a screen reader says of it."""
        if role == Qt.ItemDataRole.DisplayRole:
            return row.run.name
        if role == Qt.ItemDataRole.AccessibleTextRole:
            begun = row.begun if row.is_namesake else ""
            words = [row.run.name, begun, state_text(row.run).text, row.aside, facts_text(row.run)]
            return ", ".join(word for word in words if word)
        return None


MARGIN = 14
PADDING = 9
GAP = 8
LINE_GAP = 3


class RowLayout(NamedTuple):
    """Where the parts of a row stand: three lines, as high as their fonts are.

    Attributes:
        name: The line of the name.
        badge: The badge, at the beginning of the second line.
        aside: What stands behind it: how far it is, or how good.
        under: The third line.
    """

    name: QRect
    badge: QRect
    aside: QRect
    under: QRect


class _Heights(NamedTuple):
    """The heights of the lines of a row, and of all of it, in pixels."""

    name: int
    badge: int
    under: int
    total: int


class RunDelegate(QStyledItemDelegate):
    """Paints rows that hold a `RunRow`."""

    def __init__(self, theme: Theme, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._theme = theme

    def sizeHint(
        self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> QSize:
        """All rows are equally high: so high as the three lines are."""
        return QSize(200, self._heights().total)

    def layout_of(self, rect: QRect, row: RunRow) -> RowLayout:
        """Where the parts of a row stand; none of them ever over another one."""
        heights = self._heights()
        inner = rect.adjusted(MARGIN, PADDING, -MARGIN, -PADDING)
        top = inner.top()
        name = QRect(inner.left(), top, inner.width(), heights.name)
        top += heights.name + LINE_GAP
        words = self._metrics("small_strong").horizontalAdvance(state_text(row.run).text)
        badge = QRect(inner.left(), top, min(words + heights.badge, inner.width()), heights.badge)
        begin = badge.right() + 1 + GAP
        aside = QRect(begin, top, max(0, inner.right() + 1 - begin), heights.badge)
        top += heights.badge + LINE_GAP
        return RowLayout(name, badge, aside, QRect(inner.left(), top, inner.width(), heights.under))

    def _metrics(self, font: str) -> QFontMetrics:
        return QFontMetrics(self._theme.font(font))

    def _heights(self) -> _Heights:
        name, under = self._metrics("strong").height(), self._metrics("small").height()
        badge = self._metrics("small_strong").height() + 4
        total = 2 * PADDING + name + badge + under + 2 * LINE_GAP
        return _Heights(name, badge, under, total)

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        """Paint the row."""
        row: RunRow | None = index.data(ROW)
        if row is None:
            return
        theme, rect = self._theme, option.rect
        selected = bool(option.state & QStyle.StateFlag.State_Selected)
        painter.save()
        painter.setLayoutDirection(option.direction)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if selected:
            painter.fillRect(rect, theme.color("selection"))
            bar = QRect(rect.left(), rect.top(), 3, rect.height())
            painter.fillRect(self._mirrored(bar, option), theme.color("accent"))
        elif option.state & QStyle.StateFlag.State_MouseOver:
            painter.fillRect(rect, theme.color("hover"))
        painter.setPen(theme.color("border"))
        painter.drawLine(rect.bottomLeft(), rect.bottomRight())
        self._paint_words(painter, self.layout_of(rect, row), row, option)
        painter.restore()

    def _paint_words(
        self, painter: QPainter, layout: RowLayout, row: RunRow, option: QStyleOptionViewItem
    ) -> None:
        words = state_text(row.run)
        self._paint_badge(painter, self._mirrored(layout.badge, option), words.text, words.tone)
        room, small = layout.aside.width(), self._metrics("small")
        forms = row.aside_forms
        aside = next((form for form in forms if small.horizontalAdvance(form) <= room), forms[-1])
        for text, rect, font, color in (
            (row.run.name, layout.name, "strong", "text"),
            (aside, layout.aside, "small", "text"),
            (row.under, layout.under, "small", "text_muted"),
        ):
            painter.setFont(self._theme.font(font))
            painter.setPen(self._theme.color(color))
            shown = self._metrics(font).elidedText(text, Qt.TextElideMode.ElideRight, rect.width())
            lead = Qt.AlignmentFlag.AlignLeading | Qt.AlignmentFlag.AlignVCenter
            painter.drawText(self._mirrored(rect, option), lead, shown)

    def _paint_badge(self, painter: QPainter, rect: QRect, text: str, tone: str) -> None:
        theme = self._theme
        ground = "muted_soft" if tone == "muted" else f"{tone}_soft"
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.color(ground))
        painter.drawRoundedRect(rect, rect.height() / 2, rect.height() / 2)
        painter.setFont(theme.font("small_strong"))
        painter.setPen(theme.color("text_muted" if tone == "muted" else tone))
        shown = self._metrics("small_strong").elidedText(
            text, Qt.TextElideMode.ElideRight, rect.width() - 10
        )
        painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, shown)

    def _mirrored(self, rect: QRect, option: QStyleOptionViewItem) -> QRect:
        return QStyle.visualRect(option.direction, option.rect, rect)


class RunList(QListView):
    """Shows the runs, the newest first; one is chosen.

    Signals:
        run_chosen: The id of the run that is chosen; 0 for none.
    """

    run_chosen = Signal(int)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._wanted = 0
        self._chosen = 0
        self.row_model = RunListModel(self)
        self.setModel(self.row_model)
        self.setItemDelegate(RunDelegate(theme, self))
        self.setAccessibleName(_("Runs"))
        self.setMouseTracking(True)
        self.setUniformItemSizes(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.selectionModel().currentChanged.connect(self._on_current_changed)
        follow_selection(self)
        theme.changed.connect(self._on_theme_changed)

    def _on_theme_changed(self) -> None:
        """Another look, or larger fonts, which make the rows higher."""
        self.scheduleDelayedItemsLayout()
        self.viewport().update()

    @property
    def chosen(self) -> int:
        """The id of the chosen run; 0 for none."""
        return self._chosen

    def choose(self, run_id: int) -> None:
        """Choose a run, as soon as it is there."""
        self._wanted = run_id
        number = self.row_model.row_number(run_id)
        if number >= 0:
            self.setCurrentIndex(self.row_model.index(number))

    def show_rows(self, rows: list[RunRow]) -> None:
        """Show these runs; the chosen one stays chosen, and without one the newest is."""
        self.row_model.set_rows(rows)
        if self._wanted and self.row_model.row_number(self._wanted) >= 0:
            self.choose(self._wanted)
            self._wanted = 0
        elif self._chosen and (number := self.row_model.row_number(self._chosen)) >= 0:
            self.setCurrentIndex(self.row_model.index(number))
        elif rows:
            self.setCurrentIndex(self.row_model.index(0))
        else:
            self._on_current_changed(QModelIndex(), QModelIndex())

    def _on_current_changed(self, now: QModelIndex, _before: QModelIndex) -> None:
        row: RunRow | None = now.data(ROW) if now.isValid() else None
        chosen = row.run.id if row is not None else 0
        if chosen != self._chosen:
            self._chosen = chosen
            # Not in the midst of a change of the rows.
            QTimer.singleShot(0, self, lambda: self.run_chosen.emit(self._chosen))
