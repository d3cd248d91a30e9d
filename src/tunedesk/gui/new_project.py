"""Which file to make, open or bring in, and the dialog that makes a new project."""

import re
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QLineEdit, QPushButton, QWidget

from tunedesk.gui.theme import Theme
from tunedesk.gui.widgets.dialog import Dialog
from tunedesk.gui.widgets.labels import ElidedLabel, Label
from tunedesk.i18n import _
from tunedesk.paths import documents_dir, resource

SUFFIX = ".tunedesk"
SAMPLE = "samples/night_library.jsonl"


def is_project(path: Path) -> bool:
    """Whether the name is that of a project; anything else is data to bring in."""
    return path.suffix.lower() == SUFFIX


def safe_name(name: str) -> str:
    """The name without what no file system takes."""
    name = re.sub(r'[<>:"/\\|?*\x00-\x1f]', " ", name)
    return " ".join(name.split()).strip(". ")[:80]


def free_path(folder: Path, name: str) -> Path:
    """A path of that name that no file has yet: "Name", "Name 2", "Name 3" ..."""
    path = folder / f"{name}{SUFFIX}"
    number = 2
    while path.exists():
        path = folder / f"{name} {number}{SUFFIX}"
        number += 1
    return path


def project_for(data_file: Path) -> Path:
    """Where the project goes that a data file is opened into."""
    return free_path(documents_dir(), safe_name(data_file.stem) or "Examples")


def sample_file() -> Path:
    """The sample data that ships with the program."""
    return resource(SAMPLE)


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
        self._folder_label = ElidedLabel(
            theme, "", "small", "muted", mode=Qt.TextElideMode.ElideMiddle
        )
        other = QPushButton(_("Another folder…"))
        other.setProperty("kind", "link")
        other.setAutoDefault(False)
        other.clicked.connect(self._choose_folder)
        line.addWidget(self._folder_label, 1)
        line.addWidget(other)
        self.body.addLayout(line)
        self.add_cancel()
        self.create_button = self.add_button(_("Create project"), "primary", default=True)
        self.create_button.clicked.connect(self.accept)
        self.name.textChanged.connect(self._show_path)
        self._show_path()

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
            self._show_path()

    def _show_path(self) -> None:
        named = bool(safe_name(self.name.text()))
        self.create_button.setEnabled(named)
        self._folder_label.setText(
            _("Will be kept as {path}").format(path=self.path) if named else _("Give it a name.")
        )
