"""Gives a model to Ollama on this computer, by its API.

It is as Ollama documents it (docs/api.md): a blob for the file, then POST /api/create with the
file's hash, the template, the system prompt and the parameters. Where only the command `ollama` is
found, it is started for as long as that takes.
"""

import contextlib
import hashlib
import json
import os
import re
import shutil
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tunedesk.errors import UserError
from tunedesk.i18n import _
from tunedesk.lazy_imports import importing
from tunedesk.progress import Progress, no_progress

if TYPE_CHECKING:
    import httpx2

_ADDRESS = "127.0.0.1:11434"
_VARIABLE = "OLLAMA_HOST"
_LOOPBACK = ("127.0.0.1", "localhost", "0.0.0.0", "[::1]", "[::]", "")
_LOOK_SECONDS = 2.0
_START_SECONDS = 30.0
_POLL_SECONDS = 0.1
_CREATE_SECONDS = 600.0
_CHUNK = 1 << 20
MOST_NAME = 80


@dataclass(frozen=True)
class Ollama:
    """Ollama as it was found.

    Attributes:
        address: Where its API is, or would be: "http://127.0.0.1:11434".
        is_running: Whether it answers there.
        command: The program; empty if it is not on the path.
    """

    address: str
    is_running: bool
    command: str


def find() -> Ollama | None:
    """Ollama on this computer: its API, else its command; None if there is neither.

    The variable OLLAMA_HOST may name another port; a host elsewhere is not asked: a model goes to
    no other computer.
    """
    address = _address()
    if address is None:
        return None
    command = shutil.which("ollama") or ""
    is_running = _version(address) is not None
    return Ollama(address, is_running, command) if is_running or command else None


def model_name(text: str) -> str:
    """A name for a model as Ollama allows it, made of any text: small letters, digits, hyphens."""
    name = re.sub(r"[^a-z0-9._]+", "-", text.lower()).strip("-._")[:MOST_NAME].strip("-._")
    return name or "tuned"


def is_model_name(text: str) -> bool:
    """Whether Ollama takes a text as the name of a model; a tag may follow a colon."""
    part = r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,79}"
    return re.fullmatch(rf"({part}/)?{part}(:{part})?", text) is not None


def names(found: Ollama) -> list[str]:
    """The names of its models, with their tags; empty while it does not run."""
    with _client() as client, _explained():
        return _names(client, found.address) if found.is_running else []


def check_name(found: Ollama, name: str) -> None:
    """Say at once where a model cannot be called so.

    Raises:
        UserError: It cannot be a name, or Ollama runs and has such a model.
    """
    _refuse_name(name, names(found))


def _refuse_name(name: str, taken: Sequence[str]) -> None:
    if not is_model_name(name):
        raise UserError(
            _("“{name}” cannot be the name of a model in Ollama.").format(name=name[:100]),
            _("Take letters, digits, dots and hyphens."),
        )
    if (name if ":" in name else f"{name}:latest") in taken:
        raise UserError(
            _("Ollama has a model “{name}” already.").format(name=name),
            _("Give another name, or remove that one: {command}").format(
                command=f"ollama rm {name}"
            ),
        )


def create(
    found: Ollama,
    name: str,
    file: Path,
    settings: Mapping[str, Any],
    progress: Progress = no_progress,
) -> None:
    """Make a model of a GGUF file.

    Args:
        found: Ollama; started here if it does not run, and then ended again.
        name: The name of the model; not there yet.
        file: The GGUF file.
        settings: "template", "system", "parameters" and "license", as its API takes them; those
            that are empty are left out.
        progress: Called with the bytes that are sent and the whole; may cancel.

    Raises:
        UserError: The name is taken or cannot be one, or Ollama refuses.
        Cancelled: By `progress`; then there is no such model.
    """
    with _running(found, progress), _client() as client, _explained():
        _refuse_name(name, _names(client, found.address))
        size = file.stat().st_size
        digest = _digest(file, size, progress)
        blob = f"{found.address}/api/blobs/{digest}"
        if client.head(blob).status_code != 200:
            answer = client.post(
                blob,
                content=_chunks(file, size, progress),
                headers={"Content-Length": str(size), "Content-Type": "application/octet-stream"},
            )
            _check(answer.status_code, answer.text)
        body = {"model": name, "files": {file.name: digest}, "stream": True}
        body |= {key: value for key, value in settings.items() if value}
        try:
            _create(client, f"{found.address}/api/create", body, size, progress)
        except BaseException:
            with contextlib.suppress(Exception):
                client.request("DELETE", f"{found.address}/api/delete", json={"model": name})
            raise


