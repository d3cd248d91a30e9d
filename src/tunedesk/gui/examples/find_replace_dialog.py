"""The dialog of find and replace: the matches are counted while the user types.

The expression runs only in worker processes of the dialog's own. When it takes for ever on some
text, they are killed and the user is told; the window never waits for it.
"""

import os
from collections.abc import Callable, Sequence

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QCloseEvent, QShowEvent
from PySide6.QtWidgets import QProgressBar, QStackedWidget, QWidget

from tunedesk.errors import UserError
from tunedesk.gui.background import Task
from tunedesk.gui.diff_view import DiffView
from tunedesk.gui.examples.find_replace import Counted, FindOptions, count, replace_all
from tunedesk.gui.examples.find_replace_fields import FindReplaceFields, SearchScope
from tunedesk.gui.examples.fixes import headed
from tunedesk.gui.examples.row_actions import RowActions
from tunedesk.gui.examples.table_model import ExampleTableModel
from tunedesk.gui.live_query import ProjectChangeSignal
from tunedesk.gui.operations import Operation
from tunedesk.gui.page import PageContext
from tunedesk.gui.widgets.cards import Card, EmptyState
from tunedesk.gui.widgets.dialog import Dialog
from tunedesk.gui.widgets.labels import Label
from tunedesk.i18n import _, ngettext
from tunedesk.project.project_change import ProjectChange
from tunedesk.project.query import ExampleQuery
from tunedesk.project.text_edits import EditSummary
from tunedesk.workers import WorkerPool

AFTER_TYPING_MS = 150
AFTER_CHANGE_MS = 1_000
GRACE_MS = 600
"""How long a search that is no longer wanted may take to stop before its workers are killed."""
TOO_LONG_MS = 8_000
"""How long the expression may be silent before it is taken for one that never ends."""
_KINDS = frozenset({"text", "added", "deleted"})


