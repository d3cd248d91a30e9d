"""The log of a run: times and sentences, searched by words; positions in the data are links."""

from typing import NamedTuple

from PySide6.QtCore import (
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QPointF,
    QRect,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QFontMetrics, QPainter, QTextLayout
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLineEdit,
    QListView,
    QPushButton,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from tunedesk.examples.json_edit import on_one_line
from tunedesk.gui.dates import time_to_the_second
from tunedesk.gui.theme import Theme
from tunedesk.gui.widgets.buttons import FoldButton
from tunedesk.gui.widgets.cards import Card
from tunedesk.gui.widgets.choices import Chip
from tunedesk.gui.widgets.labels import ElidedLabel, Label, plain_tooltip
from tunedesk.gui.widgets.layouts import clear_layout
from tunedesk.gui.widgets.row_list import ROW, RowListModel, wrapped
from tunedesk.i18n import _
from tunedesk.project.run_records import Run, RunEvent
from tunedesk.services.file_references import FileReference, find_file_references
from tunedesk.services.providers import providers
from tunedesk.services.redaction import redacted
from tunedesk.services.service_errors import explain_event, without_ids

STEP = "metrics"
"""The kind of an event that tells the figures of a step; there may be many thousands."""


class EventRow(NamedTuple):
    """An event as the log shows it.

    Attributes:
        event: The event.
        plain: What an error of a service means, in plain words; may be empty.
    """

    event: RunEvent
    plain: str

    @property
    def key(self) -> str:
        """What tells it from the others."""
        return self.event.id

    @property
    def words(self) -> str:
        """What it says, without ids."""
        said = without_ids(self.event.message)
        return f"{self.plain} {said}" if self.plain else said


class EventsModel(RowListModel[EventRow]):
    """Events, the newest first; new ones come in at the top."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._searched: list[str] = []
        self._steps = False
        self._all: list[EventRow] = []

    def show_events(self, run: Run, events: list[RunEvent]) -> None:
        """Show the log of a run, as the project holds it."""
        plain = _plain_text(run, events)
        # A project of an older Tunedesk may hold what a service said as it was.
        self._all = [
            EventRow(event._replace(message=redacted(event.message)), plain.get(event.id, ""))
            for event in events
        ]
        self._show()

    def search(self, text: str) -> None:
        """Show only the events that hold all of these words; ids are found, too."""
        self._searched = text.casefold().split()
        self._show()

    def show_steps(self, shown: bool) -> None:
        """Show the events that only tell the figures of a step, or leave them to the chart."""
        self._steps = shown
        self._show()

    def row_text(self, row: EventRow, role: int) -> str | None:
        """The sentence, what a screen reader says of it, and the ids that it had."""
        said = without_ids(row.event.message)
        if role == Qt.ItemDataRole.DisplayRole:
            return said
        if role == Qt.ItemDataRole.ToolTipRole:
            return plain_tooltip(row.event.message) if row.event.message != said else None
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return f"{time_to_the_second(row.event.time)} {row.words}"
        return None

    def _show(self) -> None:
        self.set_rows(
            [
                row
                for row in self._all
                if (self._steps or row.event.kind != STEP)
                and all(
                    word in f"{row.words} {row.event.message}".casefold() for word in self._searched
                )
            ]
        )


def _plain_text(run: Run, events: list[RunEvent]) -> dict[str, str]:
    """What the errors among the events mean, by their ids."""
    provider = providers().get(run.provider)
    if provider is None:
        # Written by a newer Tunedesk.
        return {}
    return {event.id: plain for event in events if (plain := explain_event(event, provider))}


PADDING = 5
GAP = 14
_COLORS = {"error": "error", "warn": "warning"}


class EventDelegate(QStyledItemDelegate):
    """Paints rows that hold a `RunEvent`."""

    def __init__(self, theme: Theme, view: QListView, parent: QObject | None = None) -> None:
        super().__init__(parent or view)
        self._theme = theme
        self._view = view

    def sizeHint(
        self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> QSize:
        """As wide as the list, as high as the sentence needs."""
        event: RunEvent = index.data(ROW).event
        width = self._view.viewport().width()
        parts = self._parts(index, width - self._left(event) - 2)
        return QSize(width, sum(height for _color, _layout, height in parts) + 2 * PADDING)

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        """Paint the row."""
        event: RunEvent = index.data(ROW).event
        theme, rect = self._theme, option.rect
        painter.save()
        if option.state & QStyle.StateFlag.State_Selected:
            painter.fillRect(rect, theme.color("selection"))
        elif option.state & QStyle.StateFlag.State_MouseOver:
            painter.fillRect(rect, theme.color("hover"))
        left = self._left(event)
        painter.setFont(theme.font())
        painter.setPen(theme.color("text_muted"))
        line = QRect(rect.left() + 2, rect.top() + PADDING, left, rect.height())
        painter.drawText(line, Qt.AlignmentFlag.AlignLeft, time_to_the_second(event.time))
        top = rect.top() + PADDING
        for color, layout, height in self._parts(index, rect.width() - left - 2):
            painter.setPen(theme.color(color))
            layout.draw(painter, QPointF(rect.left() + left, top))
            top += height
        painter.restore()

    def _parts(
        self, index: QModelIndex | QPersistentModelIndex, width: int
    ) -> list[tuple[str, QTextLayout, int]]:
        """The color, the lines and their height of what it means, and of what was said."""
        row: EventRow = index.data(ROW)
        event, plain = row
        color, said = _COLORS.get(event.level, "text"), without_ids(event.message)
        texts = [(color, plain), ("text_muted", said)] if plain else [(color, said)]
        return [(color, *wrapped(text, self._theme.font(), width)) for color, text in texts]

    def _left(self, event: RunEvent) -> int:
        metrics = QFontMetrics(self._theme.font())
        least = metrics.horizontalAdvance("00:00:00")
        return max(least, metrics.horizontalAdvance(time_to_the_second(event.time))) + GAP


MOST_LINKS = 4
LEAST_HEIGHT = 150


class EventsLog(Card):
    """Shows the events of one run, the newest first.

    Signals:
        reference_asked: Show the example of a `Place` in the training file.
    """

    reference_asked = Signal(object)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent=parent)
        self.setAccessibleName(_("Events"))
        self.model = EventsModel(self)
        self.search = QLineEdit()
        self.search.setPlaceholderText(_("Search the log"))
        self.search.setAccessibleName(_("Search the log"))
        self.search.setClearButtonEnabled(True)
        self.search.setMaximumWidth(240)
        self.steps = Chip(theme, _("Each step"))
        self.steps.setToolTip(_("Show the figures of each step in the log as well"))
        self.view = QListView()
        self.view.setAccessibleName(_("Events"))
        self.view.setModel(self.model)
        self.view.setItemDelegate(EventDelegate(theme, self.view))
        self.view.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.view.setResizeMode(QListView.ResizeMode.Adjust)
        self.view.setMinimumHeight(LEAST_HEIGHT)
        self._links = QWidget()
        self._flow = QHBoxLayout(self._links)
        self._flow.setContentsMargins(0, 0, 0, 0)
        self._flow.setSpacing(4)
        self._none = Label(theme, _("Nothing has happened yet."), "base", "muted")
        inside = QWidget()
        column = QVBoxLayout(inside)
        column.setContentsMargins(0, 0, 0, 0)
        self.fold = FoldButton(_("Events"), inside)
        top = QHBoxLayout()
        top.setSpacing(12)
        top.addWidget(self._links)
        top.addStretch()
        top.addWidget(self.steps)
        top.addWidget(self.search)
        column.addLayout(top)
        column.addWidget(self._none)
        column.addWidget(self.view, 1)
        self.last = ElidedLabel(theme, "", "base", "muted")
        line = QHBoxLayout()
        line.setSpacing(12)
        line.addWidget(self.fold)
        line.addWidget(self.last, 1)
        self.body.addLayout(line)
        self.body.addWidget(inside, 1)
        self._links.hide()
        self.search.textChanged.connect(self._search)
        self.steps.toggled.connect(self._show_steps)
        self.view.selectionModel().currentChanged.connect(self._on_current_changed)
        self.view.activated.connect(self._go_to_first)
        theme.changed.connect(self.view.viewport().update)

    def show_events(self, run: Run, events: list[RunEvent]) -> None:
        """Show the log of a run."""
        self.model.show_events(run, events)
        self._show_whether_any()
        latest = next((event for event in events if event.kind != STEP), None)
        said = "" if latest is None else redacted(latest.message)
        self.last.setText(on_one_line(without_ids(said)))

    def _search(self, text: str) -> None:
        self.model.search(text)
        self._show_whether_any()

    def _show_steps(self, shown: bool) -> None:
        self.model.show_steps(shown)
        self._show_whether_any()

    def _show_whether_any(self) -> None:
        some = self.model.rowCount() > 0
        self.view.setVisible(some)
        self._none.setVisible(not some)
        searching = bool(self.search.text().strip())
        self._none.setText(
            _("No event has these words.") if searching else _("Nothing has happened yet.")
        )

    def _on_current_changed(self, now: QModelIndex, _before: QModelIndex) -> None:
        """Offer the references that the chosen event names."""
        clear_layout(self._flow)
        row: EventRow | None = now.data(ROW) if now.isValid() else None
        references = find_file_references(row.event.message)[:MOST_LINKS] if row else []
        for reference in references:
            button = QPushButton(file_reference_text(reference))
            button.setProperty("kind", "link")
            button.setToolTip(_("Show this example as it was sent"))
            button.clicked.connect(
                lambda _on=False, reference=reference: self.reference_asked.emit(reference)
            )
            self._flow.addWidget(button)
        self._links.setVisible(bool(references))

    def _go_to_first(self, index: QModelIndex) -> None:
        row: EventRow | None = index.data(ROW)
        references = find_file_references(row.event.message) if row is not None else []
        if references:
            self.reference_asked.emit(references[0])


def file_reference_text(reference: FileReference) -> str:
    """A position in a training file, in words: Line 12, message 3."""
    if reference.message is None:
        return _("Line {line}").format(line=f"{reference.line:,}")
    return _("Line {line}, message {message}").format(
        line=f"{reference.line:,}", message=reference.message
    )
