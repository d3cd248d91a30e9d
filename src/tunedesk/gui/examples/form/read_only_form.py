"""The form of kinds that are read here and changed in the raw JSON: their parts under headings."""

from collections.abc import Sequence
from itertools import groupby
from typing import NamedTuple

from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QFont, QFontMetrics
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from tunedesk.examples.json_text import Path
from tunedesk.examples.kinds.kind import Block, Kind
from tunedesk.gui.examples.form.code_edit import laid_out
from tunedesk.gui.examples.form.content_parts import RawValueRow
from tunedesk.gui.examples.form.kind_form import WIDEST_KEY, KindForm
from tunedesk.gui.examples.form.message_list import MessageList
from tunedesk.gui.examples.form.message_text import MessageText
from tunedesk.gui.examples.form.open_example import OpenExample
from tunedesk.gui.examples.form.problem_marks import (
    MARKED_LENGTH,
    ProblemLine,
    ShownProblems,
    hit_mark,
)
from tunedesk.gui.roles_and_states import role_color, role_title
from tunedesk.gui.theme import Theme
from tunedesk.gui.widgets.cards import Card
from tunedesk.gui.widgets.labels import Label, SectionTitle
from tunedesk.i18n import _, ngettext
from tunedesk.project.search import hits

MOST_PROBLEMS = 3
MOST_OTHER_KEYS = 40
SHORT = 80
"""A value of a key that has no title, as short as this, stands in a line beside its key."""
CARD_HEIGHT_WITHOUT_TEXT = 60


class _Part(NamedTuple):
    """One card.

    Attributes:
        section: The key of the record that it belongs to.
        title: The heading above it; empty if it stands under that of the card before.
        name: What it is, for screen readers.
        role: The role of the message; None if it is not a message.
        text: What it shows.
        is_code: Whether that is JSON.
    """

    section: str
    title: str
    name: str
    role: str | None
    text: str
    is_code: bool


