"""The dialog that makes a new project: a name, and where it goes."""

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QLineEdit, QPushButton, QWidget

from tunedesk.gui.project_files import free_path, safe_name
from tunedesk.gui.theme import Theme
from tunedesk.gui.widgets.dialog import Dialog
from tunedesk.gui.widgets.elided_label import ElidedLabel
from tunedesk.gui.widgets.label import Label
from tunedesk.i18n import _


class NewProjectDialog(Dialog):
    """Asks for a name; the folder is chosen already and can be changed.

    After it was accepted `path` says where the project goes; no file is there yet.
    """

    def __init__(self, theme: Theme, folder: Path, parent: QWidget | None = None) -> None:
        super().__init__(theme, _("New project"), parent=parent)
        self.setMinimumWidth(460)
        self._folder = folder
        label = Label(theme, _("Name"), "small_strong", "muted")
        self.name = QLineEdit(free_path(folder, _("My examples")).stem)
        self.name.selectAll()
        self.name.setAccessibleName(_("Name"))
        label.setBuddy(self.name)
        self.body.addWidget(label)
        self.body.addWidget(self.name)
        line = QHBoxLayout()
        self._place = ElidedLabel(theme, "", "small", "muted", mode=Qt.TextElideMode.ElideMiddle)
        other = QPushButton(_("Another folder…"))
        other.setProperty("kind", "link")
        other.setAutoDefault(False)
        other.clicked.connect(self._choose_folder)
        line.addWidget(self._place, 1)
        line.addWidget(other)
        self.body.addLayout(line)
        self.add_cancel()
        self.create_button = self.add_button(_("Create project"), "primary", default=True)
        self.create_button.clicked.connect(self.accept)
        self.name.textChanged.connect(self._tell)
        self._tell()

    @property
    def path(self) -> Path:
        """Where the project goes."""
        return free_path(self._folder, safe_name(self.name.text()))

    def _choose_folder(self) -> None:
        start = self._folder
        while not start.is_dir() and start != start.parent:
            start = start.parent
        chosen = QFileDialog.getExistingDirectory(self, _("Folder of the project"), str(start))
        if chosen:
            self._folder = Path(chosen)
            self._tell()

    def _tell(self) -> None:
        named = bool(safe_name(self.name.text()))
        self.create_button.setEnabled(named)
        self._place.setText(
            _("Will be kept as {path}").format(path=self.path) if named else _("Give it a name.")
        )
