import pytest
from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtWidgets import (
    QApplication,
    QComboBox,
    QLabel,
    QLineEdit,
    QPushButton,
    QScrollArea,
    QWidget,
)

from tunedesk.gui.widgets.dialog import Dialog
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


def test_items_are_squeezed_before_a_line_is_broken(qtbot):
    host = QWidget()
    layout = FlowLayout(host, spacing=10, squeezes=True)
    for _number in range(3):
        label = QLabel()
        label.setMinimumWidth(60)
        label.sizeHint = lambda: QSize(100, 20)
        layout.addWidget(label)
    qtbot.addWidget(host)
    host.resize(320, 50)
    host.show()
    places = [layout.itemAt(index).geometry() for index in range(3)]
    assert [place.width() for place in places] == [100, 100, 100]
    host.resize(250, 50)
    places = [layout.itemAt(index).geometry() for index in range(3)]
    assert [(place.x(), place.width()) for place in places] == [(0, 60), (70, 70), (150, 100)]
    host.resize(190, 80)
    assert layout.itemAt(2).geometry().y() > 0


@pytest.fixture
def dialog(theme, qtbot):
    dialog = Dialog(theme, "Title")
    qtbot.addWidget(dialog)
    return dialog


def rounds(window, first, qtbot, key):
    """What has the focus after each press of a key, until it is the first again."""
    window.show()
    window.activateWindow()
    first.setFocus()
    qtbot.waitUntil(first.hasFocus)
    seen = []
    while True:
        qtbot.keyClick(QApplication.focusWidget(), key)
        seen.append(QApplication.focusWidget())
        assert len(seen) < 20
        if seen[-1] is first:
            return seen


def test_tab_goes_as_the_widgets_stand_and_comes_round(dialog, qtbot):
    last, first, off = QLineEdit(), QLineEdit(), QLineEdit()
    off.setEnabled(False)
    hidden, combo, click = QLineEdit(), QComboBox(), QPushButton("click")
    combo.setEditable(True)
    click.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
    for widget in (first, off, hidden, combo, click, last):  # not the order they were made in
        dialog.body.addWidget(widget)
    hidden.hide()
    button = dialog.add_cancel()
    forward = rounds(dialog, first, qtbot, Qt.Key.Key_Tab)
    assert forward == [combo, last, button, first]
    back = rounds(dialog, first, qtbot, Qt.Key.Key_Backtab)
    assert back == [button, last, combo, first]


def test_tab_goes_through_what_a_scroll_area_shows_and_scrolls_to_it(theme, qtbot):
    dialog = Dialog(theme, "Title", scrolls=True)
    qtbot.addWidget(dialog)
    fields = [QLineEdit() for _number in range(40)]
    for field in fields:
        dialog.body.addWidget(field)
    dialog.resize(400, 300)
    assert dialog.findChild(QScrollArea) is not None
    dialog.show()
    dialog.activateWindow()
    fields[0].setFocus()
    qtbot.waitUntil(fields[0].hasFocus)
    for field in fields[1:]:
        qtbot.keyClick(QApplication.focusWidget(), Qt.Key.Key_Tab)
        assert field.hasFocus()
        assert not field.visibleRegion().isEmpty()
