"""Shows what changed: words that went are struck out, words that came are underlined."""

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QFont, QTextBlockFormat, QTextCharFormat, QTextCursor
from PySide6.QtWidgets import QFrame, QTextEdit, QWidget

from tunedesk.gui.example_diff import ADDED, REMOVED, SAME, Change, Piece, shortened
from tunedesk.gui.theme import Theme
from tunedesk.i18n import _, ngettext

_ROLE_COLORS = {
    "system": "role_system",
    "developer": "role_system",
    "user": "role_user",
    "assistant": "role_assistant",
    "tool": "role_tool",
    "function": "role_tool",
}
# No diff that a person reads is longer; what stands beyond is counted, not hidden in silence.
_MOST_CHARACTERS = 100_000
_THIN_SPACE = "\u2009"  # between the word that went and the word that came


class DiffView(QTextEdit):
    """A read-only view of changes; texts are data and shown as they are, never as rich text."""

    def __init__(self, *, name: str, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(name)
        self.setReadOnly(True)
        self.setTabChangesFocus(True)
        self.setAcceptRichText(False)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setProperty("frameless", True)
        self.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse
            | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self.setUndoRedoEnabled(False)
        self.document().setDocumentMargin(0)
        self._theme = theme
        self._changes: list[Change] = []
        self._around: int | None = None
        theme.changed.connect(self._render)

    def show_changes(self, changes: Sequence[Change], around: int | None = 120) -> None:
        """Show these changes.

        Args:
            changes: What to show.
            around: How many characters that stayed are kept before and after a change; None
                keeps all.
        """
        self._changes, self._around = list(changes), around
        self._render()

    def changes(self) -> list[Change]:
        """What is shown."""
        return list(self._changes)

    def sizeHint(self) -> QSize:
        """Room for some lines."""
        return QSize(280, 160)

    def minimumSizeHint(self) -> QSize:
        """It may be made small."""
        return QSize(120, 60)

    def _render(self) -> None:
        self.clear()
        cursor = QTextCursor(self.document())
        cursor.beginEditBlock()
        left = _MOST_CHARACTERS
        for number, change in enumerate(self._changes):
            if number:
                cursor.insertBlock()
            self._render_heading(cursor, change, first=number == 0)
            cursor.insertBlock(self._block(top=2, line_height=True))
            pieces = change.pieces
            if self._around is not None:
                pieces = shortened(pieces, self._around)
            went = False
            for piece in pieces:
                if went and piece.kind == ADDED:
                    cursor.insertText(_THIN_SPACE, self._format("base", "text"))
                went = piece.kind == REMOVED
                cursor.insertText(_seen(piece)[: max(left, 0)], self._piece_format(piece))
                left -= len(piece.text)
            if left < 0:
                cursor.insertBlock(self._block(top=8))
                note = _("{count} more characters are not shown here.").format(count=f"{-left:,}")
                cursor.insertText(note, self._format("small", "text_muted"))
                break
        cursor.endEditBlock()
        self.moveCursor(QTextCursor.MoveOperation.Start)
        self.setAccessibleDescription(spoken_changes(self._changes))

    def _render_heading(self, cursor: QTextCursor, change: Change, *, first: bool) -> None:
        cursor.setBlockFormat(self._block(top=0 if first else 12))
        color = _ROLE_COLORS.get(change.role, "text_muted")
        cursor.insertText(change.heading, self._format("small_strong", color))
        if change.note:
            cursor.insertText(f"  {change.note}", self._format("small", "text_muted"))

    def _piece_format(self, piece: Piece) -> QTextCharFormat:
        characters = self._format("base", "text")
        if piece.kind == REMOVED:
            characters.setBackground(self._theme.color("diff_removed"))
            characters.setFontStrikeOut(True)
        elif piece.kind == ADDED:
            characters.setBackground(self._theme.color("diff_added"))
            characters.setUnderlineStyle(QTextCharFormat.UnderlineStyle.SingleUnderline)
            characters.setUnderlineColor(self._theme.color("success"))
        return characters

    def _format(self, font: str, color: str) -> QTextCharFormat:
        characters = QTextCharFormat()
        shown = QFont(self._theme.font(font))
        characters.setFont(shown)
        characters.setForeground(self._theme.color(color))
        return characters

    @staticmethod
    def _block(top: int, *, line_height: bool = False) -> QTextBlockFormat:
        block = QTextBlockFormat()
        block.setTopMargin(top)
        if line_height:
            block.setLineHeight(125, QTextBlockFormat.LineHeightTypes.ProportionalHeight.value)
        return block


_MOST_SPOKEN = 12
_LONGEST_SPOKEN = 120


def spoken_changes(changes: Sequence[Change]) -> str:
    """The changes in words, for those who hear them: what went and what came, and where."""
    spoken: list[str] = []
    more = 0
    for change in changes:
        moved = [piece for piece in change.pieces if piece.kind != SAME]
        place = ", ".join(part for part in (change.heading, change.note) if part)
        spoken.append(f"{place}:" if moved else f"{place}.")
        for piece in moved:
            if len(spoken) >= _MOST_SPOKEN:
                more += 1
                continue
            text = " ".join(piece.text.split()) or _("blanks")
            if len(text) > _LONGEST_SPOKEN:
                text = f"{text[:_LONGEST_SPOKEN]}…"
            sentence = _("Removed “{text}”.") if piece.kind == REMOVED else _("Added “{text}”.")
            spoken.append(sentence.format(text=text))
    if more:
        spoken.append(ngettext("{n} more change.", "{n} more changes.", more).format(n=f"{more:,}"))
    return " ".join(spoken)


def _seen(piece: Piece) -> str:
    """The text of a piece; where only blanks went or came they are shown by signs."""
    if piece.kind == SAME or not piece.text.isspace():
        return piece.text
    return piece.text.replace(" ", "·").replace("\t", "→").replace("\n", "↵\n")
