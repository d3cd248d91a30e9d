"""Why a run failed, in plain words, and what to do about it."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QPushButton, QWidget

from tunedesk.gui.fine_tune.events_log import place_words
from tunedesk.gui.theme import Theme
from tunedesk.gui.widgets.card import Card
from tunedesk.gui.widgets.flow_layout import FlowLayout
from tunedesk.gui.widgets.label import Label
from tunedesk.i18n import _
from tunedesk.project.run_records import Run
from tunedesk.services.file_references import FileReference, find_file_references
from tunedesk.services.service_errors import why_it_failed

MOST_LINKS = 8


class FailureCard(Card):
    """The sentence, the advice, the service's own words, and the places that they name.

    Signals:
        log_asked: Show the log.
        place_asked: Show the example of a `Place` in the training file.
    """

    log_asked = Signal()
    place_asked = Signal(object)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__("error", parent)
        self.setAccessibleName(_("Why it failed"))
        self.sentence = Label(theme, "", "strong", wrap=True)
        self.advice = Label(theme, "", "base", wrap=True)
        self.detail = Label(theme, "", "base", "muted", wrap=True)
        for label in (self.sentence, self.advice, self.detail):
            label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            self.body.addWidget(label)
        links = QWidget()
        self._flow = FlowLayout(links, spacing=12)
        self.body.addWidget(links)
        self._shown: tuple[int, object] | None = None

    def show_run(self, run: Run) -> None:
        """Show why a run failed; hidden for all others."""
        failed = run.status == "failed" or (run.ended and run.error is not None)
        self.setVisible(failed)
        if not failed or self._shown == (run.id, run.error):
            return
        self._shown = (run.id, run.error)
        error = why_it_failed(run.error, run.provider)
        detail = run.error.message if run.error else ""
        self.sentence.setText(error.sentence)
        self.advice.setText(error.advice)
        self.advice.setVisible(bool(error.advice))
        self.detail.setText(detail)
        self.detail.setVisible(bool(detail) and detail != error.sentence)
        self._show_links(find_file_references(detail)[:MOST_LINKS])

    def _show_links(self, places: list[FileReference]) -> None:
        while (item := self._flow.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        for place in places:
            button = self._link(place_words(place))
            button.clicked.connect(lambda _on=False, place=place: self.place_asked.emit(place))
        self._link(_("Show the log")).clicked.connect(self.log_asked)

    def _link(self, text: str) -> QPushButton:
        button = QPushButton(text)
        button.setProperty("kind", "link")
        self._flow.addWidget(button)
        return button
