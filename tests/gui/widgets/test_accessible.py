"""What a screen reader is told of our own widgets."""

import pytest
from PySide6.QtGui import QAccessible, QAccessibleActionInterface
from PySide6.QtWidgets import QLabel, QPushButton, QSplitter, QStackedWidget

from tunedesk.gui.widgets.accessible import install_roles
from tunedesk.gui.widgets.choices import Chip

Role, Name = QAccessible.Role, QAccessible.Text.Name


@pytest.fixture(autouse=True)
def _roles(qapp):
    install_roles()


def told(widget):
    return QAccessible.queryAccessibleInterface(widget)


def test_a_filter_is_a_button_that_is_on_or_off_and_no_check_box(theme, qtbot):
    chip = Chip(theme, "With problems", 3)
    qtbot.addWidget(chip)
    chip.show()
    seen = told(chip)
    assert (seen.role(), seen.text(Name)) == (Role.Button, "With problems")
    assert seen.text(QAccessible.Text.Description) == "3"
    assert not seen.state().checked
    press = QAccessibleActionInterface.pressAction()
    assert press in seen.actionInterface().actionNames()
    seen.actionInterface().doAction(press)
    assert chip.isChecked()
    assert seen.state().checked
    chip.setEnabled(False)
    assert press not in seen.actionInterface().actionNames()
    assert seen.state().disabled


def test_a_button_that_switches_is_no_check_box_and_its_text_is_its_name(qtbot):
    button = QPushButton("&Why this advice?")
    qtbot.addWidget(button)
    button.setCheckable(True)
    assert told(button).role() == Role.Button
    assert told(button).text(Name) == "Why this advice?"


def test_of_a_stack_only_the_page_that_shows_is_there(qtbot):
    stack = QStackedWidget()
    qtbot.addWidget(stack)
    assert told(stack).childCount() == 0
    first, second = QLabel("First"), QLabel("Second")
    stack.addWidget(first)
    stack.addWidget(second)
    stack.show()
    seen = told(stack)
    assert (seen.childCount(), seen.child(0).text(Name)) == (1, "First")
    stack.setCurrentWidget(second)
    assert seen.child(0).text(Name) == "Second"
    assert (seen.indexOfChild(told(second)), seen.indexOfChild(told(first))) == (0, -1)


def test_a_divider_is_called_so(qtbot):
    splitter = QSplitter()
    qtbot.addWidget(splitter)
    for text in ("left", "right"):
        splitter.addWidget(QLabel(text))
    seen = told(splitter.handle(1))
    assert (seen.role(), seen.text(Name)) == (Role.Separator, "Divider")


def test_the_interface_goes_with_its_widget(theme, qtbot):
    for _time in range(50):
        chip = Chip(theme, "All", 1)
        assert told(chip).role() == Role.Button
        chip.deleteLater()
    qtbot.wait(1)
