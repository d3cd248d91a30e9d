"""`tunedesk serve`: how it starts, what it prints, and whom it lets in."""

import asyncio
import contextlib
import errno
import json
import os
import socket
import sqlite3
import stat
import subprocess
import sys
import time
import urllib.error
import urllib.request

import openai
import pytest
from tests.training_server.conftest import KEY, chat_lines, upload, wait_for

from tunedesk.errors import UserError
from tunedesk.server_file import find_server, keep_running
from tunedesk.training_server.serve import _end_when_idle, _start_errors
from tunedesk.training_server.settings import ServerSettings
from tunedesk.training_server.store.stores import Stores


def ask(url, headers=None, method="GET", data=None):
    request = urllib.request.Request(url, headers=headers or {}, method=method, data=data)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, json.loads(answer.read())
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.loads(error.read())


def test_health_needs_no_key_and_nothing_else_goes_without(server):
    base = server.url.removesuffix("/v1")
    status, body = ask(f"{base}/health")
    assert status == 200
    assert body["status"] == "ok"
    status, body = ask(f"{server.url}/models")
    assert status == 401
    assert body["error"]["code"] == "invalid_api_key"
    with pytest.raises(openai.AuthenticationError) as refusal:
        server.client(api_key="sk-wrong").models.list()
    assert "sk-wrong" not in str(refusal.value)
    assert KEY not in str(refusal.value)


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "127.0.0.1.evil.example", ""])
def test_another_host_header_is_refused(server, host):
    """A page of the web that points its own name here gets nothing."""
    headers = {"Host": host, "Authorization": f"Bearer {KEY}"}
    status, body = ask(f"{server.url}/models", headers)
    if host:
        assert status == 403
        assert body["error"]["code"] == "host_not_allowed"
    else:
        assert status in (400, 403)


def test_localhost_is_this_computer(server):
    url = server.url.replace("127.0.0.1", "localhost")
    status, _body = ask(f"{url}/models", {"Authorization": f"Bearer {KEY}"})
    assert status == 200


def test_no_other_site_is_told_that_it_may_read(server):
    request = urllib.request.Request(
        f"{server.url}/models",
        headers={"Origin": "https://evil.example", "Authorization": f"Bearer {KEY}"},
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        assert not [name for name in answer.headers if name.lower().startswith("access-control")]


def test_the_key_is_made_once_and_is_its_owners_alone(tmp_path):
    data = tmp_path / "data"
    environment = {k: v for k, v in os.environ.items() if k != "TUNEDESK_SERVER_API_KEY"}
    keys = []
    for _start in range(2):
        process = subprocess.Popen(
            [sys.executable, "-m", "tunedesk", "serve", "--port", "0", "--data-dir", str(data)],
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
        )
        with process:
            url = process.stdout.readline().split()[-1]
            key = (data / "api_key").read_text().strip()
            keys.append(key)
            status, _body = ask(f"{url}/models", {"Authorization": f"Bearer {key}"})
            assert status == 200
            process.terminate()
        assert process.returncode == 0
    assert keys[0] == keys[1]
    assert len(keys[0]) > 40
    if os.name == "posix":
        assert stat.S_IMODE((data / "api_key").stat().st_mode) == 0o600


def run_serve(*options):
    return subprocess.run(
        [sys.executable, "-m", "tunedesk", "serve", *options],
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_a_second_server_on_the_same_directory_is_refused(server):
    done = run_serve("--port", "0", "--data-dir", str(server.data_dir))
    assert done.returncode == 2
    assert "Another server" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_port_that_is_taken_is_said(tmp_path, server):
    port = server.url.split(":")[2].split("/")[0]
    done = run_serve("--port", port, "--data-dir", str(tmp_path / "data"))
    assert done.returncode == 2
    assert f"port {port}" in done.stderr
    assert "in use. Another one may run there" in done.stderr


@pytest.mark.parametrize("port", ["70000", "-1", "x"])
def test_a_port_that_is_none_is_said(port):
    done = run_serve("--port", port)
    assert done.returncode == 2
    assert f"“{port}” is not a whole number from 0 to 65535" in done.stderr


@pytest.mark.parametrize("text", ["a: [\n", "- 1\n", "", "\0"])
def test_a_configuration_that_is_none_is_said(tmp_path, text):
    config = tmp_path / "accelerate.yaml"
    config.write_text(text)
    done = run_serve("--data-dir", str(tmp_path / "data"), "--accelerate-config", str(config))
    assert done.returncode == 2
    assert "accelerate.yaml is not an accelerate configuration" in done.stderr
    assert "Traceback" not in done.stderr


def test_an_address_that_is_not_there_is_said_without_a_warning(tmp_path):
    done = run_serve("--data-dir", str(tmp_path / "data"), "--host", "192.0.2.1", "--port", "0")
    assert done.returncode == 2
    assert "cannot listen on 192.0.2.1" in done.stderr
    assert "warning" not in done.stderr


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("server.sqlite3", b"no database at all" * 100, "database of the server"),
        ("files", b"", "cannot be used"),
        ("jobs", b"", "cannot be used"),
    ],
)
def test_a_data_directory_that_cannot_be_used_is_said(tmp_path, name, content, said):
    data = tmp_path / "data"
    data.mkdir(mode=0o700)
    (data / name).write_bytes(content)
    done = run_serve("--port", "0", "--data-dir", str(data))
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_a_full_disk_at_the_start_is_said(tmp_path):
    full = sqlite3.OperationalError("database or disk is full")
    full.sqlite_errorcode = sqlite3.SQLITE_FULL
    for error in (OSError(errno.ENOSPC, "No space left on device"), full):
        with pytest.raises(UserError, match="is full"), _start_errors(tmp_path):
            raise error


