"""The tab "As trained": exactly what a base model of this computer reads of the open example."""

from PySide6.QtCore import QObject, QProcess, Qt, QTimer, Signal
from PySide6.QtGui import QAccessible, QResizeEvent
from PySide6.QtWidgets import (
    QComboBox,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QScrollArea,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from tunedesk.catalogue.models import STARTER_ID, Catalogue
from tunedesk.errors import UserError
from tunedesk.examples.as_trained import ExampleAsTrained, TrainedText
from tunedesk.fine_tuning.as_trained import (
    Answer,
    Check,
    checks_of,
    command,
    models_question,
    parse_answer,
    question,
)
from tunedesk.fine_tuning.launch_settings import LAST_SETTINGS
from tunedesk.gui.examples.form.open_example import OpenExample
from tunedesk.gui.examples.form.token_text import BREAK, TokenText
from tunedesk.gui.theme import Theme
from tunedesk.gui.widgets.accessible_roles import set_role
from tunedesk.gui.widgets.buttons import CopyButton
from tunedesk.gui.widgets.cards import EmptyState
from tunedesk.gui.widgets.choices import NoWheelComboBox
from tunedesk.gui.widgets.labels import Label
from tunedesk.gui.widgets.layouts import FlowLayout
from tunedesk.i18n import _
from tunedesk.project.project import Project

ICON = 16
WIDE = 400
"""From this width in pixels on, the checks stand in two columns."""
MOST_OF_HEIGHT = 0.42
"""The share of the height that the checks take at most; more of them scrolls."""
TEXT_HEIGHT = 250
"""The height that the text keeps with its line of choices, in pixels, where there is as much."""
LEAST_HEIGHT = 90
STOP_MS = 2_000
LATE_MS = 250
"""What takes longer than this is said to be under way."""


class TemplateProcess(QObject):
    """The process that holds the templates and tokenizers; started by the first question.

    Only the latest question counts: while one is being answered, newer ones replace each other.

    Signals:
        answered: An `Answer`.
        failed: Why there is no process, as a `UserError`.
    """

    answered = Signal(object)
    failed = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._process: QProcess | None = None
        self._number = 0
        self._asked = False
        self._waiting: tuple[str, str] | None = None

    def ask(self, model: str, text: str) -> None:
        """Ask what a model makes of an example; an empty name asks for the models."""
        self._waiting = (model, text)
        if self._process is None and not self._start():
            return
        self._send()

    def close(self) -> None:
        """End the process."""
        process, self._process = self._process, None
        if process is not None:
            process.finished.disconnect(self._ended)
            process.errorOccurred.disconnect(self._ended)
            process.readyReadStandardOutput.disconnect(self._read)
            process.closeWriteChannel()
            if not process.waitForFinished(STOP_MS):
                process.kill()
                process.waitForFinished()
        self._asked, self._waiting = False, None

    def _start(self) -> bool:
        try:
            program, *arguments = command()
        except UserError as error:
            self._waiting = None
            self.failed.emit(error)
            return False
        process = QProcess(self)
        process.setStandardErrorFile(QProcess.nullDevice())
        process.readyReadStandardOutput.connect(self._read)
        process.finished.connect(self._ended)
        process.errorOccurred.connect(self._ended)
        self._process = process
        process.start(program, arguments)
        return True

    def _send(self) -> None:
        if self._asked or self._waiting is None or self._process is None:
            return
        (model, text), self._waiting = self._waiting, None
        self._number += 1
        self._asked = True
        made = question(self._number, model, text) if model else models_question(self._number)
        self._process.write(made)

    def _read(self) -> None:
        while self._process is not None and self._process.canReadLine():
            answer = parse_answer(bytes(self._process.readLine().data()))
            self._asked = False
            if self._waiting is None:
                self.answered.emit(answer)
            self._send()

    def _ended(self) -> None:
        if self._process is None:
            return
        self._process.deleteLater()
        self._process, self._asked, self._waiting = None, False, None
        self.failed.emit(
            UserError(
                _("What reads the model's template has ended."),
                _("Choose the model again, or install training on this computer anew."),
            )
        )


class AsTrainedView(QWidget):
    """Shows the open example as a base model reads it, and what holds for that."""

    def __init__(
        self, project: Project, example: OpenExample, theme: Theme, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._project = project
        self._example = example
        self._theme = theme
        self._made: ExampleAsTrained | None = None
        self._asked_for: tuple[int | None, str] | None = None
        self._process = TemplateProcess(self)
        self._process.answered.connect(self._answered)
        self._process.failed.connect(self._failed)
        self._models = NoWheelComboBox()
        self._models.setAccessibleName(_("Base model that reads it"))
        self._models.setToolTip(_("The base models on this computer"))
        self._models.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self._models.activated.connect(self._ask)
        self._which = NoWheelComboBox()
        self._which.setAccessibleName(_("Which of the texts"))
        self._which.setToolTip(_("This example makes several texts to train on"))
        self._which.currentIndexChanged.connect(self._show_text)
        self._text = TokenText(theme)
        self._figures = Label(theme, font="small", tone="muted", wrap=True)
        self._checks = QGridLayout()
        self._lines: list[_CheckLine] = []
        self._message = EmptyState(theme, "tokens", "")
        self._late = QTimer(self)
        self._late.setSingleShot(True)
        self._late.setInterval(LATE_MS)
        self._late.timeout.connect(self._show_waiting)
        self._lay_out()

    def show_example(self) -> None:
        """Show the open example as it is now."""
        if self._models.count():
            self._ask()
        elif self._made is None:
            self._say(_("Loading the tokenizer …"))
            self._process.ask("", "")

    def close_process(self) -> None:
        """The project closes."""
        self._process.close()

    def focus_text(self) -> None:
        """Put the focus on the text."""
        self._text.setFocus()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Give the checks as many columns and as much height as there is room for."""
        super().resizeEvent(event)
        self._place_checks()

    def _lay_out(self) -> None:
        copy = CopyButton(self._copied, _("Copy the text as it is trained on"))
        choices = FlowLayout(spacing=8)
        for widget in (
            Label(self._theme, _("Exactly as read by"), tone="muted"),
            self._models,
            self._which,
        ):
            choices.addWidget(widget)
        top = QHBoxLayout()
        top.setSpacing(8)
        top.addLayout(choices, 1)
        top.addWidget(copy, 0, Qt.AlignmentFlag.AlignTop)
        legend = FlowLayout(spacing=14)
        for words, tone in (
            (_("learned"), "learned"),
            (_("only read"), "read"),
            (_("special mark"), "mark"),
            (_("{sign} new line").format(sign=BREAK), "read"),
        ):
            legend.addWidget(_LegendWord(self._theme, words, tone))
        lower = QWidget()
        self._lower_column = column = QVBoxLayout(lower)
        column.setContentsMargins(0, 4, 0, 0)
        column.setSpacing(10)
        column.addLayout(legend)
        column.addWidget(self._figures)
        self._checks.setHorizontalSpacing(18)
        self._checks.setVerticalSpacing(10)
        column.addLayout(self._checks)
        column.addStretch(1)
        self._lower = QScrollArea()
        self._lower.setAccessibleName(_("What holds for this example"))
        set_role(self._lower, QAccessible.Role.Grouping)
        self._lower.setWidget(lower)
        self._lower.setWidgetResizable(True)
        self._lower.setFrameShape(QFrame.Shape.NoFrame)
        self._lower.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(18, 8, 18, 10)
        column.setSpacing(8)
        column.addLayout(top)
        column.addWidget(self._text, 1)
        column.addWidget(self._lower)
        self._page = page
        self._views = QStackedWidget()
        self._views.addWidget(page)
        self._views.addWidget(self._message)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(self._views)

    def _ask(self) -> None:
        wanted = (self._example.example_id, self._models.currentData())
        if wanted == self._asked_for:
            self._mark_old()
            self._late.start()
        else:
            # Of another example, or for another model, nothing that stands there holds.
            self._asked_for = wanted
            self._show_waiting()
        self._process.ask(self._models.currentData(), self._example.text)

    def _mark_old(self) -> None:
        """Take the colours from what is said of the text before the latest keystroke."""
        self._text.mark_old()
        self._figures.setText(_("Reading …"))
        for line in self._lines:
            line.mark_old()

    def _answered(self, answer: Answer) -> None:
        if answer.models is not None:
            self._models.clear()
            titles = {model.id: model.title for model in Catalogue.load().local_models}
            for name in answer.models:
                self._models.addItem(titles.get(name, name), name)
            self._models.setCurrentIndex(answer.models.index(self._likely(answer.models)))
            self._ask()
            return
        self._late.stop()
        self._views.setCurrentWidget(self._page)
        self._made = answer.example
        if answer.example is None:
            self._which.hide()
            self._text.show_text(TrainedText("", [], [], [], [], True), 0)
            self._show_checks([Check("error", _("It cannot be trained on"), answer.refused)])
            self._figures.setText("")
            return
        count = len(answer.example.texts)
        if self._which.count() != count:
            self._which.blockSignals(True)
            self._which.clear()
            self._which.addItems(_names(answer.example, self._example.kind.name))
            self._which.blockSignals(False)
        self._which.setVisible(count > 1)
        self._show_checks(checks_of(answer.example))
        self._show_text()

    def _show_text(self) -> None:
        made = self._made
        if made is None or not made.texts:
            return
        text = made.texts[max(0, self._which.currentIndex())]
        self._text.show_text(text, made.context)
        self._text.setAccessibleName(_("The text that the model reads"))
        if text.ends:
            figures = _("Tokens: {learned} learned, {read} only read, {total} in all").format(
                learned=f"{len(text.learnt):,}",
                read=f"{len(text.ends) - len(text.learnt):,}",
                total=f"{len(text.ends):,}",
            )
        else:
            figures = _(
                "The starter makes its own tokens from all examples when a training begins, so "
                "none are shown."
            )
        self._figures.setText(figures)
        self._text.setAccessibleDescription(figures)

    def _show_waiting(self) -> None:
        """Take down what was said of the text before: it may be that of another example."""
        if self._views.currentWidget() is self._page:
            self._text.show_text(TrainedText("", [], [], [], [], True), 0)
            self._show_checks([])
            self._figures.setText(_("Reading …"))

    def _failed(self, error: UserError) -> None:
        self._late.stop()
        self._models.clear()
        self._made = None
        self._say(error.sentence, error.advice)

    def _say(self, title: str, text: str = "") -> None:
        self._message.show_text("tokens", title, text)
        self._views.setCurrentWidget(self._message)

    def _likely(self, models: list[str]) -> str:
        """The model that this project was trained with last, or one that speaks."""
        stored = self._project.setting(LAST_SETTINGS)
        last = stored.get("base_model") if isinstance(stored, dict) else None
        speaking = [name for name in models if name != STARTER_ID]
        return last if last in models else [*speaking, STARTER_ID][0]

    def _copied(self) -> str:
        made = self._made
        return made.texts[max(0, self._which.currentIndex())].text if made and made.texts else ""

    def _show_checks(self, checks: list[Check]) -> None:
        while len(self._lines) < len(checks):
            line = _CheckLine(self._theme)
            self._lines.append(line)
            self._checks.addWidget(line, len(self._lines), 0)
        for number, line in enumerate(self._lines):
            line.setVisible(number < len(checks))
            if number < len(checks):
                line.show_check(checks[number])
        self._place_checks()

    def _place_checks(self) -> None:
        columns = 2 if self.width() >= WIDE else 1
        for number, line in enumerate(self._lines):
            self._checks.addWidget(line, number // columns, number % columns)
        for column in range(2):
            self._checks.setColumnStretch(column, int(column < columns))
        self._lower_column.invalidate()
        wanted = self._lower_column.totalHeightForWidth(max(1, self._lower.viewport().width()))
        # A text of a few lines leaves its room to the checks.
        lines = self._text.document().size().height() + 3
        short = round(self.height() - TEXT_HEIGHT / 3 - lines * self._text.fontMetrics().height())
        room = min(round(self.height() * MOST_OF_HEIGHT), self.height() - TEXT_HEIGHT)
        room = max(room, short)
        self._lower.setFixedHeight(min(wanted, max(room, LEAST_HEIGHT)))


def _names(example: ExampleAsTrained, kind: str) -> list[str]:
    if kind == "preference":
        return [_("Preferred"), _("Not preferred")]
    total = len(example.texts)
    text = _("Text {number} of {total}")
    return [text.format(number=number, total=total) for number in range(1, total + 1)]


class _CheckLine(QWidget):
    """An icon, what holds, and below it what that means."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._tone = "muted"
        self._icon = QLabel()
        self._icon.setFixedWidth(ICON)
        self._title = Label(theme, font="strong", wrap=True)
        self._detail = Label(theme, font="small", tone="muted", wrap=True)
        words = QVBoxLayout()
        words.setSpacing(1)
        words.addWidget(self._title)
        words.addWidget(self._detail)
        words.addStretch(1)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(9)
        row.addWidget(self._icon, 0, Qt.AlignmentFlag.AlignTop)
        row.addLayout(words, 1)
        theme.changed.connect(self._draw)

    def show_check(self, check: Check) -> None:
        """Show a check."""
        self._tone = check.tone
        self._title.setText(check.title)
        self._detail.setText(check.detail)
        self._draw()

    def mark_old(self) -> None:
        """Say that it is not known whether this still holds."""
        self._tone = "muted"
        self._draw()

    def _draw(self) -> None:
        names = {"success": "done", "warning": "warning", "error": "error"}
        words = {"success": _("Holds"), "warning": _("Warning"), "error": _("Error")}
        color = self._tone if self._tone in names else "text_muted"
        name = names.get(self._tone, "information")
        self._icon.setAccessibleName(words.get(self._tone, _("Note")))
        self._icon.setPixmap(self._theme.icons.pixmap(name, ICON, color, self.devicePixelRatioF()))


class _LegendWord(Label):
    """A word of the legend in the look of what it explains."""

    def __init__(self, theme: Theme, text: str, look: str) -> None:
        super().__init__(theme, text, "small", "" if look == "learned" else "muted")
        self._look = look
        self._colors = theme
        theme.changed.connect(self._dress)
        self._dress()

    def _dress(self) -> None:
        grounds = {"learned": "diff_added", "mark": "muted_soft"}
        if self._look in grounds:
            ground = self._colors.color(grounds[self._look]).name()
            self.setStyleSheet(f"background: {ground}; border-radius: 4px; padding: 1px 6px;")