class ReadOnlyForm(KindForm):
    """Shows the parts of an example one below the other: prompt, answers, tools, other keys."""

    def __init__(self, example: OpenExample, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._example = example
        self._theme = theme
        self._fonts = (theme.font("message"), theme.font("mono"))
        self._search = ""
        self._shown: tuple[str, Kind] | None = None
        self._parts: list[_Part] = []
        self._what = Label(theme, font="small", tone="muted", wrap=True)
        self._raw = QPushButton(_("Edit as raw JSON"))
        self._raw.setProperty("kind", "link")
        self._raw.setToolTip(_("All of the example as it stands in the file"))
        self._raw.clicked.connect(self.raw_json_wanted)
        self._problem_lines = [ProblemLine(theme) for _number in range(MOST_PROBLEMS)]
        self._more = Label(theme, font="small", tone="muted", wrap=True)
        self._others = _OtherKeys(theme)
        self.list = MessageList(self._make_card, self._fill, self._estimate, self._others)
        self._lay_out()

    def set_fonts(self, text: QFont, code: QFont) -> None:
        """Show the texts and the JSON in other fonts."""
        self._fonts = (text, code)
        self.list.refill()

    def set_search(self, search: str) -> None:
        """Mark the hits of another search."""
        if search != self._search:
            self._search = search
            self.list.refill()

    def show_example(self, problems: ShownProblems, tokens: list[int], another: bool) -> None:
        """Show the open example as it is now."""
        text, kind = self._example.text, self._example.kind
        self._raw.setVisible(not self._example.read_only)
        if another or self._shown != (text, kind):
            self._shown = (text, kind)
            self._what.setText(
                _("This row is {kind}. It is shown here to be read and reviewed.").format(
                    kind=kind.title()
                )
            )
            self._parts, others = _parts(kind, kind.blocks(text))
            self._others.show_keys(others)
            self.list.show_messages(len(self._parts), to_top=another)
        self.show_checks(problems, tokens)

    def show_checks(self, problems: ShownProblems, tokens: list[int]) -> None:
        """Show what the checks say of the text that is shown."""
        del tokens
        found = problems.all()
        for number, line in enumerate(self._problem_lines):
            line.setVisible(number < len(found))
            if number < len(found):
                line.show_problem(found[number])
        more = len(found) - MOST_PROBLEMS
        self._more.setVisible(more > 0)
        self._more.setText(
            ngettext(
                "{count} more problem stands in the side panel.",
                "{count} more problems stand in the side panel.",
                more,
            ).format(count=f"{more:,}")
        )

    def focus_last(self) -> None:
        """Put the focus on the first text."""
        if self._parts:
            self._card(0).text.setFocus()
        else:
            self._raw.setFocus()

    def go_to(self, path: Path) -> None:
        """Show the part that holds the value at a path, and put the focus there."""
        number = self._number_of(path)
        if number is None:
            self.list.verticalScrollBar().setValue(0)
            self.focus_last()
        else:
            self._card(number).text.setFocus()
            self.show_position(path, 0)

    def show_position(self, path: Path, position: int) -> None:
        """Scroll to the part in which undo changed the text."""
        del position
        number = self._number_of(path)
        if number is not None:
            card = self._card(number)
            self.list.show_rect(card, card.rect())

    def _lay_out(self) -> None:
        top = QHBoxLayout()
        top.setSpacing(14)
        top.addWidget(self._what, 1)
        top.addWidget(self._raw, 0, Qt.AlignmentFlag.AlignTop)
        head = QVBoxLayout()
        head.setContentsMargins(18, 8, 18, 4)
        head.setSpacing(6)
        head.addLayout(top)
        for line in (*self._problem_lines, self._more):
            head.addWidget(line)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(head)
        column.addWidget(self.list, 1)

    def _number_of(self, path: Path) -> int | None:
        """The card that shows the value at a path; None if there is none."""
        found = [n for n, part in enumerate(self._parts) if path and part.section == path[0]]
        if not found:
            return None
        messages = path[2:] if path[1:2] == ("messages",) else path[1:]
        at = messages[0] if messages and isinstance(messages[0], int) else 0
        return found[min(at, len(found) - 1)]

    def _card(self, number: int) -> "_PartCard":
        card = self.list.card(number)
        assert isinstance(card, _PartCard)
        return card

    def _make_card(self) -> QWidget:
        card = _PartCard(self._theme)
        card.text.leave_requested.connect(self.leave_requested)
        return card

    def _fill(self, widget: QWidget, number: int) -> None:
        assert isinstance(widget, _PartCard)
        part = self._parts[number]
        widget.show_part(part, self._fonts[part.is_code])
        found = hits(part.text, self._search) if len(part.text) <= MARKED_LENGTH else ()
        widget.text.set_marks([hit_mark(start, end, self._theme) for start, end in found])

    def _estimate(self, number: int, width: int) -> int:
        """The likely height of a card, from the length of its text."""
        part = self._parts[number]
        metrics = QFontMetrics(self._fonts[part.is_code])
        per_line = max(10, (width - 26) // max(1, metrics.averageCharWidth()))
        lines = max(1, part.text.count("\n") + 1 + len(part.text) // per_line)
        return CARD_HEIGHT_WITHOUT_TEXT + lines * metrics.lineSpacing()


class _PartCard(QWidget):
    """A heading, and below it a frame with the role and the text.

    Attributes:
        text: The box with the text, which cannot be written in.
    """

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._title = SectionTitle(theme, "")
        self._title.setContentsMargins(0, 6, 0, 0)
        self._role = SectionTitle(theme, "")
        self.text = MessageText()
        self.text.set_writable(False)
        self.text.setPlaceholderText(_("Empty"))
        self.text.menu_requested.connect(self._open_menu)
        self._cut = Label(theme, font="small", tone="muted", wrap=True)
        card = Card()
        for widget in (self._role, self.text, self._cut):
            card.body.addWidget(widget)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(6)
        self._column.addWidget(self._title)
        self._column.addWidget(card)

    def heightForWidth(self, width: int) -> int:
        """The height that all of it needs at a width."""
        return self._column.totalHeightForWidth(width)

    def show_part(self, part: _Part, font: QFont) -> None:
        """Show a part of an example."""
        self._title.setText(part.title)
        self._title.setVisible(bool(part.title))
        self._role.setVisible(part.role is not None)
        self._role.setText(role_title(part.role or None))
        self._role.set_tone(role_color(part.role).removeprefix("role_"))
        self.text.setAccessibleName(part.name)
        self.text.setFont(font)
        self.text.set_text(part.text)
        self._cut.setVisible(self.text.cut_off)
        self._cut.setText(
            _("Only the beginning is shown: this text has {count} characters.").format(
                count=f"{len(part.text):,}"
            )
        )

    def _open_menu(self, point: QPoint) -> None:
        menu = self.text.createStandardContextMenu()
        menu.aboutToHide.connect(menu.deleteLater)
        menu.popup(point)


class _OtherKeys(QWidget):
    """Short values of keys of which nothing is known, a line each."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._rows: list[RawValueRow] = []
        self._title = SectionTitle(theme, _("Other keys of this example"))
        self._left = Label(
            theme, _("The others are shown in the raw JSON."), "small", "muted", wrap=True
        )
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 6, 0, 0)
        self._column.setSpacing(2)
        self._column.addWidget(self._title)
        self._column.addWidget(self._left)

    def heightForWidth(self, width: int) -> int:
        """The height that all of it needs at a width."""
        if self._column.hasHeightForWidth():
            return self._column.totalHeightForWidth(width)
        return self._column.totalSizeHint().height()

    def show_keys(self, blocks: Sequence[Block]) -> None:
        """Show these keys with their values."""
        shown = blocks[:MOST_OTHER_KEYS]
        self._title.setVisible(bool(shown))
        self._left.setVisible(len(blocks) > len(shown))
        while len(self._rows) < len(shown):
            row = RawValueRow(self._theme)
            self._rows.append(row)
            self._column.insertWidget(len(self._rows), row)
        width = max((self._rows[0].key_width(block.heading) for block in shown), default=0)
        for number, row in enumerate(self._rows):
            row.setVisible(number < len(shown))
            if number < len(shown):
                row.align_keys(min(width, WIDEST_KEY))
                row.show_value(shown[number].heading, shown[number].text, "", False)


def _parts(kind: Kind, blocks: list[Block]) -> tuple[list[_Part], list[Block]]:
    """The cards of an example, what is said before what is JSON, and its other keys."""
    said: list[_Part] = []
    code: list[_Part] = []
    others: list[Block] = []
    for section, run in groupby(blocks, key=lambda block: block.section):
        known = kind.section_title(section)
        for number, block in enumerate(run):
            is_code = not block.is_message and block.text[:1] in ("{", "[")
            title = known or ("" if block.is_message else block.heading)
            short = len(block.text) <= SHORT and "\n" not in block.text
            if short and not block.is_message and title == section:
                others.append(block)
                continue
            part = _Part(
                section=section,
                title="" if number and known else title,
                name=title or block.heading,
                role=block.role if block.is_message else None,
                text=laid_out(block.text).shown if is_code else block.text,
                is_code=is_code,
            )
            (code if is_code else said).append(part)
    return said + code, others
