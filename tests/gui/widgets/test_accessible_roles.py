"""What screen readers are told of our own widgets: role, name, how they stand, pressing."""

import pytest
from PySide6.QtCore import QCoreApplication, QEvent
from PySide6.QtGui import QAccessible, QAccessibleActionInterface
from PySide6.QtWidgets import (
    QButtonGroup,
    QLabel,
    QPushButton,
    QScrollArea,
    QSplitter,
    QStackedWidget,
    QWidget,
)

from tunedesk.gui.widgets import accessible_roles
from tunedesk.gui.widgets.accessible_roles import set_role
from tunedesk.gui.widgets.choices import Chip

Role, Text = QAccessible.Role, QAccessible.Text


@pytest.fixture(autouse=True, scope="module")
def _installed():
    accessible_roles.install()


@pytest.fixture
def chip(theme, qtbot):
    chip = Chip(theme, "With problems", 3)
    qtbot.addWidget(chip)
    return chip


def told(widget):
    return QAccessible.queryAccessibleInterface(widget)


def test_a_chip_is_a_button_that_is_on_or_off(chip):
    assert told(chip).role() == Role.Button
    assert told(chip).text(Text.Name) == "With problems"
    assert told(chip).text(Text.Description) == "3"
    assert told(chip).state().checkable
    assert not told(chip).state().checked
    press = QAccessibleActionInterface.pressAction()
    assert press in told(chip).actionInterface().actionNames()
    told(chip).actionInterface().doAction(press)
    assert chip.isChecked()
    assert told(chip).state().checked


def test_a_chip_of_a_group_is_one_of_several(theme, qtbot):
    host = QWidget()
    qtbot.addWidget(host)
    group = QButtonGroup(host)
    chips = [Chip(theme, text, parent=host) for text in ("This example", "All examples")]
    for chip in chips:
        group.addButton(chip)
    assert [told(chip).role() for chip in chips] == [Role.RadioButton] * 2


def test_a_chip_with_a_menu(theme, qtbot):
    chip = Chip(theme, "Tag", arrow=True)
    qtbot.addWidget(chip)
    assert told(chip).role() == Role.ButtonMenu


def test_what_is_hidden_is_not_said_to_be_showing(chip, qtbot):
    assert told(chip).state().invisible
    chip.show()
    assert not told(chip).state().invisible


def test_a_role_for_one_widget_of_qt(qtbot):
    area, plain, button = QScrollArea(), QLabel("text"), QPushButton("&Fold && more")
    for widget in (area, plain, button):
        qtbot.addWidget(widget)
    button.setCheckable(True)
    set_role(area, Role.Pane)
    set_role(button, Role.Button)
    assert told(area).role() == Role.Pane
    assert told(plain).role() == Role.StaticText
    assert told(button).role() == Role.Button
    assert told(button).text(Text.Name) == "Fold & more"


def test_what_is_gone_is_not_kept(theme, qtbot):
    for _time in range(50):
        chip = Chip(theme, "Short-lived")
        assert told(chip).role() == Role.Button
        chip.deleteLater()
        del chip
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    assert len(accessible_roles._kept) <= 2


def test_of_a_stack_only_the_page_that_shows_is_there(qtbot):
    stack = QStackedWidget()
    qtbot.addWidget(stack)
    seen = QAccessible.queryAccessibleInterface(stack)
    assert seen.childCount() == 0
    first, second = QLabel("First"), QLabel("Second")
    stack.addWidget(first)
    stack.addWidget(second)
    stack.show()
    assert (seen.childCount(), seen.child(0).text(QAccessible.Text.Name)) == (1, "First")
    stack.setCurrentWidget(second)
    assert seen.child(0).text(QAccessible.Text.Name) == "Second"
    places = [seen.indexOfChild(QAccessible.queryAccessibleInterface(x)) for x in (second, first)]
    assert places == [0, -1]


def test_a_divider_is_called_so(qtbot):
    splitter = QSplitter()
    qtbot.addWidget(splitter)
    for text in ("left", "right"):
        splitter.addWidget(QLabel(text))
    seen = QAccessible.queryAccessibleInterface(splitter.handle(1))
    assert (seen.role(), seen.text(QAccessible.Text.Name)) == (
        QAccessible.Role.Separator,
        "Divider",
    )


def test_what_scrolls_is_a_pane_although_its_name_was_given_first(qtbot):
    area = QScrollArea()
    qtbot.addWidget(area)
    QAccessible.setActive(True)
    try:
        area.setAccessibleName("Tokens")
        told = QAccessible.queryAccessibleInterface(area)
        assert told.role() == QAccessible.Role.Pane
        assert told.text(QAccessible.Text.Name) == "Tokens"
    finally:
        QAccessible.setActive(False)
