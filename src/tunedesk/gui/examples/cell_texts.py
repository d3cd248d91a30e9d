"""The words and figures of the cells, as they are shown, read aloud and explained."""

from PySide6.QtCore import QDate, QDateTime, QLocale

from tunedesk.gui.examples.columns import Column
from tunedesk.gui.state_look import STATES
from tunedesk.gui.widgets.plain_tooltip import plain_tooltip
from tunedesk.i18n import _, ngettext
from tunedesk.project.reads import ExampleRow


class CellTexts:
    """Writes what the row of an example says, in the manner of the user's country."""

    def __init__(self, locale: QLocale) -> None:
        self._locale = locale

    def text(self, row: ExampleRow, column: Column) -> str:
        """What a cell shows."""
        match column:
            case Column.NUMBER:
                return f"{row.number:,}"
            case Column.STATE:
                look = STATES.get(row.state)
                return look.label if look else row.state
            case Column.PREVIEW:
                return row.preview
            case Column.TURNS:
                return f"{row.turns:,}"
            case Column.TOKENS:
                return f"{row.tokens:,}"
            case Column.PROBLEMS:
                found = row.errors + row.warnings + row.hints
                return f"{found:,}" if found else ""
            case Column.TAGS:
                return ", ".join(row.tags)
            case Column.SOURCE:
                return row.source
            case Column.CHANGED:
                return self.when(row.changed_at)

    def spoken(self, row: ExampleRow, column: Column) -> str:
        """What a screen reader says for a cell."""
        if column == Column.PROBLEMS:
            return self.problems(row)
        return self.text(row, column)

    def tooltip(self, row: ExampleRow, column: Column) -> str:
        """What the tooltip of a cell says."""
        if column == Column.PROBLEMS:
            return self.problems(row)
        if column == Column.CHANGED:
            moment = QDateTime.fromMSecsSinceEpoch(row.changed_at)
            return self._locale.toString(moment, QLocale.FormatType.LongFormat)
        if column == Column.PREVIEW and row.tags:
            return plain_tooltip(
                _("{preview}\nTags: {tags}").format(preview=row.preview, tags=", ".join(row.tags))
            )
        if column in (Column.STATE, Column.PREVIEW, Column.TAGS, Column.SOURCE):
            return plain_tooltip(self.text(row, column))
        return ""

    def problems(self, row: ExampleRow) -> str:
        """How many problems of which weight."""
        parts = []
        if row.errors:
            parts.append(ngettext("{n} error", "{n} errors", row.errors).format(n=row.errors))
        if row.warnings:
            words = ngettext("{n} warning", "{n} warnings", row.warnings)
            parts.append(words.format(n=row.warnings))
        if row.hints:
            parts.append(ngettext("{n} hint", "{n} hints", row.hints).format(n=row.hints))
        return ", ".join(parts) if parts else _("No problems")

    def when(self, milliseconds: int) -> str:
        """A moment in few letters: the time if it is today, else the day."""
        moment = QDateTime.fromMSecsSinceEpoch(milliseconds)
        today = QDate.currentDate()
        if moment.date() == today:
            return self._locale.toString(moment.time(), QLocale.FormatType.ShortFormat)
        pattern = "d MMM" if moment.date().year() == today.year() else "d MMM yyyy"
        return self._locale.toString(moment.date(), pattern)