class FindReplace(Dialog):
    """The dialog; it stays open beside the table while the user works on."""

    def __init__(
        self,
        *,
        context: PageContext,
        scopes: Sequence[SearchScope],
        parent: QWidget | None = None,
    ) -> None:
        """Make the dialog.

        Args:
            context: The project and what works on it.
            scopes: Where the user may look: all examples, those of the filter, those selected.
            parent: The window.
        """
        theme = context.theme
        super().__init__(theme, _("Find and replace"), parent=parent)
        self.setMinimumSize(520, 560)
        self.resize(640, 620)
        self._project = context.project
        self._background = context.background
        self._operations = context.operations
        self._task: Task | None = None
        self._wanted = False
        self._closed = False
        self._counted: tuple[FindOptions, SearchScope, Counted] | None = None
        self._replaced = ""
        self._pool = WorkerPool(max(1, min(2, os.cpu_count() or 1)))
        self._replacing: Operation[EditSummary] | None = None
        self._feed = ProjectChangeSignal(self._project, self)
        self._feed.changed.connect(self._project_changed)
        self.fields = FindReplaceFields(theme=theme, scopes=scopes)
        self.fields.changed.connect(self._changed)
        self.status = Label(theme, "", "strong", wrap=True)
        self._advice = Label(theme, "", "small", "muted", wrap=True)
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        self._bar.setAccessibleName(_("Progress"))
        self._empty = EmptyState(theme, "search", _("What are you looking for?"))
        self.diff = DiffView(name=_("What would change"), theme=theme)
        self._stack = QStackedWidget()
        self._stack.addWidget(self._empty)
        self._stack.addWidget(self.diff)
        self._build()
        self._soon = self._timer(self._search)
        self._grace = self._timer(self._kill)
        self._watchdog = self._timer(self._give_up)
        self._show_nothing()

    @property
    def searching(self) -> bool:
        """Whether matches are being counted."""
        return self._task is not None

    def set_scopes(self, scopes: Sequence[SearchScope]) -> None:
        """Offer other scopes to look in, as the filter or the selection changed."""
        self.fields.set_scopes(scopes)
        self._soon.start(AFTER_TYPING_MS)

    def ask(self, find: str = "") -> None:
        """Show the dialog, ready to type, with these words if there are any."""
        if find:
            self.fields.words.setText(find)
        self.show()
        self.raise_()
        self.activateWindow()
        self.fields.words.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.fields.words.selectAll()

    def close_project(self) -> None:
        """Let go of the project and end the worker processes."""
        self._closed = True
        self._feed.close()
        self._stop()
        self._pool.kill()

    def showEvent(self, event: QShowEvent) -> None:
        """Count anew: the examples may be others by now."""
        super().showEvent(event)
        self._soon.start(0)

    def closeEvent(self, event: QCloseEvent) -> None:
        """Stop counting."""
        super().closeEvent(event)
        self._stop()

    def reject(self) -> None:
        """Escape closes; what is being counted is stopped."""
        super().reject()
        self._stop()

    def _build(self) -> None:
        card = Card()
        card.body.addWidget(self._stack)
        for part in (self.fields, self.status, self._advice, self._bar):
            self.body.addWidget(part)
        self.body.setSpacing(10)
        self.body.addWidget(card, 1)
        close = self.add_button(_("Close"))
        close.clicked.connect(self.close)
        # Not the default: who presses Enter below a word that is sought means to seek it.
        self.button = self.add_button(_("Replace all"), "primary")
        self.button.setAccessibleName(_("Replace all"))
        self.button.clicked.connect(self._replace)
        tab = Qt.FocusReason.TabFocusReason
        self.fields.words.returnPressed.connect(lambda: self.fields.replacement.setFocus(tab))
        self.fields.replacement.returnPressed.connect(lambda: self.button.setFocus(tab))

    def _timer(self, slot: Callable[[], None]) -> QTimer:
        timer = QTimer(self)
        timer.setSingleShot(True)
        timer.timeout.connect(slot)
        return timer

    # Counting

    def _changed(self) -> None:
        self._counted = None
        self._replaced = ""
        self.button.setEnabled(False)
        self._soon.start(AFTER_TYPING_MS)

    def _project_changed(self, change: ProjectChange) -> None:
        if self._is_replacing:  # it is this change: what it came to is shown when it ends
            return
        if change.kinds & _KINDS and self.isVisible() and not self._soon.isActive():
            self._soon.start(AFTER_CHANGE_MS)

    def _search(self) -> None:
        """Count what is wanted now; the search before has to end first."""
        if not self.isVisible():
            return
        if self._is_replacing:
            return
        if self._task is not None:
            self._wanted = True
            self._task.cancel()
            self._grace.start(GRACE_MS)
            return
        options, scope = self.fields.options(), self.fields.scope()
        if not options.find or options.roles == frozenset():
            self._show_nothing()
            return
        self._bar.setRange(0, 0)
        self._bar.show()
        self._watchdog.start(TOO_LONG_MS)
        task: Task | None = None

        def so_far(counted: Counted) -> None:
            if task is self._task and task is not None and not task.cancelled:
                self._show(counted, whole=False)

        task = self._task = self._background.run(
            count,
            self._project,
            self._pool,
            options,
            scope.examples,
            self._background.in_gui(so_far),
            on_result=lambda counted: self._on_counted(options, scope, counted),
            on_error=self._show_error,
            on_progress=self._progress,
            on_finished=self._finished,
        )

    def _progress(self, done: int, total: int | None) -> None:
        self._watchdog.start(TOO_LONG_MS)
        if total:
            self._bar.setRange(0, total)
            self._bar.setValue(done)

    def _finished(self) -> None:
        self._task = None
        self._grace.stop()
        self._watchdog.stop()
        self._bar.hide()
        if self._wanted:
            self._wanted = False
            self._search()

    def _kill(self) -> None:
        self._pool.kill()

    def _give_up(self) -> None:
        """The expression did not come to an end on some text."""
        if self._task is None:
            return
        self._task.cancel()
        self._pool.kill()
        self._show_error(
            UserError(
                _("This expression takes too long on some of the examples."),
                _("Make it simpler: repetitions inside repetitions, such as (a+)+, never end."),
            )
        )

    def _stop(self) -> None:
        self._wanted = False
        self._soon.stop()
        if self._task is not None:
            self._task.cancel()
            self._grace.start(GRACE_MS)

    # Showing

    def _on_counted(self, options: FindOptions, scope: SearchScope, counted: Counted) -> None:
        if self._replaced and not counted.matches:
            self._show_replaced()
            return
        self._replaced = ""
        self._show(counted, whole=True)
        if options == self.fields.options() and counted.matches:
            self._counted = (options, scope, counted)
            self.button.setEnabled(not self._project.read_only)

    def _show(self, counted: Counted, *, whole: bool) -> None:
        places = ngettext("{count} place", "{count} places", counted.matches).format(
            count=f"{counted.matches:,}"
        )
        examples = ngettext("{count} example", "{count} examples", counted.examples).format(
            count=f"{counted.examples:,}"
        )
        found = _("{places} in {examples}").format(places=places, examples=examples)
        self.status.set_tone("")
        self.status.setText(found if whole else _("{found} so far …").format(found=found))
        self._advice.setText("")
        self._advice.hide()
        self.button.setText(
            _("Replace all {count}").format(count=f"{counted.matches:,}")
            if counted.matches
            else _("Replace all")
        )
        if counted.samples:
            changes = [headed(s, change) for s in counted.samples for change in s.changes]
            if changes != self.diff.changes():
                self.diff.show_changes(changes, around=50)
            self._stack.setCurrentWidget(self.diff)
        elif whole:
            self._empty.show_text("search", _("Nothing found"))
            self._stack.setCurrentWidget(self._empty)

    def _show_replaced(self) -> None:
        """What was replaced stands where the matches were counted, until the fields change."""
        self.status.set_tone("success")
        self.status.setText(self._replaced)
        self._advice.hide()
        self.button.setText(_("Replace all"))
        self.button.setEnabled(False)
        self._empty.show_text("done", _("Replaced"), _("Undo takes all of it back in one step."))
        self._stack.setCurrentWidget(self._empty)

    def _show_nothing(self) -> None:
        self.status.setText("")
        self.button.setText(_("Replace all"))
        self.button.setEnabled(False)
        self._advice.hide()
        self._bar.hide()
        self._empty.show_text("search", _("What are you looking for?"))
        self._stack.setCurrentWidget(self._empty)

    def _show_error(self, error: UserError) -> None:
        self.status.set_tone("error")
        self.status.setText(error.sentence)
        self._advice.setText(error.advice)
        self._advice.setVisible(bool(error.advice))
        self.button.setEnabled(False)
        self._empty.show_text("information", _("Nothing to show"))
        self._stack.setCurrentWidget(self._empty)

    # Replacing

    def _replace(self) -> None:
        """Replace everywhere, as one step of undo."""
        if self._counted is None or self._is_replacing:
            return
        options, scope, _counted = self._counted
        self.button.setEnabled(False)
        self._replacing = self._operations.run(
            _("Replacing"),
            lambda project, progress: replace_all(
                project, self._pool, options, scope.examples, progress
            ),
            on_result=self._on_replaced,
            message=_replaced_text,
            on_finished=self._on_ended,
        )

    @property
    def _is_replacing(self) -> bool:
        return self._replacing is not None and self._replacing.running

    def _on_replaced(self, summary: EditSummary) -> None:
        self._counted = None
        self._replaced = _replaced_text(summary) if summary.examples else ""

    def _on_ended(self) -> None:
        if self._replaced:
            self._show_replaced()
        else:  # an error, or Cancel
            self._soon.start(0)


