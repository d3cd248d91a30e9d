"""What the window tells the user: toasts, errors, progress with Cancel, and questions.

Work under way stands in the status line (`ProgressWidget`); what happens while the user works in
another program is told by the desktop (`SystemMessage`).
"""

import time
from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent, QGuiApplication
from PySide6.QtWidgets import (
    QApplication,
    QDialog,
    QHBoxLayout,
    QProgressBar,
    QPushButton,
    QSystemTrayIcon,
    QVBoxLayout,
    QWidget,
)

from tunedesk.errors import UserError
from tunedesk.gui.theme import Theme
from tunedesk.gui.widgets.labels import Label
from tunedesk.gui.widgets.layouts import tab_stops
from tunedesk.gui.widgets.toast import Toast
from tunedesk.i18n import _


class SystemMessage(QObject):
    """Tells of something where it is seen although the window is not.

    The program has an icon among those of the desktop only as long as it has something to say:
    until the message is clicked or the program is in front again. Desktops without such a place
    show nothing but the mark on the window's own entry.

    Signals:
        back: The program is in front again.
    """

    back = Signal()

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._window = window
        self._tray: QSystemTrayIcon | None = None
        application = QGuiApplication.instance()
        assert isinstance(application, QGuiApplication)
        application.applicationStateChanged.connect(self._on_application_state)

    def show(self, text: str, on_click: Callable[[], object]) -> None:
        """Show a sentence; nothing happens while the program is in front.

        Args:
            text: The sentence.
            on_click: Called when it is clicked, when the window has come to the front.
        """
        if is_in_front():
            return
        QApplication.alert(self._window)
        if not (QSystemTrayIcon.isSystemTrayAvailable() and QSystemTrayIcon.supportsMessages()):
            return
        self.close()
        tray = QSystemTrayIcon(self._window.windowIcon(), self)
        tray.setToolTip(text)

        def clicked() -> None:
            self._window.showNormal() if self._window.isMinimized() else self._window.show()
            self._window.raise_()
            self._window.activateWindow()
            self.close()
            on_click()

        tray.messageClicked.connect(clicked)
        tray.activated.connect(clicked)
        self._tray = tray
        tray.show()
        tray.showMessage("Tunedesk", text, self._window.windowIcon())

    def close(self) -> None:
        """Take the icon away."""
        if self._tray is not None:
            self._tray.hide()
            self._tray.deleteLater()
            self._tray = None

    def _on_application_state(self, state: Qt.ApplicationState) -> None:
        if state == Qt.ApplicationState.ApplicationActive:
            self.close()
            self.back.emit()


def is_in_front() -> bool:
    """Whether the user works in this program now, in whichever of its windows."""
    return QGuiApplication.applicationState() == Qt.ApplicationState.ApplicationActive


class ProgressHandle:
    """One piece of work that shows its progress."""

    def __init__(
        self, line: "ProgressWidget", title: str, on_cancel: Callable[[], object] | None
    ) -> None:
        self._line = line
        self.title = title
        self.on_cancel = on_cancel
        self.done = 0
        self.total: int | None = None
        self.note = ""
        self.started = time.monotonic()
        self.cancelling = False

    def report(self, done: int, total: int | None) -> None:
        """Tell how far it is; a total of None means that nobody knows."""
        self.done, self.total = done, total
        self._line.refresh()

    def set_note(self, note: str) -> None:
        """Show a few words beside the title, such as the speed."""
        self.note = note
        self._line.refresh()

    def cancel(self) -> None:
        """Ask the work to stop; it shows until the work has ended."""
        if self.on_cancel is not None and not self.cancelling:
            self.cancelling = True
            self._line.refresh()
            self.on_cancel()

    def close(self) -> None:
        """The work has ended."""
        self._line.remove(self)


