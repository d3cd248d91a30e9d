"""The log of a run: times and sentences, searched by words; positions in the data are links."""

import re

from PySide6.QtCore import (
    QAbstractListModel,
    QDateTime,
    QLocale,
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
from tunedesk.gui.theme import Theme
from tunedesk.gui.widgets.buttons import FoldButton
from tunedesk.gui.widgets.cards import Card
from tunedesk.gui.widgets.choices import Chip
from tunedesk.gui.widgets.labels import ElidedLabel, Label, plain_tooltip
from tunedesk.gui.widgets.layouts import clear_layout
from tunedesk.gui.widgets.row_list import wrapped
from tunedesk.i18n import _
from tunedesk.project.run_records import Run, RunEvent
from tunedesk.services.file_references import FileReference, find_file_references
from tunedesk.services.providers import providers
from tunedesk.services.service_errors import explain_event

EVENT = Qt.ItemDataRole.UserRole
"""The role under which a row is its `RunEvent`."""

PLAIN = Qt.ItemDataRole.UserRole + 1
"""The role under which an error of a service says in plain words what it means; may be empty."""

STEP = "metrics"
"""The kind of an event that tells the figures of a step; there may be many thousands."""


class EventsModel(QAbstractListModel):
    """Events, the newest first; new ones come in at the top."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._run_id = 0
        self._words: list[str] = []
        self._steps = False
        self._all: list[RunEvent] = []
        self._rows: list[RunEvent] = []
        self._plain: dict[str, str] = {}

    def show_events(self, run: Run, events: list[RunEvent]) -> None:
        """Show the log of a run, as the project holds it."""
        self._all = events
        self._plain = _plain_text(run, events)
        self._show(self._found(), anew=run.id != self._run_id)
        self._run_id = run.id

    def search(self, text: str) -> None:
        """Show only the events that hold all of these words."""
        self._words = text.casefold().split()
        self._show(self._found(), anew=True)

    def show_steps(self, shown: bool) -> None:
        """Show the events that only tell the figures of a step, or leave them to the chart."""
        self._steps = shown
        self._show(self._found(), anew=True)

    def event_at(self, number: int) -> RunEvent | None:
        """The event in a row."""
        return self._rows[number] if 0 <= number < len(self._rows) else None

    def rowCount(self, parent: QModelIndex | QPersistentModelIndex = QModelIndex()) -> int:  # noqa: B008
        """How many events show."""
        return 0 if parent.isValid() else len(self._rows)

    def data(
        self,
        index: QModelIndex | QPersistentModelIndex,
        role: int = Qt.ItemDataRole.DisplayRole,
    ) -> object:
        """The sentence, what a screen reader says of it, and the event itself."""
        event = self.event_at(index.row())
        if event is None:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return without_ids(event.message)
        if role == Qt.ItemDataRole.ToolTipRole:
            whole = event.message
            return plain_tooltip(whole) if whole != without_ids(whole) else None
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return " ".join((time_text(event.time), self._words_of(event)))
        if role == PLAIN:
            return self._plain.get(event.id, "")
        return event if role == EVENT else None

    def _words_of(self, event: RunEvent) -> str:
        plain, said = self._plain.get(event.id, ""), without_ids(event.message)
        return f"{plain} {said}" if plain else said

    def _found(self) -> list[RunEvent]:
        return [
            event
            for event in self._all
            if (self._steps or event.kind != STEP)
            and all(
                word in f"{self._words_of(event)} {event.message}".casefold()
                for word in self._words
            )
        ]

    def _show(self, rows: list[RunEvent], *, anew: bool) -> None:
        more = len(rows) - len(self._rows)
        if not anew and more >= 0 and rows[more:] == self._rows:
            if more:
                self.beginInsertRows(QModelIndex(), 0, more - 1)
                self._rows = rows
                self.endInsertRows()
            return
        self.beginResetModel()
        self._rows = rows
        self.endResetModel()


def _plain_text(run: Run, events: list[RunEvent]) -> dict[str, str]:
    """What the errors among the events mean, by their ids."""
    provider = providers().get(run.provider)
    if provider is None:
        # Written by a newer Tunedesk.
        return {}
    return {event.id: plain for event in events if (plain := explain_event(event, provider))}


_ID = re.compile(
    r"""\s*[:(]?\s*["'`]?\b(?:file|ftjob|ftckpt|ftevent|job|upload|org|proj)[-_]
        (?=[\w-]*[\dA-Z])[A-Za-z0-9][\w-]{5,}["'`]?\)?""",
    re.VERBOSE,
)


def without_ids(sentence: str) -> str:
    """What a service says, without the ids of its files and jobs, which tell people nothing."""
    return _ID.sub("", sentence).strip() or sentence


def time_text(milliseconds: int) -> str:
    """The time of an event: the hour if it was today, else the day and the hour."""
    moment = QDateTime.fromMSecsSinceEpoch(milliseconds)
    if moment.date() == QDateTime.currentDateTime().date():
        return moment.toString("HH:mm:ss")
    return QLocale().toString(moment, QLocale.FormatType.ShortFormat)


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
        event: RunEvent = index.data(EVENT)
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
        event: RunEvent = index.data(EVENT)
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
        painter.drawText(line, Qt.AlignmentFlag.AlignLeft, time_text(event.time))
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
        event: RunEvent = index.data(EVENT)
        plain: str = index.data(PLAIN)
        color, said = _COLORS.get(event.level, "text"), without_ids(event.message)
        texts = [(color, plain), ("text_muted", said)] if plain else [(color, said)]
        return [(color, *wrapped(text, self._theme.font(), width)) for color, text in texts]

    def _left(self, event: RunEvent) -> int:
        metrics = QFontMetrics(self._theme.font())
        least = metrics.horizontalAdvance("00:00:00")
        return max(least, metrics.horizontalAdvance(time_text(event.time))) + GAP


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
        self.last.setText("" if latest is None else on_one_line(without_ids(latest.message)))

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
        event: RunEvent | None = now.data(EVENT) if now.isValid() else None
        references = find_file_references(event.message)[:MOST_LINKS] if event is not None else []
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
        event: RunEvent | None = index.data(EVENT)
        references = find_file_references(event.message) if event is not None else []
        if references:
            self.reference_asked.emit(references[0])


def file_reference_text(reference: FileReference) -> str:
    """A position in a training file, in words: Line 12, message 3."""
    if reference.message is None:
        return _("Line {line}").format(line=f"{reference.line:,}")
    return _("Line {line}, message {message}").format(
        line=f"{reference.line:,}", message=reference.message
    )
