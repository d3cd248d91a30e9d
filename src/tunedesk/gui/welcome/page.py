"""The welcome page: begin, open, look at the sample, go on with a recent project."""

from pathlib import Path

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QDragEnterEvent,
    QDragLeaveEvent,
    QDropEvent,
    QIcon,
    QPainter,
    QPaintEvent,
    QPen,
)
from PySide6.QtWidgets import QHBoxLayout, QLabel, QScrollArea, QVBoxLayout, QWidget

from tunedesk.gui.actions import Actions
from tunedesk.gui.theme import Theme
from tunedesk.gui.welcome.recent_row import RecentRow
from tunedesk.gui.welcome.start_card import StartCard
from tunedesk.gui.widgets.card import Card
from tunedesk.gui.widgets.label import Label
from tunedesk.gui.widgets.section_title import SectionTitle
from tunedesk.i18n import _
from tunedesk.paths import resource
from tunedesk.settings import Settings

WIDTH = 760
MARK = 54


class WelcomePage(QWidget):
    """What shows while no project is open.

    Signals:
        open_requested: The path of a project or data file to open.
    """

    open_requested = Signal(Path)

    def __init__(
        self, settings: Settings, actions: Actions, theme: Theme, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._settings = settings
        self._theme = theme
        self._dragging = False
        self.rows: list[RecentRow] = []
        self.setAcceptDrops(True)
        self.setAccessibleName(_("Welcome"))
        self.setProperty("surface", "window")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        column = QWidget()
        column.setMaximumWidth(WIDTH)
        self._column = QVBoxLayout(column)
        self._column.setContentsMargins(24, 40, 24, 32)
        self._column.setSpacing(8)
        self._column.addStretch(1)
        self._add_head()
        self._add_cards(actions)
        self._add_recent()
        self._column.addStretch(2)
        canvas = QWidget()
        middle = QHBoxLayout(canvas)
        middle.setContentsMargins(0, 0, 0, 0)
        middle.addStretch(1)
        middle.addWidget(column, 100)
        middle.addStretch(1)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        area.setWidget(canvas)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(area)
        theme.changed.connect(self.update)
        self.refresh()

    def refresh(self) -> None:
        """Show the recent projects as the settings have them now."""
        for row in self.rows:
            self._list.body.removeWidget(row)
            row.hide()
            row.deleteLater()
        self.rows = []
        for name in self._settings.recent_projects[:6]:
            row = RecentRow(self._theme, Path(name))
            row.clicked.connect(self._open_row)
            row.forget_requested.connect(self._forget_row)
            row.step_requested.connect(self._step)
            self._list.body.addWidget(row)
            self.rows.append(row)
        self._list.setVisible(bool(self.rows))
        self._recent_title.setVisible(bool(self.rows))
        for row in self.rows:
            row.show()

    def take_focus(self) -> None:
        """Let the keyboard begin at the most likely place."""
        (self.rows[0] if self.rows else self.cards[0]).setFocus()

    def _add_head(self) -> None:
        line = QHBoxLayout()
        line.setSpacing(14)
        mark = QLabel()
        picture = QIcon(str(resource("icons/tunedesk.svg")))
        mark.setPixmap(picture.pixmap(QSize(MARK, MARK), self.devicePixelRatioF()))
        line.addWidget(mark, 0, Qt.AlignmentFlag.AlignVCenter)
        words = QVBoxLayout()
        words.setSpacing(3)
        words.addWidget(Label(self._theme, "Tunedesk", "headline"))
        words.addWidget(
            Label(
                self._theme,
                _("Write and review the conversations that a language model learns from."),
                "message",
                "muted",
                wrap=True,
            )
        )
        line.addLayout(words, 1)
        self._column.addLayout(line)
        self._column.addSpacing(22)

    def _add_cards(self, actions: Actions) -> None:
        line = QHBoxLayout()
        line.setSpacing(12)
        self.cards = [
            StartCard(
                self._theme,
                actions["project.new"],
                _("New project"),
                _("Begin on a blank page and write the first example."),
                "new_project",
            ),
            StartCard(
                self._theme,
                actions["project.open"],
                _("Open"),
                _("A project, or a JSONL file with conversations."),
                "open",
            ),
            StartCard(
                self._theme,
                actions["project.sample"],
                _("Sample project"),
                _("A small data set with some faults to find."),
                "sample",
            ),
        ]
        for card in self.cards:
            line.addWidget(card)
        self._column.addLayout(line)
        self._column.addSpacing(4)
        hint = Label(self._theme, _("Or drop a file anywhere in this window."), "small", "muted")
        self._column.addWidget(hint)
        self._column.addSpacing(20)

    def _add_recent(self) -> None:
        self._recent_title = SectionTitle(self._theme, _("Recent"))
        self._list = Card()
        self._list.body.setContentsMargins(5, 5, 5, 5)
        self._list.body.setSpacing(0)
        self._column.addWidget(self._recent_title)
        self._column.addWidget(self._list)

    def _open_row(self) -> None:
        row = self.sender()
        if isinstance(row, RecentRow):
            self.open_requested.emit(row.path)

    def _forget_row(self) -> None:
        row = self.sender()
        if isinstance(row, RecentRow):
            index = self.rows.index(row)
            self._settings.recent_projects.remove(str(row.path))
            self._settings.save()
            self.refresh()
            if self.rows:
                self.rows[min(index, len(self.rows) - 1)].setFocus()
            else:
                self.cards[0].setFocus()

    def _step(self, step: int) -> None:
        row = self.sender()
        if isinstance(row, RecentRow):
            index = self.rows.index(row) + step
            if 0 <= index < len(self.rows):
                self.rows[index].setFocus()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Take files of this computer."""
        if _local_file(event) is not None:
            event.acceptProposedAction()
            self._dragging = True
            self.update()

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        """The file went away again."""
        self._dragging = False
        self.update()

    def dropEvent(self, event: QDropEvent) -> None:
        """Open what was dropped."""
        self._dragging = False
        self.update()
        path = _local_file(event)
        if path is not None:
            event.acceptProposedAction()
            self.open_requested.emit(path)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Frame the page while a file hovers over it."""
        super().paintEvent(event)
        if self._dragging:
            painter = QPainter(self)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(QPen(self._theme.color("accent"), 2, Qt.PenStyle.DashLine))
            painter.setBrush(self._theme.color("accent_soft"))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(12, 12, -12, -12), 12, 12)


def _local_file(event: QDropEvent) -> Path | None:
    """The first file of this computer among what is dragged."""
    for url in event.mimeData().urls():
        if url.isLocalFile():
            return Path(url.toLocalFile())
    return None
