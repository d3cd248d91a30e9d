"""Named system prompts: keep one, choose one, set one on many examples."""

from collections.abc import Callable

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QMenu, QWidget

from tunedesk.gui.examples.form.preset_name_dialog import LONGEST_NAME, PresetNameDialog
from tunedesk.gui.feedback import Feedback
from tunedesk.gui.theme import Theme
from tunedesk.gui.widgets.plain_tooltip import plain_tooltip
from tunedesk.i18n import _
from tunedesk.project.project import Project

LONGEST_TOOLTIP = 400


class Presets(QObject):
    """The presets of the project as the form offers them.

    Signals:
        many_wanted: This system prompt is to be set on the selected examples.
    """

    many_wanted = Signal(str)

    def __init__(self, project: Project, feedback: Feedback, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme
        self._project = project
        self._feedback = feedback
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
        self._project.set_preset(name, text)
        self._feedback.toast(_("Kept as preset “{name}”.").format(name=name))

    def _delete(self, name: str) -> None:
        self._project.set_preset(name, None)
        self._feedback.toast(_("The preset “{name}” is deleted.").format(name=name))

    def _all(self) -> dict[str, str]:
        if self._kept is None:
            self._kept = self._project.presets()
        return self._kept

    def _name_of(self, text: str) -> str | None:
        return next((name for name, prompt in self._all().items() if prompt == text), None)

    def _suggestion(self, text: str) -> str:
        words = text.split()
        return " ".join(words[:4]).rstrip(".,;:")[:LONGEST_NAME] if words else ""
