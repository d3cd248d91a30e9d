"""Where one of several is chosen: chips, tabs with a count, a box that the wheel leaves alone."""

import sys

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import (
    QAccessible,
    QFontMetrics,
    QPainter,
    QPaintEvent,
    QPen,
    QTextDocumentFragment,
    QWheelEvent,
)
from PySide6.QtWidgets import QAbstractButton, QComboBox, QLineEdit, QSizePolicy, QTabBar, QWidget

from tunedesk.gui.theme import Theme
from tunedesk.gui.widgets.accessible_roles import toggle_role

PADDING = 11
GAP = 6
HEIGHT = 26


class Chip(QAbstractButton):
    """A checkable pill "With problems 3"; the count is its description, not part of its name.

    With `arrow` it ends in a small arrow: it then opens a menu instead of being switched.
    """

    def __init__(
        self,
        theme: Theme,
        text: str,
        count: int | None = None,
        tone: str = "",
        arrow: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._theme = theme
        self._tone = tone
        self._arrow = arrow
        self._count: int | None = None
        self.setText(text)
        self.setCheckable(not arrow)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        theme.changed.connect(self.update)
        self.set_count(count)

    @property
    def accessible_role(self) -> QAccessible.Role:
        """A button with a menu, one of several, or a button that is on or off."""
        return QAccessible.Role.ButtonMenu if self._arrow else toggle_role(self)

    @property
    def count(self) -> int | None:
        """The number beside the word."""
        return self._count

    def set_count(self, count: int | None) -> None:
        """Show another number beside the word, or none."""
        self._count = count
        self.setAccessibleName(self.text())
        self.setAccessibleDescription("" if count is None else f"{count:,}")
        self.updateGeometry()
        self.update()

    def set_tone(self, tone: str) -> None:
        """Change the colour of the word while the chip is off."""
        self._tone = tone
        self.update()

    def sizeHint(self) -> QSize:
        """Room for all of it."""
        # Room for the bold word that it shows while it is on.
        metrics = QFontMetrics(self._theme.font("base" if self._count else "strong"))
        width = 2 * PADDING + metrics.horizontalAdvance(self.text())
        if self._count is not None:
            strong = QFontMetrics(self._theme.font("strong"))
            width += GAP + strong.horizontalAdvance(f"{self._count:,}")
        if self._arrow:
            width += GAP + 10
        return QSize(width, HEIGHT)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw it in the colours of the theme."""
        on, color = self.isChecked(), self._theme.color
        ground, frame, foreground = "surface", "border", self._tone or "text_muted"
        number = self._tone or "text"
        if on:
            ground, frame, foreground, number = "accent_soft", "accent_soft", "accent", "accent"
        elif self.isDown():
            ground = "pressed"
        elif self.underMouse() and self.isEnabled():
            ground = "hover"
        if not self.isEnabled():
            foreground = number = "text_disabled"
        if self.hasFocus():
            frame = "accent"
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(color(frame), 1))
        painter.setBrush(color(ground))
        pill = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        painter.drawRoundedRect(pill, pill.height() / 2, pill.height() / 2)
        self._paint_text(painter, foreground, number)

    def _paint_text(self, painter: QPainter, foreground: str, number: str) -> None:
        inner = self.rect().adjusted(PADDING, 0, -PADDING, 0)
        painter.setLayoutDirection(self.layoutDirection())
        lead, trail = Qt.AlignmentFlag.AlignLeft, Qt.AlignmentFlag.AlignRight
        middle = Qt.AlignmentFlag.AlignVCenter
        if self.layoutDirection() == Qt.LayoutDirection.RightToLeft:
            lead, trail = trail, lead
        painter.setFont(
            self._theme.font("strong" if self.isChecked() and not self._count else "base")
        )
        painter.setPen(self._theme.color(foreground))
        # A bare word stands in the middle: it has room for its bold form.
        bare = self._count is None and not self._arrow
        alignment = Qt.AlignmentFlag.AlignHCenter if bare else lead
        painter.drawText(inner, alignment | middle, self.text())
        if self._arrow:
            box = inner.adjusted(inner.width() - 10, 0, 0, 0)
            self._theme.icons.paint(painter, box, "expand", foreground)
            inner.adjust(0, 0, -10 - GAP, 0)
        if self._count is not None:
            painter.setFont(self._theme.font("strong"))
            painter.setPen(self._theme.color(number))
            painter.drawText(inner, trail | middle, f"{self._count:,}")


class SegmentedTabs(QTabBar):
    """Underlined tabs "Problems 1 | Tokens | History"; the name of a tab leaves the count out."""

    def __init__(self, theme: Theme, labels: list[str], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._labels = list(labels)
        self._tips = [""] * len(labels)
        self.setDrawBase(False)
        self.setExpanding(False)
        self.setUsesScrollButtons(False)
        self.setElideMode(Qt.TextElideMode.ElideNone)
        self.setFont(theme.font("base"))
        for index, label in enumerate(labels):
            self.addTab(label.replace("&", "&&"))
            self.setAccessibleTabName(index, label)

    def set_tip(self, index: int, tip: str) -> None:
        """Say in the tooltip of a tab what it is for."""
        self._tips[index] = tip
        self.setTabToolTip(index, tip)

    def set_count(self, index: int, count: int | None) -> None:
        """Show a number behind the label of a tab; none or 0 shows the label alone.

        To screen readers, who are told the tooltip as the description, it stands there.
        """
        label = self._labels[index].replace("&", "&&")
        text = f"{label} {count:,}" if count else label
        if text != self.tabText(index):  # Qt would lay all tabs out anew
            self.setTabText(index, text)
            said = [f"{self._labels[index]}: {count:,}"] if count else []
            tip = "\n".join([*said, *([self._tips[index]] if self._tips[index] else [])])
            self.setTabToolTip(index, tip)


class NoWheelComboBox(QComboBox):
    """A combo box that gives the wheel to whatever scrolls around it.

    To screen readers on Linux Qt tells what is chosen in place of its name: there the name stands
    before the description.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._description = ""

    def setAccessibleName(self, name: str) -> None:
        """Name it to screen readers."""
        super().setAccessibleName(name)
        self._describe()

    def setAccessibleDescription(self, description: str) -> None:
        """Describe it to screen readers; without, the tooltip does."""
        self._description = description
        self._describe()

    def setToolTip(self, text: str) -> None:
        """Explain it to whoever points at it."""
        super().setToolTip(text)
        self._describe()

    def _describe(self) -> None:
        tip = QTextDocumentFragment.fromHtml(self.toolTip()).toPlainText()
        description = self._description or tip
        if sys.platform.startswith("linux"):
            parts = dict.fromkeys((self.accessibleName(), description))
            description = ". ".join(part for part in parts if part)
        super().setAccessibleDescription(description)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Leave the wheel to the list."""
        event.ignore()


class EditableComboBox(NoWheelComboBox):
    """The same with a field for what is not in the list; what is typed is not added to it.

    Attributes:
        edit: The field.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.edit = QLineEdit()
        self.setLineEdit(self.edit)
        self.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