class ProgressWidget(QWidget):
    """Shows the latest piece of work; the others are counted behind it."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._handles: list[ProgressHandle] = []
        self._label = Label(theme, "", "small", "muted")
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        self._bar.setFixedWidth(140)
        self._bar.setAccessibleName(_("Progress"))
        self._cancel = QPushButton(_("Cancel"))
        self._cancel.setProperty("kind", "link")
        self._cancel.setFont(theme.font("small_strong"))
        self._cancel.clicked.connect(self._cancel_latest)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(10)
        layout.addWidget(self._label)
        layout.addWidget(self._bar)
        layout.addWidget(self._cancel)
        self.hide()

    def add(self, title: str, on_cancel: Callable[[], object] | None) -> ProgressHandle:
        """Begin to show a piece of work."""
        handle = ProgressHandle(self, title, on_cancel)
        self._handles.append(handle)
        self.refresh()
        return handle

    def remove(self, handle: ProgressHandle) -> None:
        """Show it no longer."""
        if handle in self._handles:
            self._handles.remove(handle)
        self.refresh()

    def clear(self) -> None:
        """Show nothing any more: a project closes, and all its work with it."""
        self._handles.clear()
        self.refresh()

    def refresh(self) -> None:
        """Show the state of the latest piece of work."""
        self.setVisible(bool(self._handles))
        if not self._handles:
            return
        handle = self._handles[-1]
        words = _("Stopping …") if handle.cancelling else handle.title
        if handle.total and not handle.cancelling:
            words += f"  {min(100, handle.done * 100 // handle.total)} %"
        if handle.note and not handle.cancelling:
            words += f"  {handle.note}"
        if len(self._handles) > 1:
            words += "  " + _("(+{count} more)").format(count=len(self._handles) - 1)
        self._label.setText(words)
        # Percents keep the range inside what the bar can hold for files of any size.
        self._bar.setRange(0, 1000 if handle.total else 0)
        if handle.total:
            self._bar.setValue(min(1000, handle.done * 1000 // handle.total))
        self._cancel.setVisible(handle.on_cancel is not None)
        self._cancel.setEnabled(not handle.cancelling)

    def _cancel_latest(self) -> None:
        if self._handles:
            self._handles[-1].cancel()


MAX_TOASTS = 3
MAX_COVERED_ERRORS = 20
"""Errors behind the one that shows; older ones are forgotten."""
MARGIN = 14
WIDTH = 520


class Feedback(QObject):
    """Shows messages, errors, questions and progress in a window.

    Attributes:
        progress_line: The widget in which progress shows; the window puts it into its status line.
    """

    def __init__(self, window: QWidget, theme: Theme) -> None:
        super().__init__(window)
        self._window = window
        self._theme = theme
        self._toasts: list[Toast] = []
        self._covered_errors: list[Toast] = []
        self._system_message = SystemMessage(window)
        self.progress_line = ProgressWidget(theme)
        self._focus_before: QWidget | None = None
        window.installEventFilter(self)

    def toast(
        self,
        text: str,
        action_text: str | None = None,
        on_action: Callable[[], object] | None = None,
        *,
        lasting: bool = False,
    ) -> Toast:
        """Say something in passing; it goes by itself after some seconds.

        Args:
            text: The sentence.
            action_text: What its button says; None for no button.
            on_action: Called when that is pressed.
            lasting: Whether it stays until it is closed, since it has to be read.
        """
        return self._show(
            Toast(
                self._theme,
                text,
                action_text=action_text,
                on_action=on_action,
                lasting=lasting,
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
        """Say calmly what went wrong and what to do; it stays until it is closed.

        Errors have one place: the newest covers those before it, which show again when it is
        closed. What is said again is counted.
        """
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
        no_text: str = "",
        parent: QWidget | None = None,
        other: tuple[str, Callable[[], object]] | None = None,
    ) -> QDialog:
        """Ask before something that cannot be taken back or is hardly meant; the last resort.

        The buttons say what they do. Enter presses the one that leaves everything as it is: what is
        asked about is never done by a key that was on its way to something else.

        Args:
            question: What is asked.
            explanation: What it means.
            action_text: What the button that does it says.
            on_yes: Does it.
            danger: Whether it cannot be taken back.
            no_text: What the other button says; empty: "Cancel".
            parent: The dialog over which it is asked; None for the window.
            other: What a third button says and does; None for two buttons.
        """
        dialog = QDialog(parent or self._window)
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
        no, yes = QPushButton(no_text or _("Cancel")), QPushButton(action_text)
        yes.setProperty("kind", "danger" if danger else "primary")
        shown = [no, yes]
        if other is not None:
            third = QPushButton(other[0])
            third.clicked.connect(dialog.reject)
            third.clicked.connect(other[1])
            shown.insert(1, third)
        for button in shown:
            buttons.addWidget(button)
            button.setAutoDefault(False)
        no.setDefault(True)
        no.setFocus()
        no.clicked.connect(dialog.reject)
        yes.clicked.connect(dialog.accept)
        dialog.accepted.connect(on_yes)
        layout.addLayout(buttons)
        dialog.setMinimumWidth(420)
        dialog.open()
        # Qt guesses the height for a width of its own; a long text would be cut off below.
        needed = layout.totalHeightForWidth(dialog.width())
        dialog.resize(dialog.width(), max(dialog.height(), needed))
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
        toast.closed.connect(self._remove_closed)
        toast.all_closed.connect(self._close_errors)
        is_error = toast.tone == "error"
        # A message with an Undo of its own is not the same although it reads the same.
        replaced = [
            other
            for other in [*self._covered_errors, *self._toasts]
            if (other.text, other.tone) == (toast.text, toast.tone)
            and (is_error or not (other.offers_action or toast.offers_action))
        ]
        toast.times += sum(other.times for other in replaced)
        for error in [shown for shown in self._toasts if is_error and shown.tone == "error"]:
            self._toasts.remove(error)
            self._covered_errors.append(error)
            error.hide()
        self._toasts.append(toast)
        for other in [*replaced, *self._covered_errors[:-MAX_COVERED_ERRORS]]:
            other.close_now()
        self._remove_closed()
        while len(self._toasts) > MAX_TOASTS:
            passing = [shown for shown in self._toasts[:-1] if not shown.lasting]
            (passing or self._toasts)[0].close_now()
        toast.show()
        self._arrange()
        announcement = QAccessibleAnnouncementEvent(toast, toast.accessibleName())
        QAccessible.updateAccessibility(announcement)
        return toast

    def remember_focus(self) -> None:
        """Tab is about to move the focus: where it is, it goes back when a message closes."""
        focus = self._window.focusWidget()
        if focus is not None and not any(toast.isAncestorOf(focus) for toast in self._toasts):
            self._focus_before = focus

    def _remove_closed(self) -> None:
        held_focus = False
        for toasts in (self._toasts, self._covered_errors):
            for toast in [toast for toast in toasts if toast.over]:
                toasts.remove(toast)
                toast.deleteLater()
                held_focus = held_focus or toast.held_focus
        errors = [toast for toast in self._toasts if toast.tone == "error"]
        if not errors and self._covered_errors:
            errors.append(self._covered_errors.pop())
            self._toasts.append(errors[0])
            errors[0].show()
        for error in errors:
            error.show_counts(len(self._covered_errors))
        self._arrange()
        if held_focus:
            self._give_focus_back(errors)

    def _give_focus_back(self, errors: list[Toast]) -> None:
        """Put the focus on the error that shows next, else where it was before the messages."""
        before, self._focus_before = self._focus_before, None
        if errors:
            errors[0].close_button.setFocus()
            self._focus_before = before
        elif before is not None and any(stop is before for stop in tab_stops(self._window)):
            before.setFocus()

    def _close_errors(self) -> None:
        """Close all errors, those behind the one that shows as well."""
        for error in list(self._covered_errors):
            error.close_now()
        for error in [toast for toast in self._toasts if toast.tone == "error"]:
            error.close_now()

    def _arrange(self) -> None:
        """Stack the messages from the bottom upwards, at the end of the lines.

        There, and a bar's height above the status line, they cover neither the buttons of review
        nor the rows of the table.
        """
        mirrored = self._window.layoutDirection() == Qt.LayoutDirection.RightToLeft
        bars = self._theme.size("status") + self._theme.size("toolbar")
        bottom = self._window.height() - bars - MARGIN
        for toast in reversed(self._toasts):
            # A long word on its button makes a message wider: nothing may lie over its text.
            widest = max(WIDTH, toast.minimumSizeHint().width())
            width = min(
                max(toast.sizeHint().width(), 280), widest, self._window.width() - 2 * MARGIN
            )
            height = toast.heightForWidth(width) if toast.hasHeightForWidth() else -1
            height = max(height, toast.minimumSizeHint().height())
            left = MARGIN if mirrored else self._window.width() - width - MARGIN
            toast.setGeometry(left, bottom - height, width, height)
            toast.raise_()
            bottom -= height + 8
