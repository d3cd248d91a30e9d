"""What screen readers are told that a control is, where Qt would say something else or nothing.

Qt takes whatever can be switched for a check box, and what it does not know for a box that holds
others. A class of widgets says what it is by `accessible_role`; its name is its accessible name,
or its text.
"""

from typing import cast

from PySide6.QtCore import QObject
from PySide6.QtGui import QAccessible, QAccessibleActionInterface, QAccessibleInterface
from PySide6.QtWidgets import (
    QAbstractButton,
    QAccessibleWidget,
    QPushButton,
    QSplitterHandle,
    QStackedWidget,
    QWidget,
)

from tunedesk.i18n import _


def install_roles() -> None:
    """Let widgets be told as what their class says, from now on."""
    QAccessible.installFactory(_interface)


def _interface(_class_name: str, told: QObject) -> QAccessibleInterface | None:
    """The interface of a widget that Qt would tell wrongly; None leaves it to Qt."""
    if not isinstance(told, QWidget):
        return None
    role = getattr(type(told), "accessible_role", None)
    if isinstance(told, QPushButton) and told.isCheckable():
        # What is a check box is a QCheckBox; what can be switched beside those is a button.
        role = QAccessible.Role.Button
    if isinstance(told, QAbstractButton) and role is not None:
        return _Button(told, role)
    if isinstance(told, QSplitterHandle):
        return QAccessibleWidget(told, QAccessible.Role.Separator, _("Divider"))
    if isinstance(told, QStackedWidget):
        return _Stack(told)
    return None if role is None else QAccessibleWidget(told, role)


class _Stack(QAccessibleWidget):
    """Pages of which one shows: the others are not there for a screen reader.

    Qt tells their tables and lists as showing, since a cell asks where it lies and not whether its
    table is seen.
    """

    def __init__(self, stack: QStackedWidget) -> None:
        super().__init__(stack, QAccessible.Role.LayeredPane)
        self._stack = stack

    def childCount(self) -> int:
        """One page, or none."""
        return min(self._stack.count(), 1)

    def child(self, index: int) -> QAccessibleInterface:
        """The page that shows; nothing where there is none, which Qt's stubs do not know."""
        page = self._stack.currentWidget() if index == 0 else None
        told = None if page is None else QAccessible.queryAccessibleInterface(page)
        return cast("QAccessibleInterface", told)

    def indexOfChild(self, told: QAccessibleInterface) -> int:
        """0 for the page that shows; -1 for others."""
        return 0 if told.object() is self._stack.currentWidget() else -1


class _Button(QAccessibleWidget):
    """A button that is told with its state, and that it can be pressed, as Qt does for buttons.

    Its name, where it has no other, is its text.
    """

    def __init__(self, button: QAbstractButton, role: QAccessible.Role) -> None:
        super().__init__(button, role)
        self._button = button

    def text(self, kind: QAccessible.Text) -> str:
        """The name, the description, and what else is told in words."""
        said = super().text(kind)
        if not said and kind == QAccessible.Text.Name:
            return self._button.text().replace("&", "")
        return said

    def state(self) -> QAccessible.State:
        """What Qt tells of every widget, and whether it is on."""
        state = super().state()
        state.checkable = self._button.isCheckable()
        state.checked = self._button.isChecked()
        state.pressed = self._button.isDown()
        if isinstance(self._button, QPushButton) and self._button.menu() is not None:
            state.hasPopup = True
        return state

    def actionNames(self) -> list[str]:
        """Pressing it, where it can be pressed, and going to it."""
        names = [QAccessibleActionInterface.pressAction()] if self._button.isEnabled() else []
        return [*names, *super().actionNames()]

    def doAction(self, name: str) -> None:
        """Press it, or go to it."""
        if name == QAccessibleActionInterface.pressAction():
            self._button.click()
        else:
            super().doAction(name)