def _create(
    client: "httpx2.Client", address: str, body: dict[str, Any], size: int, progress: Progress
) -> None:
    last: dict[str, Any] = {}
    with client.stream("POST", address, json=body) as answer:
        if answer.status_code != 200:
            answer.read()
            _check(answer.status_code, answer.text)
        for line in answer.iter_lines():
            progress(size, size)
            with contextlib.suppress(ValueError):
                last = dict(json.loads(line))
            if "error" in last:
                _check(400, line)
    if last.get("status") != "success":
        raise UserError(_("Ollama did not say that the model is there."), _see_log())


def _names(client: "httpx2.Client", address: str) -> list[str]:
    answer = client.get(f"{address}/api/tags")
    _check(answer.status_code, answer.text)
    found = answer.json().get("models") or []
    return [str(each.get("name", "")) for each in found if isinstance(each, dict)]


def _check(status: int, text: str) -> None:
    if status >= 300:
        said = text.strip()
        with contextlib.suppress(ValueError, KeyError, TypeError):
            said = str(json.loads(text)["error"])
        raise UserError(
            _("Ollama did not take the model: {reason}").format(reason=said[:300] or status),
            _see_log(),
        )


def _see_log() -> str:
    return _("Take a folder with a Modelfile instead, or look into Ollama's log.")


@contextmanager
def _explained() -> Iterator[None]:
    with importing("httpx2"):
        import httpx2

    try:
        yield
    except (httpx2.HTTPError, ValueError) as error:
        raise UserError(
            _("Ollama cannot be asked: {reason}").format(reason=str(error)[:300]),
            _("See that it runs: {command}").format(command="ollama serve"),
        ) from error


def _client() -> "httpx2.Client":
    with importing("httpx2"):
        import httpx2

    # No proxy and no other settings of the environment: this stays on this computer.
    limits = httpx2.Timeout(_CREATE_SECONDS, connect=_LOOK_SECONDS)
    return httpx2.Client(trust_env=False, timeout=limits)


def _address() -> str | None:
    """Where Ollama listens; None if that is another computer."""
    given = os.environ.get(_VARIABLE, "").strip().removeprefix("http://").rstrip("/")
    if not given:
        return f"http://{_ADDRESS}"
    host, _colon, port = given.rpartition(":") if re.search(r":\d+$", given) else (given, "", "")
    if host not in _LOOPBACK:
        return None
    host = {"0.0.0.0": "127.0.0.1", "": "127.0.0.1", "[::]": "[::1]"}.get(host, host)
    return f"http://{host}:{port or _ADDRESS.rpartition(':')[2]}"


def _version(address: str) -> str | None:
    """The version of the Ollama that answers at an address; None if none does."""
    with importing("httpx2"):
        import httpx2

    try:
        with httpx2.Client(trust_env=False, timeout=_LOOK_SECONDS) as client:
            answer = client.get(f"{address}/api/version")
        return str(answer.json()["version"]) if answer.status_code == 200 else None
    except (httpx2.HTTPError, ValueError, KeyError, TypeError):
        return None


@contextmanager
def _running(found: Ollama, progress: Progress) -> Iterator[None]:
    """Have Ollama running: as it is, or started here and ended again."""
    if _version(found.address) is not None:
        yield
        return
    if not found.command:
        raise UserError(
            _("Ollama does not run any more."),
            _("Start it: {command}").format(command="ollama serve"),
        )
    with subprocess.Popen(
        [found.command, "serve"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        try:
            until = time.monotonic() + _START_SECONDS
            while _version(found.address) is None:
                if process.poll() is not None or time.monotonic() > until:
                    raise UserError(
                        _("Ollama could not be started."),
                        _("Start it by hand: {command}").format(command="ollama serve"),
                    )
                progress(0, None)
                time.sleep(_POLL_SECONDS)
            yield
        finally:
            process.terminate()


def _digest(file: Path, size: int, progress: Progress) -> str:
    found = hashlib.sha256()
    with file.open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            found.update(chunk)
            progress(0, size)
    return f"sha256:{found.hexdigest()}"


def _chunks(file: Path, size: int, progress: Progress) -> Iterator[bytes]:
    sent = 0
    with file.open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            yield chunk
            sent += len(chunk)
            progress(sent, size)
