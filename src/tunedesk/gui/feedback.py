"""The only voice of the window: toasts, calm errors, progress with Cancel, and a last question."""

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent
from PySide6.QtWidgets import QDialog, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from tunedesk.errors import UserError
from tunedesk.gui.progress_line import ProgressHandle, ProgressLine
from tunedesk.gui.system_message import SystemMessage, is_in_front
from tunedesk.gui.theme import Theme
from tunedesk.gui.widgets.label import Label
from tunedesk.gui.widgets.toast import Toast
from tunedesk.i18n import _

MAX_TOASTS = 3
MARGIN = 14
WIDTH = 520


class Feedback(QObject):
    """Speaks to the user over a window.

    Attributes:
        progress_line: The widget in which progress shows; the window puts it into its status line.
    """

    def __init__(self, window: QWidget, theme: Theme) -> None:
        super().__init__(window)
        self._window = window
        self._theme = theme
        self._toasts: list[Toast] = []
        self._system_message = SystemMessage(window)
        self.progress_line = ProgressLine(theme)
        window.installEventFilter(self)

    def toast(
        self,
        text: str,
        action_text: str | None = None,
        on_action: Callable[[], object] | None = None,
    ) -> Toast:
        """Say something in passing; it goes by itself after some seconds."""
        return self._show(
            Toast(
                self._theme,
                text,
                action_text=action_text,
                on_action=on_action,
                parent=self._window,
            )
        )

    def news(self, text: str, action_text: str, on_action: Callable[[], object]) -> Toast:
        """Say what has come about by itself, so that it is not missed.

        While the user works in another program, the desktop says it as well, and the
        toast stays until they are back.
        """
        self._system_message.show(text, on_action)
        away = not is_in_front()
        toast = Toast(
            self._theme,
            text,
            action_text=action_text,
            on_action=on_action,
            lasting=away,
            parent=self._window,
        )
        if away:
            self._system_message.back.connect(toast.go_soon)
        return self._show(toast)

    def error(
        self,
        error: UserError | str,
        action_text: str | None = None,
        on_action: Callable[[], object] | None = None,
    ) -> Toast:
        """Say calmly what went wrong and what to do; it stays until it is closed."""
        sentence, advice = (
            (error.sentence, error.advice) if isinstance(error, UserError) else (error, "")
        )
        return self._show(
            Toast(
                self._theme,
                sentence,
                advice,
                "error",
                action_text,
                on_action,
                lasting=True,
                parent=self._window,
            )
        )

    def progress(self, title: str, on_cancel: Callable[[], object] | None = None) -> ProgressHandle:
        """Show work under way in the status line; close the handle when it ends.

        Its `report` is the `on_progress` of `Background.run`; Cancel calls `on_cancel`.
        """
        return self.progress_line.add(title, on_cancel)

    def confirm(
        self,
        question: str,
        explanation: str,
        action_text: str,
        on_yes: Callable[[], object],
        danger: bool = False,
    ) -> QDialog:
        """Ask before something that cannot be taken back; the last resort.

        The buttons say what they do; Cancel is the default where danger is.
        """
        dialog = QDialog(self._window)
        dialog.setWindowTitle(question)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        layout = QVBoxLayout(dialog)
        layout.setContentsMargins(22, 20, 22, 18)
        layout.setSpacing(8)
        layout.addWidget(Label(self._theme, question, "title", wrap=True))
        layout.addWidget(Label(self._theme, explanation, "base", "muted", wrap=True))
        layout.addSpacing(10)
        buttons = QHBoxLayout()
        buttons.addStretch()
        no, yes = QPushButton(_("Cancel")), QPushButton(action_text)
        yes.setProperty("kind", "danger" if danger else "primary")
        for button in (no, yes):
            buttons.addWidget(button)
            button.setAutoDefault(False)
        (no if danger else yes).setDefault(True)
        (no if danger else yes).setFocus()
        no.clicked.connect(dialog.reject)
        yes.clicked.connect(dialog.accept)
        dialog.accepted.connect(on_yes)
        layout.addLayout(buttons)
        dialog.setMinimumWidth(420)
        dialog.open()
        return dialog

    def toasts(self) -> list[Toast]:
        """The messages that show now, the oldest first."""
        return list(self._toasts)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Keep the messages in their place when the window changes its size."""
        if event.type() in (QEvent.Type.Resize, QEvent.Type.Show):
            self._arrange()
        return False

    def _show(self, toast: Toast) -> Toast:
        toast.closed.connect(self._take_away)
        self._toasts.append(toast)
        while len(self._toasts) > MAX_TOASTS:
            self._toasts[0].close_now()
        toast.show()
        self._arrange()
        announcement = QAccessibleAnnouncementEvent(toast, toast.accessibleName())
        QAccessible.updateAccessibility(announcement)
        return toast

    def _take_away(self) -> None:
        for toast in [toast for toast in self._toasts if toast.over]:
            self._toasts.remove(toast)
            toast.deleteLater()
        self._arrange()

    def _arrange(self) -> None:
        """Stack the messages from the bottom upwards, at the end of the lines.

        There, and a bar's height above the status line, they cover neither the buttons of review
        nor the rows of the table.
        """
        mirrored = self._window.layoutDirection() == Qt.LayoutDirection.RightToLeft
        bars = self._theme.size("status") + self._theme.size("toolbar")
        bottom = self._window.height() - bars - MARGIN
        for toast in reversed(self._toasts):
            width = min(
                max(toast.sizeHint().width(), 280), WIDTH, self._window.width() - 2 * MARGIN
            )
            height = toast.heightForWidth(width) if toast.hasHeightForWidth() else -1
            height = max(height, toast.minimumSizeHint().height())
            left = MARGIN if mirrored else self._window.width() - width - MARGIN
            toast.setGeometry(left, bottom - height, width, height)
            toast.raise_()
            bottom -= height + 8
