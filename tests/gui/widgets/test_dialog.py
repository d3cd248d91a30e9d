from tunedesk.gui.widgets.dialog import Dialog


def test_a_large_dialog_stays_within_its_window(theme, window, qtbot):
    dialog = Dialog(theme, "Compare", parent=window)
    dialog.be_large(2000, 2000)
    assert dialog.width() < window.width()
    assert dialog.height() < window.height()
    dialog.be_large(720, 470)
    assert (dialog.width(), dialog.height()) == (720, 470)
