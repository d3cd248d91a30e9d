"""Saving files of a run, whole or not at all: the chart, its figures, the report (also printed)."""

import contextlib
import os
import re
import secrets
from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QMarginsF, Qt, QUrl
from PySide6.QtGui import (
    QDesktopServices,
    QImage,
    QImageWriter,
    QPagedPaintDevice,
    QPageLayout,
    QPageSize,
    QPainter,
    QPdfWriter,
    QTextDocument,
)
from PySide6.QtPrintSupport import QPrintDialog, QPrinter
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QDialog, QFileDialog, QMenu, QPushButton, QWidget

from tunedesk.errors import UserError
from tunedesk.fine_tuning.chart_svg import chart_svg
from tunedesk.fine_tuning.run_report import RunPage, run_report
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


PICTURE = "chart.png"
MARGIN_MM = 6.0  # Qt leaves two centimetres more for itself and the number of the page
TEXT_POINTS = 9.5


class RunReportSaver:
    """Asks where to, and writes the page of a run there."""

    def __init__(self, feedback: Feedback, parent: QWidget) -> None:
        self._feedback = feedback
        self._parent = parent

    def ask(self, page: RunPage) -> QFileDialog:
        """Ask for a file, HTML or PDF, and save the page there."""
        name = f"{file_name(page.run.name or page.run.base_model)}.html"
        path = beside_project(self._parent, name)
        dialog = QFileDialog(self._parent, _("Save the run's page"), path)
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix("html")
        dialog.setNameFilters([_("Web page (*.html)"), _("PDF (*.pdf)")])
        dialog.filterSelected.connect(
            lambda chosen: dialog.setDefaultSuffix("pdf" if "pdf" in chosen else "html")
        )
        dialog.fileSelected.connect(lambda path: self.save(page, Path(path)))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()
        return dialog

    def save(self, page: RunPage, path: Path) -> None:
        """Save the page; a file that ends in ".pdf" as PDF, any other as HTML."""
        try:
            data = pdf_of(page) if path.suffix.lower() == ".pdf" else html_of(page)
            write_whole(path, data)
        except UserError as error:
            self._feedback.error(error)
            return
        self._feedback.toast(
            _("{file} is saved.").format(file=path.name), _("Open folder"), folder_opener(path)
        )

    def print_(self, page: RunPage) -> None:
        """Ask for a printer, and print the page.

        The system's own dialog can only be waited for on Windows, so it is on all systems.
        """
        printer = QPrinter(QPrinter.PrinterMode.HighResolution)
        printer.setDocName(page.run.name)
        dialog = QPrintDialog(printer, self._parent)
        dialog.setWindowTitle(_("Print the run's page"))
        if dialog.exec() == QDialog.DialogCode.Accepted:
            print_on(printer, page)
        dialog.deleteLater()


def html_of(page: RunPage) -> bytes:
    """The page as HTML; half characters, which a service's messages may hold, become "?"."""
    return run_report(page).encode(errors="replace")


def pdf_of(page: RunPage) -> bytes:
    """The page as PDF."""
    data = QBuffer()
    data.open(QIODevice.OpenModeFlag.WriteOnly)
    writer = QPdfWriter(data)
    writer.setTitle(page.run.name or page.run.base_model)
    writer.setCreator("Tunedesk")
    writer.setPageSize(QPageSize(QPageSize.PageSizeId.A4))
    print_on(writer, page)
    data.close()
    return bytes(data.data().data())


def print_on(device: QPagedPaintDevice, page: RunPage) -> None:
    """Lay the page out for paper.

    Qt's documents know no SVG and little of style sheets, so the chart is a picture there and the
    style a shorter one; the text is the same.
    """
    margins = QMarginsF(MARGIN_MM, MARGIN_MM, MARGIN_MM, MARGIN_MM)
    device.setPageMargins(margins, QPageLayout.Unit.Millimeter)
    document = QTextDocument()
    font = document.defaultFont()
    font.setPointSizeF(TEXT_POINTS)
    document.setDefaultFont(font)
    chart = QImage.fromData(QByteArray(png_of(chart_svg([page.chart], width=760, height=330))))
    document.addResource(QTextDocument.ResourceType.ImageResource, QUrl(PICTURE), chart)
    document.setHtml(run_report(page, picture=PICTURE))
    document.print_(device)
