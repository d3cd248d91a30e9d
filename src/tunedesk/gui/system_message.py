"""A message of the desktop, for what happens while the user works in another program."""

from collections.abc import Callable

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication, QSystemTrayIcon, QWidget


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
        application.applicationStateChanged.connect(self._take_state)

    @property
    def is_showing(self) -> bool:
        """Whether the program has an icon among those of the desktop now."""
        return self._tray is not None

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

    def _take_state(self, state: Qt.ApplicationState) -> None:
        if state == Qt.ApplicationState.ApplicationActive:
            self.close()
            self.back.emit()


def is_in_front() -> bool:
    """Whether the user works in this program now, in whichever of its windows."""
    return QGuiApplication.applicationState() == Qt.ApplicationState.ApplicationActive
