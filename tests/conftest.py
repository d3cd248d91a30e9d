"""What every test stands on: no screen, no network, no settings of the user, no leftovers."""

import gc
import logging
import os
import socket
import threading

import hypothesis
import psutil
import pytest

from tunedesk.paths import user_data_dir
from tunedesk.server_file import find_server

# A slow machine is no failure; what takes long is measured by the benchmark.
hypothesis.settings.register_profile("tunedesk", deadline=None)
hypothesis.settings.load_profile("tunedesk")
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
# The hub's library reads this when it is imported, by whichever test comes first.
os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"
# The same everywhere: a GPU is given to one job alone, and a chat beside it is refused. To try the
# trainings on one, say which: CUDA_VISIBLE_DEVICES=0.
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")
# No test touches the keyring of whoever runs it.
os.environ["PYTHON_KEYRING_BACKEND"] = "keyring.backends.fail.Keyring"


def pytest_collection_finish():
    """Leave what the imports made out of every later collection; tests collect often."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def _own_folders(tmp_path_factory, monkeypatch):
    """Point the user's folders to a temporary place."""
    home = tmp_path_factory.mktemp("home")
    for name in ("HOME", "USERPROFILE", "APPDATA", "LOCALAPPDATA"):
        monkeypatch.setenv(name, str(home))
    for name in ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME", "XDG_DOCUMENTS_DIR"):
        monkeypatch.setenv(name, str(home / name.lower()))


@pytest.fixture(autouse=True)
def _no_server_left(_own_folders):
    """Fail a test that leaves a training server running, and end the server."""
    yield
    found = find_server(user_data_dir() / "server")
    if found is not None:
        process = psutil.Process(found.pid)
        process.terminate()
        process.wait(30)
    assert found is None, "the test left a training server running"


@pytest.fixture(autouse=True)
def _no_keys(monkeypatch):
    """Take the keys and settings of services out of the environment."""
    for name in list(os.environ):
        if name.startswith(("OPENAI_", "AZURE_OPENAI_", "NEBIUS_")):
            monkeypatch.delenv(name)


@pytest.fixture(autouse=True)
def _no_network(monkeypatch):
    """Fail a test that connects to anything but this computer."""
    connect = socket.socket.connect

    def guarded(self, address):
        if isinstance(address, tuple) and address[0] not in ("127.0.0.1", "::1", "localhost"):
            raise AssertionError(f"A test tried to reach {address!r}")
        return connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", guarded)


@pytest.fixture(autouse=True)
def _no_unexpected_log(caplog, request):
    """Fail a test that logs a warning or worse, unless it is marked `expects_log`."""
    yield
    if request.node.get_closest_marker("expects_log"):
        return
    records = [r for r in caplog.get_records("call") if r.levelno >= logging.WARNING]
    assert not records, f"unexpected log: {[r.getMessage() for r in records]}"


@pytest.fixture(autouse=True)
def _no_thread_left():
    """Fail a test that leaves a thread of its own running."""
    before = set(threading.enumerate())
    yield
    left = [t for t in threading.enumerate() if t not in before and t.is_alive()]
    for thread in left:
        thread.join(5)
    left = [t.name for t in left if t.is_alive()]
    assert not left, f"threads left behind: {left}"
