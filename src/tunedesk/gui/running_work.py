"""The long work that goes on, seen in one place: a button in the status line, with a list.

Launching, training that is followed and the installation of what training needs all stand here,
whichever page shows; what only this window does, such as an import, has its progress beside it.
"""

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
