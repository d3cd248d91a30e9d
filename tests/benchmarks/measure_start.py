"""Starts the window as the command does; prints the seconds until it can be used.

Run as `python measure_start.py TIME [FILE]`; TIME is when the process was started, as `time.time`
has it. With a project the window can be used once its rows are on the screen.
"""

import json
import sys
import time

from PySide6.QtCore import QEvent, QObject, QTimer
from PySide6.QtWidgets import QApplication

from tunedesk.cli import main


class FirstUse(QObject):
    """Sees when the window, or the table in it, is painted for the first time."""

    def __init__(self, with_rows: bool) -> None:
        super().__init__()
        self._with_rows = with_rows
        self._painted = False

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802  Qt's name
        if event.type() == QEvent.Type.Paint and not self._painted and self._is_it(watched):
            self._painted = True
            QTimer.singleShot(0, self, self._note)
        return False

    def _is_it(self, watched: QObject) -> bool:
        if not self._with_rows:
            return type(watched).__name__ == "MainWindow"
        # Only the table's own viewport is asked further; there are many paints.
        table = watched.parent()
        if type(table).__name__ != "ExampleTable":
            return False
        return table.viewport() is watched and table.model().rowCount() > 0

    def _note(self) -> None:
        print(json.dumps({"seconds": time.time() - float(sys.argv[1])}), flush=True)
        QApplication.closeAllWindows()


if __name__ == "__main__":
    app = QApplication(sys.argv[:1])
    first_use = FirstUse(with_rows=len(sys.argv) > 2)
    app.installEventFilter(first_use)
    sys.exit(main(["open", *sys.argv[2:]]))
