"""The examples of a run as they were sent, and the dialog that shows them line by line."""

import json
from functools import lru_cache
from typing import Any, NamedTuple

from PySide6.QtCore import (
    QAbstractListModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QAccessible
from PySide6.QtWidgets import QListView, QScrollArea, QSplitter, QVBoxLayout, QWidget

from tunedesk.examples.json_edit import on_one_line
from tunedesk.examples.kinds.registry import read_kind
from tunedesk.gui.theme import Theme
from tunedesk.gui.widgets.accessible_roles import set_role
from tunedesk.gui.widgets.cards import Card
from tunedesk.gui.widgets.dialog import Dialog
from tunedesk.gui.widgets.labels import Label
from tunedesk.gui.widgets.layouts import clear_layout
from tunedesk.i18n import _
from tunedesk.project.project import Project
from tunedesk.project.query import ExampleQuery
from tunedesk.project.run_records import Run, RunExample

LONGEST_PREVIEW = 160


class RunDatasetMessage(NamedTuple):
    """A message as it was.

    Attributes:
        role: Its role, as the data has it.
        text: Its text; of what is not text, its JSON.
    """

    role: str
    text: str


class RunDatasetExample(NamedTuple):
    """An example as it was.

    Attributes:
        run_example: Where it stood in the files.
        text: The whole record.
        messages: Its messages; empty for a record that is not a conversation.
        changed: Whether it has another version by now.
        deleted: Whether it is not in the project any more.
    """

    run_example: RunExample
    text: str
    messages: list[RunDatasetMessage]
    changed: bool
    deleted: bool


def run_dataset_example(project: Project, run_example: RunExample) -> RunDatasetExample:
    """An example as it was trained on."""
    text = project.version_text(run_example.version_id) or ""
    rows = project.rows([run_example.example_id])
    now = project.text(run_example.example_id) if rows else ""
    return RunDatasetExample(
        run_example, text, messages_of(text), bool(rows) and now != text, not rows
    )


def messages_of(text: str) -> list[RunDatasetMessage]:
    """The messages of a record, of a pair those of all its parts; empty if it has none."""
    kind, record = read_kind(text)
    if not kind.is_written_as_messages:
        blocks = kind.blocks(text)
        return [RunDatasetMessage(block.role, block.text) for block in blocks if block.is_message]
    messages = record.get("messages")
    return [_message(message) for message in messages] if isinstance(messages, list) else []


def preview_of(text: str) -> str:
    """One line that tells an example from the others: its first question."""
    messages = messages_of(text)
    first = next((message for message in messages if message.role == "user"), None)
    shown = first or (messages[0] if messages else None)
    return on_one_line((shown.text if shown else text)[: LONGEST_PREVIEW * 2])[:LONGEST_PREVIEW]


def part_text(run_example: RunExample) -> str:
    """Where an example stood: "Line 12 of the training file"."""
    words = (
        _("Line {line} of the training file")
        if run_example.part == "training"
        else _("Line {line} of the validation file")
    )
    return words.format(line=f"{run_example.line:,}")


def _message(message: Any) -> RunDatasetMessage:
    if not isinstance(message, dict):
        return RunDatasetMessage("?", json.dumps(message, ensure_ascii=False))
    role = message.get("role")
    content = message.get("content")
    parts = [content] if isinstance(content, str) else []
    if content is not None and not isinstance(content, str):
        parts.append(json.dumps(content, ensure_ascii=False, indent=1))
    rest = {name: value for name, value in message.items() if name not in ("role", "content")}
    if rest:
        parts.append(json.dumps(rest, ensure_ascii=False, indent=1))
    return RunDatasetMessage(role if isinstance(role, str) else "?", "\n".join(parts))


RUN_EXAMPLE = Qt.ItemDataRole.UserRole
"""The role under which a row is its `RunExample`."""

KEPT = 2000
ROW_HEIGHT = 30


class RunDatasetModel(QAbstractListModel):
    """What was trained on, then what was held back, line by line."""

    def __init__(self, project: Project, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._examples: list[RunExample] = []

        @lru_cache(KEPT)
        def preview(version_id: int) -> str:
            return preview_of(project.version_text(version_id) or "")

        self._preview = preview

    def show_examples(self, examples: list[RunExample]) -> None:
        """Show these lines."""
        self.beginResetModel()
        self._examples = examples
        self.endResetModel()

    def row_number(self, part: str, line: int) -> int:
        """The row of a line of a file, or -1."""
        for number, example in enumerate(self._examples):
            if example.part == part and example.line == line:
                return number
        return -1

    def rowCount(self, parent: QModelIndex | QPersistentModelIndex = QModelIndex()) -> int:  # noqa: B008
        """How many lines there are."""
        return 0 if parent.isValid() else len(self._examples)

    def data(
        self,
        index: QModelIndex | QPersistentModelIndex,
        role: int = Qt.ItemDataRole.DisplayRole,
    ) -> object:
        """The line with its first words, and the example itself."""
        if not 0 <= index.row() < len(self._examples):
            return None
        example = self._examples[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return f"{example.line:,}  {self._preview(example.version_id)}"
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return f"{part_text(example)}: {self._preview(example.version_id)}"
        if role == Qt.ItemDataRole.SizeHintRole:
            return QSize(0, ROW_HEIGHT)
        return example if role == RUN_EXAMPLE else None


WIDTH, HEIGHT = 980, 680
TONES = {"system": "system", "user": "user", "assistant": "assistant", "tool": "tool"}


class RunDatasetDialog(Dialog):
    """A list of the lines, and the chosen one in full, to be read only.

    Signals:
        examples_asked: Show these examples as they are now: an `ExampleQuery` and a title.
        example_asked: Show the example of this id as it is now.
    """

    examples_asked = Signal(object, str)
    example_asked = Signal(int)

    def __init__(
        self,
        *,
        project: Project,
        run: Run,
        theme: Theme,
        part: str = "training",
        line: int = 1,
        message: int | None = None,
        parent: QWidget | None = None,
    ) -> None:
        """Open at a line of a file, and at a message in it.

        Args:
            project: The project.
            run: The run.
            theme: The theme.
            part: The file: "training" or "validation".
            line: The line, from 1.
            message: The message to mark, from 1; None for none.
            parent: Its owner.
        """
        title = _("The examples of {name}, as they were").format(name=run.name)
        super().__init__(theme, title, parent=parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._project = project
        self._run = run
        self._marked = (part, line, message)
        self.model = RunDatasetModel(project, self)
        self.list = QListView()
        self.list.setModel(self.model)
        self.list.setAccessibleName(_("Lines"))
        self.list.setUniformItemSizes(True)
        self.list.setMinimumWidth(220)
        self.list.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._state = Label(theme, "", "base", "muted", wrap=True)
        self._cards = QVBoxLayout()
        self._cards.setSpacing(10)
        self._area = QScrollArea()
        self._area.setAccessibleName(_("Messages"))
        set_role(self._area, QAccessible.Role.Pane)
        self._lay_out()
        self.list.selectionModel().currentChanged.connect(self._show_current)
        examples = project.runs.examples(run.id)
        self._ids = tuple(dict.fromkeys(example.example_id for example in examples))
        self.model.show_examples(examples)
        row = max(0, self.model.row_number(part, line))
        self.list.setCurrentIndex(self.model.index(row))
        self.list.scrollTo(self.model.index(row), QListView.ScrollHint.PositionAtCenter)
        self.list.setFocus()

    def _lay_out(self) -> None:
        canvas = QWidget()
        canvas.setProperty("canvas", True)
        column = QVBoxLayout(canvas)
        column.setContentsMargins(16, 14, 16, 14)
        column.addWidget(self._state)
        column.addLayout(self._cards)
        column.addStretch()
        self._area.setWidgetResizable(True)
        self._area.setWidget(canvas)
        self._area.setAccessibleName(_("The example as it was trained on"))
        splitter = QSplitter(Qt.Orientation.Horizontal)
        splitter.setChildrenCollapsible(False)
        splitter.addWidget(self.list)
        splitter.addWidget(self._area)
        splitter.setStretchFactor(1, 1)
        splitter.setSizes([300, 660])
        self.body.setContentsMargins(0, 0, 0, 0)
        self.body.addWidget(splitter, 1)
        self.be_large(WIDTH, HEIGHT)
        self.now = self.add_button(_("This one as it is now"))
        self.all_now = self.add_button(_("All of them in the table"))
        close = self.add_button(_("Close"), "primary", default=True)
        self.now.clicked.connect(self._go_to_example)
        self.all_now.clicked.connect(self._show_all)
        close.clicked.connect(self.accept)

    def _show_current(self, now: QModelIndex, _before: QModelIndex) -> None:
        example: RunExample | None = now.data(RUN_EXAMPLE) if now.isValid() else None
        clear_layout(self._cards)
        if example is None:
            return
        frozen = run_dataset_example(self._project, example)
        self._state.setText(state_sentence(frozen))
        self.now.setEnabled(not frozen.deleted)
        part, line, message = self._marked
        marked = message if (example.part, example.line) == (part, line) else None
        if not frozen.messages:
            self._cards.addWidget(self._card("", frozen.text, marked=False))
        for number, each in enumerate(frozen.messages, 1):
            self._cards.addWidget(self._card(each.role, each.text, marked=number == marked))

    def _card(self, role: str, text: str, *, marked: bool) -> Card:
        card = Card("error" if marked else "")
        if role:
            card.body.addWidget(Label(self.theme, role, "small_strong", TONES.get(role, "muted")))
        words = Label(self.theme, text, "message", wrap=True)
        words.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        card.body.addWidget(words)
        return card

    def _go_to_example(self) -> None:
        example: RunExample | None = self.list.currentIndex().data(RUN_EXAMPLE)
        if example is not None:
            self.accept()
            self.example_asked.emit(example.example_id)

    def _show_all(self) -> None:
        self.accept()
        title = _("Of {name}").format(name=self._run.name)
        self.examples_asked.emit(ExampleQuery(ids=self._ids), title)


def state_sentence(frozen: RunDatasetExample) -> str:
    """Where the example stood, and what became of it."""
    if frozen.run_example.part == "training":
        if frozen.deleted:
            words = _("Line {line} of the training file. It has been deleted since.")
        elif frozen.changed:
            words = _("Line {line} of the training file. It has been changed since.")
        else:
            words = _("Line {line} of the training file. It is the same today.")
    elif frozen.deleted:
        words = _("Line {line} of the validation file. It has been deleted since.")
    elif frozen.changed:
        words = _("Line {line} of the validation file. It has been changed since.")
    else:
        words = _("Line {line} of the validation file. It is the same today.")
    return words.format(line=f"{frozen.run_example.line:,}")
