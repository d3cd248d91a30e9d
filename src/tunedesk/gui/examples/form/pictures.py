"""Pictures inside an example: small views of embedded ones, and embedding what the user picks.

Only JPEG, PNG and WEBP are decoded, by the decoder of the type that the bytes themselves show, and
only up to a size: other types could reach out (SVG) or blow up (a bomb of a few kilobytes).
"""

import base64
from collections.abc import Callable
from functools import lru_cache, partial
from pathlib import Path
from typing import NamedTuple

from PySide6.QtCore import (
    QBuffer,
    QByteArray,
    QIODevice,
    QMimeData,
    QObject,
    QSize,
    QStandardPaths,
    Qt,
)
from PySide6.QtGui import QImage, QImageReader, QImageWriter
from PySide6.QtWidgets import QFileDialog, QWidget

from tunedesk.checks.images import MEDIA_TYPES, ImageUrl, picture_size, read_image_url
from tunedesk.errors import UserError
from tunedesk.examples.conversation import Message
from tunedesk.gui.background import Background
from tunedesk.gui.examples.form.example_edits import ExampleEdits
from tunedesk.gui.examples.form.open_example import OpenExample
from tunedesk.gui.feedback import Feedback
from tunedesk.i18n import _

MOST_PIXELS = 50_000_000
MOST_BYTES = 10 * 1024 * 1024
THUMBNAIL = QSize(240, 160)

_FORMATS = {"image/jpeg": b"jpeg", "image/png": b"png", "image/webp": b"webp"}


class SmallView(NamedTuple):
    """A picture made small.

    Attributes:
        url: Which picture.
        image: The picture; None if it cannot be shown.
        info: What is known of it.
        reason: Why it cannot be shown; empty if it is.
    """

    url: str
    image: QImage | None
    info: ImageUrl
    reason: str


@lru_cache(maxsize=12)
def small_view(url: str) -> SmallView:
    """Make a small view of an embedded picture; may run in any thread. Nothing is fetched."""
    info = read_image_url(url)
    if not info.embedded:
        return SmallView(url, None, info, "")
    decoder = _FORMATS.get(info.media_type)
    if info.defect == "not_base64":
        return SmallView(url, None, info, _("The embedded picture is damaged: it is not base64."))
    if decoder is None or info.defect == "not_an_image":
        return SmallView(url, None, info, _("This is not a JPEG, PNG or WEBP picture."))
    if info.width * info.height > MOST_PIXELS:
        return SmallView(
            url,
            None,
            info,
            _("{width} × {height} pixels are too many to show.").format(
                width=info.width, height=info.height
            ),
        )
    image = _decode(base64.b64decode(url.partition(",")[2]), decoder, info)
    if image is None:
        return SmallView(url, None, info, _("The embedded picture is damaged and cannot be shown."))
    return SmallView(url, image, info, "")


def _decode(data: bytes, decoder: bytes, info: ImageUrl) -> QImage | None:
    buffer = QBuffer()
    buffer.setData(QByteArray(data))
    buffer.open(QIODevice.OpenModeFlag.ReadOnly)
    reader = QImageReader(buffer, QByteArray(decoder))
    reader.setAutoDetectImageFormat(False)
    reader.setDecideFormatFromContent(False)
    reader.setAutoTransform(True)
    size = QSize(info.width, info.height)
    if size.isEmpty():
        return None
    room = THUMBNAIL * 2  # sharp on screens with twice the pixels
    if size.width() > room.width() or size.height() > room.height():
        reader.setScaledSize(
            size.scaled(room, Qt.AspectRatioMode.KeepAspectRatio).expandedTo(QSize(1, 1))
        )
    image = reader.read()
    return None if image.isNull() else image


def picture_file_as_url(path: Path) -> str:
    """A picture that the user picked, as a data URL.

    Raises:
        UserError: It cannot be read, is too large, or is not a JPEG, PNG or WEBP.
    """
    try:
        if path.stat().st_size > MOST_BYTES:
            raise _too_large(path.name)
        data = path.read_bytes()
    except OSError as failure:
        raise UserError(
            _("{name} cannot be read.").format(name=path.name), failure.strerror or ""
        ) from failure
    return picture_as_url(data, path.name)


def picture_as_url(data: bytes, name: str) -> str:
    """The bytes of a picture as a data URL.

    Raises:
        UserError: It is too large, or not a JPEG, PNG or WEBP.
    """
    if len(data) > MOST_BYTES:
        raise _too_large(name)
    media_type, _width, _height = picture_size(data)
    if media_type not in MEDIA_TYPES:
        raise UserError(
            _("{name} is not a JPEG, PNG or WEBP picture.").format(name=name),
            _("Models take only these; save the picture as one of them."),
        )
    return f"data:{media_type};base64,{base64.b64encode(data).decode('ascii')}"


def _too_large(name: str) -> UserError:
    return UserError(
        _("{name} is larger than 10 MB, the most that a picture may have.").format(name=name),
        _("Make it smaller: about 1,000 pixels a side are enough."),
    )


def dropped_pictures(mime: QMimeData) -> list[Callable[[], str]]:
    """For each picture that was dropped or pasted, what makes a data URL of it, in any thread."""
    if mime.hasUrls():
        paths = [Path(address.toLocalFile()) for address in mime.urls() if address.isLocalFile()]
        return [partial(picture_file_as_url, path) for path in paths]
    if mime.hasImage():
        image = QImage(mime.imageData())
        return [partial(_image_as_url, image)]
    return []


def _image_as_url(image: QImage) -> str:
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    QImageWriter(buffer, QByteArray(b"png")).write(image)
    return picture_as_url(bytes(buffer.data().data()), _("The picture"))


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
