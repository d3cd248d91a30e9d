"""A launch page over a real project."""

import pytest
import shiboken6

from tunedesk.fine_tuning import launch_check
from tunedesk.gui.fine_tune.launch.launch_dialog import LaunchDialog
from tunedesk.gui.fine_tune.local_installation import LocalInstallation
from tunedesk.project.query import ExampleQuery


@pytest.fixture
def reads():
    """Whether the examples are read as the base model reads them, by a process of their own."""
    return False


@pytest.fixture
def open_page(qtbot, context, background, keys, window, reads, monkeypatch):
    """Opens the launch page and waits until it knows what a launch would be."""
    if not reads:
        monkeypatch.setattr(launch_check, "python_with_training", lambda: None)
    dialogs = []
    installation = LocalInstallation(background)

    def open_page(settings=None, shown=None):
        dialog = LaunchDialog(
            context,
            keys=keys,
            installation=installation,
            shown_query=shown or ExampleQuery(),
            settings=settings,
            parent=window,
        )
        dialogs.append(dialog)
        dialog.open()
        qtbot.waitUntil(lambda: dialog._start is not None)
        qtbot.waitUntil(
            lambda: (
                dialog._estimate is not None
                and dialog._estimate.preview.settings == dialog.settings
            )
        )
        return dialog

    yield open_page
    installation.close()
    for dialog in dialogs:
        if shiboken6.isValid(dialog):
            dialog.close_project()
    background.finish()
