import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from tunedesk.gui.examples.panel.histogram import LEAST_BAR, BarField, Histogram
from tunedesk.project.statistics import Bin


def test_bars_are_as_high_as_their_share_and_none_is_unseen(theme, qtbot):
    field = BarField(theme)
    qtbot.addWidget(field)
    field.resize(400, field.height())
    field.show_bars([1000, 500, 0, 1], 0)
    assert field.bar(0).height() == field.height()
    assert field.bar(1).height() == field.height() / 2
    assert field.bar(2).height() == 0
    assert field.bar(3).height() == pytest.approx(field.height() * LEAST_BAR)
    assert [field.column(n).left() for n in range(4)] == [0, 100, 200, 300]
    # Nothing to show is shown as nothing.
    field.show_bars([], -1)
    field.grab()


def test_whole_columns_answer_to_the_mouse(theme, qtbot):
    field = BarField(theme)
    qtbot.addWidget(field)
    field.resize(400, field.height())
    field.show_bars([1000, 500, 0, 1], -1)
    over, clicked = [], []
    field.hovered.connect(over.append)
    field.clicked.connect(clicked.append)
    field.show()
    QTest.mouseMove(field, QPoint(399, 1))
    QTest.mouseMove(field, QPoint(101, 1))
    QTest.mouseClick(field, Qt.MouseButton.LeftButton, pos=QPoint(399, 1))
    QTest.mouseClick(field, Qt.MouseButton.RightButton, pos=QPoint(1, 1))
    assert over[:2] == [3, 1]
    assert clicked == [3]


def test_its_description_says_what_the_bars_show(theme, qtbot):
    histogram = Histogram(theme=theme)
    qtbot.addWidget(histogram)
    assert histogram.accessibleDescription() == ""
    histogram.set_bars([Bin(26, 99, 3), Bin(100, 500, 40), Bin(501, 8_031, 1)])
    assert histogram.accessibleDescription() == (
        "From 26 to 8,031 tokens; most stand at 100–500: 40 examples."
    )
    histogram.choose(2)
    assert histogram.accessibleDescription() == "501–8,031: 1 example"
