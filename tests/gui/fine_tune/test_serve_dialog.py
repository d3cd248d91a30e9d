"""“Serve on this computer”: the address is shown, the key is only copied."""

import time

import pytest
from PySide6.QtGui import QGuiApplication
from tests.gui.fine_tune.page_reading import dialog_of

from tunedesk.gui.fine_tune.serve_dialog import HIDDEN_KEY, ServeDialog, snippets
from tunedesk.services import local_server
from tunedesk.services.connection import Connection
from tunedesk.services.keys import Key
from tunedesk.services.local_server import server_data_dir
from tunedesk.services.providers import provider_named

KEY = "sk-tunedesk-0123456789"
HERE = Connection(provider_named("local"), "http://127.0.0.1:8321/v1", Key(KEY, "this run"))
MODEL = "ft:starter:end"


@pytest.fixture
def open_dialog(page, add_run, falling, actions, qtbot, monkeypatch):
    """Opens the dialog where the server runs or not; its start succeeds."""

    def open_dialog(*, runs):
        server_data_dir().mkdir(parents=True, exist_ok=True)
        monkeypatch.setattr(local_server, "running", lambda: HERE if runs else None)
        monkeypatch.setattr(local_server, "ensure_running", lambda _wait: HERE)
        falling(add_run("one", stage="ended", status="succeeded", fine_tuned_model=MODEL).id)
        qtbot.waitUntil(lambda: actions["run.serve"].isEnabled())
        actions["run.serve"].trigger()
        return dialog_of(ServeDialog, page.window())

    return open_dialog


def test_nothing_is_started_before_it_is_asked_for(open_dialog, qtbot):
    dialog = open_dialog(runs=False)
    qtbot.waitUntil(lambda: dialog.state.text() == "The server does not run.")
    assert dialog.address.text() == ""
    assert not dialog.keep.isEnabled()
    dialog.start.click()
    qtbot.waitUntil(lambda: dialog.state.text() == "The server runs.")
    assert dialog.address.text() == "http://127.0.0.1:8321/v1"
    assert dialog.start.isHidden()


def test_the_key_is_copied_and_shown_nowhere(open_dialog, qtbot):
    dialog = open_dialog(runs=True)
    qtbot.waitUntil(lambda: dialog.keep.isEnabled())
    shown = dialog.key.text()
    for number in range(3):
        dialog.tabs.setCurrentIndex(number)
        shown += dialog.code.toPlainText()
        assert "127.0.0.1:8321" in dialog.code.toPlainText()
    assert KEY not in shown
    assert dialog.key.text() == HIDDEN_KEY
    copied = {}
    for button in dialog._copies:
        button.click()
        copied[button.accessibleName()] = QGuiApplication.clipboard().text()
    assert copied["Copy the key"] == KEY
    assert copied["Copy the address"] == HERE.base_url
    assert copied["Copy the name of the model"] == MODEL


def test_how_long_it_stays_is_kept(open_dialog, qtbot):
    dialog = open_dialog(runs=True)
    qtbot.waitUntil(lambda: dialog.keep.isEnabled())
    assert dialog.keep.currentIndex() == 0
    for number, least, most in ((1, 7.9, 8.1), (2, 1e6, float("inf")), (0, -1e9, 0)):
        dialog.keep.setCurrentIndex(number)
        dialog.keep.activated.emit(number)
        left = (local_server.kept_running() - time.time()) / 3600
        assert least <= left <= most


def test_the_pieces_fit_the_system():
    unix, windows = snippets(MODEL, HERE, "linux"), snippets(MODEL, HERE, "win32")
    assert unix.environment.startswith("export OPENAI_BASE_URL=http://127.0.0.1:8321/v1\n")
    assert 'OPENAI_API_KEY="$TUNEDESK_SERVER_API_KEY"' in unix.environment
    assert windows.environment.startswith('$env:OPENAI_BASE_URL = "http')
    assert MODEL in unix.python
    assert MODEL in unix.curl
