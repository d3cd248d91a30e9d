"""The small widgets: names, plain text, room, right-to-left."""

import pytest
from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QLabel, QPushButton, QWidget

from tunedesk.gui.rail import RailButton
from tunedesk.gui.widgets.buttons import ActionButton, IconButton
from tunedesk.gui.widgets.cards import Card, EmptyState
from tunedesk.gui.widgets.choices import Chip, SegmentedTabs
from tunedesk.gui.widgets.dialog import Dialog
from tunedesk.gui.widgets.labels import (
    Badge,
    ElidedLabel,
    KeyHint,
    Label,
    SectionTitle,
    plain_tooltip,
)
from tunedesk.gui.widgets.layouts import FlowLayout

MARKUP = "<b>bold</b><img src='http://example.org/x.png'>"


@pytest.mark.parametrize(
    "make",
    [
        lambda theme: Label(theme, MARKUP),
        lambda theme: Badge(theme, MARKUP),
        lambda theme: KeyHint(theme, MARKUP),
        lambda theme: SectionTitle(theme, MARKUP),
        lambda theme: ElidedLabel(theme, MARKUP),
    ],
)
def test_labels_show_text_as_it_is(theme, qtbot, make):
    label = make(theme)
    qtbot.addWidget(label)
    assert label.textFormat() == Qt.TextFormat.PlainText
    assert label.text() == MARKUP


def test_tooltips_show_text_as_it_is():
    assert plain_tooltip("a < b & c") == "a < b & c"
    assert "<b>" not in plain_tooltip(MARKUP)
    assert "&lt;b&gt;" in plain_tooltip(MARKUP)


def test_chip_keeps_its_count_out_of_its_name(theme, qtbot):
    chip = Chip(theme, "With problems", 1234)
    qtbot.addWidget(chip)
    assert chip.accessibleName() == "With problems"
    assert chip.accessibleDescription() == "1,234"
    narrow = chip.sizeHint().width()
    chip.set_count(None)
    assert chip.sizeHint().width() < narrow
    assert chip.accessibleDescription() == ""


def test_chip_is_switched_by_the_keyboard(theme, qtbot):
    chip = Chip(theme, "All", 3)
    qtbot.addWidget(chip)
    chip.show()
    with qtbot.waitSignal(chip.toggled):
        qtbot.keyClick(chip, Qt.Key.Key_Space)
    assert chip.isChecked()
    assert not chip.grab().isNull()
    assert not Chip(theme, "Tag: any", arrow=True).isCheckable()


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


def test_rail_button_has_the_full_name(theme, actions, qtbot):
    button = RailButton(theme, actions["go.examples"], "examples", "Examples")
    qtbot.addWidget(button)
    assert button.text() == "Examples"
    assert button.accessibleName() == "Go to Examples"


def test_elided_label_shortens_and_tells_the_whole(theme, qtbot):
    label = ElidedLabel(theme, "a long line of text that does not fit\ninto so little room")
    qtbot.addWidget(label)
    label.resize(80, 20)
    label.show()
    assert label.shown_text().endswith("…")
    assert label.toolTip() == label.text()
    label.setText("short")
    assert label.shown_text() == "short"
    assert label.toolTip() == ""


def test_section_title_keeps_its_case_in_its_name(theme, qtbot):
    title = SectionTitle(theme, "This example")
    qtbot.addWidget(title)
    assert title.text() == "This example"


def test_tabs_keep_the_count_out_of_the_name(theme, qtbot):
    tabs = SegmentedTabs(theme, ["Problems", "Tokens"])
    qtbot.addWidget(tabs)
    tabs.set_count(0, 7)
    assert tabs.tabText(0) == "Problems 7"
    assert tabs.accessibleTabName(0) == "Problems"
    tabs.set_count(0, 0)
    assert tabs.tabText(0) == "Problems"


def test_card_and_badge_change_their_tone(theme, qtbot):
    card, badge = Card(), Badge(theme, "Draft")
    qtbot.addWidget(card)
    qtbot.addWidget(badge)
    card.set_tone("error")
    badge.show_text("Approved", "success")
    assert card.property("tone") == "error"
    assert (badge.text(), badge.property("tone")) == ("Approved", "success")


def test_empty_state_offers_a_next_step(theme, qtbot):
    empty = EmptyState(theme, "examples", "No examples yet", "Write the first one.")
    qtbot.addWidget(empty)
    button = QPushButton("New example")
    empty.add_button(button)
    empty.resize(500, 400)
    empty.show()
    assert button.isVisible()
    empty.show_text("search", "Nothing found")
    assert not empty._text.isVisible()


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


def test_a_large_dialog_stays_within_its_window(theme, window, qtbot):
    dialog = Dialog(theme, "Compare", parent=window)
    dialog.be_large(2000, 2000)
    assert dialog.width() < window.width()
    assert dialog.height() < window.height()
    dialog.be_large(720, 470)
    assert (dialog.width(), dialog.height()) == (720, 470)
