"""Saves the report of a run as HTML or PDF, or prints it."""

from pathlib import Path

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QMarginsF, QUrl
from PySide6.QtGui import (
    QImage,
    QPagedPaintDevice,
    QPageLayout,
    QPageSize,
    QPdfWriter,
    QTextDocument,
)
from PySide6.QtPrintSupport import QPrintDialog, QPrinter
from PySide6.QtWidgets import QDialog, QFileDialog, QWidget

from tunedesk.errors import UserError
from tunedesk.fine_tuning.chart_svg import chart_svg
from tunedesk.fine_tuning.run_report import RunPage, run_report
from tunedesk.gui.feedback import Feedback
from tunedesk.gui.fine_tune.save_files import (
    beside_project,
    file_name,
    folder_opener,
    png_of,
    write_whole,
)
from tunedesk.i18n import _

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
