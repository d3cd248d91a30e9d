"""What a widget of our own is to a screen reader, where Qt would say "filler" or "check box".

A class says it by an attribute `accessible_role`, for one widget there is `set_role`; Qt asks here,
once for each widget: where a screen reader runs, as soon as it has a name. What scrolls is a pane.
"""

from typing import cast

from PySide6.QtCore import QObject
from PySide6.QtGui import QAccessible, QAccessibleActionInterface, QAccessibleInterface
from PySide6.QtWidgets import (
    QAbstractButton,
    QAccessibleWidget,
    QFileDialog,
    QScrollArea,
    QSplitterHandle,
    QStackedWidget,
    QWidget,
)
from shiboken6 import isValid

from tunedesk.i18n import _

_kept: list[QAccessibleInterface] = []
"""Python may not let go of what Qt still asks; Qt deletes each with its widget."""


class RoleInterface(QAccessibleWidget):
    """Tells the role that a widget names itself; of buttons also how they stand, and presses."""

    def __init__(self, widget: QWidget) -> None:
        super().__init__(widget, QAccessible.Role.Client, "")

    def role(self) -> QAccessible.Role:
        """The widget's role as it is now."""
        return _role(self.widget()) or super().role()

    def text(self, kind: QAccessible.Text) -> str:
        """Its name and description; a button without a name has the one that it shows."""
        told = super().text(kind)
        widget = self.widget()
        if kind == QAccessible.Text.Name and not told and isinstance(widget, QAbstractButton):
            return widget.text().replace("&&", "\0").replace("&", "").replace("\0", "&")
        return told

    def state(self) -> QAccessible.State:
        """How it stands, of a button also whether it is on."""
        state, widget = super().state(), self.widget()
        if isinstance(widget, QAbstractButton):
            state.checkable, state.checked = widget.isCheckable(), widget.isChecked()
            state.pressed = widget.isDown()
            if self.role() == QAccessible.Role.PageTab:
                state.selectable, state.selected = True, widget.isChecked()
        return state

    def actionNames(self) -> list[str]:
        """What can be done with it."""
        names = list(super().actionNames())
        if isinstance(self.widget(), QAbstractButton):
            names.insert(0, QAccessibleActionInterface.pressAction())
        return names

    def doAction(self, name: str) -> None:
        """Do one of these."""
        widget = self.widget()
        if isinstance(widget, QAbstractButton) and name == QAccessibleActionInterface.pressAction():
            widget.click()
        else:
            super().doAction(name)


class StackInterface(QAccessibleWidget):
    """Pages of which one shows: the others are not there.

    Qt tells their tables and lists as showing, since a cell asks where it lies and not whether its
    table is seen.
    """

    def childCount(self) -> int:
        """One page, or none."""
        return 0 if self._page() is None else 1

    def child(self, index: int) -> QAccessibleInterface:
        """The page that shows; nothing where there is none, which Qt's stubs do not know."""
        page = self._page() if index == 0 else None
        told = None if page is None else QAccessible.queryAccessibleInterface(page)
        return cast("QAccessibleInterface", told)

    def indexOfChild(self, told: QAccessibleInterface) -> int:
        """0 for the page that shows; -1 for others."""
        page = self._page()
        return 0 if page is not None and told.object() is page else -1

    def _page(self) -> QWidget | None:
        """The page that shows; None where there is none, or the stack is being taken down."""
        stack = self.widget()
        if not isinstance(stack, QStackedWidget) or not isValid(stack):
            return None
        page = stack.currentWidget()
        return page if page is not None and isValid(page) else None


def toggle_role(button: QAbstractButton) -> QAccessible.Role:
    """A radio button where one of a group is chosen, else a button, which may be on or off."""
    group = button.group()
    one_of_several = group is not None and group.exclusive()
    return QAccessible.Role.RadioButton if one_of_several else QAccessible.Role.Button


def set_role(widget: QWidget, role: QAccessible.Role) -> None:
    """Say what a widget of Qt's own class is; before it is given a name."""
    widget.setProperty("accessible_role", role)


def _role(widget: QWidget) -> QAccessible.Role | None:
    role = getattr(widget, "accessible_role", None) or widget.property("accessible_role")
    if isinstance(role, QAccessible.Role):
        return role
    return QAccessible.Role.Pane if isinstance(widget, QScrollArea) else None


def install() -> None:
    """Have Qt ask here for the widgets that name a role; once in a process."""
    QAccessible.installFactory(_interface)


def _interface(_name: str, asked: QObject) -> QAccessibleInterface | None:
    made: QAccessibleInterface
    if isinstance(asked, QWidget) and isinstance(asked.window(), QFileDialog):
        return None  # Qt's own, which it takes down by itself
    if isinstance(asked, QStackedWidget):
        made = StackInterface(asked, QAccessible.Role.LayeredPane)
    elif isinstance(asked, QSplitterHandle):
        made = QAccessibleWidget(asked, QAccessible.Role.Separator, _("Divider"))
    elif isinstance(asked, QWidget) and _role(asked) is not None:
        made = RoleInterface(asked)
    else:
        return None
    _kept[:] = [each for each in _kept if isValid(each)]
    _kept.append(made)
    return made
