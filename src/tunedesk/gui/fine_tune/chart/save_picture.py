"""The button that saves the chart: as a picture, or its figures."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, Qt, QUrl
from PySide6.QtGui import QDesktopServices, QImage, QImageWriter, QPainter
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QFileDialog, QMenu, QPushButton, QWidget

from tunedesk.errors import UserError
from tunedesk.gui.feedback import Feedback
from tunedesk.gui.fine_tune.file_saving import beside_project, file_name, write_whole
from tunedesk.gui.widgets.plain_tooltip import plain_tooltip
from tunedesk.i18n import _

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
        place = beside_project(self, f"{file_name(self._name())}.{kind}")
        dialog = QFileDialog(self, _("Save picture"), place)
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
