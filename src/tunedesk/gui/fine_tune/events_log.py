"""The log of a run: times and sentences, to be searched; places in the data are links."""

from PySide6.QtCore import QModelIndex, Signal
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QListView, QPushButton, QWidget

from tunedesk.gui.fine_tune.event_delegate import EventDelegate
from tunedesk.gui.fine_tune.events_model import EVENT, EventsModel
from tunedesk.gui.theme import Theme
from tunedesk.gui.widgets.card import Card
from tunedesk.gui.widgets.chip import Chip
from tunedesk.gui.widgets.label import Label
from tunedesk.gui.widgets.section_title import SectionTitle
from tunedesk.i18n import _
from tunedesk.project.run_records import Run, RunEvent
from tunedesk.services.file_references import FileReference, find_file_references

MOST_LINKS = 4
LEAST_HEIGHT = 150


class EventsLog(Card):
    """Shows the events of one run, the newest first.

    Signals:
        place_asked: Show the example of a `Place` in the training file.
    """

    place_asked = Signal(object)

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
        top = QHBoxLayout()
        top.setSpacing(12)
        top.addWidget(SectionTitle(theme, _("Events")))
        top.addWidget(self._links)
        top.addStretch()
        top.addWidget(self.steps)
        top.addWidget(self.search)
        self.body.addLayout(top)
        self.body.addWidget(self._none)
        self.body.addWidget(self.view, 1)
        self._links.hide()
        self.search.textChanged.connect(self._search)
        self.steps.toggled.connect(self._show_steps)
        self.view.selectionModel().currentChanged.connect(self._take_current)
        self.view.activated.connect(self._go_to_first)
        theme.changed.connect(self.view.viewport().update)

    def show_events(self, run: Run, events: list[RunEvent]) -> None:
        """Show the log of a run."""
        self.model.show_events(run, events)
        self._show_whether_any()

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

    def _take_current(self, now: QModelIndex, _before: QModelIndex) -> None:
        """Offer the places that the chosen event names."""
        while (item := self._flow.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        event: RunEvent | None = now.data(EVENT) if now.isValid() else None
        places = find_file_references(event.message)[:MOST_LINKS] if event is not None else []
        for place in places:
            button = QPushButton(place_words(place))
            button.setProperty("kind", "link")
            button.setToolTip(_("Show this example as it was sent"))
            button.clicked.connect(lambda _on=False, place=place: self.place_asked.emit(place))
            self._flow.addWidget(button)
        self._links.setVisible(bool(places))

    def _go_to_first(self, index: QModelIndex) -> None:
        event: RunEvent | None = index.data(EVENT)
        places = find_file_references(event.message) if event is not None else []
        if places:
            self.place_asked.emit(places[0])


def place_words(place: FileReference) -> str:
    """A place in a training file, in words: Line 12, message 3."""
    if place.message is None:
        return _("Line {line}").format(line=f"{place.line:,}")
    return _("Line {line}, message {message}").format(line=f"{place.line:,}", message=place.message)
