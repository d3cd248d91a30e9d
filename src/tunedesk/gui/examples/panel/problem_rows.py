"""The rows of a list of problems: what each says, what can be done, and how it is painted."""

from collections import Counter
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from PySide6.QtCore import QModelIndex, QObject, QPersistentModelIndex, QPointF, QRect, QSize, Qt
from PySide6.QtGui import QFontMetrics, QPainter
from PySide6.QtWidgets import QStyledItemDelegate, QStyleOptionViewItem

from tunedesk.checks.fixes import fixable
from tunedesk.checks.messages import sentences
from tunedesk.checks.problem import Problem, severity
from tunedesk.gui.theme import Theme
from tunedesk.gui.widgets.row_list import ROW, RowListModel, paint_background, wrapped
from tunedesk.i18n import _, ngettext
from tunedesk.project.text_edits import PICTURE_CODES


@dataclass(frozen=True)
class RowAction:
    """Something that can be done about a row.

    Attributes:
        name: What the list's signal calls it: "go", "fix", "same", "show".
        label: What its button says.
        tooltip: What it does, in a sentence.
    """

    name: str
    label: str
    tooltip: str = ""


@dataclass(frozen=True)
class ProblemRow:
    """One problem, or one rule with the number of examples that break it.

    Attributes:
        key: What tells the row from the others and stays the same while the text is edited.
        severity: "error", "warning" or "hint".
        title: A few words.
        sentence: What is wrong, in plain words.
        advice: What to do about it; shown when the row is chosen.
        count: In how many examples; 0 shows no number.
        actions: What can be done, the first also by Enter.
    """

    key: Hashable
    severity: str
    title: str
    sentence: str
    advice: str = ""
    count: int = 0
    actions: tuple[RowAction, ...] = ()


def severity_name(severity: str) -> str:
    """The word for a severity."""
    names = {"error": _("Error"), "warning": _("Warning"), "hint": _("Hint")}
    return names.get(severity, severity)


class ProblemRowsModel(RowListModel[ProblemRow]):
    """Problems, of one example or of all."""

    def row_text(self, row: ProblemRow, role: int) -> str | None:
        """What is wrong and where; what to do about it as the description."""
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            count = f" ({row.count:,})" if row.count else ""
            return f"{severity_name(row.severity)}: {row.title}{count}. {row.sentence}"
        return row.advice if role == Qt.ItemDataRole.AccessibleDescriptionRole else None


GO, FIX, SAME, SHOW, FIX_ALL, COMPARE = "go", "fix", "same", "show", "fix_all", "compare"
EMBED, CHOOSE_VERSION = "embed", "choose_version"
MERGE_CODE = "merge_marker"
SEVERITIES = ("error", "warning", "hint")


def example_rows(
    problems: Sequence[Problem],
    target: str,
    counts: Mapping[str, int],
    may_fix: Callable[[Problem], bool],
) -> list[tuple[ProblemRow, Problem]]:
    """The rows of one example, errors first, each with its problem.

    Args:
        problems: All problems of the example.
        target: Where it will be trained; decides the severities.
        counts: By code, in how many examples of the project the same is wrong.
        may_fix: Whether a problem of the example can be fixed.
    """
    looks: dict[str, tuple[str, str, str]] = {}
    for code in {problem.code for problem in problems}:
        looks[code] = (severity(code, target), sentences.title(code), sentences.advice(code))
    seen: Counter[tuple[str, tuple[str | int, ...]]] = Counter()
    rows = []
    for problem in sorted(problems, key=lambda p: SEVERITIES.index(looks[p.code][0])):
        what = (problem.code, problem.path)
        seen[what] += 1
        how_bad, title, advice = looks[problem.code]
        more = counts.get(problem.code, 0) - 1
        row = ProblemRow(
            key=(*what, seen[what]),
            severity=how_bad,
            title=title,
            sentence=sentences.sentence(problem),
            advice=advice,
            actions=_example_actions(problem.code, more, may_fix=may_fix(problem)),
        )
        rows.append((row, problem))
    return rows