def _replaced_text(summary: EditSummary) -> str:
    if not summary.examples:
        return _("Nothing was changed.")
    places = ngettext("{count} place", "{count} places", summary.places)
    examples = ngettext("{count} example", "{count} examples", summary.examples)
    text = _("Replaced {places} in {examples}.").format(
        places=places.format(count=f"{summary.places:,}"),
        examples=examples.format(count=f"{summary.examples:,}"),
    )
    return " ".join([text, *summary.remarks()])


class FindReplaceAction:
    """Keeps the one dialog, made when it is first asked for."""

    def __init__(
        self,
        *,
        context: PageContext,
        model: ExampleTableModel,
        row_actions: RowActions,
        page: QWidget,
    ) -> None:
        self._context = context
        self._page = page
        self._model = model
        self._row_actions = row_actions
        self._dialog: FindReplace | None = None

    def open(self) -> None:
        """Show the dialog; a search that is under way is what it looks for."""
        if self._dialog is None:
            self._dialog = FindReplace(
                context=self._context, scopes=self.scopes(), parent=self._page.window()
            )
        else:
            self._dialog.set_scopes(self.scopes())
        self._dialog.ask(self._model.query.search)

    def scopes(self) -> list[SearchScope]:
        """Where one may look: the filter, the selection, everything."""
        scopes = []
        rows = self._row_actions.rows()
        query = self._model.query
        if not query.unfiltered:
            count = f"{self._model.rowCount():,}"
            scopes.append(SearchScope(_("The {n} of the filter").format(n=count), query))
        if rows.count > 1:
            scopes.append(SearchScope(_("The {n} selected").format(n=f"{rows.count:,}"), rows.ids))
        everything = SearchScope(_("All examples"), ExampleQuery())
        return [*scopes, everything] if not query.unfiltered else [everything, *scopes]

    def close(self) -> None:
        """The project closes."""
        if self._dialog is not None:
            self._dialog.close_project()
            self._dialog.close()
            self._dialog.deleteLater()
            self._dialog = None
