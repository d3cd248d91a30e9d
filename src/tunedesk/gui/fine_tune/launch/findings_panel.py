"""The right side of the launch page: what is in the way, what it takes, what leaves."""

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QHBoxLayout,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from tunedesk.checks.messages import sentences
from tunedesk.checks.problem import SetProblem, severity
from tunedesk.fine_tuning.launch_preview import LaunchPreview, left_out_sentence
from tunedesk.gui.fine_tune.launch.launch_estimate import LaunchEstimate
from tunedesk.gui.theme import Theme
from tunedesk.gui.widgets.labels import Label, SectionTitle
from tunedesk.gui.widgets.layouts import clear_layout
from tunedesk.i18n import _, duration_text, money_text, ngettext, size_text
from tunedesk.project.query import ExampleQuery
from tunedesk.services.providers import provider_named

WIDTH = 300
MARKS = {"success": "✓", "warning": "!", "error": "✕", "muted": "·"}


class FindingsPanel(QWidget):
    """Says before anything starts what would happen.

    Signals:
        examples_asked: Show these examples: an `ExampleQuery` and a title.
        leave_out_changed: Whether examples with errors stay behind.
    """

    examples_asked = Signal(object, str)
    leave_out_changed = Signal(bool)

    def __init__(self, theme: Theme, reading: QWidget, parent: QWidget | None = None) -> None:
        """Make the panel.

        Args:
            theme: Colours and fonts.
            reading: Says what the base model makes of the examples.
            parent: Its owner.
        """
        super().__init__(parent)
        self._theme = theme
        self.setProperty("surface", "window")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setMinimumWidth(WIDTH)
        self._lines = QVBoxLayout()
        self._lines.setSpacing(4)
        self.leave_out = QCheckBox(_("Leave out examples with errors"))
        self.leave_out.toggled.connect(self.leave_out_changed)
        self.leave_out.hide()
        self._takes = QVBoxLayout()
        self._takes.setSpacing(7)
        self._how = Label(theme, "", "small", "muted", wrap=True)
        self.leaves = Label(theme, "", "base", wrap=True)
        self._column = column = QVBoxLayout(self)
        column.setContentsMargins(20, 18, 20, 18)
        column.setSpacing(8)
        column.addWidget(SectionTitle(theme, _("Before it starts")))
        column.addLayout(self._lines)
        column.addWidget(reading)
        column.addWidget(self.leave_out)
        column.addSpacing(10)
        column.addWidget(SectionTitle(theme, _("What it takes")))
        column.addLayout(self._takes)
        column.addWidget(self._how)
        column.addSpacing(10)
        column.addWidget(SectionTitle(theme, _("What leaves this computer")))
        column.addWidget(self.leaves)
        column.addStretch()
        column.addWidget(
            Label(
                theme,
                _(
                    "The examples are kept as they are now, so that this run can be understood "
                    "later."
                ),
                "small",
                "muted",
                wrap=True,
            )
        )

    def show_counting(self) -> None:
        """Say that the answer is on its way."""
        if self._lines.count() == 0:
            self._add_line(_("Looking through the examples …"), "muted")

    def show_estimate(
        self,
        estimate: LaunchEstimate,
        more_stops: Sequence[str],
        memory: str,
        download: int = 0,
        set_problems: Sequence[SetProblem] = (),
        *,
        refused: bool = False,
    ) -> None:
        """Show what a launch would be.

        Args:
            estimate: The launch.
            more_stops: What else stands in the way, a sentence each: the key, the model's size.
            memory: The memory it takes of what there is; empty: not here.
            download: The bytes of the base model that are downloaded first.
            set_problems: What is found in all examples of the project as a set.
            refused: Whether the base model does not take some of the examples.
        """
        preview = estimate.preview
        clear_layout(self._lines)
        for line, tone in good_lines(preview):
            self._add_line(line, tone)
        for sentence in (*more_stops, *preview.stops):
            self._add_line(sentence, "error")
        for found, tone in ((preview.errors, "error"), (preview.warnings, "warning")):
            for code, ids in sorted(found.items(), key=lambda each: -len(each[1])):
                title = sentences.title(code)
                self._add_line(f"{len(ids):,} × {title}", tone, ids, title)
        for code, ids in among_these(preview, set_problems).items():
            title = sentences.title(code)
            self._add_line(f"{len(ids):,} × {title}", "warning", ids, title)
        for reason, ids in preview.left_out.items():
            self._add_line(left_out_sentence(reason, len(ids)), "warning", ids, _("Left out"))
        for note in preview.notes:
            self._add_line(note, "warning")
        self.leave_out.setVisible(bool(preview.errors) or bool(preview.left_out) or refused)
        self._show_takes(estimate, memory, download)
        where = provider_named(preview.settings.provider)
        self.leaves.setText(preview.leaves)
        self.leaves.set_tone("" if where.name == "local" else "warning")
        # A language may need more room than English does.
        self.setMinimumWidth(max(WIDTH, self._column.minimumSize().width()))

    def _show_takes(self, estimate: LaunchEstimate, memory: str, download: int) -> None:
        preview = estimate.preview
        clear_layout(self._takes)
        here = preview.settings.provider == "local"
        facts = [
            (
                _("Tokens × epochs"),
                f"{preview.tokens:,} × {preview.epochs}"
                if preview.tokens or not preview.split.training
                else _("not counted yet"),
            ),
            (_("Steps"), f"{preview.steps:,}"),
            (
                _("Time"),
                _("about {time}").format(time=duration_text(estimate.time.seconds))
                if estimate.time
                else (_("not known yet") if here else _("told once it runs")),
            ),
        ]
        if download:
            facts.append((_("Download, once"), size_text(download)))
        if memory:
            facts.append((_("Memory"), memory))
        price = _("none") if here else _("not known")
        if preview.price is not None:
            price = money_text(preview.price)
        facts.append((_("Price"), price))
        for name, value in facts:
            # A row of its own for each: in a grid the longest name would take the room of all.
            line = QWidget()
            row = QHBoxLayout(line)
            row.setContentsMargins(0, 0, 0, 0)
            row.addWidget(Label(self._theme, name, "base", "muted"))
            row.addStretch()
            shown = Label(self._theme, value, "strong")
            shown.setAccessibleName(f"{name}: {value}")
            row.addWidget(shown)
            self._takes.addWidget(line)
        how = [preview.price_source, estimate.time.source if estimate.time else ""]
        self._how.setText(" ".join(part for part in how if part))
        self._how.setVisible(bool(self._how.text()))

    def _add_line(self, text: str, tone: str, ids: Sequence[int] = (), title: str = "") -> None:
        line = FindingLine(self._theme, text, tone, ids, title)
        line.examples_asked.connect(self.examples_asked)
        self._lines.addWidget(line)


