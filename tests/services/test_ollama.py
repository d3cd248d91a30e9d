"""Ollama is found, and gets a model as its API asks for it."""

import socket
import sys
import textwrap

import pytest
from tests.services.fake_http import Answer, Fault
from tests.services.fake_ollama import FakeOllama
from tests.training_server.made_gguf import write_gguf

from tunedesk.errors import Cancelled, UserError
from tunedesk.services import ollama

SETTINGS = {
    "template": "{{ .Prompt }}",
    "system": "Be kind.",
    "parameters": {"stop": ["<|im_end|>"], "num_ctx": 256, "temperature": 0.0},
    "license": "",
}


@pytest.fixture(autouse=True)
def _nothing_of_this_computer(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path / "programs"))
    monkeypatch.setenv("OLLAMA_HOST", f"127.0.0.1:{free_port()}")


def free_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


@pytest.fixture
def running(monkeypatch):
    with FakeOllama() as service:
        monkeypatch.setenv("OLLAMA_HOST", service.origin)
        yield service
    assert service.problems == []


@pytest.fixture
def file(tmp_path):
    return write_gguf(tmp_path / "model.gguf")


def test_where_it_is_not_none_is_found():
    assert ollama.find() is None


@pytest.mark.parametrize("host", ["192.0.2.7:11434", "http://example.org", "example.org:80"])
def test_one_on_another_computer_is_not_asked(monkeypatch, host):
    monkeypatch.setenv("OLLAMA_HOST", host)
    assert ollama.find() is None


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("", "http://127.0.0.1:11434"),
        ("0.0.0.0", "http://127.0.0.1:11434"),
        ("localhost:9", "http://localhost:9"),
        ("http://127.0.0.1:12/", "http://127.0.0.1:12"),
        (":13", "http://127.0.0.1:13"),
    ],
)
def test_the_address_is_that_of_its_variable(monkeypatch, host, address):
    monkeypatch.setenv("OLLAMA_HOST", host)
    assert ollama._address() == address


def test_a_model_is_made_with_all_that_it_needs(running, file):
    found = ollama.find()
    assert found.is_running
    seen = []
    ollama.create(found, "night", file, SETTINGS, lambda done, total: seen.append((done, total)))
    made = running.models["night:latest"]
    assert made["template"] == "{{ .Prompt }}"
    assert made["system"] == "Be kind."
    assert made["parameters"] == SETTINGS["parameters"]
    assert "license" not in made
    assert list(running.blobs.values()) == [file.read_bytes()]
    assert seen[-1] == (file.stat().st_size, file.stat().st_size)
    assert ollama.names(found) == ["night:latest"]


def test_what_is_there_already_is_not_sent_again(running, file):
    ollama.create(ollama.find(), "one", file, SETTINGS)
    ollama.create(ollama.find(), "two", file, SETTINGS)
    assert len(running.sent("POST", "/blobs/.*")) == 1


@pytest.mark.parametrize("name", ["night", "night:latest"])
def test_a_model_of_the_user_is_not_replaced(running, file, name):
    ollama.create(ollama.find(), "night", file, SETTINGS)
    with pytest.raises(UserError, match=r"already.*ollama rm"):
        ollama.create(ollama.find(), name, file, SETTINGS)
    assert len(running.sent("POST", "/create")) == 1


@pytest.mark.parametrize("name", ["", "a b", "-x", "../x", "é", "a/b/c"])
def test_what_cannot_be_a_name_is_told(running, file, name):
    with pytest.raises(UserError, match="cannot be the name"):
        ollama.create(ollama.find(), name, file, SETTINGS)


def test_what_it_refuses_is_told_in_its_words(running, tmp_path):
    file = tmp_path / "model.gguf"
    file.write_bytes(b"no model")
    with pytest.raises(UserError, match="invalid file magic"):
        ollama.create(ollama.find(), "night", file, SETTINGS)
    assert running.models == {}


def test_an_end_without_success_leaves_no_model(running, file):
    running.fail("POST", "/create", Fault(done=True, change=lambda _done: Answer(200, b"{}")))
    with pytest.raises(UserError, match="did not say"):
        ollama.create(ollama.find(), "night", file, SETTINGS)
    assert running.models == {}


def test_cancelling_leaves_no_model(running, file):
    def progress(done, _total):
        if done:
            raise Cancelled

    with pytest.raises(Cancelled):
        ollama.create(ollama.find(), "night", file, SETTINGS, progress)
    assert running.models == {}


def test_the_command_alone_is_started_and_ended_again(monkeypatch, tmp_path, file):
    programs = tmp_path / "programs"
    programs.mkdir()
    port, log = free_port(), tmp_path / "log"
    script = textwrap.dedent(f"""\
        #!{sys.executable}
        import sys
        sys.path[:0] = {sys.path!r}
        from pathlib import Path
        from tests.services.fake_http import _Handler, _Server
        from tests.services.fake_ollama import FakeOllama
        assert sys.argv[1:] == ["serve"]
        service = FakeOllama()
        handle = service.handle
        def noted(request):
            answer = handle(request)
            Path({str(log)!r}).write_text(" ".join([*service.models, *service.problems]))
            return answer
        service.handle = noted
        server = _Server(("127.0.0.1", {port}), _Handler)
        server.fake = service
        server.serve_forever()
        """)
    (programs / "ollama").write_text(script, encoding="utf-8")
    (programs / "ollama").chmod(0o755)
    monkeypatch.setenv("OLLAMA_HOST", f"127.0.0.1:{port}")
    found = ollama.find()
    assert found.command
    assert not found.is_running
    ollama.create(found, "night", file, SETTINGS)
    assert log.read_text() == "night:latest"
    assert ollama._version(found.address) is None


@pytest.mark.parametrize(
    ("text", "name"), [("Pharmacy v1", "pharmacy-v1"), ("Äöü", "tuned"), ("..a..", "a")]
)
def test_a_name_is_made_of_any_text(text, name):
    assert ollama.model_name(text) == name
    assert ollama.is_model_name(name)
