"""The row of chips above the table: filters with their live counts, and menus for the rest."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

from PySide6.QtCore import QPoint, QSize, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QAbstractButton,
    QFrame,
    QHBoxLayout,
    QMenu,
    QPushButton,
    QSizePolicy,
    QWidget,
)

from tunedesk.gui.examples.columns import column_looks
from tunedesk.gui.roles_and_states import STATES
from tunedesk.gui.theme import Theme
from tunedesk.gui.widgets.choices import Chip
from tunedesk.gui.widgets.labels import plain_tooltip
from tunedesk.i18n import _
from tunedesk.project.query import ANY_LENGTH, ExampleQuery, Range
from tunedesk.project.statistics import Totals

LENGTHS: tuple[Range, ...] = (
    (None, 250),
    (251, 1_000),
    (1_001, 4_000),
    (4_001, 16_000),
    (16_001, 65_536),
    (65_537, None),
)
"""The lengths in tokens that the menu offers; the last is over what most targets take."""


def tags_text(tags: tuple[str, ...]) -> str:
    """The tags that are filtered by."""
    return ", ".join(tag or _("none") for tag in tags)


def sources_text(sources: tuple[str, ...], titles: dict[str, str]) -> str:
    """The sources that are filtered by."""
    return ", ".join(titles.get(name, name) for name in sources)


def length_text(query: ExampleQuery) -> str:
    """The lengths that are filtered by; empty for all."""
    parts = []
    if query.tokens != ANY_LENGTH:
        parts.append(_("{range} tokens").format(range=_range_words(query.tokens)))
    if query.turns != ANY_LENGTH:
        parts.append(_("{range} turns").format(range=_range_words(query.turns)))
    return ", ".join(parts)


def sort_text(query: ExampleQuery) -> str:
    """The order, unless it is the one they came in."""
    if query.sort == "number":
        return _("last first") if query.descending else ""
    name = next(
        (look.sort_name for look in column_looks().values() if look.sort == query.sort), query.sort
    )
    return f"{name} {'↓' if query.descending else '↑'}"


def _range_words(limits: Range) -> str:
    low, high = limits
    if low is None:
        return _("up to {high}").format(high=f"{high:,}")
    if high is None:
        return _("over {low}").format(low=f"{low - 1:,}")
    if low == high:
        return f"{low:,}"
    return _("{low} to {high}").format(low=f"{low:,}", high=f"{high:,}")


WITH_PROBLEMS = ("error", "warning")
"""Hints are no problems: they are counted apart."""
LONGEST_MENU = 200
"""Menus of thousands of tags would be of no use; the search finds the others."""

SPACING = 6  # pixels between two chips
BETWEEN = 12  # pixels at least between those at the left and the menus at the right


class OneLine(QWidget):
    """Widgets in one line, never in two: those that there is no room for go into a menu "More"."""

    def __init__(
        self,
        *,
        left: Sequence[Chip],
        right: Sequence[QAbstractButton],
        first_to_go: Sequence[Chip],
        more: Chip,
    ) -> None:
        """Make the line.

        Args:
            left: What stands at the left, in order.
            right: What stands at the right, in order.
            first_to_go: What may go into the menu, the least needed first.
            more: The chip of the menu, one of those at the left.
        """
        super().__init__()
        self._left, self._right = list(left), list(right)
        self._first_to_go = list(first_to_go)
        self._more = more
        self._offered: dict[QAbstractButton, bool] = {}
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        for widget in (*left, *right):
            widget.setParent(self)

    def offer(self, widget: QAbstractButton, offered: bool) -> None:
        """Say whether a widget has anything to say just now; `fit` then shows it."""
        self._offered[widget] = offered

    def left_out(self) -> list[Chip]:
        """What stands in the menu, in the order of the line."""
        line = [*self._left, *self._right]
        hidden = [one for one in self._first_to_go if self._is_offered(one) and one.isHidden()]
        return sorted(hidden, key=line.index)

    def sizeHint(self) -> QSize:
        """As high as a chip."""
        return QSize(600, self._more.sizeHint().height())

    def minimumSizeHint(self) -> QSize:
        """Any width will do."""
        return QSize(0, self._more.sizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Show as much as there is room for."""
        super().resizeEvent(event)
        self.fit()

    def fit(self) -> None:
        """Show as much as there is room for: what is switched on goes last."""
        shown = {one for one in (*self._left, *self._right) if self._is_offered(one)}
        shown.discard(self._more)
        candidates = [one for one in self._first_to_go if not one.isChecked()]
        candidates += [one for one in self._first_to_go if one.isChecked()]
        for one in candidates:
            if self._width_of(shown) <= self.width():
                break
            shown.discard(one)
            shown.add(self._more)
        for widget in (*self._left, *self._right):
            widget.setVisible(widget in shown)
        mirrored = self.layoutDirection() == Qt.LayoutDirection.RightToLeft
        begin, end = 0, self.width()
        for widget in (one for one in self._left if one in shown):
            begin = self._place(widget, begin, mirrored) + SPACING
        for widget in reversed([one for one in self._right if one in shown]):
            width = widget.sizeHint().width()
            self._place(widget, end - width, mirrored)
            end -= width + SPACING

    def _place(self, widget: QAbstractButton, begin: int, mirrored: bool) -> int:
        """Put a widget where it begins; returns where it ends."""
        size = widget.sizeHint()
        x = self.width() - begin - size.width() if mirrored else begin
        widget.setGeometry(x, (self.height() - size.height()) // 2, size.width(), size.height())
        return begin + size.width()

    def _width_of(self, shown: set[QAbstractButton]) -> int:
        widths = sum(one.sizeHint().width() for one in shown)
        return widths + SPACING * max(0, len(shown) - 1) + BETWEEN

    def _is_offered(self, widget: QAbstractButton) -> bool:
        return self._offered.get(widget, True)


class FilterBar(QFrame):
    """Chips for review states and problems, menus for tag, source, length and order.

    Signals:
        query_requested: Show the examples of this query.
    """

    query_requested = Signal(object)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._query = ExampleQuery()
        self._tags: list[tuple[str, int]] = []
        self._sources: list[tuple[str, str]] = []
        self.setProperty("surface", "toolbar")
        self.setAccessibleName(_("Filters"))
        self._all = self._chip(_("All"), self._show_all)
        self._states = {
            state: self._chip(look.label, partial(self._toggle_state, state))
            for state, look in STATES.items()
        }
        self._lapsed = self._chip(_("Changed since approval"), self._toggle_lapsed, "warning")
        self._problems = self._chip(_("With problems"), self._toggle_problems, "error")
        self._title = ""
        self._special = self._chip(_("Chosen examples"), self._drop_special)
        self._tag = self._menu_chip(_("Tag"), self._tag_menu)
        self._source = self._menu_chip(_("Source"), self._source_menu)
        self._length = self._menu_chip(_("Length"), self._length_menu)
        self._sort = self._menu_chip(_("Sort"), self._sort_menu)
        self._more = self._menu_chip(_("More"), self._more_menu)
        self._clear = QPushButton(_("Clear filters"))
        self._clear.setAccessibleName(_("Clear filters"))
        self._clear.setProperty("kind", "link")
        self._clear.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self._clear.clicked.connect(self.clear)
        self._lay_out()
        self.show_query(self._query)

    def _lay_out(self) -> None:
        self._row = OneLine(
            left=[
                self._all,
                *self._states.values(),
                self._lapsed,
                self._problems,
                self._special,
                self._more,
            ],
            right=[self._clear, self._tag, self._source, self._length, self._sort],
            first_to_go=[
                self._states["draft"],
                self._length,
                self._source,
                self._states["changes_wanted"],
                self._states["rejected"],
                self._tag,
                self._sort,
                self._lapsed,
                self._states["approved"],
                self._problems,
                self._states["to_review"],
            ],
            more=self._more,
        )
        for widget in (self._lapsed, self._special, self._clear):
            self._row.offer(widget, False)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(14, 7, 14, 7)
        layout.addWidget(self._row)

    def _chip(self, text: str, act: Callable[[], object], tone: str = "") -> Chip:
        chip = Chip(self._theme, text, tone=tone)
        chip.clicked.connect(act)
        return chip

    def _menu_chip(self, text: str, build: Callable[[QMenu], object]) -> Chip:
        chip = Chip(self._theme, text, arrow=True)
        chip.setCheckable(True)
        chip.clicked.connect(lambda: self._open_menu(chip, build))
        return chip

    # What is shown

    @property
    def query(self) -> ExampleQuery:
        """The query as the chips show it."""
        return self._query

    def show_query(self, query: ExampleQuery, title: str = "") -> None:
        """Show what is being filtered, without asking for it.

        Args:
            query: The query.
            title: What it is in words, where the chips have none: a rule, a set of examples.
        """
        self._query = query
        self._show_special(query, title)
        self._all.setChecked(query.unfiltered)
        for state, chip in self._states.items():
            chip.setChecked(state in query.states)
        self._problems.setChecked(query.problems == WITH_PROBLEMS)
        self._set_chip(self._tag, _("Tag"), tags_text(query.tags))
        titles = dict(self._sources)
        self._set_chip(self._source, _("Source"), sources_text(query.sources, titles))
        self._set_chip(self._length, _("Length"), length_text(query))
        self._set_chip(self._sort, _("Sort"), sort_text(query))
        self._lapsed.setChecked(query.lapsed)
        self._row.offer(self._lapsed, query.lapsed or bool(self._lapsed.count))
        self._row.offer(self._clear, not query.unfiltered)
        self._row.fit()

    def _show_special(self, query: ExampleQuery, title: str) -> None:
        """A chip for what no other chip stands for; clicking it takes the filter away."""
        special = query.ids is not None or query.problems not in ((), WITH_PROBLEMS)
        special |= query.duplicated
        if title:
            self._title = title
        self._row.offer(self._special, special)
        if special:
            text = _("Duplicates") if query.duplicated else self._title or _("Chosen examples")
            metrics = self.fontMetrics()
            self._special.setText(metrics.elidedText(text, Qt.TextElideMode.ElideRight, 220))
            self._special.set_count(None)
            self._special.setChecked(True)
            self._special.setToolTip(plain_tooltip(_("{title}: show all again").format(title=text)))

    def show_totals(self, totals: Totals, lapsed: int = 0) -> None:
        """Show the counts on the chips; `lapsed` are the approvals that a new text took."""
        self._all.set_count(totals.count)
        counts = {str(state): count for state, count in totals.by_state.items()}
        for state, chip in self._states.items():
            chip.set_count(counts.get(state, 0))
        self._problems.set_count(totals.with_problems)
        tone = "warning" if totals.with_problems else ""
        self._problems.set_tone("error" if totals.with_errors else tone)
        self._lapsed.set_count(lapsed)
        self._row.offer(self._lapsed, self._query.lapsed or lapsed > 0)
        self._row.fit()

    def show_choices(self, tags: list[tuple[str, int]], sources: list[tuple[str, str]]) -> None:
        """Take the tags with their counts, and the sources with their titles, for the menus."""
        self._tags = tags
        self._sources = sources

    def clear(self) -> None:
        """Show all examples again, in the same order."""
        self._ask(replace(ExampleQuery(), sort=self._query.sort, descending=self._query.descending))

    def _set_chip(self, chip: Chip, name: str, value: str) -> None:
        text = f"{name}: {value}" if value else name
        metrics = self.fontMetrics()
        chip.setText(metrics.elidedText(text, Qt.TextElideMode.ElideRight, 200))
        chip.setChecked(bool(value))
        chip.set_count(None)
        chip.setAccessibleName(name)
        chip.setAccessibleDescription(value)
        chip.setToolTip("")

    # What is asked

    def _ask(self, query: ExampleQuery) -> None:
        self.show_query(query)
        self.query_requested.emit(query)

    def _show_all(self) -> None:
        now = self._query
        self._ask(ExampleQuery(sort=now.sort, descending=now.descending))

    def _toggle_state(self, state: str) -> None:
        now = () if self._query.states == (state,) else (state,)
        self._ask(replace(self._query, states=now))

    def _toggle_lapsed(self) -> None:
        self._ask(replace(self._query, lapsed=not self._query.lapsed))

    def _toggle_problems(self) -> None:
        now = () if self._query.problems == WITH_PROBLEMS else WITH_PROBLEMS
        self._ask(replace(self._query, problems=now))

    def _drop_special(self) -> None:
        self._ask(replace(self._query, problems=(), ids=None, duplicated=False))

    def _open_menu(self, chip: Chip, build: Callable[[QMenu], object]) -> None:
        # The click switched the chip; the query decides how it stands.
        self.show_query(self._query)
        menu = QMenu(chip)
        menu.setAccessibleName(chip.accessibleName())
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        build(menu)
        menu.popup(chip.mapToGlobal(QPoint(0, chip.height() + 3)))

    def _choice(self, menu: QMenu, text: str, on: bool, query: ExampleQuery) -> None:
        action = menu.addAction(text.replace("&", "&&"))
        action.setCheckable(True)
        action.setChecked(on)
        action.triggered.connect(lambda: self._ask(query))

    def _more_menu(self, menu: QMenu) -> None:
        """What there is no room for in the line."""
        menus = {
            self._tag: self._tag_menu,
            self._source: self._source_menu,
            self._length: self._length_menu,
            self._sort: self._sort_menu,
        }
        for chip in self._row.left_out():
            if chip in menus:
                below = menu.addMenu(chip.text().replace("&", "&&"))
                below.setAccessibleName(chip.text())
                menus[chip](below)
                continue
            count = "" if chip.count is None else f"   {chip.count:,}"
            action = menu.addAction(chip.text().replace("&", "&&") + count)
            action.setCheckable(True)
            action.setChecked(chip.isChecked())
            action.triggered.connect(chip.click)

    def _tag_menu(self, menu: QMenu) -> None:
        query = self._query
        self._choice(menu, _("Any tag"), not query.tags, replace(query, tags=()))
        self._choice(menu, _("No tag"), query.tags == ("",), replace(query, tags=("",)))
        menu.addSeparator()
        for tag, count in self._tags[:LONGEST_MENU]:
            selected = tuple(one for one in query.tags if one)
            others = tuple(one for one in selected if one != tag)
            on = tag in selected
            wanted = others if on else (*selected, tag)
            self._choice(menu, f"{tag}   {count:,}", on, replace(query, tags=wanted))
        if not self._tags:
            menu.addAction(_("There are no tags yet")).setEnabled(False)

    def _source_menu(self, menu: QMenu) -> None:
        query = self._query
        self._choice(menu, _("Any source"), not query.sources, replace(query, sources=()))
        menu.addSeparator()
        for name, title in self._sources[:LONGEST_MENU]:
            on = name in query.sources
            others = tuple(one for one in query.sources if one != name)
            wanted = others if on else (*query.sources, name)
            self._choice(menu, title, on, replace(query, sources=wanted))

    def _length_menu(self, menu: QMenu) -> None:
        query = self._query
        none = query.tokens == ANY_LENGTH and query.turns == ANY_LENGTH
        any_length = replace(query, tokens=ANY_LENGTH, turns=ANY_LENGTH)
        self._choice(menu, _("Any length"), none, any_length)
        menu.addSeparator()
        for tokens in LENGTHS:
            wanted = replace(query, tokens=tokens)
            self._choice(menu, length_text(wanted), query.tokens == tokens, wanted)

    def _sort_menu(self, menu: QMenu) -> None:
        query = self._query
        for look in column_looks().values():
            text = _("As it came") if look.sort == "number" else look.title
            wanted = replace(query, sort=look.sort, descending=False)
            self._choice(menu, text, query.sort == look.sort, wanted)
        menu.addSeparator()
        turned = replace(query, descending=not query.descending)
        self._choice(menu, _("Largest or latest first"), query.descending, turned)
