"""Embeds pictures in messages: those that the user picks, drops or pastes."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtCore import QMimeData, QObject, QStandardPaths, Qt
from PySide6.QtWidgets import QFileDialog, QWidget

from tunedesk.errors import UserError
from tunedesk.examples.conversation import Message
from tunedesk.gui.background import Background
from tunedesk.gui.examples.form.example_edits import ExampleEdits
from tunedesk.gui.examples.form.open_example import OpenExample
from tunedesk.gui.examples.form.pictures import dropped_pictures, picture_file_as_url
from tunedesk.gui.feedback import Feedback
from tunedesk.i18n import _


class PictureAdder(QObject):
    """Reads pictures in the background and puts them into a message of the open example."""

    def __init__(
        self,
        example: OpenExample,
        edits: ExampleEdits,
        background: Background,
        feedback: Feedback,
        parent: QWidget,
    ) -> None:
        super().__init__(parent)
        self._example = example
        self._edits = edits
        self._background = background
        self._feedback = feedback
        self._window = parent

    def pick(self, message: Message) -> None:
        """Let the user pick files."""
        pictures = QStandardPaths.StandardLocation.PicturesLocation
        folder = QStandardPaths.writableLocation(pictures)
        dialog = QFileDialog(self._window, _("Add picture"), folder)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setFileMode(QFileDialog.FileMode.ExistingFiles)
        dialog.setNameFilter(_("Pictures (*.jpg *.jpeg *.png *.webp)"))
        dialog.filesSelected.connect(lambda names: self.add_files(message.index, names))
        dialog.open()

    def add_files(self, index: int, names: list[str]) -> None:
        """Embed these files in the message of an index."""
        for name in names:
            self._embed(index, partial(picture_file_as_url, Path(name)))

    def drop(self, message: Message, mime: QMimeData) -> None:
        """Embed what was dropped on a message, or pasted in it."""
        if not self._edits.writable:
            return
        if message.role != "user":
            self._feedback.error(_("Only a user message can hold pictures."))
            return
        for make_url in dropped_pictures(mime):
            self._embed(message.index, make_url)

    def _embed(self, index: int, make_url: Callable[[], str]) -> None:
        example_id = self._example.example_id

        def add(url: str) -> None:
            messages = self._example.conversation.messages
            if self._example.example_id == example_id and index < len(messages):
                self._edits.add_picture(messages[index], url)

        def show_error(failure: UserError) -> None:
            self._feedback.error(failure)

        self._background.run(make_url, on_result=add, on_error=show_error)
