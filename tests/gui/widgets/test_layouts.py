import pytest
from PySide6.QtCore import QRect, Qt
from PySide6.QtWidgets import QLabel, QWidget

from tunedesk.gui.widgets.layouts import FlowLayout


@pytest.fixture
def flow(qtbot):
    host = QWidget()
    layout = FlowLayout(host, spacing=10)
    for _number in range(6):
        label = QLabel()
        label.setFixedSize(90, 20)
        layout.addWidget(label)
    qtbot.addWidget(host)
    return host, layout


def test_flow_layout_breaks_lines(flow):
    _host, layout = flow
    assert layout.heightForWidth(600) == 20
    assert layout.heightForWidth(300) == 50
    assert layout.heightForWidth(95) == 170
    layout.setGeometry(QRect(0, 0, 300, 50))
    lefts = [layout.itemAt(index).geometry().left() for index in range(6)]
    assert lefts == [0, 100, 200, 0, 100, 200]


def test_flow_layout_is_mirrored_right_to_left(flow):
    host, layout = flow
    host.setLayoutDirection(Qt.LayoutDirection.RightToLeft)
    layout.setGeometry(QRect(0, 0, 300, 50))
    first = layout.itemAt(0).geometry()
    assert first.right() == 299
    assert layout.itemAt(1).geometry().right() == 199


def test_flow_layout_skips_what_is_hidden(flow):
    _host, layout = flow
    layout.itemAt(0).widget().hide()
    assert layout.heightForWidth(500) == 20
    assert layout.takeAt(99) is None
    assert layout.itemAt(99) is None
