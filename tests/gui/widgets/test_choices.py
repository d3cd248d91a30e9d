from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible

from tunedesk.gui.widgets.choices import Chip, NoWheelComboBox, SegmentedTabs


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


def test_tabs_keep_the_count_out_of_the_name(theme, qtbot):
    tabs = SegmentedTabs(theme, ["Problems", "Tokens"])
    qtbot.addWidget(tabs)
    tabs.set_count(0, 7)
    assert tabs.tabText(0) == "Problems 7"
    assert tabs.accessibleTabName(0) == "Problems"
    assert tabs.tabToolTip(0) == "Problems: 7"
    tabs.set_tip(1, "How long they are")
    tabs.set_count(1, 1_234)
    assert tabs.tabToolTip(1) == "Tokens: 1,234\nHow long they are"
    tabs.set_count(0, 0)
    tabs.set_count(1, None)
    assert tabs.tabText(0) == "Problems"
    assert [tabs.tabToolTip(index) for index in range(2)] == ["", "How long they are"]


def test_a_combo_box_tells_its_name_beside_what_is_chosen(qtbot):
    """On Linux Qt gives screen readers the choice in place of the name."""
    combo = NoWheelComboBox()
    qtbot.addWidget(combo)
    combo.addItem("4")
    combo.setToolTip("How often each is seen")
    combo.setAccessibleName("Epochs")
    told = QAccessible.queryAccessibleInterface(combo)
    name, description = map(told.text, (QAccessible.Text.Name, QAccessible.Text.Description))
    assert "Epochs" in f"{name} {description}"
    assert "How often each is seen" in description
    combo.setAccessibleDescription("Few examples")
    assert "Few examples" in told.text(QAccessible.Text.Description)
    assert "How often" not in told.text(QAccessible.Text.Description)
