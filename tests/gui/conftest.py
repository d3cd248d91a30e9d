"""What the tests of the window share: the dressed application, threads that end, a window."""

import gc

import pytest
from PySide6.QtWidgets import QLineEdit, QWidget

from tunedesk.gui.actions import Actions
from tunedesk.gui.application import GarbageCollector
from tunedesk.gui.background import Background
from tunedesk.gui.feedback import Feedback
from tunedesk.gui.main_window import MainWindow
from tunedesk.gui.theme import Theme
from tunedesk.settings import Settings


@pytest.fixture(scope="session", autouse=True)
def garbage(qapp):
    """As in the program: threads collect no widgets."""
    collector = GarbageCollector(qapp)
    yield collector
    collector.deleteLater()
    gc.enable()


@pytest.fixture(autouse=True)
def collected(garbage):
    """What a test leaves is collected in the thread of the window, soon after it."""
    gc.disable()  # a test of another folder may have run between, and have switched it on
    yield
    garbage.poll()


@pytest.fixture(autouse=True)
def _checks_begin_at_once(monkeypatch):
    """The first check of an example, which waits for the first frames, begins at once."""
    monkeypatch.setattr("tunedesk.gui.examples.form.open_example.LOAD_AFTER_MS", 0)


@pytest.fixture
def theme(qapp):
    theme = Theme("light")
    theme.apply(qapp)
    yield theme
    qapp.setStyleSheet("")


@pytest.fixture
def settings():
    return Settings()


@pytest.fixture
def actions(qapp, settings):
    actions = Actions(settings)
    actions.watch(qapp)
    return actions


@pytest.fixture
def background(qapp):
    background = Background()
    yield background
    background.close()


@pytest.fixture
def window(qtbot, theme):
    window = QWidget()
    window.resize(900, 600)
    # Something else that can have the focus, as in every real window.
    window.field = QLineEdit(window)
    qtbot.addWidget(window)
    window.field.setFocus()
    return window


@pytest.fixture
def show_window(qtbot, theme, settings):
    """Shows the window of the program; a class given takes the place of the page of examples."""
    shown = []

    def show_window(*page):
        window = MainWindow(settings, theme, *page)
        qtbot.addWidget(window)
        window.show()
        shown.append(window)
        return window

    yield show_window
    for window in shown:
        window.close()


@pytest.fixture
def feedback(window, theme):
    return Feedback(window, theme)
