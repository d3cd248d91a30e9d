"""Saving files of a run: names, writing whole or not at all, the chart as picture and figures."""

import contextlib
import os
import re
import secrets
from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, Qt, QUrl
from PySide6.QtGui import (
    QDesktopServices,
    QImage,
    QImageWriter,
    QPainter,
)
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QFileDialog, QMenu, QPushButton, QWidget

from tunedesk.errors import UserError
from tunedesk.gui.feedback import Feedback
from tunedesk.gui.widgets.labels import plain_tooltip
from tunedesk.i18n import _
from tunedesk.paths import documents_dir

LONGEST_NAME = 80


def file_name(text: str) -> str:
    """A name for a file, made of any text; never empty, and no path."""
    name = re.sub(r'[\x00-\x1f\x7f<>:"/\\|?*]+', "-", text).strip(" .-")[:LONGEST_NAME].strip(" .-")
    return name or "run"


def beside_project(widget: QWidget, name: str = "") -> str:
    """A path in the folder of the project that a widget belongs to, to begin a file dialog at."""
    at: QWidget | None = widget
    while at is not None:
        window = at.window()
        if window.windowFilePath():
            return str(Path(window.windowFilePath()).parent / name)
        at = window.parentWidget()
    return str(documents_dir() / name)


def write_whole(path: Path, data: bytes) -> None:
    """Write a file under another name beside its own, and put it there when it is whole.

    Raises:
        UserError: It cannot be written; what stood there before still stands.
    """
    # Not by tempfile, whose files nobody but their owner may read.
    temporary = path.with_name(f".{path.name[:40]}-{secrets.token_hex(4)}")
    try:
        with temporary.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except OSError as error:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise UserError(
            _("“{name}” cannot be written: {reason}").format(
                name=path.name, reason=error.strerror or str(error)
            ),
            _("Choose another folder, or make room on the disk."),
        ) from error


SCALE = 2
"""A picture has so many pixels for each one on the screen, so that it can be printed."""


class SavePicture(QPushButton):
    """A menu: PNG, SVG, CSV. What is saved is what is looked at."""

    def __init__(
        self,
        *,
        feedback: Feedback,
        svg: Callable[[], str],
        csv: Callable[[], str],
        name: Callable[[], str],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(_("Save picture"), parent)
        self._feedback = feedback
        self._name = name
        self.setAccessibleName(_("Save picture"))
        self.setToolTip(plain_tooltip(_("Save the chart as it is shown, or its figures")))
        menu = QMenu(self)
        menu.setAccessibleName(_("Save picture"))
        self._kinds: dict[str, tuple[str, Callable[[], bytes]]] = {
            "png": (_("PNG picture (*.png)"), lambda: png_of(svg())),
            "svg": (_("SVG drawing (*.svg)"), lambda: svg().encode()),
            "csv": (_("Figures as CSV (*.csv)"), lambda: csv().encode(errors="replace")),
        }
        for kind, text in (
            ("png", _("As PNG…")),
            ("svg", _("As SVG…")),
            ("csv", _("Figures as CSV…")),
        ):
            menu.addAction(text, partial(self._ask, kind))
        self.setMenu(menu)

    def _ask(self, kind: str) -> None:
        path = beside_project(self, f"{file_name(self._name())}.{kind}")
        dialog = QFileDialog(self, _("Save picture"), path)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix(kind)
        dialog.setNameFilters([self._kinds[kind][0]])
        dialog.fileSelected.connect(lambda path: self.save(kind, Path(path)))
        dialog.open()

    def save(self, kind: str, path: Path) -> None:
        """Write the picture of a kind ("png", "svg", "csv"), and say so."""
        try:
            write_whole(path, self._kinds[kind][1]())
        except UserError as error:
            self._feedback.error(error)
            return
        self._feedback.toast(
            _("{file} is saved.").format(file=path.name), _("Open folder"), folder_opener(path)
        )


def folder_opener(path: Path) -> Callable[[], object]:
    """What opens the folder of a file."""
    return lambda: QDesktopServices.openUrl(QUrl.fromLocalFile(str(path.parent)))


def png_of(svg: str) -> bytes:
    """A drawing as a PNG picture."""
    renderer = QSvgRenderer(QByteArray(svg.encode()))
    image = QImage(renderer.defaultSize() * SCALE, QImage.Format.Format_ARGB32)
    image.fill(Qt.GlobalColor.white)
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    renderer.render(painter)
    painter.end()
    data = QBuffer()
    data.open(QIODevice.OpenModeFlag.WriteOnly)
    QImageWriter(data, QByteArray(b"png")).write(image)
    return bytes(data.data().data())