def _choose_version() -> RowAction:
    return RowAction(
        CHOOSE_VERSION,
        _("Choose a version…"),
        _("Look at the versions of the merge side by side, and keep one"),
    )


def _example_actions(code: str, more: int, *, may_fix: bool) -> tuple[RowAction, ...]:
    """What can be done about a problem of the open example that `more` others have as well."""
    actions = [RowAction(GO, _("Go there"), _("Show the place in the example (Enter)"))]
    if may_fix:
        actions.append(RowAction(FIX, _("Fix…"), _("Look at a safe correction first")))
    if code == MERGE_CODE:
        actions.append(_choose_version())
    if more > 0:
        actions.append(
            RowAction(
                SAME,
                _("Same in {count} more").format(count=f"{more:,}"),
                _("Show all examples that have this problem"),
            )
        )
    return tuple(actions)


def rule_rows(
    counts: Mapping[str, int], target: str, fixable_counts: Mapping[str, int], *, may_fix: bool
) -> list[ProblemRow]:
    """One row a rule that examples break, errors first, then the most frequent.

    Args:
        counts: By code, how many examples break the rule.
        target: Where it will be trained; decides the severities.
        fixable_counts: In how many of them the fix would change something, where that is known.
        may_fix: Whether the examples can be changed.
    """
    rows = []
    for code, count in counts.items():
        actions = [
            RowAction(
                SHOW,
                _("Show them"),
                _("Show only these examples in the table (Enter)"),
            )
        ]
        if may_fix and fixable(code) and fixable_counts.get(code) != 0:
            actions.append(
                RowAction(
                    FIX_ALL,
                    _fix_all_label(count, fixable_counts.get(code)),
                    _("Look at some of the corrections first; all are one step of undo"),
                )
            )
        if code == MERGE_CODE:
            actions.append(_choose_version())
        if may_fix and code in PICTURE_CODES:
            actions.append(
                RowAction(
                    EMBED,
                    _("Embed pictures…"),
                    _("Choose the folder in which the pictures are; one step of undo"),
                )
            )
        rows.append(
            ProblemRow(
                key=code,
                severity=severity(code, target),
                title=sentences.title(code),
                sentence="",
                advice=sentences.advice(code),
                count=count,
                actions=tuple(actions),
            )
        )
    return sorted(rows, key=lambda row: (SEVERITIES.index(row.severity), -row.count, row.title))


def _fix_all_label(count: int, fixable_count: int | None) -> str:
    """What the button says: how many of the examples can be fixed, where that is known."""
    if fixable_count is None:
        return _("Fix…")
    if fixable_count < count:
        return _("Fix {n} of {count}…").format(n=f"{fixable_count:,}", count=f"{count:,}")
    return ngettext("Fix {count}…", "Fix all {count}…", count).format(count=f"{count:,}")


MARGIN = 14
_PADDING = 12
_GAP = 4
_BADGE_HEIGHT = 18
_SHAPE = 12
_MOST_HEIGHTS = 20_000
_SEVERITY_COLORS = {"error": "error", "warning": "warning", "hint": "accent"}


class _RowLayout(NamedTuple):
    """Where the parts of a row stand in it, and how high it is."""

    badge: QRect
    number: QRect
    title: QRect
    sentence: QRect
    advice: QRect
    height: int