def test_all_is_private_also_in_a_folder_that_others_can_read(own_server):
    own_server.data_dir.mkdir(mode=0o755)
    own_server.data_dir.chmod(0o755)
    client = own_server.start()
    upload(client, chat_lines(1))
    for path in own_server.data_dir.rglob("*"):
        assert os.name != "posix" or not stat.S_IMODE(path.stat().st_mode) & 0o077, path
    assert own_server.stop() == 0
    done = run_serve("--data-dir", str(own_server.data_dir), "--host", "192.0.2.1", "--port", "0")
    assert (f"chmod 700 {own_server.data_dir}" in done.stderr) is (os.name == "posix")


def test_other_names_are_let_in_if_they_are_allowed(own_server):
    own_server.options = ("--allowed-host", "Box.example", "--allowed-host", "other")
    own_server.start()
    url, headers = f"{own_server.url}/models", {"Authorization": f"Bearer {KEY}"}
    for name, status in (("box.example", 200), ("OTHER:1", 200), ("evil.example", 403)):
        assert ask(url, headers | {"Host": name})[0] == status


@pytest.mark.parametrize("name", ["http://box", "box:80", "", "a b", "*"])
def test_a_name_that_is_none_is_said(name):
    done = run_serve("--allowed-host", name)
    assert done.returncode == 2
    assert "a name such as host.docker.internal is expected" in done.stderr


def test_folders_that_are_not_there_are_said(tmp_path):
    done = run_serve("--data-dir", str(tmp_path / "data"), "--models", str(tmp_path / "none"))
    assert done.returncode == 2
    assert "is not there" in done.stderr


def test_a_body_too_large_is_refused_before_it_is_read(server):
    host, port = server.url.split("/")[2].split(":")
    head = (
        f"POST /v1/files HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {KEY}\r\n"
        f"Content-Type: multipart/form-data; boundary=x\r\nContent-Length: {2**40}\r\n\r\n"
    )
    with socket.create_connection((host, int(port)), timeout=30) as connection:
        connection.sendall(head.encode())
        answer = b"".join(iter(lambda: connection.recv(65_536), b"")).decode()
    assert answer.startswith("HTTP/1.1 413")
    assert "request_too_large" in answer


def test_a_running_server_is_found_by_its_file_and_a_dead_one_is_not(own_server):
    own_server.start()
    found = find_server(own_server.data_dir)
    assert found.url == own_server.url
    assert found.pid == own_server.process.pid
    _status, health = ask(f"{found.url.removesuffix('/v1')}/health")
    assert health["instance"] == found.instance
    file = own_server.data_dir / "server.json"
    if os.name == "posix":
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert KEY not in file.read_text()
    own_server.kill()
    assert file.exists()
    assert find_server(own_server.data_dir) is None
    own_server.start()
    again = find_server(own_server.data_dir)
    assert again.url == own_server.url
    assert again.instance != found.instance
    assert own_server.stop() == 0
    assert not file.exists()
    assert find_server(own_server.data_dir) is None


