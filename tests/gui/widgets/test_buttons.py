import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QPushButton, QWidget

from tunedesk.gui.rail import RailButton
from tunedesk.gui.widgets.buttons import ActionButton, IconButton
from tunedesk.gui.widgets.choices import Chip
from tunedesk.gui.widgets.layouts import FlowLayout


def test_action_button_follows_its_action(theme, actions, qtbot):
    calls = []
    actions.bind("example.new", lambda: calls.append(True))
    button = ActionButton(theme, actions["example.new"], icon="add")
    qtbot.addWidget(button)
    assert button.accessibleName() == button.text() == "New example"
    assert button.toolTip() == "New example (Ctrl+N)"
    button.click()
    assert calls == [True]
    with_key = button.sizeHint().width()
    actions.set_key("example.new", "")
    assert button.toolTip() == "New example"
    assert button.sizeHint().width() < with_key
    actions["example.new"].setEnabled(False)
    assert not button.isEnabled()
    actions.rename("example.new", "New example of 3")
    assert button.accessibleName() == "New example"


@pytest.mark.parametrize("kind", ["", "primary", "danger", "success"])
def test_action_button_paints_in_every_kind_and_width(theme, actions, qtbot, kind):
    button = ActionButton(theme, actions["example.new"], icon="add", kind=kind)
    qtbot.addWidget(button)
    for width in (button.minimumSizeHint().width(), button.sizeHint().width(), 400):
        button.resize(width, 30)
        assert not button.grab().isNull()
    button.setLayoutDirection(Qt.LayoutDirection.RightToLeft)
    assert not button.grab().isNull()


def test_icon_button_is_named(theme, actions, qtbot):
    button = IconButton(theme, "more", "More")
    qtbot.addWidget(button)
    assert (button.accessibleName(), button.toolTip()) == ("More", "More")
    button.follow(actions["edit.undo"])
    assert button.toolTip() == "Undo (Ctrl+Z)"


def test_focus_can_be_seen(theme, actions, qtbot):
    """A control with the focus looks different from one without."""
    for action_id in ("example.new", "go.examples"):
        actions.bind(action_id, lambda: None)
    window = QWidget()
    qtbot.addWidget(window)
    layout = FlowLayout(window)
    widgets = [
        Chip(theme, "All", 3),
        ActionButton(theme, actions["example.new"]),
        IconButton(theme, "more", "More"),
        RailButton(theme, actions["go.examples"], "examples", "Examples"),
        QPushButton("Plain"),
    ]
    for widget in widgets:
        layout.addWidget(widget)
    end = QPushButton("End")
    layout.addWidget(end)
    window.resize(700, 200)
    window.show()
    qtbot.waitUntil(window.isActiveWindow)
    for widget in widgets:
        end.setFocus()
        QGuiApplication.processEvents()
        before = widget.grab().toImage()
        widget.setFocus(Qt.FocusReason.TabFocusReason)
        assert widget.grab().toImage() != before, widget
