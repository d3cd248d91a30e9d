import pytest

from tunedesk.gui.examples.form.form_bars import ReviewBar


@pytest.mark.parametrize("width", [190, 220, 300, 380, 560, 900])
def test_no_button_is_cut_at_any_width(theme, actions, window, width, qtbot):
    bar = ReviewBar(theme, actions, window)
    window.show()
    bar.resize(width, 50)
    for button in bar._buttons:
        assert button.geometry().right() < width
        assert button.width() >= button.minimumSizeHint().width()
    assert [button.accessibleName() for button in bar._buttons] == ["Approve", "Changes", "Reject"]


def test_words_come_back_with_the_room(theme, actions, window, qtbot):
    bar = ReviewBar(theme, actions, window)
    window.show()
    bar.resize(190, 50)
    assert bar._buttons[0].text() == ""
    bar.resize(700, 50)
    assert bar._buttons[0].text() == "Approve"
