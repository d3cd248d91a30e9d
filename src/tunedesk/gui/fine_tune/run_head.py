"""The head of a run: its name and state, what can be done with it, and how far it is."""

from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QHBoxLayout,
    QMenu,
    QProgressBar,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from tunedesk.gui.actions import Actions
from tunedesk.gui.fine_tune.run_words import facts_words, progress_words, share_done, state_words
from tunedesk.gui.theme import Theme
from tunedesk.gui.widgets.action_button import ActionButton
from tunedesk.gui.widgets.badge import Badge
from tunedesk.gui.widgets.elided_label import ElidedLabel
from tunedesk.gui.widgets.label import Label
from tunedesk.i18n import _
from tunedesk.project.run_records import Run

MENU = (
    *("run.rename", "run.examples", ""),
    *("run.save_report", "run.print_report", "run.save_results", ""),
    "run.hide",
)

LEAST_FACTS = 110


class RunHead(QWidget):
    """Shows one run; its buttons do what the actions of runs do."""

    def __init__(self, theme: Theme, actions: Actions, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._actions = actions
        self.name = ElidedLabel(theme, "", "title")
        self.badge = Badge(theme)
        self.name.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
        self.facts = ElidedLabel(theme, "", "small", "muted")
        self.pause = ActionButton(theme, actions["run.pause"], _("Pause"), show_key=False)
        self.resume = ActionButton(theme, actions["run.resume"], _("Resume"), show_key=False)
        self.cancel = ActionButton(
            theme, actions["run.cancel"], _("Cancel run"), kind="danger", show_key=False
        )
        self.carry_on = ActionButton(
            theme, actions["run.carry_on"], _("Carry on"), kind="primary", show_key=False
        )
        self.again = ActionButton(theme, actions["run.again"], _("Run again"), show_key=False)
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setAccessibleName(_("Progress of the run"))
        self.progress = Label(theme, "", "small", "muted")
        self.note = Label(theme, "", "base", "warning", wrap=True)
        self._cut_off = False
        self._lay_out()
        actions["run.carry_on"].changed.connect(self._show_carry_on)

    def _lay_out(self) -> None:
        line = QHBoxLayout()
        line.setSpacing(10)
        line.addWidget(self.name)
        line.addWidget(self.badge)
        line.addWidget(self.facts, 1)
        self.menu = QPushButton(_("More"))
        self.menu.setAccessibleName(_("More"))
        self.menu.setToolTip(_("Rename, report, and what else can be done with this run"))
        entries = QMenu(self.menu)
        for action_id in MENU:
            entries.addAction(self._actions[action_id]) if action_id else entries.addSeparator()
        self.menu.setMenu(entries)
        self._buttons = QWidget()
        row = QHBoxLayout(self._buttons)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(10)
        for button in (
            *(self.carry_on, self.pause, self.resume, self.again, self.cancel),
            self.menu,
        ):
            row.addWidget(button)
        self._beside, self._below = QHBoxLayout(), QHBoxLayout()
        self._below.addStretch()
        self._beside.addWidget(self._buttons)
        line.addLayout(self._beside)
        far = QHBoxLayout()
        far.setSpacing(12)
        far.addWidget(self.bar, 1)
        far.addWidget(self.progress)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(10)
        column.addLayout(line)
        column.addLayout(self._below)
        column.addLayout(far)
        column.addWidget(self.note)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Find the buttons a place."""
        super().resizeEvent(event)
        self._place_buttons()

    def _place_buttons(self) -> None:
        """Beside the name if the facts have some room there as well, else below."""
        others = (self.name, self.badge, self._buttons)
        wanted = sum(part.sizeHint().width() + 10 for part in others) + LEAST_FACTS
        row = self._beside if wanted <= self.width() else self._below
        if row.indexOf(self._buttons) < 0:
            self._beside.removeWidget(self._buttons)
            self._below.removeWidget(self._buttons)
            row.addWidget(self._buttons)

    def show_run(self, run: Run, left: float | None) -> None:
        """Show how the run stands.

        Args:
            run: The run.
            left: The seconds that it still takes, an estimate; None without one.
        """
        self.name.setText(run.name)
        words = state_words(run)
        self.badge.show_text(words.text, words.tone)
        self.facts.setText(facts_words(run))
        share, far = share_done(run), progress_words(run, left)
        self.bar.setRange(0, 0 if share is None and not run.ended else 1000)
        if share is not None:
            self.bar.setValue(round(share * 1000))
        self.bar.setAccessibleDescription(far)
        self.bar.setVisible(not run.ended)
        self.progress.setText(far)
        self.progress.setVisible(not run.ended)
        self.note.setText(run.note)
        self.note.setVisible(bool(run.note))
        self._show_buttons(run)

    def show_again(self, words: str) -> None:
        """Say on the button what another run with the same settings would be."""
        self.again.setText(words.replace("&", "&&"))
        self.again.setAccessibleDescription(words)
        self.again.updateGeometry()
        self._place_buttons()

    def _show_buttons(self, run: Run) -> None:
        """Show what can be done in this state; the menu has all of it."""
        following = run.stage == "following"
        self.pause.setVisible(following and run.status != "paused")
        self.resume.setVisible(following and run.status == "paused")
        self.cancel.setVisible(not run.ended)
        self._cut_off = not run.ended and not following
        self._show_carry_on()
        self.again.setVisible(run.ended)

    def _show_carry_on(self) -> None:
        """A run on its way to its service needs nobody to carry it on."""
        self.carry_on.setVisible(self._cut_off and self._actions["run.carry_on"].isEnabled())
        self._place_buttons()
