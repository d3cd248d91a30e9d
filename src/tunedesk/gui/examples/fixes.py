"""Fixes problems that can be fixed safely: one, or all of a rule, after a look at what changes."""

import contextlib
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QFileDialog, QStackedWidget, QWidget

from tunedesk.checks import fixes
from tunedesk.checks.messages import sentences
from tunedesk.checks.problem import Problem
from tunedesk.gui.background import Task
from tunedesk.gui.diff_view import DiffView
from tunedesk.gui.example_diff import Change, Sample, example_diff
from tunedesk.gui.examples.form.open_example import OpenExample
from tunedesk.gui.operations import Operation
from tunedesk.gui.page import PageContext
from tunedesk.gui.theme import Theme
from tunedesk.gui.widgets.cards import Card, EmptyState
from tunedesk.gui.widgets.dialog import Dialog
from tunedesk.gui.widgets.labels import Label
from tunedesk.i18n import _, ngettext
from tunedesk.progress import Progress
from tunedesk.project.change_names import ChangeName
from tunedesk.project.project import Project
from tunedesk.project.query import ExampleQuery
from tunedesk.project.text_edits import EditSummary, count_fixable, embed_pictures, fix_all
from tunedesk.workers import WorkerPool


class FixPreview(Dialog):
    """A calm look before a fix: words that go are struck out, words that come underlined.

    Signals:
        fix_requested: The user wants the fix to be made.
    """

    fix_requested = Signal()

    def __init__(
        self,
        *,
        theme: Theme,
        title: str,
        explanation: str,
        action_text: str,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(theme, title, parent=parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setMinimumSize(440, 340)
        self.resize(640, 460)
        self._diff = DiffView(name=_("What would change"), theme=theme)
        self._waiting = EmptyState(theme, "fix", _("Looking at the examples …"))
        self._stack = QStackedWidget()
        self._stack.addWidget(self._waiting)
        self._stack.addWidget(self._diff)
        card = Card()
        card.body.addWidget(self._stack)
        self.body.addWidget(Label(theme, explanation, "base", "muted", wrap=True))
        self.body.addSpacing(4)
        self.body.addWidget(card, 1)
        self._count = Label(theme, "", "small", "muted", wrap=True)
        self.add_note(self._count)
        self.add_cancel()
        self.fix_button = self.add_button(action_text, "primary")
        self.fix_button.setAccessibleName(_("Fix"))
        self.fix_button.setAccessibleDescription(action_text)
        self.fix_button.setEnabled(False)
        self.fix_button.clicked.connect(self._fix)

    def show_samples(self, samples: Sequence[Sample]) -> None:
        """Show what would change in some of the examples."""
        if not samples:
            self._waiting.show_text(
                "information",
                _("Nothing would change"),
                _("This problem needs a person: look at it in the example."),
            )
            return
        self._diff.show_changes(
            [headed(sample, change) for sample in samples for change in sample.changes],
            around=60,
        )
        self._stack.setCurrentWidget(self._diff)
        self.fix_button.setEnabled(True)
        self.fix_button.setDefault(True)
        self.fix_button.setFocus()

    def show_count(self, fixable: int, broken: int) -> None:
        """Say in how many of the examples that break the rule the fix changes something."""
        if not fixable:
            return  # what is shown says that nothing would change
        if fixable == broken:
            text = ngettext("Fix {count}", "Fix all {count}", broken)
        else:
            text = _("Fix {n} of {count}")
            rest = broken - fixable
            self._count.setText(
                ngettext(
                    "{count} cannot be fixed safely: look at it in the example.",
                    "{count} cannot be fixed safely: look at them in the examples.",
                    rest,
                ).format(count=f"{rest:,}")
            )
        self.fix_button.setText(text.format(n=f"{fixable:,}", count=f"{broken:,}"))
        self.fix_button.setAccessibleDescription(self.fix_button.text())

    def _fix(self) -> None:
        self.accept()
        self.fix_requested.emit()


def headed(sample: Sample, change: Change) -> Change:
    """A change with the number of its example before its heading."""
    if not sample.number:
        return change
    heading = _("Example {number} · {place}").format(
        number=f"{sample.number:,}", place=change.heading
    )
    return change._replace(heading=heading)


_SAMPLES = 4
_LOOKED_AT = 400
_LOOKED_AT_S = 1.5
"""So many examples, and so many seconds, in search of some that the fix changes."""


class _OneFix(NamedTuple):
    """A fix of the open example: its text as it was and as it would be."""

    before: str
    after: str | None
    sample: Sample


class Fixes(QObject):
    """Shows previews of fixes and carries them out."""

    def __init__(
        self,
        *,
        context: PageContext,
        open_example: OpenExample,
        parent: QWidget,
    ) -> None:
        super().__init__(parent)
        self._project = context.project
        self._open_example = open_example
        self._background = context.background
        self._feedback = context.feedback
        self._operations = context.operations
        self._theme = context.theme
        self._parent = parent
        self._looking: Task | None = None
        self._fixing: Operation[EditSummary] | None = None
        self.preview: FixPreview | None = None

    def close_project(self) -> None:
        """The project closes."""
        if self.preview is not None:
            self.preview.close()
        if self._looking is not None:
            self._looking.cancel()

    # One problem of the open example

    def preview_one(self, problem: Problem) -> None:
        """Show what the fix of one problem would change."""
        preview = self._show_preview(
            problem.code, sentences.sentence(problem), _("Fix"), lambda: self._fix_one(problem)
        )

        def show(found: _OneFix) -> None:
            if self.preview is preview:
                preview.show_samples([found.sample] if found.sample.changes else [])

        self._preview_in_thread(_fix_one, self._open_example.text, problem, on_result=show)

    def _fix_one(self, problem: Problem) -> None:
        """Fix the text as it is now: the user may have typed since the preview."""
        text = self._open_example.text
        name = ChangeName("fix_one", {"title": sentences.title(problem.code)})

        def show(found: _OneFix) -> None:
            if found.after is None or self._open_example.text != text:
                self._feedback.toast(_("The example has changed meanwhile; look again."))
                return
            self._open_example.apply(found.after, name)

        self._preview_in_thread(_fix_one, text, problem, on_result=show)

    # All problems of a rule

    def preview_all(self, code: str, count: int) -> None:
        """Show what fixing all examples that break a rule would change in some of them."""
        self._open_example.flush()
        preview = self._show_preview(
            code, sentences.advice(code), _("Fix"), lambda: self._fix_all(code)
        )

        def show(samples: list[Sample]) -> None:
            if self.preview is not preview:
                return
            preview.show_samples(samples)
            self._preview_in_thread(
                _count_fixable, self._project, self._background.pool, code, on_result=show_count
            )

        def show_count(fixable: int) -> None:
            if self.preview is preview:
                preview.show_count(fixable, count)

        self._preview_in_thread(_samples, self._project, code, on_result=show)

    def _fix_all(self, code: str) -> None:
        if self._fixing is not None and self._fixing.running:
            self._feedback.toast(_("Another fix is still under way."))
            return
        pool = self._background.pool
        self._fixing = self._operations.run(
            _("Fixing: {title}").format(title=sentences.title(code)),
            lambda project, progress: fix_all(project.context, pool, (code,), None, progress),
            message=_fixed_text,
        )

    # Pictures that stand as paths

    def choose_pictures(self) -> None:
        """Ask for the folder of the pictures that examples name by a path, and embed them."""
        title = _("Choose the folder in which the pictures are")
        folder = QFileDialog.getExistingDirectory(self._parent.window(), title)
        if folder:
            self.embed_pictures(Path(folder))

    def embed_pictures(self, folder: Path) -> None:
        """Embed the pictures of a folder where examples name them by a path."""
        self._open_example.flush()
        pool = self._background.pool
        self._operations.run(
            _("Embedding pictures"),
            lambda project, progress: embed_pictures(project.context, pool, folder, progress),
            message=_embedded_text,
        )

    def _show_preview(
        self, code: str, explanation: str, action: str, on_fix: Callable[[], None]
    ) -> FixPreview:
        if self.preview is not None:
            self.preview.close()
        preview = FixPreview(
            theme=self._theme,
            title=sentences.title(code),
            explanation=explanation,
            action_text=action,
            parent=self._parent.window(),
        )
        preview.fix_requested.connect(on_fix)
        preview.finished.connect(self._forget_preview)
        self.preview = preview
        preview.open()
        return preview

    def _forget_preview(self) -> None:
        self.preview = None
        if self._looking is not None:
            self._looking.cancel()

    def _preview_in_thread(
        self, function: Callable[..., Any], *arguments: Any, on_result: Callable[[Any], None]
    ) -> None:
        if self._looking is not None:
            self._looking.cancel()
        self._looking = self._background.run(function, *arguments, on_result=on_result)


def _fix_one(text: str, problem: Problem) -> _OneFix:
    after = fixes.fix(text, problem)
    changes = example_diff(text, after) if after is not None else []
    return _OneFix(text, after, Sample(0, changes))


def _samples(project: Project, code: str, progress: Progress) -> list[Sample]:
    """What would change in a few of the examples that break the rule."""
    samples: list[Sample] = []
    with contextlib.closing(project.handle()) as handle:
        target = str(handle.setting("target"))
        end = time.monotonic() + _LOOKED_AT_S
        for example_id in handle.first_ids(ExampleQuery(problems=(code,)), _LOOKED_AT):
            progress(len(samples), None)
            if time.monotonic() > end:
                break
            text = handle.text(example_id)
            after, count = fixes.fix_all(text, (code,), target)
            if count:
                number = handle.number_of(example_id) or 0
                samples.append(Sample(number, example_diff(text, after)))
            if len(samples) == _SAMPLES:
                break
    return samples


def _count_fixable(project: Project, pool: WorkerPool, code: str, progress: Progress) -> int:
    with contextlib.closing(project.handle()) as handle:
        return count_fixable(handle.context, pool, code, progress)


def _embedded_text(summary: EditSummary) -> str:
    if not summary.examples:
        return _("None of these pictures is in the folder.")
    text = ngettext(
        "The pictures of {count} example are embedded.",
        "The pictures of {count} examples are embedded.",
        summary.examples,
    )
    return " ".join([text.format(count=f"{summary.examples:,}"), *summary.remarks()])


def _fixed_text(summary: EditSummary) -> str:
    if not summary.examples:
        return _("Nothing was changed.")
    text = ngettext("{count} example fixed.", "{count} examples fixed.", summary.examples)
    return " ".join([text.format(count=f"{summary.examples:,}"), *summary.remarks()])
