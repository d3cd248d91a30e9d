"""The head of a message card: role, preset, "train on this", tokens and the menu."""

from PySide6.QtCore import QPoint, QSize, Qt, Signal
from PySide6.QtGui import QAccessible, QFont, QFontMetrics, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QCheckBox,
    QHBoxLayout,
    QSizePolicy,
    QWidget,
)

from tunedesk.examples.conversation import Message
from tunedesk.gui.roles_and_states import role_color, role_explanation, role_title
from tunedesk.gui.theme import Theme
from tunedesk.gui.widgets.buttons import IconButton
from tunedesk.gui.widgets.labels import Label, plain_tooltip
from tunedesk.i18n import _, ngettext

ARROW = 9
GAP = 4


class QuietButton(QAbstractButton):
    """A word in a colour of the theme, with a small arrow while it is pointed at."""

    def __init__(
        self, theme: Theme, font: QFont, color: str = "text_muted", parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._theme = theme
        self._color = color
        self._font = font
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        theme.changed.connect(self.update)

    def show_word(self, word: str, color: str) -> None:
        """Show a word; it is the accessible name too."""
        if word != self.text():
            self.setText(word)
            self.setAccessibleName(word)
            self.updateGeometry()
        if color != self._color:
            self._color = color
            self.update()

    def sizeHint(self) -> QSize:
        """The word and its arrow."""
        width = QFontMetrics(self._font).horizontalAdvance(self.text())
        return QSize(width + GAP + ARROW + 2, 20)

    def minimumSizeHint(self) -> QSize:
        """A few letters."""
        return QSize(min(self.sizeHint().width(), 60), 20)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the word; the arrow comes with the pointer or the focus."""
        painter = QPainter(self)
        painter.setFont(self._font)
        painter.setPen(self._theme.color(self._color))
        room = self.rect().adjusted(0, 0, -(ARROW + GAP), 0)
        shown = QFontMetrics(self._font).elidedText(
            self.text(), Qt.TextElideMode.ElideRight, room.width() + 2
        )
        flags = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        painter.drawText(room.adjusted(0, 0, 4, 0), flags, shown)
        if self.hasFocus():
            frame = self._theme.color("accent")
            painter.fillRect(self.rect().adjusted(0, self.height() - 2, 0, 0), frame)
        if self.isEnabled() and (self.underMouse() or self.hasFocus()):
            box = self.rect().adjusted(self.width() - ARROW - 1, 0, -1, 0)
            self._theme.icons.paint(painter, box, "expand", self._color)


LONGEST_ROLE = 24


class RoleButton(QuietButton):
    """Shows a role in capitals; pressed, it asks for another one."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        font = QFont(theme.font("small_strong"))
        font.setCapitalization(QFont.Capitalization.AllUppercase)
        font.setLetterSpacing(QFont.SpacingType.AbsoluteSpacing, 0.4)
        super().__init__(theme, font, parent=parent)

    def show_role(self, role: str | None) -> None:
        """Show a role."""
        title = role_title(role)[:LONGEST_ROLE]
        if title != self.text():
            explanation = role_explanation(role)
            change = _("Click to change the role")
            self.setToolTip(plain_tooltip(f"{explanation}\n{change}"))
        self.show_word(title, role_color(role))


class MessageHead(QWidget):
    """One line of small controls above the text; dragging it moves the message.

    Tab goes to each of its controls; `go.next_message` goes from text to text.

    Signals:
        role_clicked: The user wants another role.
        menu_clicked: The user wants the menu.
        preset_clicked: The user wants the presets.
        trained_changed: "Train on this" was switched.
        dragged: The head is dragged, with the point on the screen.
        dropped: The dragging ended there.
    """

    accessible_role = QAccessible.Role.Grouping

    role_clicked = Signal()
    menu_clicked = Signal()
    preset_clicked = Signal()
    trained_changed = Signal(bool)
    dragged = Signal(QPoint)
    dropped = Signal(QPoint)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._pressed_at: QPoint | None = None
        self._dragging = False
        self.movable = True
        self.role = RoleButton(theme)
        self.preset = QuietButton(theme, theme.font("small"))
        self.trained = QCheckBox(_("train on this"))
        self.trained.setFont(theme.font("small"))
        self.trained.setToolTip(
            _("On: the model learns to write this answer. Off: it only reads it (weight 0).")
        )
        self.tokens = Label(theme, font="small", tone="muted")
        self.tokens.setToolTip(
            _(
                "The length of this message's text as the model counts it; a token is about ¾ of "
                "a word. Tool calls and pictures are estimated in the panel Tokens."
            )
        )
        self.menu = IconButton(theme, "more", _("More"))
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        for widget in (self.role, self.preset, self.trained):
            row.addWidget(widget)
        row.addStretch(1)
        row.addWidget(self.tokens)
        row.addWidget(self.menu)
        self.setFixedHeight(24)
        self.setToolTip(_("Drag to move the message"))
        for still in (self.trained, self.menu, self.tokens):
            still.setCursor(Qt.CursorShape.ArrowCursor)
        self.role.clicked.connect(self.role_clicked)
        self.menu.clicked.connect(self.menu_clicked)
        self.preset.clicked.connect(self.preset_clicked)
        self.trained.clicked.connect(self.trained_changed)

    def show_message(self, message: Message, writable: bool) -> None:
        """Show what stands above a message."""
        self.movable = writable
        if writable:
            self.setCursor(Qt.CursorShape.OpenHandCursor)
        else:
            self.unsetCursor()
        self.role.show_role(message.role)
        self.role.setEnabled(writable and message.is_object)
        answers = message.role == "assistant"
        self.trained.setVisible(answers)
        if answers:
            self.trained.setChecked(message.weight != 0)
            self.trained.setEnabled(writable)
        number = message.index + 1
        self.menu.set_name(_("Menu of message {number}").format(number=number))
        self.setAccessibleName(_("Message {number}").format(number=number))

    def show_tokens(self, tokens: int | None) -> None:
        """Show how long the message is; nothing while it is not counted."""
        self.tokens.setText(
            ""
            if tokens is None
            else ngettext("{count} token", "{count} tokens", tokens).format(count=f"{tokens:,}")
        )

    def show_preset(self, text: str, tooltip: str) -> None:
        """Show which preset the system prompt is; an empty text hides it."""
        self.preset.setVisible(bool(text))
        if text:
            self.preset.show_word(text, "text_muted")
            self.preset.setToolTip(plain_tooltip(tooltip))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Begin to drag."""
        if event.button() == Qt.MouseButton.LeftButton and self.movable:
            self._pressed_at = event.globalPosition().toPoint()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Drag, once the pointer has gone far enough to mean it."""
        if self._pressed_at is None:
            return
        point = event.globalPosition().toPoint()
        far = (point - self._pressed_at).manhattanLength()
        if not self._dragging and far >= QApplication.startDragDistance():
            self._dragging = True
            self.setCursor(Qt.CursorShape.ClosedHandCursor)
        if self._dragging:
            self.dragged.emit(point)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """End the dragging."""
        self._pressed_at = None
        if self._dragging:
            self._dragging = False
            self.setCursor(Qt.CursorShape.OpenHandCursor)
            self.dropped.emit(event.globalPosition().toPoint())