def test_an_idle_server_ends_by_itself_but_not_before_its_jobs(own_server):
    own_server.options = ("--exit-when-idle", "1.5")
    client = own_server.start()
    job = client.fine_tuning.jobs.create(
        model="tunedesk-starter",
        training_file=upload(client, chat_lines(10)),
        hyperparameters={"n_epochs": 2, "batch_size": 5},
    )
    assert own_server.process.wait(timeout=120) == 0
    assert find_server(own_server.data_dir) is None
    own_server.stop()
    own_server.options = ()
    client = own_server.start()
    # It was trained to its end before the server ended, so there is nothing left to do.
    assert client.fine_tuning.jobs.retrieve(job.id).status == "succeeded"


def test_a_server_that_is_to_stay_does_not_end_when_it_is_idle(tmp_path):
    class Web:
        should_exit = False

    class Idle:
        def seconds(self):
            return 1e9

    web, began = Web(), time.time()
    keep_running(tmp_path, began + 0.2)
    settings = ServerSettings(tmp_path, "", exit_when_idle=0.04)
    asyncio.run(_end_when_idle(web, Idle(), settings))
    assert web.should_exit
    assert time.time() - began >= 0.2


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("DROP TABLE event", "the table event is missing"),
        (
            "ALTER TABLE job RENAME COLUMN model_name TO model_name_",
            "the table job lacks its column model_name",
        ),
    ],
)
def test_a_database_without_a_table_or_column_is_said_at_the_start(tmp_path, change, said):
    Stores.open(tmp_path).database.close()
    with contextlib.closing(sqlite3.connect(tmp_path / "server.sqlite3")) as connection:
        connection.execute(change)
    done = run_serve("--port", "0", "--data-dir", str(tmp_path))
    assert done.returncode == 2
    assert f"cannot be used: {said}." in done.stderr
    assert "Traceback" not in done.stderr


def test_of_a_damaged_database_what_can_be_read_is_answered_and_the_log_says_it_once(tmp_path):
    Stores.open(tmp_path).database.close()
    path = tmp_path / "server.sqlite3"
    with contextlib.closing(sqlite3.connect(path)) as connection:
        sql = "SELECT rootpage FROM sqlite_schema WHERE name = 'job_status'"
        (root,) = connection.execute(sql).fetchone()
        (size,) = connection.execute("PRAGMA page_size").fetchone()
    with path.open("r+b") as file:
        file.seek((root - 1) * size)
        file.write(b"\xff" * size)
    with subprocess.Popen(
        [sys.executable, "-m", "tunedesk", "serve", "--port", "0", "--data-dir", str(tmp_path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"TUNEDESK_SERVER_API_KEY": KEY},
    ) as process:
        url = process.stdout.readline().split()[-1]
        key = {"Authorization": f"Bearer {KEY}"}
        assert ask(f"{url}/files", key)[0] == 200
        for _time in range(3):
            with (
                openai.OpenAI(base_url=url, api_key=KEY, max_retries=0) as client,
                pytest.raises(openai.InternalServerError) as refusal,
            ):
                client.fine_tuning.jobs.create(
                    model="tunedesk-starter", training_file=upload(client, chat_lines(10))
                )
            assert refusal.value.code == "database_error"
        process.terminate()
        said = process.stderr.read()
    assert process.returncode == 0
    assert "Traceback" not in said
    assert said.count("The database of the server cannot be used as a whole") == 1


def test_it_ends_at_once_beside_a_training_and_uploads_which_are_told_so(own_server):
    client = own_server.start()
    job = client.fine_tuning.jobs.create(
        model="tunedesk-starter",
        training_file=upload(client, chat_lines(10)),
        hyperparameters={"n_epochs": 50, "batch_size": 1},
    )
    wait_for(client, job.id, "running")
    port = int(own_server.url.split(":")[2].split("/")[0])
    head = (
        f"POST /v1/files HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {KEY}\r\n"
        "Content-Type: multipart/form-data; boundary=B\r\nContent-Length: 1000\r\n\r\n--B\r\n"
    )
    with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
        connection.sendall(head.encode())
        # It has begun to read the body when another request is answered.
        client.models.list()
        began = time.monotonic()
        assert own_server.stop() == 0
        assert time.monotonic() - began < 5
        answer = connection.recv(65536)
    assert answer.startswith(b"HTTP/1.1 503 ")
    assert b"server_stopping" in answer
    assert not own_server.trainers()
