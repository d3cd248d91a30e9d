"""What a Git merge left unfinished: its versions side by side, and one step to one of them."""

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QStackedWidget, QVBoxLayout, QWidget

from tunedesk.gui.diff_view import DiffView
from tunedesk.gui.example_diff import ADDED, REMOVED, SAME, Change, Piece, whole_example, word_diff
from tunedesk.gui.live_query import LiveQuery
from tunedesk.gui.page import PageContext
from tunedesk.gui.theme import Theme
from tunedesk.gui.widgets.cards import EmptyState
from tunedesk.gui.widgets.dialog import Dialog
from tunedesk.gui.widgets.labels import Label
from tunedesk.i18n import _, ngettext
from tunedesk.progress import Progress
from tunedesk.project.check_project import MergeConflict, MergeVersion, merge_conflicts
from tunedesk.project.project import Project

SHOWN_EXAMPLES = 50
"""So many examples of a version are shown; the table has all of them."""
SHOWN_CHARACTERS = 20_000


class MergeVersionsDialog(Dialog):
    """Shows the versions of one merge after the other, and keeps the one that is chosen."""

    def __init__(self, context: PageContext, parent: QWidget) -> None:
        super().__init__(context.theme, _("Versions of an unfinished merge"), parent=parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.be_large(1040, 640)
        self._project = context.project
        self._operations = context.operations
        self._conflicts: list[MergeConflict] = []
        self._summary = Label(context.theme, _("Looking at all examples …"), "strong", wrap=True)
        self.columns = [_VersionColumn(context.theme) for _version in range(_MOST_VERSIONS)]
        self._nothing = EmptyState(
            context.theme,
            "done",
            _("No merge is unfinished"),
            _("No marks of a Git merge stand between the examples."),
        )
        self._stack = QStackedWidget()
        self._lay_out()
        close = self.add_button(_("Close"))
        close.clicked.connect(self.close)
        self.both_button = self.add_button(_("Keep both"))
        self.both_button.setToolTip(_("Take out nothing but the marks"))
        self.both_button.clicked.connect(lambda: self._keep(None))
        for number, column in enumerate(self.columns):
            column.keep_button.clicked.connect(lambda _on=False, n=number: self._keep(n))
        self._query = LiveQuery(
            project=self._project,
            background=context.background,
            question=merge_conflicts,
            kinds=frozenset({"text", "facts", "added", "deleted", "order"}),
            parent=self,
        )
        self._query.ready.connect(self._show_conflicts)
        self._query.watch(True)
        self.finished.connect(self._query.close)

    def _lay_out(self) -> None:
        versions = QWidget()
        row = QHBoxLayout(versions)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(14)
        for column in self.columns:
            row.addWidget(column, 1)
        self._stack.addWidget(versions)
        self._stack.addWidget(self._nothing)
        self.body.addWidget(self._summary)
        self.body.addWidget(self._stack, 1)

    def _show_conflicts(self, conflicts: list[MergeConflict]) -> None:
        self._conflicts = conflicts
        self._stack.setCurrentIndex(0 if conflicts else 1)
        self._summary.setVisible(bool(conflicts))
        self._set_enabled(bool(conflicts))
        if not conflicts:
            return
        first = conflicts[0]
        self._summary.setText(
            ngettext(
                "A Git merge left rows {first} to {last} as versions of each other. Keep one.",
                "{count} merges are unfinished. The first left rows {first} to {last} as versions "
                "of each other. Keep one.",
                len(conflicts),
            ).format(count=f"{len(conflicts):,}", first=f"{first.first:,}", last=f"{first.last:,}")
        )
        texts = [self._texts(version) for version in first.versions]
        changes = side_by_side(texts)
        for number, column in enumerate(self.columns):
            shown = number < len(first.versions)
            column.setVisible(shown)
            if shown:
                column.show_version(first.versions[number], changes[number])
        self.columns[0].keep_button.setFocus()

    def _texts(self, version: MergeVersion) -> list[str]:
        texts = []
        for example_id in version.ids[:SHOWN_EXAMPLES]:
            try:
                texts.append(self._project.text(example_id))
            except LookupError:
                continue  # it was deleted a moment ago: the next answer leaves it out
        return texts

    def _set_enabled(self, enabled: bool) -> None:
        enabled = enabled and not self._project.read_only
        for button in (self.both_button, *(column.keep_button for column in self.columns)):
            button.setEnabled(enabled)

    def _keep(self, kept: int | None) -> None:
        """Take out the marks and all versions but one; only what a merge before both had if None.

        Args:
            kept: The number of the version, from 0; None keeps both that were merged.
        """
        if not self._conflicts:
            return
        conflict = self._conflicts[0]
        self._set_enabled(False)
        went = conflict.without(kept)

        def keep(project: Project, progress: Progress) -> int:
            if conflict not in merge_conflicts(project):
                return 0
            return project.delete(went, progress)

        def message(deleted: int) -> str:
            if not deleted:
                return _("The rows have changed meanwhile; look again.")
            if kept is None:
                return _("The marks of the merge are taken out.")
            return _(
                "The version “{name}” stays; the marks and the other rows are deleted."
            ).format(name=conflict.versions[kept].label)

        self._operations.run(_("Keeping one version"), keep, examples=len(went), message=message)


_MOST_VERSIONS = 3


class _VersionColumn(QWidget):
    """One version: what it is called, its examples, and the button that keeps it."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.heading = Label(theme, "", "strong", wrap=True)
        self.view = DiffView(name=_("A version"), theme=theme)
        self.keep_button = QPushButton(_("Keep this version"))
        self.keep_button.setToolTip(_("The other versions and the marks are deleted; one undo"))
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.heading)
        column.addWidget(self.view, 1)
        column.addWidget(self.keep_button)

    def show_version(self, version: MergeVersion, changes: Sequence[Change]) -> None:
        """Show the version; what it says and the first does not is underlined."""
        count = len(version.ids)
        self.heading.setText(
            ngettext("{name}: {count} row", "{name}: {count} rows", count).format(
                name=version.label, count=f"{count:,}"
            )
        )
        self.view.setAccessibleName(self.heading.text())
        self.view.show_changes(changes, around=None)
        self.keep_button.setAccessibleDescription(version.label)


def side_by_side(versions: Sequence[Sequence[str]]) -> list[list[Change]]:
    """The parts of the examples of each version, with what only it says marked as added.

    The first version is compared with the last, every other one with the first.

    Args:
        versions: The texts of the examples of each version.
    """
    parts = [
        [part for text in texts for part in whole_example(text, SHOWN_CHARACTERS)]
        for texts in versions
    ]
    if len(parts) < 2:
        return parts
    marked: list[list[Change]] = []
    for number, own in enumerate(parts):
        others = parts[0] if number else parts[-1]
        compared = [_marked(part, other) for part, other in zip(own, others, strict=False)]
        marked.append([*compared, *own[len(compared) :]])
    return marked


def _marked(part: Change, other: Change) -> Change:
    """A part in which the words that the other does not have are marked."""
    own, theirs = (
        "".join(piece.text for piece in each.pieces if piece.kind != REMOVED)
        for each in (part, other)
    )
    if part.heading != other.heading:
        return part
    pieces = [
        Piece(ADDED if piece.kind == ADDED else SAME, piece.text)
        for piece in word_diff(theirs, own)
        if piece.kind != REMOVED
    ]
    return part._replace(pieces=pieces)