class FindingLine(QWidget):
    """A mark, a sentence, and "Show" where it is said of some examples.

    Signals:
        examples_asked: Show these examples: an `ExampleQuery` and a title.
    """

    examples_asked = Signal(object, str)

    def __init__(
        self, theme: Theme, text: str, tone: str, ids: Sequence[int] = (), title: str = ""
    ) -> None:
        super().__init__()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(6)
        mark = Label(theme, MARKS[tone], "strong", tone)
        mark.setFixedWidth(12)
        mark.setAccessibleName(mark_name(tone))
        words = Label(theme, text, "base", "" if tone == "success" else tone, wrap=True)
        top = Qt.AlignmentFlag.AlignTop
        row.addWidget(mark, 0, top)
        row.addWidget(words, 1)
        if ids:
            show = QPushButton(_("Show"))
            show.setProperty("kind", "link")
            show.setAutoDefault(False)
            show.setAccessibleDescription(text)
            show.setToolTip(_("Show these examples in the table; this page closes"))
            show.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
            query = ExampleQuery(ids=tuple(ids))
            show.clicked.connect(lambda: self.examples_asked.emit(query, title))
            row.addWidget(show, 0, top)


def mark_name(tone: str) -> str:
    """What a screen reader says of the mark before a line."""
    names = {"success": _("All right"), "warning": _("Warning"), "error": _("In the way")}
    return names.get(tone, _("Under way"))


def among_these(
    preview: LaunchPreview, set_problems: Sequence[SetProblem]
) -> dict[str, tuple[int, ...]]:
    """The examples of a launch with each problem of the set that costs quality, by its code.

    A duplicate counts only where another of its group is trained on or held back as well.
    """
    aim = provider_named(preview.settings.provider).target
    taken = {row.example_id for side in preview.split for row in side}
    found: dict[str, list[int]] = {}
    for problem in set_problems:
        ids = [member for member in problem.members if member in taken]
        if len(ids) > 1 and severity(problem.code, aim) != "hint":
            found.setdefault(problem.code, []).extend(ids)
    return {code: tuple(ids) for code, ids in found.items()}


def good_lines(preview: LaunchPreview) -> list[tuple[str, str]]:
    """What is as it should be."""
    count = len(preview.split.training) + len(preview.split.validation)
    lines = []
    if count and not preview.errors:
        words = ngettext(
            "{n} example, without errors", "{n} examples, none with errors", count
        ).format(n=f"{count:,}")
        lines.append((words, "success"))
    if preview.longest and not preview.over_limit:
        lines.append(
            (
                _("None is too long; the longest has {n} tokens").format(n=f"{preview.longest:,}"),
                "success",
            )
        )
    elif preview.over_limit:
        words = ngettext(
            "{n} example is too long: its end is cut off",
            "{n} examples are too long: their ends are cut off",
            preview.over_limit,
        ).format(n=f"{preview.over_limit:,}")
        lines.append((words, "warning"))
    if preview.split.validation:
        lines.append((_("No question stands on both sides"), "success"))
    return lines
