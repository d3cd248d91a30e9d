"""The list of runs at the left of the page: its rows, how each is painted, and the view."""

from typing import NamedTuple

from PySide6.QtCore import (
    QAbstractListModel,
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

from tunedesk.gui.fine_tune.run_text import (
    facts_text,
    loss_text,
    model_text,
    provider_text,
    share_done,
    state_text,
)
from tunedesk.gui.theme import Theme
from tunedesk.gui.widgets.row_list import follow_selection
from tunedesk.i18n import _
from tunedesk.project.project import Project
from tunedesk.project.run_records import Run

ROW = Qt.ItemDataRole.UserRole
"""The role under which a row is a `RunRow`."""


class RunRow(NamedTuple):
    """A run with what the list says of it.

    Attributes:
        run: The run.
        valid_loss: Its last validation loss; None without.
    """

    run: Run
    valid_loss: float | None

    @property
    def aside(self) -> str:
        """The few words at the end of its line: how far it is, or how good it is."""
        if self.run.ended:
            if self.valid_loss is None or not self.run.succeeded:
                return ""
            return _("valid {loss}").format(loss=loss_text(self.valid_loss))
        share = share_done(self.run)
        return "" if share is None else _("{n} %").format(n=int(share * 100))

    @property
    def under(self) -> str:
        """Its second line: the base model and where."""
        return f"{model_text(self.run)} · {provider_text(self.run)}"


def find_runs(project: Project) -> list[RunRow]:
    """The rows of the list; called in a thread."""
    rows = []
    for run in project.runs.all():
        last = project.runs.last_metric(run.id)
        loss = None
        if last is not None:
            full = last.full_valid_loss
            loss = full if full is not None else last.valid_loss
        rows.append(RunRow(run, loss))
    return rows


class RunListModel(QAbstractListModel):
    """Keeps to the rows it is given with the smallest changes, so that the selection stays."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._rows: list[RunRow] = []

    def show_rows(self, rows: list[RunRow]) -> None:
        """Show these rows; their order is that of the project."""
        wanted = [row.run.id for row in rows]
        for number in reversed(range(len(self._rows))):
            if self._rows[number].run.id not in wanted:
                self.beginRemoveRows(QModelIndex(), number, number)
                del self._rows[number]
                self.endRemoveRows()
        if [row.run.id for row in self._rows] != [
            number for number in wanted if number in {row.run.id for row in self._rows}
        ]:
            self.beginResetModel()
            self._rows = list(rows)
            self.endResetModel()
            return
        for number, row in enumerate(rows):
            if number >= len(self._rows) or self._rows[number].run.id != row.run.id:
                self.beginInsertRows(QModelIndex(), number, number)
                self._rows.insert(number, row)
                self.endInsertRows()
            elif self._rows[number] != row:
                self._rows[number] = row
                self.dataChanged.emit(self.index(number), self.index(number))

    def row_at(self, number: int) -> RunRow | None:
        """The row of that number."""
        return self._rows[number] if 0 <= number < len(self._rows) else None

    def all_rows(self) -> list[RunRow]:
        """All rows, as they stand."""
        return list(self._rows)

    def row_number(self, run_id: int) -> int:
        """The number of a run's row, or -1."""
        for number, row in enumerate(self._rows):
            if row.run.id == run_id:
                return number
        return -1

    def rowCount(self, parent: QModelIndex | QPersistentModelIndex = QModelIndex()) -> int:  # noqa: B008
        """How many runs there are."""
        return 0 if parent.isValid() else len(self._rows)

    def data(
        self,
        index: QModelIndex | QPersistentModelIndex,
        role: int = Qt.ItemDataRole.DisplayRole,
    ) -> object:
        """The run's name, what a screen reader says of it, and the row itself."""
        row = self.row_at(index.row())
        if row is None:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return row.run.name
        if role == Qt.ItemDataRole.AccessibleTextRole:
            words = [row.run.name, state_text(row.run).text, row.aside, facts_text(row.run)]
            return ", ".join(word for word in words if word)
        return row if role == ROW else None


HEIGHT = 62
MARGIN = 14
GAP = 8
PILL = 18


class RunDelegate(QStyledItemDelegate):
    """Paints rows that hold a `RunRow`."""

    def __init__(self, theme: Theme, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._theme = theme

    def sizeHint(
        self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> QSize:
        """All rows are equally high."""
        return QSize(200, HEIGHT)

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
        self._paint_words(painter, rect.adjusted(MARGIN, 9, -MARGIN, -9), row, option)
        painter.restore()

    def _paint_words(
        self, painter: QPainter, rect: QRect, row: RunRow, option: QStyleOptionViewItem
    ) -> None:
        theme = self._theme
        lead = Qt.AlignmentFlag.AlignLeading | Qt.AlignmentFlag.AlignVCenter
        small, strong = QFontMetrics(theme.font("small")), QFontMetrics(theme.font("strong"))
        badge_font = QFontMetrics(theme.font("small_strong"))
        line = QRect(rect.left(), rect.top(), rect.width(), 20)
        aside = small.horizontalAdvance(row.aside) + (GAP if row.aside else 0)
        words = state_text(row.run)
        badge = min(badge_font.horizontalAdvance(words.text) + 14, line.width() // 2)
        room = line.width() - aside - badge - GAP
        name = strong.elidedText(row.run.name, Qt.TextElideMode.ElideRight, max(room, 40))
        width = strong.horizontalAdvance(name)
        painter.setFont(theme.font("strong"))
        painter.setPen(theme.color("text"))
        painter.drawText(
            self._mirrored(QRect(line.left(), line.top(), width + 2, 20), option), lead, name
        )
        pill = QRect(line.left() + width + GAP, line.top() + 1, badge, PILL)
        self._paint_badge(painter, self._mirrored(pill, option), words.text, words.tone)
        painter.setFont(theme.font("small"))
        painter.setPen(theme.color("text_muted"))
        trail = Qt.AlignmentFlag.AlignTrailing | Qt.AlignmentFlag.AlignVCenter
        painter.drawText(line, trail, row.aside)
        under = QRect(rect.left(), rect.bottom() - 18, rect.width(), 18)
        painter.drawText(
            under, lead, small.elidedText(row.under, Qt.TextElideMode.ElideRight, under.width())
        )

    def _paint_badge(self, painter: QPainter, rect: QRect, text: str, tone: str) -> None:
        theme = self._theme
        ground = "muted_soft" if tone == "muted" else f"{tone}_soft"
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.color(ground))
        painter.drawRoundedRect(rect, PILL / 2, PILL / 2)
        painter.setFont(theme.font("small_strong"))
        painter.setPen(theme.color("text_muted" if tone == "muted" else tone))
        shown = QFontMetrics(painter.font()).elidedText(
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
        self.rows = RunListModel(self)
        self.setModel(self.rows)
        self.setItemDelegate(RunDelegate(theme, self))
        self.setAccessibleName(_("Runs"))
        self.setMouseTracking(True)
        self.setUniformItemSizes(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.selectionModel().currentChanged.connect(self._on_current_changed)
        follow_selection(self)
        theme.changed.connect(self.viewport().update)

    @property
    def chosen(self) -> int:
        """The id of the chosen run; 0 for none."""
        return self._chosen

    def choose(self, run_id: int) -> None:
        """Choose a run, as soon as it is there."""
        self._wanted = run_id
        number = self.rows.row_number(run_id)
        if number >= 0:
            self.setCurrentIndex(self.rows.index(number))

    def show_rows(self, rows: list[RunRow]) -> None:
        """Show these runs; the chosen one stays chosen, and without one the newest is."""
        self.rows.show_rows(rows)
        if self._wanted and self.rows.row_number(self._wanted) >= 0:
            self.choose(self._wanted)
            self._wanted = 0
        elif self._chosen and (number := self.rows.row_number(self._chosen)) >= 0:
            self.setCurrentIndex(self.rows.index(number))
        elif rows:
            self.setCurrentIndex(self.rows.index(0))
        else:
            self._on_current_changed(QModelIndex(), QModelIndex())

    def _on_current_changed(self, now: QModelIndex, _before: QModelIndex) -> None:
        row: RunRow | None = now.data(ROW) if now.isValid() else None
        chosen = row.run.id if row is not None else 0
        if chosen != self._chosen:
            self._chosen = chosen
            # Not in the midst of a change of the rows.
            QTimer.singleShot(0, self, lambda: self.run_chosen.emit(self._chosen))