class ProblemDelegate(QStyledItemDelegate):
    """Paints rows that hold a `ProblemRow`.

    Attributes:
        chosen_row: The row that also shows its advice and leaves room for its buttons; -1: none.
        buttons_height: That room, in pixels.
    """

    def __init__(self, theme: Theme, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.chosen_row = -1
        self.buttons_height = 0
        self._heights: dict[tuple[str, str, str, int, int], int] = {}

    def height(self, row: ProblemRow, width: int, chosen: bool) -> int:
        """How high a row is at a width."""
        if chosen:
            return self._layout(row, width, chosen).height
        key = (row.severity, row.title, row.sentence, row.count, width)
        height = self._heights.get(key)
        if height is None:
            if len(self._heights) > _MOST_HEIGHTS:
                self._heights.clear()
            height = self._heights[key] = self._layout(row, width, chosen).height
        return height

    def forget_heights(self) -> None:
        """The fonts are others now."""
        self._heights.clear()

    def sizeHint(
        self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> QSize:
        """As wide as the list, as high as the texts need."""
        view = option.widget
        width = view.viewport().width() if hasattr(view, "viewport") else option.rect.width()
        chosen = index.row() == self.chosen_row
        return QSize(width, self.height(index.data(ROW), width, chosen))

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        """Paint the row."""
        row: ProblemRow = index.data(ROW)
        theme, rect = self._theme, option.rect
        chosen = index.row() == self.chosen_row
        areas = self._layout(row, rect.width(), chosen)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        paint_background(painter, option, theme, chosen)
        painter.setPen(theme.color("border"))
        painter.drawLine(rect.bottomLeft(), rect.bottomRight())
        painter.translate(rect.topLeft())
        self._paint_badge(painter, areas.badge, row.severity)
        if row.count:
            painter.setFont(theme.font("strong"))
            painter.setPen(theme.color("text"))
            painter.drawText(areas.number, int(Qt.AlignmentFlag.AlignRight), f"{row.count:,}")
        for area, text, font, color in (
            (areas.title, row.title, "strong", "text"),
            (areas.sentence, row.sentence, "base", "text_muted"),
            (areas.advice, row.advice, "base", "text"),
        ):
            if not area.isEmpty():
                painter.setPen(theme.color(color))
                layout = wrapped(text, theme.font(font), area.width())[0]
                layout.draw(painter, QPointF(area.topLeft()))
        painter.restore()

    def _layout(self, row: ProblemRow, width: int, chosen: bool) -> _RowLayout:
        inner = width - 2 * MARGIN
        badge = QRect(MARGIN, _PADDING, self._badge_width(row.severity), _BADGE_HEIGHT)
        strong = QFontMetrics(self._theme.font("strong"))
        number = strong.horizontalAdvance(f"{row.count:,}") + 4 if row.count else 0
        count = QRect(width - MARGIN - number, _PADDING, number, _BADGE_HEIGHT)
        beside = count.left() - badge.right() - 2 * _GAP - 4
        y = badge.bottom() + 1
        if strong.horizontalAdvance(row.title) <= beside:
            title = QRect(badge.right() + 2 * _GAP, _PADDING, beside, _BADGE_HEIGHT)
        else:
            title = self._text_area(row.title, "strong", y + _GAP, inner)
            y = title.bottom() + 1
        sentence = self._text_area(row.sentence, "base", y + _GAP, inner)
        y = sentence.bottom() + 1 if not sentence.isEmpty() else y
        advice = QRect()
        if chosen and row.advice:
            advice = self._text_area(row.advice, "base", y + _GAP + 2, inner)
            y = advice.bottom() + 1
        if chosen and self.buttons_height:
            y += self.buttons_height
        return _RowLayout(badge, count, title, sentence, advice, y + _PADDING)

    def _text_area(self, text: str, font: str, top: int, width: int) -> QRect:
        if not text:
            return QRect()
        return QRect(MARGIN, top, width, wrapped(text, self._theme.font(font), width)[1])

    def _badge_width(self, severity: str) -> int:
        metrics = QFontMetrics(self._theme.font("small_strong"))
        return metrics.horizontalAdvance(severity_name(severity)) + _SHAPE + 18

    def _paint_badge(self, painter: QPainter, rect: QRect, severity: str) -> None:
        name = _SEVERITY_COLORS.get(severity, "text_muted")
        color = self._theme.color(name)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._theme.color(f"{name}_soft" if name != "text_muted" else "hover"))
        painter.drawRoundedRect(rect, rect.height() / 2, rect.height() / 2)
        if severity in _SEVERITY_COLORS:
            icon = QRect(rect.left() + 6, rect.center().y() - _SHAPE // 2 + 1, _SHAPE, _SHAPE)
            self._theme.icons.paint(painter, icon, severity, color)
        painter.setFont(self._theme.font("small_strong"))
        painter.setPen(color)
        painter.drawText(
            rect.adjusted(_SHAPE + 10, 0, 0, 0),
            int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft),
            severity_name(severity),
        )
