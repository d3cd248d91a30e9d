"""Which examples are trained on, and how many are held back to measure with."""

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QVBoxLayout, QWidget

from tunedesk.fine_tuning.launch_settings import ALL_BUT_REJECTED, APPROVED
from tunedesk.gui.fine_tune.launch.launch_estimate import Counts
from tunedesk.gui.theme import Theme
from tunedesk.gui.widgets.choices import Chip, NoWheelComboBox
from tunedesk.gui.widgets.labels import Label, SectionTitle
from tunedesk.gui.widgets.layouts import FlowLayout
from tunedesk.i18n import _, ngettext
from tunedesk.project.query import ExampleQuery

SHARES = (0, 5, 10, 15, 20, 30, 40, 50)
"""The shares to choose from, in percent."""
_ENOUGH = 10
"""So many new examples can be trained on by themselves."""


class ExamplesSection(QWidget):
    """Chips for approved, filter, new and all; and the share that is held back.

    Signals:
        changed: Another choice.
    """

    changed = Signal()

    def __init__(self, theme: Theme, shown: ExampleQuery, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._shown = shown
        self._chosen_by_user = False
        self._unseen: ExampleQuery | None = None
        self.approved = Chip(theme, _("Approved"))
        self.filter = Chip(theme, _("This filter"))
        self.unseen = Chip(theme, _("New since that run"))
        self.unseen.setToolTip(
            _("The examples that the model has not seen: written or changed since its run")
        )
        self.unseen.hide()
        self.all = Chip(theme, _("All but the rejected ones"))
        self.approved.setToolTip(_("The examples that somebody has approved"))
        self.filter.setToolTip(_("The examples that the table shows now"))
        self.all.setToolTip(_("All examples but the rejected ones, reviewed or not"))
        self.filter.setVisible(not shown.unfiltered)
        self._group = QButtonGroup(self)
        for chip in self._chips:
            self._group.addButton(chip)
            # Not `clicked`: a screen reader sets the chip without a click.
            chip.toggled.connect(self._on_choice)
        self.note = Label(theme, "", "small", "warning", wrap=True)
        self.note.hide()
        self.share = NoWheelComboBox()
        for percent in SHARES:
            self.share.addItem(_share_text(percent), percent)
        self.share.setAccessibleName(_("Held back"))
        self.share.currentIndexChanged.connect(self.changed)
        self.held = Label(theme, "", "small", "muted", wrap=True)
        self._lay_out(theme)

    def _lay_out(self, theme: Theme) -> None:
        chips = FlowLayout(spacing=6)
        for chip in self._chips:
            chips.addWidget(chip)
        back = QHBoxLayout()
        back.setSpacing(10)
        back.addWidget(self.share)
        back.addWidget(self.held, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(SectionTitle(theme, _("Examples")))
        column.addLayout(chips)
        column.addWidget(self.note)
        column.addSpacing(10)
        column.addWidget(SectionTitle(theme, _("Held back to measure on")))
        column.addLayout(back)

    @property
    def _chips(self) -> tuple[Chip, ...]:
        return (self.unseen, self.approved, self.filter, self.all)

    @property
    def chosen(self) -> Chip:
        """The chip that is chosen: where the keyboard begins."""
        return next(
            (chip for chip in self._chips if chip.isChecked()),
            self.approved,
        )

    @property
    def query(self) -> ExampleQuery:
        """The examples that are chosen, in the order they came in."""
        if self.approved.isChecked():
            return APPROVED
        if self.unseen.isChecked() and self._unseen is not None:
            return self._unseen
        return self._shown if self.filter.isChecked() else ALL_BUT_REJECTED

    @property
    def validation_share(self) -> float:
        """The share that is held back, from 0 to 0.5."""
        return int(self.share.currentData()) / 100

    def show_choice(self, query: ExampleQuery | None, validation_share: float) -> None:
        """Begin with these choices; without a query, with the approved ones."""
        percent = round(validation_share * 100)
        if self.share.findData(percent) < 0:
            self.share.addItem(_share_text(percent), percent)
        self.share.setCurrentIndex(self.share.findData(percent))
        if query == ALL_BUT_REJECTED:
            self._check(self.all)
        elif query not in (None, APPROVED) and not self._shown.unfiltered:
            self._check(self.filter)
        else:
            self._check(self.approved)

    def offer_unseen(self, query: ExampleQuery, count: int) -> None:
        """Offer what the model has not seen, which it begins with where that is enough.

        Args:
            query: These examples.
            count: How many they are.
        """
        is_first, self._unseen = self._unseen is None, query
        self.unseen.setVisible(True)
        self.unseen.set_count(count)
        self.unseen.setEnabled(count > 0)
        if is_first and count >= _ENOUGH and not self._chosen_by_user:
            had_focus = self.chosen.hasFocus()
            self._check(self.unseen)
            if had_focus:
                self.unseen.setFocus()
        self.changed.emit()

    def show_counts(self, counts: Counts) -> None:
        """Show how many there are; with nothing approved, begin with all."""
        self.approved.set_count(counts.approved)
        self.filter.set_count(counts.shown)
        self.all.set_count(counts.all)
        # Qt gives the focus of what is disabled to whatever comes next.
        had_focus = self.approved.hasFocus()
        self.approved.setEnabled(counts.approved > 0)
        nothing = not counts.approved and counts.all > 0
        if nothing and self.approved.isChecked() and not self._chosen_by_user:
            self._check(self.all)
            if had_focus:
                self.all.setFocus()
            self.changed.emit()
        self.note.setText(
            _("Nothing is approved yet, so all examples but the rejected ones are taken.")
        )
        self.note.setVisible(nothing)

    def show_held(self, training: int, held: int) -> None:
        """Say how many are held back, and why; or why none are although a share was chosen."""
        self.held.setText(self._held_text(training, held))
        self.share.setAccessibleDescription(self.held.text())

    def _held_text(self, training: int, held: int) -> str:
        percent = self.share.currentData()
        if not held and percent and not training:
            return ""
        if not held and percent:
            return ngettext(
                "The {n} example is not held back, though {percent} % is asked for: it is too few.",
                "None of the {n} examples is held back, though {percent} % is asked for: they "
                "are too few, or all ask the same.",
                training,
            ).format(n=f"{training:,}", percent=percent)
        if not held:
            return _(
                "None. Then nothing shows whether the model has understood your examples or "
                "only learned them by heart."
            )
        return _(
            "{held} of {all}. The model does not see them while it learns, so they show "
            "whether it has understood or only learned by heart. They are the same each "
            "time, and the same question never stands on both sides."
        ).format(held=f"{held:,}", all=f"{training + held:,}")

    def _check(self, chip: Chip) -> None:
        """Choose for the user, who has not chosen yet."""
        with QSignalBlocker(chip):
            chip.setChecked(True)

    def _on_choice(self, chosen: bool) -> None:
        if chosen:
            self._chosen_by_user = True
            self.changed.emit()


def _share_text(percent: int) -> str:
    return _("{n} %").format(n=percent) if percent else _("None")
