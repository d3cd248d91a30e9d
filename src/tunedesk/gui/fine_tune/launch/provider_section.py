"""Where it is trained: a card for each provider, and what choosing it means."""

import datetime

from PySide6.QtCore import QRect, QRectF, QSignalBlocker, QSize, Qt, Signal
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QAbstractButton, QGridLayout, QSizePolicy, QVBoxLayout, QWidget

from tunedesk.gui.fine_tune.run_text import day_text
from tunedesk.gui.theme import Theme
from tunedesk.gui.widgets.labels import Label, SectionTitle
from tunedesk.i18n import _
from tunedesk.services.providers import Provider, provider_named, providers

PADDING = 12
WIDTH = 126


class ProviderCard(QAbstractButton):
    """A card that is chosen by a click; one of several."""

    def __init__(
        self, theme: Theme, title: str, line: str, tone: str = "", parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._theme = theme
        self._line = line
        self._tone = tone
        self.setText(title)
        self.setAccessibleName(title)
        self.setAccessibleDescription(line)
        self.setCheckable(True)
        self.setAutoExclusive(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        theme.changed.connect(self.update)

    def sizeHint(self) -> QSize:
        """Room for the name and what stands below it, five lines in all."""
        small = QFontMetrics(self._theme.font("small")).lineSpacing()
        strong = QFontMetrics(self._theme.font("strong")).lineSpacing()
        return QSize(WIDTH, 2 * PADDING + 2 * strong + 3 * small + 2)

    def minimumSizeHint(self) -> QSize:
        """The least room it can do with; the section sets fewer beside each other before."""
        return QSize(WIDTH // 2, self.sizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw it in the colours of the theme."""
        theme, on = self._theme, self.isChecked()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        ground = "hover" if self.underMouse() and not on else "surface"
        frame = "accent" if on or self.hasFocus() else "border"
        width = 2 if on else 1
        radius = theme.size("card_radius")
        box = QRectF(self.rect()).adjusted(1, 1, -1, -1)
        if self.hasFocus():
            painter.setPen(QPen(theme.color("accent_soft"), 3))
            painter.drawRoundedRect(box, radius, radius)
        painter.setPen(QPen(theme.color(frame), width))
        painter.setBrush(theme.color(ground))
        painter.drawRoundedRect(box.adjusted(1, 1, -1, -1), radius, radius)
        inner = self.rect().adjusted(PADDING, PADDING, -PADDING, -PADDING)
        painter.setLayoutDirection(self.layoutDirection())
        painter.setFont(theme.font("strong"))
        painter.setPen(theme.color("text"))
        lead = Qt.AlignmentFlag.AlignLeading | Qt.AlignmentFlag.AlignTop
        wrapped = int(lead) | int(Qt.TextFlag.TextWordWrap)
        name = painter.boundingRect(inner, wrapped, self.text())
        painter.drawText(inner, wrapped, self.text())
        painter.setFont(theme.font("small"))
        painter.setPen(theme.color(self._tone or "text_muted"))
        rest = QRect(inner)
        rest.setTop(inner.top() + name.height() + 2)
        rest.setBottom(self.rect().bottom() - 2)
        painter.drawText(rest, wrapped, self._line)


GAP = 8


class ProviderSection(QWidget):
    """One card a provider, in as many columns as there is room for.

    Signals:
        changed: Another provider is chosen.
    """

    changed = Signal()

    def __init__(self, theme: Theme, today: datetime.date, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._columns = 0
        self.cards: dict[str, ProviderCard] = {}
        for name, provider in providers().items():
            line, tone = provider_line(provider, today)
            card = ProviderCard(theme, provider.title, line, tone)
            # Not `clicked`: a screen reader sets the card without a click.
            card.toggled.connect(self._on_toggled)
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
    def provider(self) -> Provider:
        """The provider that is chosen."""
        for name, card in self.cards.items():
            if card.isChecked():
                return provider_named(name)
        return provider_named("local")

    def choose(self, name: str) -> None:
        """Begin with this provider."""
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

    def _on_toggled(self, chosen: bool) -> None:
        if chosen:
            self._explain()
            self.changed.emit()

    def _explain(self) -> None:
        self.explanation.setText(self.provider.explanation)


def provider_line(provider: Provider, today: datetime.date) -> tuple[str, str]:
    """The few words on a card, and their tone."""
    if provider.is_closed(today):
        return _("Takes no new jobs any more"), "error"
    if provider.ends is not None:
        day = day_text(provider.ends)
        return _("No new jobs from {day}").format(day=day), "warning"
    if provider.name == "local":
        return _("Nothing leaves it. No account."), ""
    if provider.name == "custom":
        return _("Any server that speaks OpenAI's API"), ""
    return (_("Key needed"), "") if provider.key_needed else ("", "")
