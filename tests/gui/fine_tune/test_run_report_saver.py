import pytest
from PySide6.QtCore import QTimer
from PySide6.QtPrintSupport import QPrintDialog, QPrinter
from PySide6.QtWidgets import QFileDialog
from tests.fine_tuning.made_curves import made_chart, made_checkpoints, made_run

from tunedesk.fine_tuning.run_report import RunPage
from tunedesk.gui.fine_tune.run_report_saver import (
    RunReportSaver,
    html_of,
    pdf_of,
)
from tunedesk.project.run_records import RunEvent


@pytest.fixture
def page():
    events = [RunEvent(str(n), 0, "info", f"event {n} half \ud800") for n in range(150)]
    return RunPage(made_run("pharmacy/v4"), made_chart(), (), events, made_checkpoints(40, 80))


@pytest.fixture
def saving(feedback, window):
    return RunReportSaver(feedback, window)


def test_as_html(saving, page, tmp_path, feedback):
    path = tmp_path / "run.html"
    saving.save(page, path)
    text = path.read_text(encoding="utf-8")
    assert text.startswith("<!DOCTYPE html>")
    assert "<svg" in text
    assert "event 149 half ?" in text
    assert feedback.toasts()[0].sentence.text() == "run.html is saved."


def test_as_pdf(saving, page, tmp_path):
    path = tmp_path / "run.PDF"
    saving.save(page, path)
    data = path.read_bytes()
    assert data.startswith(b"%PDF-")
    assert data.count(b"/Type /Page\n") >= 3  # 150 events do not fit on less
    assert b"/Subtype /Image" in data


def test_pdf_of_a_run_without_figures(page):
    empty = RunPage(made_run(""), made_chart(steps=0))
    assert pdf_of(empty).startswith(b"%PDF-")
    assert b"There are no figures" in html_of(empty)


def test_what_cannot_be_written_is_said(saving, page, tmp_path, feedback):
    saving.save(page, tmp_path / "missing" / "run.html")
    assert "cannot be written" in feedback.toasts()[0].sentence.text()


@pytest.mark.parametrize("wanted", [True, False])
def test_it_asks_for_a_printer(saving, page, tmp_path, window, wanted):
    path = tmp_path / "printed.pdf"

    def answer():
        (dialog,) = window.findChildren(QPrintDialog)
        dialog.printer().setOutputFormat(QPrinter.OutputFormat.PdfFormat)
        dialog.printer().setOutputFileName(str(path))
        dialog.done(wanted)

    QTimer.singleShot(0, answer)
    saving.print_(page)
    assert path.exists() == wanted
    if wanted:
        assert path.read_bytes().count(b"/Type /Page\n") >= 3


def test_it_asks_for_a_file(saving, page, tmp_path, qtbot):
    dialog = saving.ask(page)
    assert isinstance(dialog, QFileDialog)
    assert dialog.selectedFiles()[0].endswith("pharmacy-v4.html")
    dialog.selectNameFilter("PDF (*.pdf)")
    dialog.filterSelected.emit("PDF (*.pdf)")
    assert dialog.defaultSuffix() == "pdf"
    dialog.fileSelected.emit(str(tmp_path / "run.pdf"))
    assert (tmp_path / "run.pdf").read_bytes().startswith(b"%PDF-")
    dialog.reject()
