"""Work under way, in the status line: what it is, how far, how fast, and Cancel."""

import time
from collections.abc import Callable

from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QPushButton, QWidget

from tunedesk.gui.theme import Theme
from tunedesk.gui.widgets.label import Label
from tunedesk.i18n import _


class ProgressHandle:
    """One piece of work that shows its progress."""

    def __init__(
        self, line: "ProgressLine", title: str, on_cancel: Callable[[], object] | None
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

    def say(self, note: str) -> None:
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


class ProgressLine(QWidget):
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
