"""What a widget of our own is to a screen reader, where Qt would say "filler" or "check box".

A class says it by an attribute `accessible_role`, for one widget there is `set_role`; Qt asks here,
once for each widget.
"""

from PySide6.QtCore import QObject
from PySide6.QtGui import QAccessible, QAccessibleActionInterface, QAccessibleInterface
from PySide6.QtWidgets import QAbstractButton, QAccessibleWidget, QWidget
from shiboken6 import isValid

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


def toggle_role(button: QAbstractButton) -> QAccessible.Role:
    """A radio button where one of a group is chosen, else a button, which may be on or off."""
    group = button.group()
    one_of_several = group is not None and group.exclusive()
    return QAccessible.Role.RadioButton if one_of_several else QAccessible.Role.Button


def set_role(widget: QWidget, role: QAccessible.Role) -> None:
    """Say what a widget of Qt's own class is."""
    widget.setProperty("accessible_role", role)


def _role(widget: QWidget) -> QAccessible.Role | None:
    role = getattr(widget, "accessible_role", None) or widget.property("accessible_role")
    return role if isinstance(role, QAccessible.Role) else None


def install() -> None:
    """Have Qt ask here for the widgets that name a role; once in a process."""
    QAccessible.installFactory(_interface)


def _interface(_name: str, asked: QObject) -> QAccessibleInterface | None:
    if not isinstance(asked, QWidget) or _role(asked) is None:
        return None
    _kept[:] = [each for each in _kept if isValid(each)]
    made = RoleInterface(asked)
    _kept.append(made)
    return made
