"""Named system prompts: keep one under a name, choose one, set one on many examples."""

from collections.abc import Callable

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QLineEdit, QMenu, QWidget

from tunedesk.gui.page import PageContext
from tunedesk.gui.theme import Theme
from tunedesk.gui.widgets.dialog import Dialog
from tunedesk.gui.widgets.labels import Label, plain_tooltip
from tunedesk.i18n import _

WIDTH = 440
LONGEST_NAME = 60


class PresetNameDialog(Dialog):
    """One field; a name that is taken says so before it is taken over.

    Signals:
        named: The name that was chosen.
    """

    named = Signal(str)

    def __init__(
        self, theme: Theme, suggestion: str, taken: frozenset[str], parent: QWidget | None = None
    ) -> None:
        super().__init__(theme, _("Keep as preset"), parent=parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setMinimumWidth(WIDTH)
        self._taken = taken
        label = Label(theme, _("Name"), "small_strong", "muted")
        self.name = QLineEdit(suggestion)
        self.name.setMaxLength(LONGEST_NAME)
        self.name.setAccessibleName(_("Name"))
        self.name.selectAll()
        label.setBuddy(self.name)
        self.about = Label(theme, "", "small", "muted", wrap=True)
        for widget in (label, self.name, self.about):
            self.body.addWidget(widget)
        self.add_cancel()
        self.keep = self.add_button(_("Keep"), "primary", default=True)
        self.keep.clicked.connect(self.accept)
        self.name.textChanged.connect(self._update)
        self._update()

    def accept(self) -> None:
        """Tell the name."""
        name = self._name()
        if name:
            self.named.emit(name)
            super().accept()

    def _name(self) -> str:
        return " ".join(self.name.text().split())

    def _update(self) -> None:
        name = self._name()
        self.keep.setEnabled(bool(name))
        taken = name in self._taken
        self.about.setText(
            _("There is a preset of this name; it will hold this prompt instead.")
            if taken
            else _("The system prompt is kept in this project and can be set on other examples.")
        )
        self.about.set_tone("warning" if taken else "muted")


LONGEST_TOOLTIP = 400


class Presets(QObject):
    """The presets of the project as the form offers them.

    Signals:
        many_wanted: This system prompt is to be set on the selected examples.
    """

    many_wanted = Signal(str)

    def __init__(self, context: PageContext, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = context.theme
        self._project = context.project
        self._operations = context.operations
        self._window = parent
        self._kept: dict[str, str] | None = None

    def forget(self) -> None:
        """Read the presets anew when they are needed next."""
        self._kept = None

    def word_for(self, text: str) -> tuple[str, str]:
        """What the head of a system card says, and its tooltip."""
        name = self._name_of(text)
        if name is not None:
            word = _("preset “{name}”").format(name=name)
            return word, _("This system prompt is kept under a name. Click for others.")
        return _("Presets"), _("Keep this system prompt under a name, or take one that is kept")

    def fill(self, menu: QMenu, text: str, choose: Callable[[str], object]) -> None:
        """Fill a menu: the presets to choose from, and what can be done with this prompt."""
        current = self._name_of(text)
        menu.setToolTipsVisible(True)
        for name, prompt in self._all().items():
            action = menu.addAction(name.replace("&", "&&"))
            action.setToolTip(plain_tooltip(prompt[:LONGEST_TOOLTIP]))
            action.setCheckable(True)
            action.setChecked(name == current)
            action.triggered.connect(lambda _checked=False, prompt=prompt: choose(prompt))
        if self._all():
            menu.addSeparator()
        if current is None:
            keep = menu.addAction(_("Keep as preset…"))
            keep.setEnabled(bool(text.strip()))
            keep.triggered.connect(lambda: self.ask_name(text))
        else:
            delete = menu.addAction(_("Delete the preset"))
            delete.triggered.connect(lambda: self._delete(current))
        many = menu.addAction(_("Set on selected examples…"))
        many.setEnabled(bool(text.strip()))
        many.triggered.connect(lambda: self.many_wanted.emit(text))

    def ask_name(self, text: str) -> PresetNameDialog:
        """Ask for a name and keep the prompt under it."""
        dialog = PresetNameDialog(
            self._theme, self._suggestion(text), frozenset(self._all()), self._window
        )
        dialog.named.connect(lambda name: self.keep(name, text))
        dialog.open()
        return dialog

    def keep(self, name: str, text: str) -> None:
        """Keep a prompt under a name."""
        self._operations.run(
            _("Keeping the preset “{name}”").format(name=name),
            lambda project, _progress: project.set_preset(name, text),
            examples=1,
            message=lambda _kept: _("Kept as preset “{name}”.").format(name=name),
        )

    def _delete(self, name: str) -> None:
        self._operations.run(
            _("Deleting the preset “{name}”").format(name=name),
            lambda project, _progress: project.set_preset(name, None),
            examples=1,
            message=lambda _deleted: _("The preset “{name}” is deleted.").format(name=name),
        )

    def _all(self) -> dict[str, str]:
        if self._kept is None:
            self._kept = self._project.presets()
        return self._kept

    def _name_of(self, text: str) -> str | None:
        return next((name for name, prompt in self._all().items() if prompt == text), None)

    def _suggestion(self, text: str) -> str:
        words = text.split()
        return " ".join(words[:4]).rstrip(".,;:")[:LONGEST_NAME] if words else ""
