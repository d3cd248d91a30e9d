"""Shows what a fix would change, in one example or in many, before it is made."""

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QStackedWidget, QWidget

from tunedesk.gui.examples.panel.diff_view import DiffView
from tunedesk.gui.examples.panel.example_diff import Change, Sample
from tunedesk.gui.theme import Theme
from tunedesk.gui.widgets.card import Card
from tunedesk.gui.widgets.dialog import Dialog
from tunedesk.gui.widgets.empty_state import EmptyState
from tunedesk.gui.widgets.label import Label
from tunedesk.i18n import _, ngettext


class FixPreview(Dialog):
    """A calm look before a fix: words that go are struck out, words that come underlined.

    Signals:
        fix_requested: The user wants the fix to be made.
    """

    fix_requested = Signal()

    def __init__(
        self,
        *,
        theme: Theme,
        title: str,
        explanation: str,
        action_text: str,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(theme, title, parent=parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setMinimumSize(440, 340)
        self.resize(640, 460)
        self._diff = DiffView(name=_("What would change"), theme=theme)
        self._waiting = EmptyState(theme, "fix", _("Looking at the examples …"))
        self._stack = QStackedWidget()
        self._stack.addWidget(self._waiting)
        self._stack.addWidget(self._diff)
        card = Card()
        card.body.addWidget(self._stack)
        self.body.addWidget(Label(theme, explanation, "base", "muted", wrap=True))
        self.body.addSpacing(4)
        self.body.addWidget(card, 1)
        self._count = Label(theme, "", "small", "muted", wrap=True)
        self.add_note(self._count)
        self.add_cancel()
        self.fix_button = self.add_button(action_text, "primary")
        self.fix_button.setAccessibleName(_("Fix"))
        self.fix_button.setAccessibleDescription(action_text)
        self.fix_button.setEnabled(False)
        self.fix_button.clicked.connect(self._fix)

    def show_samples(self, samples: Sequence[Sample], total: int) -> None:
        """Show what would change in some of the examples.

        Args:
            samples: Some of them.
            total: How many would change.
        """
        if not samples:
            self._waiting.show_text(
                "information",
                _("Nothing would change"),
                _("This problem needs a person: look at it in the example."),
            )
            return
        self._diff.show_changes(
            [headed(sample, change) for sample in samples for change in sample.changes],
            around=60,
        )
        self._stack.setCurrentWidget(self._diff)
        rest = total - len(samples)
        if rest > 0:
            self._count.setText(
                ngettext(
                    "{count} more example is mended likewise.",
                    "{count} more examples are mended likewise.",
                    rest,
                ).format(count=f"{rest:,}")
            )
        self.fix_button.setEnabled(True)
        self.fix_button.setDefault(True)
        self.fix_button.setFocus()

    def _fix(self) -> None:
        self.accept()
        self.fix_requested.emit()


def headed(sample: Sample, change: Change) -> Change:
    """A change with the number of its example before its place."""
    if not sample.number:
        return change
    heading = _("Example {number} · {place}").format(
        number=f"{sample.number:,}", place=change.heading
    )
    return change._replace(heading=heading)
