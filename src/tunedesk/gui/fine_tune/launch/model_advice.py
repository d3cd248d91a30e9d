"""Which base model to take on this computer, in a sentence with a button that takes it."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QWidget

from tunedesk.catalogue.models import STARTER_ID
from tunedesk.gui.fine_tune.launch.model_list import QUICK_SECONDS, ModelList, ModelRow
from tunedesk.gui.theme import Theme
from tunedesk.gui.widgets.labels import Label
from tunedesk.i18n import _


class ModelAdvice(QWidget):
    """Says which model of a list to take, and takes it."""

    def __init__(self, theme: Theme, models: ModelList, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._models = models
        self._row: ModelRow | None = None
        self._text = Label(theme, "", "small", "muted", wrap=True)
        self._take = QPushButton(_("Take it"))
        self._take.setProperty("kind", "link")
        self._take.setAutoDefault(False)
        self._take.clicked.connect(self._take_it)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self._text, 1)
        row.addWidget(self._take, 0, Qt.AlignmentFlag.AlignTop)

    def show_row(self, row: ModelRow | None) -> None:
        """Say which model to take, and why; nothing where nothing is known."""
        self._row = row
        self.setVisible(row is not None)
        if row is None or row.seconds is None:
            return
        taken = row.id == self._models.model_id
        words = (
            _("{model} is the one to take: the largest that trains here in a quarter of an hour.")
            if row.seconds <= QUICK_SECONDS
            else _("{model} is the one to take: the quickest here that knows a language.")
        )
        if self._models.model_id == STARTER_ID:
            words = (
                _(
                    "The starter only shows how it goes. For real work take {model}: the largest "
                    "that trains here in a quarter of an hour."
                )
                if row.seconds <= QUICK_SECONDS
                else _(
                    "The starter only shows how it goes. For real work take {model}: the quickest "
                    "here that knows a language."
                )
            )
        self._text.setText(words.format(model=row.title))
        self._take.setVisible(not taken)
        self._take.setAccessibleDescription(row.title)

    def _take_it(self) -> None:
        if self._row is not None:
            self._models.choose(self._row.id)
