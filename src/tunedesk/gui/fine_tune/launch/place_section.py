"""Where it is trained: a card for each place, and what choosing it means."""

import datetime

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QGridLayout, QVBoxLayout, QWidget

from tunedesk.gui.fine_tune.launch.place_card import WIDTH, PlaceCard
from tunedesk.gui.fine_tune.run_words import day_words
from tunedesk.gui.theme import Theme
from tunedesk.gui.widgets.label import Label
from tunedesk.gui.widgets.section_title import SectionTitle
from tunedesk.i18n import _
from tunedesk.services.providers import Provider, provider_named, providers

GAP = 8


class PlaceSection(QWidget):
    """One card a provider, in as many columns as there is room for.

    Signals:
        changed: Another place is chosen.
    """

    changed = Signal()

    def __init__(self, theme: Theme, today: datetime.date, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._columns = 0
        self.cards: dict[str, PlaceCard] = {}
        for name, place in providers().items():
            line, tone = place_line(place, today)
            card = PlaceCard(theme, place.title, line, tone)
            # Not `clicked`: a screen reader sets the card without a click.
            card.toggled.connect(self._take)
            self.cards[name] = card
        self.explanation = Label(theme, "", "small", "muted", wrap=True)
        self._grid = QGridLayout()
        self._grid.setSpacing(GAP)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(SectionTitle(theme, _("Where")))
        column.addLayout(self._grid)
        column.addWidget(self.explanation)
        self._arrange(len(self.cards))

    @property
    def place(self) -> Provider:
        """The place that is chosen."""
        for name, card in self.cards.items():
            if card.isChecked():
                return provider_named(name)
        return provider_named("local")

    def take(self, name: str) -> None:
        """Begin with this place."""
        card = self.cards.get(name) or self.cards["local"]
        with QSignalBlocker(card):
            card.setChecked(True)
        self._explain()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Set as many cards beside each other as there is room for."""
        super().resizeEvent(event)
        room = (self.width() + GAP) // (WIDTH + GAP)
        self._arrange(len(self.cards) if room >= len(self.cards) else max(2, min(3, room)))

    def _arrange(self, columns: int) -> None:
        if columns == self._columns:
            return
        self._columns = columns
        for number, card in enumerate(self.cards.values()):
            self._grid.addWidget(card, number // columns, number % columns)
        for number in range(len(self.cards)):
            self._grid.setColumnStretch(number, 1 if number < columns else 0)

    def _take(self, chosen: bool) -> None:
        if chosen:
            self._explain()
            self.changed.emit()

    def _explain(self) -> None:
        self.explanation.setText(self.place.explanation)


def place_line(place: Provider, today: datetime.date) -> tuple[str, str]:
    """The few words on a card, and their tone."""
    if place.is_closed(today):
        return _("Takes no new jobs any more"), "error"
    if place.ends is not None:
        day = day_words(place.ends)
        return _("No new jobs from {day}").format(day=day), "warning"
    if place.name == "local":
        return _("Nothing leaves it. No account."), ""
    if place.name == "custom":
        return _("Any server that speaks OpenAI's API"), ""
    return (_("Key needed"), "") if place.key_needed else ("", "")
