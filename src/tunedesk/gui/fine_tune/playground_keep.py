"""Keeping what came of trying a model: a conversation as an example, two answers as a pair."""

import json
from collections.abc import Callable, Sequence
from functools import partial
from itertools import permutations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMenu, QPushButton, QWidget

from tunedesk.fine_tuning.sample_questions import given_beside, message_text
from tunedesk.gui.fine_tune.playground_pane import ConversationPane, same_question
from tunedesk.gui.page import PageContext
from tunedesk.gui.widgets.labels import Label
from tunedesk.gui.widgets.layouts import FlowLayout
from tunedesk.i18n import _
from tunedesk.progress import Progress
from tunedesk.project.project import Project
from tunedesk.project.query import State
from tunedesk.project.row_edits import NewExample


class KeepButtons(QWidget):
    """Buttons that add conversations to the examples; each says which one it means, or asks."""

    def __init__(
        self,
        context: PageContext,
        panes: Sequence[ConversationPane],
        parent: QWidget | None = None,
    ) -> None:
        """Make them.

        Args:
            context: What the page works with.
            panes: The columns; the list is looked at again each time.
            parent: Its owner.
        """
        super().__init__(parent)
        self._context = context
        self._panes = panes
        self._kept: set[str] = set()
        self._row = FlowLayout(self)
        self.keep = _button(
            _("Keep as an example"), _("Add the conversation to the examples, as a draft")
        )
        self.review = _button(
            _("Send to review"), _("Add the conversation to the examples, to be reviewed")
        )
        self.pair = _button(_("Keep as a pair"), "")
        for button in (self.keep, self.review, self.pair):
            self._row.addWidget(button)
        # The message of the window stands behind the dialog.
        self.note = Label(context.theme, "", "small", "success")
        self.note.hide()
        self.keep.clicked.connect(lambda: self._choose_pane(self.keep, "draft"))
        self.review.clicked.connect(lambda: self._choose_pane(self.review, "to_review"))
        self.pair.clicked.connect(self._choose_pair)

    def add_button(self, button: QPushButton) -> None:
        """Put another button into the row, before what is said of the last one."""
        self._row.addWidget(button)
        self._row.removeWidget(self.note)
        self._row.addWidget(self.note)

    def show_state(self) -> None:
        """Enable what can be kept."""
        busy = any(pane.busy for pane in self._panes)
        if busy:
            self.note.hide()
        may = not self._context.project.read_only and not busy
        for button in (self.keep, self.review):
            button.setEnabled(may and bool(self._to_keep()))
        may_pair = may and bool(self._pairs())
        self.pair.setEnabled(may_pair)
        self.pair.setToolTip(
            _("Keep two answers to one question, and say which is better")
            if may_pair
            else _("Two columns must have answered the same question, each in its own way")
        )

    def _record(self, pane: ConversationPane) -> str:
        """The conversation of a column as an example."""
        turn = pane.turn
        if turn is not None and turn.is_completion:
            prompt, completion = map(message_text, pane.messages)
            return json.dumps({"prompt": prompt, "completion": completion}, ensure_ascii=False)
        more = turn.more if turn is not None else {}
        return json.dumps({"messages": pane.messages, **more}, ensure_ascii=False)

    def _pair_record(self, better: ConversationPane, other: ConversationPane) -> str:
        """Two answers to one question as an example."""
        more = better.turn.more if better.turn is not None else {}
        record = {
            "input": {"messages": better.messages[:-1], **given_beside(more, as_tools=True)},
            "preferred_output": [better.answer],
            "non_preferred_output": [other.answer],
        }
        return json.dumps(record, ensure_ascii=False)

    def _choose_pane(self, button: QPushButton, state: State) -> None:
        """Keep the conversation that is there, or ask which of several."""
        choices = [
            (self._column_title(pane), partial(self._keep, self._record(pane), state))
            for pane in self._to_keep()
        ]
        self._choose(button, choices)

    def _choose_pair(self) -> None:
        choices = []
        for better, other in self._pairs():
            title = _("The better answer: {model}").format(model=self._column_title(better))
            if len(self._panes) > 2:
                title = _("{model} is better than {other}").format(
                    model=self._column_title(better), other=self._column_title(other)
                )
            text = self._pair_record(better, other)
            choices.append((title, partial(self._keep, text, "to_review", is_pair=True)))
        self._choose(self.pair, choices, always=True)

    def _choose(
        self,
        button: QPushButton,
        choices: Sequence[tuple[str, Callable[[], None]]],
        *,
        always: bool = False,
    ) -> None:
        if len(choices) == 1 and not always:
            choices[0][1]()
            return
        menu = QMenu(button)
        menu.setAccessibleName(button.accessibleName() or button.text())
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for title, act in choices:
            menu.addAction(title.replace("&", "&&"), act)
        menu.popup(button.mapToGlobal(button.rect().bottomLeft()))

    def _column_title(self, pane: ConversationPane) -> str:
        """The model of a column; with its number where two columns have the same."""
        title = pane.which.currentText()
        if [each.which.currentText() for each in self._panes].count(title) > 1:
            return _("{model} (column {n})").format(model=title, n=self._panes.index(pane) + 1)
        return title

    def _keep(self, text: str, state: State, *, is_pair: bool = False) -> None:
        """Add an example."""

        def work(project: Project, _progress: Progress) -> list[int]:
            new = NewExample(text.encode(), project.checker().check(text.encode()))
            return project.add_examples([new], state=state)

        def message(_ids: list[int]) -> str:
            if is_pair:
                return _("The two answers are kept as a preference pair, to be reviewed.")
            if state == "draft":
                return _("The conversation is kept as an example, as a draft.")
            return _("The conversation is kept as an example, to be reviewed.")

        def kept(ids: list[int]) -> None:
            self._kept.add(text)
            self.note.setText(message(ids))
            self.note.show()

        self._context.operations.run(
            _("Keeping the conversation"),
            work,
            examples=1,
            message=message,
            on_result=kept,
        )
        self.show_state()

    def _to_keep(self) -> list[ConversationPane]:
        """The columns whose conversation has an answer and is not kept yet."""
        return [
            pane
            for pane in self._panes
            if pane.answer is not None and self._record(pane) not in self._kept
        ]

    def _pairs(self) -> list[tuple[ConversationPane, ConversationPane]]:
        """The pairs of columns, in both orders, that can be kept and are not yet."""
        return [
            (better, other)
            for better, other in permutations(self._panes, 2)
            if same_question(better, other)
            and self._pair_record(better, other) not in self._kept
            and self._pair_record(other, better) not in self._kept
        ]


def _button(text: str, tooltip: str) -> QPushButton:
    button = QPushButton(text)
    button.setAutoDefault(False)
    button.setToolTip(tooltip)
    return button
