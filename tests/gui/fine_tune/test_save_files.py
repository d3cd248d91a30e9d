from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QDialog, QFileDialog, QWidget
from tests.fine_tuning.made_curves import made_chart

from tunedesk.errors import UserError
from tunedesk.gui.fine_tune.save_files import (
    LONGEST_NAME,
    beside_project,
    file_name,
    write_whole,
)
from tunedesk.paths import documents_dir


@given(st.text())
def test_any_text_makes_a_name_that_is_no_path(text):
    name = file_name(text)
    assert 0 < len(name) <= LONGEST_NAME
    assert not set(name) & set('/\\:*?"<>|\n\0')
    assert name.strip(" .") == name


def test_a_file_is_replaced_whole_and_nothing_is_left_beside_it(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("old")
    write_whole(path, b"new")
    assert path.read_bytes() == b"new"
    assert list(tmp_path.iterdir()) == [path]


def test_what_cannot_be_written_leaves_what_stood_there(tmp_path):
    path = tmp_path / "folder"
    path.mkdir()
    with pytest.raises(UserError, match="cannot be written"):
        write_whole(path, b"new")
    assert list(tmp_path.iterdir()) == [path]


def test_a_saved_file_may_be_read_by_those_who_may_read_any_new_file(tmp_path):
    write_whole(tmp_path / "a.txt", b"new")
    (tmp_path / "b.txt").write_bytes(b"new")
    assert (tmp_path / "a.txt").stat().st_mode == (tmp_path / "b.txt").stat().st_mode


def test_a_file_dialog_begins_beside_the_project(window, tmp_path):
    inner = QWidget(window)
    window.setWindowFilePath("")
    assert beside_project(inner, "a.csv") == str(documents_dir() / "a.csv")
    window.setWindowFilePath(str(tmp_path / "Law.tunedesk"))
    assert beside_project(inner, "a.csv") == str(tmp_path / "a.csv")
    assert beside_project(QDialog(window)) == str(tmp_path)


def test_a_picture_in_png(chart, tmp_path, feedback, theme):
    chart.show_runs([made_chart("pharmacy / v4")])
    path = tmp_path / "chart.png"
    chart.save_picture.save("png", path)
    image = QImage(str(path))
    assert image.width() >= 1280
    colors = {
        image.pixelColor(x, y).name()
        for x in range(0, image.width(), 2)
        for y in range(0, image.height(), 2)
    }
    assert {theme.color("run_1").name(), theme.color("validation_curve").name()} <= colors
    assert image.pixelColor(2, 2) == theme.color("surface")
    assert feedback.toasts()[0].sentence.text() == "chart.png is saved."


def test_a_drawing_in_svg_of_what_is_shown(chart, tmp_path):
    chart.show_runs([made_chart()])
    chart.smooth.click()
    chart.accuracy.click()
    path = tmp_path / "chart.svg"
    chart.save_picture.save("svg", path)
    root = ElementTree.parse(path).getroot()
    lines = [part for part in root.iter() if part.tag.endswith("polyline")]
    assert len(lines) == 3  # two of losses, one of accuracies


def test_the_figures_in_csv(chart, tmp_path):
    chart.show_runs([made_chart()])
    path = tmp_path / "chart.csv"
    chart.save_picture.save("csv", path)
    lines = path.read_text(encoding="utf-8").splitlines()
    assert lines[0].startswith("step,train_loss,")
    assert len(lines) == 121


def test_a_file_that_cannot_be_written_says_so(chart, tmp_path, feedback):
    chart.show_runs([made_chart()])
    chart.save_picture.save("svg", tmp_path / "missing" / "chart.svg")
    assert "cannot be written" in feedback.toasts()[0].sentence.text()


@pytest.mark.parametrize(("place", "ending"), [(0, ".png"), (1, ".svg"), (2, ".csv")])
def test_the_menu_asks_for_a_file(chart, qtbot, place, ending):
    chart.show_runs([made_chart("pharmacy/v4: new")])
    chart.save_picture.menu().actions()[place].trigger()
    dialog = chart.save_picture.findChild(QFileDialog)
    assert dialog.selectedFiles()[0].endswith(f"pharmacy-v4- new{ending}")
    dialog.reject()
