"""The log of a run as the rows of a list, searched by words."""

from PySide6.QtCore import (
    QAbstractListModel,
    QDateTime,
    QLocale,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    Qt,
)

from tunedesk.project.run_records import Run, RunEvent
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
        self._plain = _plain_words(run, events)
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
        """The event at a place."""
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
            return event.message
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return " ".join((time_words(event.time), self._words_of(event)))
        if role == PLAIN:
            return self._plain.get(event.id, "")
        return event if role == EVENT else None

    def _words_of(self, event: RunEvent) -> str:
        plain = self._plain.get(event.id, "")
        return f"{plain} {event.message}" if plain else event.message

    def _found(self) -> list[RunEvent]:
        return [
            event
            for event in self._all
            if (self._steps or event.kind != STEP)
            and all(word in self._words_of(event).casefold() for word in self._words)
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


def _plain_words(run: Run, events: list[RunEvent]) -> dict[str, str]:
    """What the errors among the events mean, by their ids."""
    place = providers().get(run.provider)
    if place is None:
        # Written by a newer Tunedesk.
        return {}
    return {event.id: plain for event in events if (plain := explain_event(event, place))}


def time_words(milliseconds: int) -> str:
    """The time of an event: the hour if it was today, else the day and the hour."""
    moment = QDateTime.fromMSecsSinceEpoch(milliseconds)
    if moment.date() == QDateTime.currentDateTime().date():
        return moment.toString("HH:mm:ss")
    return QLocale().toString(moment, QLocale.FormatType.ShortFormat)
