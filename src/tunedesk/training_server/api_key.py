"""The key that every request must bring: given in the environment, else made once and kept."""

import os
import secrets
from pathlib import Path

from tunedesk.errors import UserError
from tunedesk.i18n import _
from tunedesk.server_file import KEY_NAME

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
