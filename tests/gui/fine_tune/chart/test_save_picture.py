from xml.etree import ElementTree

import pytest
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QFileDialog
from tests.fine_tuning.made_curves import made_chart


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
