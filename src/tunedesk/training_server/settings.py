"""How the server was started, its limits, and the key that every request must bring."""

import os
import secrets
from dataclasses import dataclass, field
from pathlib import Path

from tunedesk.errors import UserError
from tunedesk.i18n import _
from tunedesk.server_file import KEY_NAME

FILE_BYTES = 512 * 2**20
"""The largest file of /v1/files, as at OpenAI."""

UPLOAD_BYTES = 8 * 2**30
"""The largest file of /v1/uploads, as at OpenAI."""

PART_BYTES = 64 * 2**20
"""The largest part of an upload, as at OpenAI."""

JSON_BYTES = 32 * 2**20
"""The largest body of a request without a file."""


@dataclass(frozen=True)
class ServerSettings:
    """How the server was started.

    Attributes:
        data_dir: Where it keeps all it has.
        api_key: The key that requests must bring.
        host: The address it listens on.
        port: The port; 0 picks one.
        models_dir: A folder with model folders to start from.
        allow_download: Whether models may be fetched from the hub.
        accelerate_config: The configuration for `accelerate launch`.
        exit_when_idle: After how many seconds with nothing to do it ends by itself; None: never.
        instance: A text that is another one at each start, by which it is known.
        allowed_hosts: Names, beside its own, by which it may be asked.
        total_bytes: The most bytes of all files together.
    """

    data_dir: Path
    api_key: str
    host: str = "127.0.0.1"
    port: int = 8321
    models_dir: Path | None = None
    allow_download: bool = False
    accelerate_config: Path | None = None
    exit_when_idle: float | None = None
    instance: str = field(default_factory=lambda: secrets.token_urlsafe(12))
    allowed_hosts: tuple[str, ...] = ()
    total_bytes: int = 100 * 2**30


VARIABLE = "TUNEDESK_SERVER_API_KEY"


def api_key(data_dir: Path) -> str:
    """The key of the server that keeps its things in this folder.

    Raises:
        UserError: The one in the environment cannot be used.
    """
    given = os.environ.get(VARIABLE)
    if given is not None:
        if not given.strip() or not given.isascii() or not given.isprintable():
            raise UserError(
                _("{name} holds no usable key.").format(name=VARIABLE),
                _("Set it to letters and digits, or leave it unset: then one is made."),
            )
        return given.strip()
    file = data_dir / KEY_NAME
    try:
        kept = file.read_text(encoding="ascii").strip()
    except FileNotFoundError:
        kept = ""
    if kept:
        return kept
    made = f"sk-tunedesk-{secrets.token_urlsafe(32)}"
    part = data_dir / f"{KEY_NAME}.part"
    part.unlink(missing_ok=True)
    # Made with these rights, not given them afterwards: nobody else ever sees it.
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as out:
        out.write(made + "\n")
        out.flush()
        os.fsync(out.fileno())
    part.replace(file)
    return made
