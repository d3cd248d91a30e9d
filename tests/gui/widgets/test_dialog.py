from PySide6.QtCore import QMargins
from PySide6.QtWidgets import QLabel, QLineEdit

from tunedesk.gui.widgets.dialog import Dialog


def test_a_large_dialog_stays_within_its_window(theme, window, qtbot):
    dialog = Dialog(theme, "Compare", parent=window)
    dialog.be_large(2000, 2000)
    assert dialog.width() < window.width()
    assert dialog.height() < window.height()
    dialog.be_large(720, 470)
    assert (dialog.width(), dialog.height()) == (720, 470)


def test_the_frame_of_a_dialog_that_is_too_high_stays_on_the_screen(
    theme, window, qtbot, monkeypatch
):
    window.show()
    monkeypatch.setattr(Dialog, "_frame", lambda _dialog: QMargins(6, 44, 6, 6))
    dialog = Dialog(theme, "Duplicates", parent=window)
    label = QLabel("A line.\n" * 200)
    dialog.body.addWidget(label)
    dialog.show()
    qtbot.waitExposed(dialog)
    room = dialog.screen().availableGeometry()
    assert dialog.geometry().top() >= room.top() + 44
    assert dialog.geometry().bottom() <= room.bottom() - 6
    dialog.move(-300, -300)
    dialog.resize(5000, 5000)
    dialog._fit()
    assert room.marginsRemoved(QMargins(6, 44, 6, 6)).contains(dialog.geometry())


def test_a_frame_that_is_not_drawn_yet_has_a_title_bar(theme, window):
    window.show()
    dialog = Dialog(theme, "Duplicates", parent=window)
    assert dialog._frame().top() > 0


def test_a_dialog_begins_at_the_first_thing_in_its_body_not_at_cancel(theme, window, qtbot):
    window.show()
    dialog = Dialog(theme, "Export", parent=window)
    dialog.add_cancel()
    fields = [QLineEdit(), QLineEdit()]
    for field in fields:
        dialog.body.addWidget(field)
    dialog.show()
    assert dialog.focusWidget() is fields[0]
    other = Dialog(theme, "Export", parent=window)
    other.add_cancel()
    fields = [QLineEdit(), QLineEdit()]
    for field in fields:
        other.body.addWidget(field)
    fields[1].setFocus()
    other.show()
    assert other.focusWidget() is fields[1]
