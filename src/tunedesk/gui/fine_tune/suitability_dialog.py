"""“Should you tune at all?”: what tuning gives and what not, said from the project's own data."""

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from tunedesk.fine_tuning.suitability import FEW, LONG_PROMPT, Suitability, suitability
from tunedesk.gui.live_query import LiveQuery
from tunedesk.gui.page import PageContext
from tunedesk.gui.theme import Theme
from tunedesk.gui.widgets.cards import Card
from tunedesk.gui.widgets.dialog import Dialog
from tunedesk.gui.widgets.labels import Label, SectionTitle
from tunedesk.i18n import _, ngettext

WIDTH, HEIGHT = 640, 620
ICON = 16


def findings(found: Suitability) -> list[tuple[str, str]]:
    """What is said of a set: the tone ("success" or "warning"), and a sentence or two."""
    if not found.examples:
        return [("warning", _("There is no example to train on yet. Write or import some first."))]
    said = [_number(found)]
    if found.with_single_facts:
        text = ngettext(
            "{count} of {answers} answers states a figure that stands nowhere else, “{fact}” for "
            "one. A model mixes up what it saw once: put such facts into the system prompt, or let "
            "the model look them up with a tool.",
            "{count} of {answers} answers state a figure that stands nowhere else, “{fact}” for "
            "one. A model mixes up what it saw once: put such facts into the system prompt, or let "
            "the model look them up with a tool.",
            found.with_single_facts,
        )
        values = (f"{found.with_single_facts:,}", f"{found.answers:,}")
        said.append(
            (
                "warning",
                text.format(count=values[0], answers=values[1], fact=found.single_fact),
            )
        )
    else:
        said.append(("success", _("No answer rests on a figure that stands in it alone.")))
    if found.with_money:
        text = ngettext(
            "{count} answer names an amount of money. When it changes, the tuned model goes on "
            "saying the old one.",
            "{count} answers name amounts of money. When they change, the tuned model goes on "
            "saying the old ones.",
            found.with_money,
        )
        said.append(("warning", text.format(count=f"{found.with_money:,}")))
    if found.prompt_words >= LONG_PROMPT:
        text = _(
            "The system prompt has {count} words. A tuned model often does with a short one, which "
            "makes each answer cheaper and quicker."
        )
        said.append(("success", text.format(count=f"{found.prompt_words:,}")))
    return said


def _number(found: Suitability) -> tuple[str, str]:
    count = f"{found.examples:,}"
    if found.examples < FEW:
        text = ngettext(
            "{count} example is few. Try a better system prompt with two or three of them in it "
            "first; from about {few} on a manner is taken on.",
            "{count} examples are few. Try a better system prompt with two or three of them in it "
            "first; from about {few} on a manner is taken on.",
            found.examples,
        )
        return "warning", text.format(count=count, few=FEW)
    return "success", _("{count} examples are enough for a manner to be taken on.").format(
        count=count
    )


class SuitabilityDialog(Dialog):
    """Says what tuning gives, what it does not, and what this project's examples are made for.

    Signals:
        launch_asked: "Fine-tune" was pressed.
    """

    launch_asked = Signal()

    def __init__(self, context: PageContext, parent: QWidget) -> None:
        title = _("Should you tune at all?")
        super().__init__(context.theme, title, scrolls=True, parent=parent)
        self._examples = QVBoxLayout()
        self._examples.setSpacing(10)
        self._waiting = Label(context.theme, _("Looking at your examples …"), tone="muted")
        self._examples.addWidget(self._waiting)
        self._lay_out()
        self._question = LiveQuery(
            project=context.project,
            background=context.background,
            question=suitability,
            kinds=frozenset(),
            parent=self,
        )
        self._question.ready.connect(self._show)
        self._question.watch(True)
        self.finished.connect(self._question.close)
        self.be_large(WIDTH, HEIGHT)

    def _lay_out(self) -> None:
        gives = (
            ("success", _("A manner: how long, how warm, how careful, in which words.")),
            ("success", _("A form: fields, headings, tables, calls of tools, always alike.")),
            ("success", _("Shorter prompts: what the examples show need not be said each time.")),
        )
        lacks = (
            ("warning", _("New facts. It learns to sound as if it knew them.")),
            ("warning", _("What changes: prices, opening hours, laws. It keeps the old state.")),
            ("warning", _("Cleverness. A small model stays a small model.")),
        )
        for title, lines in (
            (_("What tuning gives"), gives),
            (_("What it does not give"), lacks),
        ):
            self._add_card(title, _Lines(self.theme, lines))
        box = QWidget()
        box.setLayout(self._examples)
        self._examples.setContentsMargins(0, 0, 0, 0)
        self._add_card(_("Your examples"), box)
        self.body.addStretch()
        close = self.add_button(_("Close"), default=True)
        close.clicked.connect(self.reject)
        launch = self.add_button(_("Fine-tune…"), "primary")
        launch.clicked.connect(self._launch)
        close.setFocus()

    def _add_card(self, title: str, content: QWidget) -> None:
        card = Card()
        card.body.addWidget(SectionTitle(self.theme, title))
        card.body.addWidget(content)
        self.body.addWidget(card)

    def _launch(self) -> None:
        self.accept()
        self.launch_asked.emit()

    def _show(self, found: Suitability) -> None:
        self._waiting.hide()
        self._examples.addWidget(_Lines(self.theme, findings(found)))


class _Lines(QWidget):
    """Sentences below each other, each with the icon of its tone."""

    def __init__(self, theme: Theme, lines: Sequence[tuple[str, str]]) -> None:
        super().__init__()
        self._theme = theme
        self._icons: list[tuple[QLabel, str]] = []
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        for tone, text in lines:
            icon = QLabel()
            icon.setFixedWidth(ICON)
            icon.setAccessibleName(_("Good") if tone == "success" else _("Take care"))
            self._icons.append((icon, tone))
            row = QHBoxLayout()
            row.setSpacing(9)
            row.addWidget(icon, 0, Qt.AlignmentFlag.AlignTop)
            row.addWidget(Label(theme, text, wrap=True), 1)
            column.addLayout(row)
        theme.changed.connect(self._draw)
        self._draw()

    def _draw(self) -> None:
        ratio = self.devicePixelRatioF()
        for icon, tone in self._icons:
            name = "done" if tone == "success" else "warning"
            icon.setPixmap(self._theme.icons.pixmap(name, ICON, tone, ratio))
