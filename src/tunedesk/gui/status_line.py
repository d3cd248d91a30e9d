"""The line at the bottom: how many, how long, how much, what runs, and that all is saved."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QAction, QFontMetrics
from PySide6.QtWidgets import QMenu, QPushButton, QWidget

from tunedesk.gui.theme import Theme
from tunedesk.gui.widgets.labels import plain_tooltip
from tunedesk.i18n import _, ngettext

if TYPE_CHECKING:
    from tunedesk.fine_tuning.open_work import OpenWork
from typing import NamedTuple

from PySide6.QtCore import QEvent, QObject
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout

from tunedesk.gui.widgets.labels import Label

RUNNING_WORK_KINDS = frozenset({"work", "runs"})
"""After these kinds of changes of a project other work may go on."""
LONGEST_TITLE = 260
"""The width that the title of a piece of work may take in the status line, in pixels."""
ARROW_ROOM = 26


class RunningWork(QPushButton):
    """Says what goes on; pressed, it lists all of it. It is hidden while nothing goes on.

    Signals:
        run_asked: Show the run of this id.
        installation_asked: Show how far the installation of this computer is.
    """

    run_asked = Signal(int)
    installation_asked = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._works: list[OpenWork] = []
        self.setProperty("kind", "link")
        self.setFont(theme.font("small_strong"))
        self.setAccessibleName(_("Work under way"))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._menu = QMenu(self)
        self._menu.setAccessibleName(_("Work under way"))
        self._menu.triggered.connect(self._on_chosen)
        self.setMenu(self._menu)
        self.hide()

    def show_works(self, works: "Sequence[OpenWork]") -> None:
        """Show what goes on, the oldest first; nothing takes the button away."""
        if list(works) == self._works:
            return
        self._works = list(works)
        self.setText(self._summary().replace("&", "&&"))
        lines = [work_text(work) for work in self._works]
        self.setAccessibleDescription("\n".join(lines))
        self.setToolTip(plain_tooltip("\n".join(lines)))
        self._fill()
        self.updateGeometry()
        self.setVisible(bool(self._works))

    def entries(self) -> list[str]:
        """What the list says, the oldest work first."""
        return [action.text() for action in self._menu.actions()]

    def sizeHint(self) -> QSize:
        """Room for the text and the arrow of the list."""
        width = QFontMetrics(self.font()).horizontalAdvance(self.text().replace("&&", "&"))
        return QSize(width + ARROW_ROOM, super().sizeHint().height())

    def _summary(self) -> str:
        if len(self._works) > 1:
            count = len(self._works)
            return ngettext("{n} task under way", "{n} tasks under way", count).format(n=count)
        return self._elided(work_text(self._works[0])) if self._works else ""

    def _elided(self, text: str) -> str:
        metrics = QFontMetrics(self.font())
        return metrics.elidedText(text, Qt.TextElideMode.ElideMiddle, LONGEST_TITLE)

    def _fill(self) -> None:
        """Keep the entries of an open list in their places; a pointer may be over one."""
        actions = self._menu.actions()
        for action in actions[len(self._works) :]:
            self._menu.removeAction(action)
            action.deleteLater()
        for index, work in enumerate(self._works):
            action = actions[index] if index < len(actions) else self._menu.addAction("")
            action.setText(work_text(work).replace("&", "&&"))
            action.setData(work.run_id)

    def _on_chosen(self, action: QAction) -> None:
        run_id = action.data()
        if run_id is None:
            self.installation_asked.emit()
        else:
            self.run_asked.emit(run_id)


def work_text(work: "OpenWork") -> str:
    """One line on a piece of work: what it is, how far, and whose if it is not of this computer."""
    percent = share_text(work)
    if not work.is_mine:
        if percent:
            return _("{title}, {percent}, asked for on another computer").format(
                title=work.title, percent=percent
            )
        return _("{title}, asked for on another computer").format(title=work.title)
    if percent:
        return _("{title}, {percent}").format(title=work.title, percent=percent)
    return work.title


def share_text(work: "OpenWork") -> str:
    """How much of it is done, in percent; empty while nobody knows."""
    if not work.total:
        return ""
    return _("{n} %").format(n=min(100, work.progress * 100 // work.total))


MARGIN, GAP = 14, 18


class StatusPart(NamedTuple):
    """One figure of the status line with its words.

    Attributes:
        figure: Set in bold, such as "128"; may be empty.
        words: What it counts, such as "examples".
        tone: Tone of the figure: "", "error", "warning" ...
    """

    figure: str
    words: str
    tone: str = ""


class StatusLine(QFrame):
    """Figures at the left; work under way, progress and the state of saving at the right.

    Attributes:
        running_work: The long work that goes on, with its list.
    """

    def __init__(self, theme: Theme, progress_line: QWidget, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._parts: list[StatusPart] = []
        self._labels: list[tuple[Label, Label]] = []
        self.setProperty("surface", "status")
        self.setFixedHeight(theme.size("status"))
        self.setAccessibleName(_("Status"))
        layout = QHBoxLayout(self)
        layout.setContentsMargins(MARGIN, 0, MARGIN, 0)
        layout.setSpacing(GAP)
        self._left = QHBoxLayout()
        self._left.setSpacing(GAP)
        layout.addLayout(self._left)
        layout.addStretch()
        self._progress_line = progress_line
        self.running_work = RunningWork(theme)
        for widget in (self.running_work, progress_line):
            widget.installEventFilter(self)
            layout.addWidget(widget)
        self._saved = Label(theme, "", "small", "muted")
        layout.addWidget(self._saved)

    def show_parts(self, parts: list[StatusPart]) -> None:
        """Show these figures."""
        if parts == self._parts:
            return
        self._parts = list(parts)
        while len(self._labels) < len(parts):
            self._add_labels()
        for index, (figure, words) in enumerate(self._labels):
            shown = index < len(parts)
            part = parts[index] if shown else StatusPart("", "")
            figure.setText(part.figure)
            figure.set_tone(part.tone)
            words.setText(part.words)
            words.set_tone(part.tone or "muted")
        self._fit()

    def show_saved(self, text: str, tone: str = "muted") -> None:
        """Say at the right how it stands with saving."""
        self._saved.setText(text)
        self._saved.set_tone(tone)

    def text(self) -> str:
        """All that the line says, as one text."""
        words = [f"{part.figure} {part.words}".strip() for part in self._parts]
        return " · ".join([*words, self._saved.text()])

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Show as many figures as the new width has room for."""
        super().resizeEvent(event)
        self._fit()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Make room for the progress when it comes or says more."""
        if event.type() in (QEvent.Type.Show, QEvent.Type.Hide, QEvent.Type.Resize):
            self._fit()
        return False

    def _fit(self) -> None:
        """Leave out the last figures rather than cut any."""
        room = self.width() - 2 * MARGIN - self._saved.sizeHint().width() - GAP
        for widget in (self.running_work, self._progress_line):
            if not widget.isHidden():
                room -= widget.sizeHint().width() + GAP
        for index, (figure, words) in enumerate(self._labels):
            shown = index < len(self._parts)
            with_figure = shown and bool(self._parts[index].figure)
            if shown:
                room -= words.sizeHint().width() + GAP
                room -= figure.sizeHint().width() + 4 if with_figure else 0
            figure.setVisible(with_figure and room >= 0)
            words.setVisible(shown and room >= 0)

    def _add_labels(self) -> None:
        pair = QHBoxLayout()
        pair.setSpacing(4)
        figure = Label(self._theme, "", "small_strong")
        words = Label(self._theme, "", "small", "muted")
        pair.addWidget(figure)
        pair.addWidget(words)
        self._left.addLayout(pair)
        self._labels.append((figure, words))
