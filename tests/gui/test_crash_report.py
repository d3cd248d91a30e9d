import sys
import threading
from pathlib import Path

import pytest
from PySide6.QtGui import QGuiApplication

from tunedesk.errors import UserError
from tunedesk.gui.crash_report import CrashHandler, report_text
from tunedesk.gui.widgets.labels import Label
from tunedesk.paths import user_data_dir

SECRET = "the patient is Mrs Miller sk-abc123"


def _failure(kind, *args):
    try:
        raise kind(*args)
    except kind as failure:
        return failure


@pytest.fixture
def made_safe():
    return []


@pytest.fixture
def handler(window, theme, made_safe):
    handler = CrashHandler(theme, lambda: made_safe.append(True), window)
    yield handler
    if handler.dialog() is not None:
        handler.dialog().close()


@pytest.mark.parametrize(
    "failure",
    [
        _failure(KeyError, SECRET),
        _failure(ValueError, SECRET),
        _failure(UnicodeDecodeError, "utf-8", SECRET.encode(), 0, 1, SECRET),
        _failure(OSError, 2, "No such file", f"/home/miller/{SECRET}"),
        _failure(AssertionError, SECRET),
    ],
)
def test_report_holds_no_text_of_the_user(failure):
    text = report_text(failure)
    assert "Miller" not in text
    assert "sk-abc123" not in text
    assert type(failure).__name__ in text
    assert "test_crash_report.py" in text
    assert str(Path.home()) not in text


def test_report_names_versions_and_causes():
    try:
        try:
            raise KeyError(SECRET)
        except KeyError as cause:
            raise RuntimeError("list changed") from cause
    except RuntimeError as failure:
        text = report_text(failure)
    assert "Tunedesk " in text
    assert "Qt " in text
    assert text.index("KeyError") < text.index("RuntimeError: list changed")


@pytest.mark.expects_log
def test_work_is_safe_before_the_report_shows(handler, made_safe, window, qtbot):
    window.show()
    handler.handle(_failure(ZeroDivisionError, "division by zero"))
    assert made_safe == [True]
    dialog = handler.dialog()
    assert dialog.isVisible()
    assert "ZeroDivisionError" in dialog.text()
    dialog.copy.click()
    assert QGuiApplication.clipboard().text() == dialog.text()
    kept = list((user_data_dir() / "reports").glob("crash-*.txt"))
    assert len(kept) == 1


@pytest.mark.expects_log
def test_second_bug_joins_the_first(handler, window, qtbot):
    window.show()
    handler.handle(_failure(ZeroDivisionError))
    dialog = handler.dialog()
    handler.handle(_failure(IndexError))
    assert handler.dialog() is dialog
    assert "IndexError" in dialog.text()
    dialog.accept()
    qtbot.waitUntil(lambda: handler.dialog() is None)


@pytest.mark.expects_log
def test_work_that_cannot_be_written_is_said(window, theme, qtbot):
    def fail():
        raise OSError(28, "No space left on device")

    handler = CrashHandler(theme, fail, window)
    window.show()
    handler.handle(_failure(ZeroDivisionError))
    labels = handler.dialog().findChildren(Label)
    assert any("may not be on the disk" in label.text() for label in labels)
    handler.dialog().accept()


@pytest.mark.expects_log
def test_bug_in_any_thread_reaches_the_window(handler, window, qtbot):
    window.show()
    hooks = sys.excepthook, threading.excepthook
    handler.install()
    try:
        thread = threading.Thread(target=lambda: 1 // 0)
        with qtbot.waitSignal(handler.crashed):
            thread.start()
        thread.join()
        qtbot.waitUntil(lambda: handler.dialog() is not None)
        assert "ZeroDivisionError" in handler.dialog().text()
    finally:
        handler.uninstall()
        sys.excepthook, threading.excepthook = hooks


def test_what_can_be_understood_is_no_crash(handler, made_safe, qtbot):
    error = UserError("The project file is damaged.")
    with qtbot.waitSignal(handler.user_error) as told:
        handler.handle(error)
    assert told.args == [error]
    assert handler.dialog() is None
    assert made_safe == []
    assert not list((user_data_dir() / "reports").glob("*"))
