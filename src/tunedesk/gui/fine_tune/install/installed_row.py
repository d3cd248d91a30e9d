"""The line of the preferences by which an installed training is removed again."""

from PySide6.QtWidgets import QPushButton, QVBoxLayout, QWidget

from tunedesk.errors import UserError
from tunedesk.gui.background import Background
from tunedesk.gui.theme import Theme
from tunedesk.gui.widgets.label import Label
from tunedesk.i18n import _
from tunedesk.services import local_install, local_server


class InstalledRow(QWidget):
    """Says that training is installed here, or half of it, and removes it.

    Attributes:
        button: Removes it.
    """

    def __init__(self, theme: Theme, background: Background, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._background = background
        words = (
            _(
                "What training needs is installed in {folder}. Without it, tuned models of this "
                "computer stay on the disk, but cannot be asked, and a run in training stops."
            )
            if local_install.is_installed()
            else _(
                "There is part of an installation, or one of an older Tunedesk, in {folder}. The "
                "Fine-tune page goes on with it; if you want none, remove it."
            )
        )
        self._says = Label(
            theme,
            words.format(folder=local_install.environment_dir()),
            "small",
            "muted",
            wrap=True,
        )
        self.button = QPushButton(_("Remove training from this computer"))
        self.button.setAutoDefault(False)
        self.button.clicked.connect(self._remove)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 8, 0, 0)
        column.setSpacing(6)
        column.addWidget(Label(theme, _("Training on this computer"), "small_strong", "muted"))
        column.addWidget(self._says)
        column.addWidget(self.button)

    def _remove(self) -> None:
        self.button.setEnabled(False)
        self._says.setText(_("It is being removed …"))
        self._background.run(remove_training, on_result=self._take_removed, on_error=self._take)

    def _take_removed(self, _none: object) -> None:
        self._says.setText(_("It is removed. The Fine-tune page installs it again when needed."))

    def _take(self, error: UserError) -> None:
        self._says.setText(f"{error.sentence} {error.advice}".strip())
        self.button.setEnabled(True)


def remove_training() -> None:
    """End the server that uses it, then remove it; called in a thread."""
    local_server.stop()
    local_install.remove()
