"""The list of runs at the left of the page."""

from PySide6.QtCore import QModelIndex, Qt, QTimer, Signal
from PySide6.QtWidgets import QListView, QWidget

from tunedesk.gui.fine_tune.run_delegate import RunDelegate
from tunedesk.gui.fine_tune.run_list_model import ROW, RunListModel, RunRow
from tunedesk.gui.theme import Theme
from tunedesk.gui.widgets.follow_selection import follow_selection
from tunedesk.i18n import _


class RunList(QListView):
    """Shows the runs, the newest first; one is chosen.

    Signals:
        run_chosen: The id of the run that is chosen; 0 for none.
    """

    run_chosen = Signal(int)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._wanted = 0
        self._chosen = 0
        self.rows = RunListModel(self)
        self.setModel(self.rows)
        self.setItemDelegate(RunDelegate(theme, self))
        self.setAccessibleName(_("Runs"))
        self.setMouseTracking(True)
        self.setUniformItemSizes(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.selectionModel().currentChanged.connect(self._take_current)
        follow_selection(self)
        theme.changed.connect(self.viewport().update)

    @property
    def chosen(self) -> int:
        """The id of the chosen run; 0 for none."""
        return self._chosen

    def choose(self, run_id: int) -> None:
        """Choose a run, as soon as it is there."""
        self._wanted = run_id
        place = self.rows.place_of(run_id)
        if place >= 0:
            self.setCurrentIndex(self.rows.index(place))

    def show_rows(self, rows: list[RunRow]) -> None:
        """Show these runs; the chosen one stays chosen, and without one the newest is."""
        self.rows.show_rows(rows)
        if self._wanted and self.rows.place_of(self._wanted) >= 0:
            self.choose(self._wanted)
            self._wanted = 0
        elif self._chosen and (place := self.rows.place_of(self._chosen)) >= 0:
            self.setCurrentIndex(self.rows.index(place))
        elif rows:
            self.setCurrentIndex(self.rows.index(0))
        else:
            self._take_current(QModelIndex(), QModelIndex())

    def _take_current(self, now: QModelIndex, _before: QModelIndex) -> None:
        row: RunRow | None = now.data(ROW) if now.isValid() else None
        chosen = row.run.id if row is not None else 0
        if chosen != self._chosen:
            self._chosen = chosen
            # Not in the midst of a change of the rows.
            QTimer.singleShot(0, self, lambda: self.run_chosen.emit(self._chosen))
