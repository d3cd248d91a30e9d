"""The welcome page: begin, open, look at the sample, go on with a recent project."""

from pathlib import Path

from PySide6.QtCore import QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QAccessible,
    QAction,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDropEvent,
    QFontMetrics,
    QIcon,
    QKeyEvent,
    QPainter,
    QPaintEvent,
    QPen,
)
from PySide6.QtWidgets import (
    QAbstractButton,
    QHBoxLayout,
    QLabel,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from tunedesk.gui.actions import Actions
from tunedesk.gui.dates import how_many_days_ago
from tunedesk.gui.theme import Theme
from tunedesk.gui.widgets.cards import Card
from tunedesk.gui.widgets.labels import Label, SectionTitle, plain_tooltip
from tunedesk.i18n import _
from tunedesk.paths import resource
from tunedesk.settings import Settings

ROW_PADDING = 12


class RecentRow(QAbstractButton):
    """Opens a recent project; Delete takes it off the list, never off the disk.

    Signals:
        forget_requested: The user wants it off the list.
        step_requested: The user goes to the row above (-1) or below (1).
    """

    forget_requested = Signal()
    step_requested = Signal(int)

    def __init__(self, theme: Theme, path: Path, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.path = path
        self._detail, self._when = _folder(path.parent), _when(path)
        self.setText(path.stem)
        self.setAccessibleName(path.stem)
        self.setAccessibleDescription(f"{self._detail}, {self._when}")
        self.setToolTip(plain_tooltip(str(path)))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        theme.changed.connect(self.update)

    def sizeHint(self) -> QSize:
        """Room for two lines."""
        return QSize(300, 48)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Delete forgets the project; the arrows go along the list."""
        steps = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}
        if event.key() == Qt.Key.Key_Delete:
            self.forget_requested.emit()
        elif event.key() in steps:
            self.step_requested.emit(steps[Qt.Key(event.key())])
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.click()
        else:
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw it in the colours of the theme."""
        color = self._theme.color
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self.underMouse() or self.isDown() or self.hasFocus():
            focus = self.hasFocus()
            painter.setPen(QPen(color("accent"), 1) if focus else Qt.PenStyle.NoPen)
            painter.setBrush(color("pressed" if self.isDown() else "hover"))
            radius = self._theme.size("radius")
            painter.drawRoundedRect(self.rect().adjusted(1, 1, -1, -1), radius, radius)
        mirrored = self.layoutDirection() == Qt.LayoutDirection.RightToLeft
        lead, trail = Qt.AlignmentFlag.AlignLeft, Qt.AlignmentFlag.AlignRight
        if mirrored:
            lead, trail = trail, lead
        inner = self.rect().adjusted(ROW_PADDING, 7, -ROW_PADDING, -7)
        small = self._theme.font("small")
        when_width = QFontMetrics(small).horizontalAdvance(self._when)
        room = inner.width() - when_width - 16
        painter.setFont(self._theme.font("strong"))
        painter.setPen(color("text"))
        name = painter.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideRight, room)
        painter.drawText(inner, lead | Qt.AlignmentFlag.AlignTop, name)
        painter.setFont(small)
        painter.setPen(color("text_muted"))
        painter.drawText(inner, trail | Qt.AlignmentFlag.AlignTop, self._when)
        detail = painter.fontMetrics().elidedText(
            self._detail, Qt.TextElideMode.ElideMiddle, inner.width()
        )
        painter.drawText(inner, lead | Qt.AlignmentFlag.AlignBottom, detail)


def _folder(folder: Path) -> str:
    """The folder, with the user's own as a short sign."""
    home = Path.home()
    return f"~/{folder.relative_to(home)}" if folder.is_relative_to(home) else str(folder)


def _when(path: Path) -> str:
    """When the file was written last, in words."""
    try:
        written = path.stat().st_mtime
    except OSError:
        return _("not there now")
    return how_many_days_ago(round(written * 1000))


CARD_PADDING = 16
CARD_ICON = 24


class StartCard(QAbstractButton):
    """Does what an action does; its name is the label, the explanation its description."""

    def __init__(
        self,
        theme: Theme,
        action: QAction,
        label: str,
        explanation: str,
        icon: str,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._theme = theme
        self._explanation = explanation
        self._icon_name = icon
        self.setText(label)
        self.setAccessibleName(label)
        self.setAccessibleDescription(explanation)
        self.setToolTip(action.toolTip())
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.clicked.connect(action.trigger)
        theme.changed.connect(self.update)

    def sizeHint(self) -> QSize:
        """Room for the icon, the label and two lines of explanation."""
        line = QFontMetrics(self._theme.font("base")).lineSpacing()
        return QSize(200, 2 * CARD_PADDING + CARD_ICON + 10 + line + 4 + 2 * line)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw it in the colours of the theme."""
        color = self._theme.color
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        hovered = self.underMouse()
        ground = "pressed" if self.isDown() else "hover" if hovered else "surface"
        frame = "accent" if self.hasFocus() else "border_strong" if hovered else "border"
        painter.setPen(QPen(color(frame), 1))
        painter.setBrush(color(ground))
        radius = self._theme.size("card_radius")
        box = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        painter.drawRoundedRect(box, radius, radius)
        inner = self.rect().adjusted(CARD_PADDING, CARD_PADDING, -CARD_PADDING, -CARD_PADDING)
        mirrored = self.layoutDirection() == Qt.LayoutDirection.RightToLeft
        lead = Qt.AlignmentFlag.AlignRight if mirrored else Qt.AlignmentFlag.AlignLeft
        spot = QRect(
            inner.right() - CARD_ICON if mirrored else inner.left(),
            inner.top(),
            CARD_ICON,
            CARD_ICON,
        )
        self._theme.icons.paint(painter, spot, self._icon_name, "accent")
        words = inner.adjusted(0, CARD_ICON + 10, 0, 0)
        painter.setPen(color("text"))
        painter.setFont(self._theme.font("strong"))
        painter.drawText(words, lead | Qt.AlignmentFlag.AlignTop, self.text())
        words.adjust(0, QFontMetrics(self._theme.font("base")).lineSpacing() + 4, 0, 0)
        painter.setPen(color("text_muted"))
        painter.setFont(self._theme.font("base"))
        painter.drawText(
            words, lead | Qt.AlignmentFlag.AlignTop | Qt.TextFlag.TextWordWrap, self._explanation
        )


WIDTH = 760
MARK = 54


class WelcomePage(QWidget):
    """What shows while no project is open.

    Signals:
        open_requested: The path of a project or data file to open.
    """

    accessible_role = QAccessible.Role.Pane

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

    def focus_main_part(self) -> None:
        """Let the keyboard begin at the most likely place."""
        (self.rows[0] if self.rows else self.cards[0]).setFocus()

    def _add_head(self) -> None:
        line = QHBoxLayout()
        line.setSpacing(14)
        mark = QLabel()
        picture = QIcon(str(resource("icons/tunedesk.svg")))
        mark.setAccessibleName("Tunedesk")
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
