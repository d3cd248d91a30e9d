"""What the Help menu opens: the overview of all keys, where they can be changed, and About."""

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QGuiApplication, QKeyEvent, QKeySequence
from PySide6.QtWidgets import (
    QHBoxLayout,
    QKeySequenceEdit,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from tunedesk.errors import UserError
from tunedesk.gui.action_table import ActionSpec
from tunedesk.gui.actions import Actions, native_key, plain_text
from tunedesk.gui.crash_report import versions
from tunedesk.gui.theme import Theme
from tunedesk.gui.widgets.cards import Card
from tunedesk.gui.widgets.dialog import Dialog
from tunedesk.gui.widgets.labels import KeyHint, Label, SectionTitle
from tunedesk.gui.widgets.layouts import clear_layout
from tunedesk.i18n import _


class KeyRow(QWidget):
    """Shows the keys of one action and takes another one.

    Signals:
        changed: The action has another key.
    """

    changed = Signal()

    def __init__(
        self, theme: Theme, actions: Actions, spec: ActionSpec, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._theme = theme
        self._actions = actions
        self.spec = spec
        self.label = plain_text(spec.text)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(2)
        line = QHBoxLayout()
        line.setSpacing(6)
        outer.addLayout(line)
        line.addWidget(Label(theme, self.label))
        line.addStretch()
        self._hints = QHBoxLayout()
        self._hints.setSpacing(4)
        line.addLayout(self._hints)
        self.editor = QKeySequenceEdit()
        self.editor.setMaximumSequenceLength(1)
        self.editor.setFixedWidth(150)
        self.editor.setAccessibleName(_("New key for {action}").format(action=self.label))
        self.editor.keySequenceChanged.connect(self._on_key_typed)
        self.editor.installEventFilter(self)
        self.editor.hide()
        line.addWidget(self.editor)
        self.change = QPushButton(_("Change"))
        self.change.setProperty("kind", "link")
        self.change.setAutoDefault(False)
        self.change.setAccessibleName(_("Change key for {action}").format(action=self.label))
        self.change.clicked.connect(self._begin)
        line.addWidget(self.change)
        self.reset = QPushButton(_("Reset"))
        self.reset.setProperty("kind", "link")
        self.reset.setAutoDefault(False)
        self.reset.setAccessibleName(_("Reset key for {action}").format(action=self.label))
        self.reset.clicked.connect(self._reset)
        line.addWidget(self.reset)
        self.message = Label(theme, "", "small", "error", wrap=True)
        self.message.hide()
        outer.addWidget(self.message)
        self.show_keys()

    def show_keys(self) -> None:
        """Show the keys in force."""
        clear_layout(self._hints)
        keys = self._actions.keys(self.spec.id)
        for key in keys:
            self._hints.addWidget(KeyHint(self._theme, native_key(key)))
        self.reset.setVisible(tuple(keys) != self.spec.keys)

    def fits(self, words: str) -> bool:
        """Whether the search finds this line."""
        text = f"{self.label} {' '.join(map(native_key, self._actions.keys(self.spec.id)))}"
        return words.casefold() in text.casefold()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Escape, or going elsewhere, leaves the key as it is."""
        if watched is self.editor:
            if event.type() == QEvent.Type.ShortcutOverride:
                event.accept()
                return True
            if isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Escape:
                self._end()
                return True
            if event.type() == QEvent.Type.FocusOut:
                self._end()
        return False

    def _begin(self) -> None:
        self.message.hide()
        self.editor.clear()
        self.change.hide()
        self.editor.show()
        self.editor.setFocus()

    def _end(self) -> None:
        had_focus = self.editor.hasFocus()
        self.editor.hide()
        self.change.show()
        if had_focus:
            self.change.setFocus()

    def _on_key_typed(self, sequence: QKeySequence) -> None:
        if sequence.isEmpty():
            return
        try:
            self._actions.set_key(
                self.spec.id, sequence.toString(QKeySequence.SequenceFormat.PortableText)
            )
        except UserError as error:
            self.message.setText(f"{error.sentence} {error.advice}")
            self.message.show()
            self.editor.clear()
            return
        self.message.hide()
        self._end()
        self.show_keys()
        self.changed.emit()

    def _reset(self) -> None:
        self.message.hide()
        self._actions.reset_keys(self.spec.id)
        self.show_keys()
        self.change.setFocus()
        self.changed.emit()


class KeysDialog(Dialog):
    """All actions by group with their keys; a search narrows them."""

    def __init__(self, theme: Theme, actions: Actions, parent: QWidget | None = None) -> None:
        super().__init__(theme, _("Keys"), scrolls=True, parent=parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._actions = actions
        self.search = QLineEdit()
        self.search.setPlaceholderText(_("Search the keys"))
        self.search.setAccessibleName(_("Search the keys"))
        self.search.setClearButtonEnabled(True)
        self.search.setFixedWidth(230)
        self.search.textChanged.connect(self._narrow)
        self.head.addWidget(self.search)
        self.rows: list[KeyRow] = []
        self._groups: list[tuple[QWidget, Card, list[KeyRow]]] = []
        self._fill()
        self._nothing = Label(theme, _("No action of that name."), "base", "muted")
        self._nothing.hide()
        self.body.addWidget(self._nothing)
        self.body.addStretch()
        self.add_note(
            Label(
                theme,
                _("Single letters act only while no text has the focus."),
                "small",
                "muted",
                wrap=True,
            )
        )
        reset = self.add_button(_("Reset all"))
        reset.clicked.connect(self._reset_all)
        close = self.add_button(_("Close"), "primary", default=True)
        close.clicked.connect(self.accept)
        self.resize(620, 640)
        self.search.setFocus()

    def _fill(self) -> None:
        groups: dict[str, list[KeyRow]] = {}
        for spec in self._actions:
            if self._actions.connected(spec.id):
                row = KeyRow(self.theme, self._actions, spec)
                row.changed.connect(self._show_keys)
                groups.setdefault(spec.group, []).append(row)
                self.rows.append(row)
        for name, rows in groups.items():
            title = SectionTitle(self.theme, name)
            card = Card()
            for row in rows:
                card.body.addWidget(row)
            self.body.addWidget(title)
            self.body.addWidget(card)
            self.body.addSpacing(8)
            self._groups.append((title, card, rows))

    def _narrow(self, words: str) -> None:
        found = False
        for title, card, rows in self._groups:
            fitting = [row for row in rows if row.fits(words)]
            for row in rows:
                row.setVisible(row in fitting)
            title.setVisible(bool(fitting))
            card.setVisible(bool(fitting))
            found = found or bool(fitting)
        self._nothing.setVisible(not found)

    def _show_keys(self) -> None:
        for row in self.rows:
            row.show_keys()

    def _reset_all(self) -> None:
        self._actions.reset_keys()
        self._show_keys()


class GuideDialog(Dialog):
    """How one works with the program, from the first example to the trained model."""

    def __init__(self, theme: Theme, actions: Actions, parent: QWidget | None = None) -> None:
        super().__init__(theme, _("First steps"), scrolls=True, parent=parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for number, (title, text) in enumerate(self._sections(actions), 1):
            heading = _("{number}. {title}").format(number=number, title=title)
            self.body.addWidget(Label(theme, heading, "strong"))
            self.body.addWidget(Label(theme, text, wrap=True))
            self.body.addSpacing(8)
        self.body.addStretch()
        close = self.add_button(_("Close"), "primary", default=True)
        close.clicked.connect(self.accept)
        self.be_large(620, 640)
        close.setFocus()

    @staticmethod
    def _sections(actions: Actions) -> list[tuple[str, str]]:
        """Title and text of each step; keys as they are now."""
        key = actions.key_text
        return [
            (
                _("Bring examples in, or write them"),
                _(
                    "Import reads files, and rows of a spreadsheet can be pasted into the table. "
                    "{key} begins a new example: what the user says, and the answer that the "
                    "model should learn to give. About fifty good ones are a beginning."
                ).format(key=key("example.new")),
            ),
            (
                _("Look at the problems"),
                _(
                    "The panel at the right says what is wrong, while you type. Fix puts right "
                    "what can be put right safely, in one example or in all; {key} goes to the "
                    "next problem."
                ).format(key=key("go.problem")),
            ),
            (
                _("Review"),
                _(
                    "Read each example once more. {approve} approves it, {changes} asks for "
                    "changes, {reject} rejects it. Only approved examples are trained on, once "
                    "there are any."
                ).format(
                    approve=key("example.approve"),
                    changes=key("example.changes"),
                    reject=key("example.reject"),
                ),
            ),
            (
                _("Train a model"),
                _(
                    "Fine-tune shows what the model will learn from, what it costs or how long it "
                    "takes, and what leaves this computer. A small model can be trained here, "
                    "without an account."
                ),
            ),
            (
                _("Try it"),
                _(
                    "Ask the trained model, beside the one that it began with, also what it has "
                    "never seen. Where it answers badly, write more examples of that kind."
                ),
            ),
            (
                _("Nothing is lost"),
                _(
                    "Every change is on the disk at once. {undo} takes it back, also tomorrow, "
                    "and the panel History knows what each example was before."
                ).format(undo=key("edit.undo")),
            ),
        ]


class AboutDialog(Dialog):
    """Name, purpose, licence and versions, to copy."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, _("About Tunedesk"), parent=parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setMinimumWidth(420)
        self.body.addWidget(
            Label(
                theme,
                _(
                    "Write and review the conversations that a language model is fine-tuned on. "
                    "All of it stays on this computer, unless you train or ask a model at a "
                    "service: then that service gets the examples of that run, or what you ask."
                ),
                wrap=True,
            )
        )
        self.body.addWidget(Label(theme, _("Licence: Apache 2.0"), "base", "muted"))
        self.body.addSpacing(6)
        shown = Label(theme, versions(), "small", "muted")
        shown.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.body.addWidget(shown)
        copy = self.add_button(_("Copy versions"))
        copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(versions()))
        close = self.add_button(_("Close"), "primary", default=True)
        close.clicked.connect(self.accept)
        close.setFocus()
