"""Where it is trained: a card for each provider, and its address, key and test of both."""

import datetime

from PySide6.QtCore import QRect, QRectF, QSignalBlocker, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractButton,
    QCheckBox,
    QGridLayout,
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from tunedesk.errors import UserError
from tunedesk.gui.background import Background, Task
from tunedesk.gui.dates import day_text
from tunedesk.gui.theme import Theme
from tunedesk.gui.widgets.labels import Label, SectionTitle
from tunedesk.i18n import _
from tunedesk.services.connect import ConnectionReport, connect, try_connection
from tunedesk.services.keys import Key, Keys, key_location_text
from tunedesk.services.providers import (
    Provider,
    is_readable_by_others,
    normalize_address,
    provider_named,
    providers,
)

LOOK_MS = 400


class ConnectionSection(QWidget):
    """Fields for address and key, as far as the chosen provider needs them.

    Attributes:
        report: What trying the connection showed; None before, and after a change.

    Signals:
        changed: Another address, or a key came.
        reported: A `ConnectionReport`.
    """

    changed = Signal()
    reported = Signal(object)

    def __init__(
        self, theme: Theme, background: Background, keys: Keys, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._background = background
        self._keys = keys
        self._provider: Provider | None = None
        self._key: Key | None = None
        self._looking: Task | None = None
        self._trying: Task | None = None
        self.report: ConnectionReport | None = None
        self.address = QLineEdit()
        self.address.setAccessibleName(_("Address"))
        self.key = QLineEdit()
        self.key.setAccessibleName(_("Key"))
        self.key.setEchoMode(QLineEdit.EchoMode.Password)
        self.use_key = QPushButton(_("Use this key"))
        self.forget = QPushButton(_("Forget the key"))
        self.keep = QCheckBox(_("Keep it in this system's keyring"))
        self.keep.setChecked(True)
        self.plain_http = QCheckBox(_("I know, and send it all the same"))
        self.key_note = Label(theme, "", "small", "muted", wrap=True)
        self.address_note = Label(theme, "", "small", "warning", wrap=True)
        self.try_button = QPushButton(_("Try the connection"))
        self.says = Label(theme, "", "base", wrap=True)
        self.advice = Label(theme, "", "small", "muted", wrap=True)
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(LOOK_MS)
        self._soon.timeout.connect(self._find_key)
        self._lay_out(theme)
        self._connect()

    def _lay_out(self, theme: Theme) -> None:
        self._address_title = SectionTitle(theme, _("Address"))
        self._key_title = SectionTitle(theme, _("Key"))
        key = QHBoxLayout()
        key.addWidget(self.key, 1)
        for button in (self.use_key, self.forget):
            key.addWidget(button)
            button.setAutoDefault(False)
        key.addStretch()
        self.try_button.setAutoDefault(False)
        trying = QHBoxLayout()
        trying.addWidget(self.try_button)
        trying.addWidget(self.says, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        for widget in (self._address_title, self.address, self.address_note, self.plain_http):
            column.addWidget(widget)
        column.addWidget(self._key_title)
        column.addLayout(key)
        column.addWidget(self.keep)
        column.addWidget(self.key_note)
        column.addLayout(trying)
        column.addWidget(self.advice)

    def _connect(self) -> None:
        self.address.textChanged.connect(self._on_address_edited)
        self.key.textChanged.connect(self._show_key_buttons)
        self.key.returnPressed.connect(self._keep_key)
        self.use_key.clicked.connect(self._keep_key)
        self.forget.clicked.connect(self._forget_key)
        self.plain_http.toggled.connect(self.changed)
        self.try_button.clicked.connect(self.try_now)

    # What is chosen

    @property
    def base_url(self) -> str:
        """The address as the user gave it; empty: the provider's own."""
        return self.address.text().strip()

    @property
    def problem(self) -> str:
        """Why nothing can be sent yet, in a sentence; empty: nothing stands against it."""
        provider = self._provider
        if provider is None or provider.name == "local":
            return ""
        try:
            address = normalize_address(provider, self.base_url)
        except UserError as error:
            return error.sentence
        if self._key is None and provider.key_needed:
            return _("{provider} needs a key.").format(provider=provider.title)
        if is_readable_by_others(address) and not self.plain_http.isChecked():
            return _("Others could read your examples on the way; see the address.")
        return ""

    def set_provider(self, provider: Provider, base_url: str = "") -> None:
        """Ask for what this provider needs."""
        other = self._provider is not provider
        self._provider = provider
        self.setVisible(provider.name != "local")
        if provider.name == "local" or not other:
            return
        own = bool(provider.base_url) and "RESOURCE" not in provider.base_url
        self.address.setPlaceholderText(provider.address_hint or provider.base_url)
        self.address.setText("" if own else base_url)
        for widget in (self._address_title, self.address):
            widget.setVisible(not own)
        self.key.clear()
        self.key.setPlaceholderText(
            _("Paste the key here") if provider.key_needed else _("Only if the server asks for one")
        )
        self._on_address_edited()

    # The address

    def _on_address_edited(self) -> None:
        self._forget_report()
        self._key = None
        warning, is_readable = "", False
        provider = self._provider
        if provider is not None:
            try:
                address = normalize_address(provider, self.base_url)
                is_readable = is_readable_by_others(address)
                if is_readable:
                    warning = _(
                        "The address begins with http, not https: others on the way can read "
                        "your examples and your key."
                    )
            except UserError as error:
                warning = f"{error.sentence} {error.advice}" if self.base_url else ""
        self.address_note.setText(warning)
        self.address_note.setVisible(bool(warning))
        self.plain_http.setVisible(is_readable)
        self._show_key(None)
        self._soon.start()
        self.changed.emit()

    # The key

    def _find_key(self) -> None:
        provider = self._provider
        if provider is None or provider.name == "local":
            return
        if self._looking is not None:
            self._looking.cancel()
        self._looking = self._background.run(
            self._keys.find,
            provider,
            self.base_url,
            on_result=self._show_key,
            on_error=lambda _error: self._show_key(None),
        )

    def _show_key(self, key: Key | None) -> None:
        changed = (key is None) != (self._key is None)
        self._key = key
        provider = self._provider
        if provider is None:
            return
        if key is not None:
            self.key_note.setText(key_location_text(key.where, provider))
        elif provider.key_page:
            self.key_note.setText(
                _("A key is made at {page}; it belongs to you alone.").format(
                    page=provider.key_page
                )
            )
        else:
            self.key_note.setText("")
        self.key_note.setVisible(bool(self.key_note.text()))
        self.key.setVisible(key is None)
        self.forget.setVisible(key is not None and key.where != "environment")
        self._show_key_buttons()
        if changed:
            self.changed.emit()

    def _show_key_buttons(self) -> None:
        given = bool(self.key.text().strip()) and self._key is None
        self.use_key.setVisible(given)
        self.keep.setVisible(given)

    def _keep_key(self) -> None:
        provider, value = self._provider, self.key.text()
        if provider is None or not value.strip():
            return
        self._background.run(
            self._keys.keep,
            provider,
            self.base_url,
            value,
            not self.keep.isChecked(),
            on_result=lambda _where: self._kept(),
            on_error=self._show_error,
        )

    def _kept(self) -> None:
        self.key.clear()
        self._forget_report()
        self._find_key()

    def _forget_key(self) -> None:
        if self._provider is not None:
            self._background.run(
                self._keys.forget,
                self._provider,
                self.base_url,
                on_result=lambda _none: self._kept(),
                on_error=self._show_error,
            )

    # Trying

    def try_now(self) -> None:
        """Try the connection, with the key that stands in the field if there is one."""
        provider = self._provider
        if provider is None:
            return
        self._forget_report()
        if self.key.text().strip() and self._key is None:
            self._keep_key_and_try()
            return
        try:
            address = normalize_address(provider, self.base_url)
        except UserError as error:
            self._show_error(error)
            return
        self.says.setText(_("Trying …"))
        self.says.set_tone("muted")
        keys, plain = self._keys, self.plain_http.isChecked()
        self._trying = self._background.run(
            lambda: try_connection(connect(provider, address, keys, plain_http=plain)),
            on_result=self._on_report,
            on_error=self._show_error,
            lets_go=True,
        )

    def _keep_key_and_try(self) -> None:
        provider, value = self._provider, self.key.text()

        def kept(_where: object) -> None:
            self.key.clear()
            self.changed.emit()
            self._find_key()
            self.try_now()

        if provider is not None:
            self._background.run(
                self._keys.keep,
                provider,
                self.base_url,
                value,
                not self.keep.isChecked(),
                on_result=kept,
                on_error=self._show_error,
            )

    def _on_report(self, report: ConnectionReport) -> None:
        self.report = report
        self.says.setText(report.sentence)
        self.says.set_tone("success" if report.ok else "error")
        advice = "\n".join(part for part in (report.advice, report.detail) if part)
        self.advice.setText(advice)
        self.advice.setVisible(bool(advice))
        if report.refuses_key and self._key is not None and self._key.where != "environment":
            # Another one takes its place.
            self._show_key(None)
            self.key.setFocus()
        self.reported.emit(report)

    def _show_error(self, error: UserError) -> None:
        self.says.setText(error.sentence)
        self.says.set_tone("error")
        self.advice.setText(error.advice)
        self.advice.setVisible(bool(error.advice))

    def _forget_report(self) -> None:
        if self._trying is not None:
            self._trying.cancel()
            self._trying = None
        self.report = None
        self.says.setText("")
        self.advice.setText("")
        self.advice.hide()


PADDING = 12
WRAPPED = int(Qt.AlignmentFlag.AlignLeading | Qt.AlignmentFlag.AlignTop) | int(
    Qt.TextFlag.TextWordWrap
)
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
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        theme.changed.connect(self.updateGeometry)
        theme.changed.connect(self.update)

    def sizeHint(self) -> QSize:
        """Room for the name and what stands below it, four lines in all."""
        small = QFontMetrics(self._theme.font("small")).lineSpacing()
        strong = QFontMetrics(self._theme.font("strong")).lineSpacing()
        return QSize(WIDTH, 2 * PADDING + 2 * strong + 2 * small + 2)

    def hasHeightForWidth(self) -> bool:
        """Whether its height follows from its width: large fonts need more lines."""
        return True

    def heightForWidth(self, width: int) -> int:
        """Room for all lines of both texts, and never less than four."""
        inner = QRect(0, 0, width - 2 * PADDING, 10_000)
        texts = (("strong", self.text()), ("small", self._line))
        lines = [
            QFontMetrics(self._theme.font(font)).boundingRect(inner, WRAPPED, text).height()
            for font, text in texts
        ]
        return max(self.sizeHint().height(), 2 * PADDING + sum(lines) + 2)

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
        name = painter.boundingRect(inner, WRAPPED, self.text())
        painter.drawText(inner, WRAPPED, self.text())
        painter.setFont(theme.font("small"))
        painter.setPen(theme.color(self._tone or "text_muted"))
        rest = QRect(inner)
        rest.setTop(inner.top() + name.height() + 2)
        rest.setBottom(self.rect().bottom() - 2)
        painter.drawText(rest, WRAPPED, self._line)


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
