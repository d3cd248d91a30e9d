"""Long work that goes on after a restart: launching, following, downloading, installing.

Each piece of work is a row: what it is, how far it came, and what became of it. It is bound to the
computer that made it by a seal, made with a secret that never leaves that computer: what a
stranger wrote into a project is listed, but nothing starts it. Work is not part of the undo: what
was asked for was asked for.
"""

import hashlib
import hmac
import json
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, NamedTuple, get_args

from tunedesk.errors import UserError
from tunedesk.i18n import _
from tunedesk.paths import user_data_dir
from tunedesk.project import damage
from tunedesk.project.context import ProjectContext
from tunedesk.project.project_change import ProjectChange
from tunedesk.project.store import Row
from tunedesk.project.stored_values import loaded

WorkState = Literal["waiting", "running", "done", "failed", "cancelled"]
STATES: tuple[WorkState, ...] = get_args(WorkState)
ENDED: frozenset[WorkState] = frozenset({"done", "failed", "cancelled"})
"""The states after which nothing more comes."""

_COLUMNS = (
    "uid, kind, parameters, state, progress, total, cursor, error, created_at, changed_at,"
    " finished_at, session, seal"
)


class WorkItem(NamedTuple):
    """A piece of long work.

    Attributes:
        uid: What names it, random.
        kind: What is to be done, such as "launch".
        parameters: With what; JSON values.
        state: One of STATES.
        progress: How much of it is done.
        total: Of how much; None if that is not known.
        cursor: How far it came, in the words of who does it; empty at first.
        error: Why it failed, as a sentence; empty if it did not.
        created_at: When it was asked for, in milliseconds since 1970.
        changed_at: When it was last heard of.
        finished_at: When it ended; None before.
        is_mine: Whether it was asked for on this computer: no other work is ever begun.
        interrupted: Whether a program that is gone had it in hand.
    """

    uid: bytes
    kind: str
    parameters: dict[str, Any]
    state: WorkState
    progress: int
    total: int | None
    cursor: str
    error: str
    created_at: int
    changed_at: int
    finished_at: int | None
    is_mine: bool
    interrupted: bool


class WorkList:
    """The long work of a project, through one handle."""

    def __init__(self, context: ProjectContext) -> None:
        self._store = context.store

    def add(self, kind: str, parameters: Mapping[str, Any], total: int | None = None) -> WorkItem:
        """Write down what is to be done, before anything is done for it.

        Args:
            kind: What.
            parameters: With what; JSON values.
            total: How much it is, if that is known.

        Raises:
            UserError: The folder of the program's data cannot be written.
        """
        uid, text, now = os.urandom(16), json.dumps(dict(parameters)), self._store.now()
        try:
            seal = _seal(uid, kind, text)
        except OSError as error:
            raise UserError(
                _("Tunedesk cannot write into its own folder {folder}.").format(
                    folder=user_data_dir()
                ),
                _("Long work is begun only by the computer that asked for it, and knows by it."),
            ) from error
        with self._store.transaction():
            self._store.execute(
                "INSERT INTO work(uid, kind, parameters, state, progress, total, cursor, error,"
                " created_at, changed_at, seal) VALUES (?, ?, ?, 'waiting', 0, ?, '', '', ?, ?, ?)",
                (uid, kind, text, total, now, now, seal),
            )
            self._publish()
        return self.get(uid)

    def get(self, uid: bytes) -> WorkItem:
        """The work of that uid.

        Raises:
            KeyError: There is none.
        """
        row = self._store.row(f"SELECT {_COLUMNS} FROM work WHERE uid = ?", (uid,))
        if row is None:
            raise KeyError(uid.hex())
        return self._item(row)

    def items(self, kind: str | None = None, *, open_only: bool = False) -> list[WorkItem]:
        """The work of a kind (None: of all), the oldest first.

        Args:
            kind: What kind.
            open_only: Without what has ended.
        """
        found = [
            self._item(row)
            for row in self._store.rows(
                f"SELECT {_COLUMNS} FROM work WHERE ?1 IS NULL OR kind = ?1 ORDER BY id", (kind,)
            )
        ]
        return [item for item in found if not (open_only and item.state in ENDED)]

    def next(self, kind: str) -> WorkItem | None:
        """Take the oldest work of a kind in hand that waits or was interrupted; None without."""
        for item in self.items(kind, open_only=True):
            claimed = self.claim(item.uid)
            if claimed is not None:
                return claimed
        return None

    def claim(self, uid: bytes) -> WorkItem | None:
        """Take a piece of work in hand.

        Returns:
            None if it has ended, somebody has it in hand, or another computer asked for it.
        """
        with self._store.transaction():
            item = self.get(uid)
            if not item.is_mine or not (item.state == "waiting" or item.interrupted):
                return None
            self._set(uid, {"state": "running", "session": self._store.shared.session})
        return self.get(uid)

    def report(
        self,
        uid: bytes,
        progress: int | None = None,
        total: int | None = None,
        cursor: str | None = None,
    ) -> None:
        """Write down how far it came; what is None stays."""
        values = {"progress": progress, "total": total, "cursor": cursor}
        self._set(uid, {name: value for name, value in values.items() if value is not None})

    def release(self, uid: bytes) -> None:
        """Lay work down that is to be gone on with later."""
        self._set(uid, {"state": "waiting", "session": None})

    def finish(self, uid: bytes, state: WorkState = "done", error: str = "") -> None:
        """Write down what became of it.

        Args:
            uid: The work.
            state: One of ENDED.
            error: Why it failed, as a sentence.
        """
        if state not in ENDED:
            raise ValueError(f"Work does not end as {state}.")
        self._set(uid, {"state": state, "error": error, "finished_at": self._store.now()})

    def _set(self, uid: bytes, values: Mapping[str, Any]) -> None:
        with self._store.transaction():
            changed = self._store.execute(
                f"UPDATE work SET {', '.join(f'{name} = ?' for name in values)}"
                f"{', ' if values else ''}changed_at = ? WHERE uid = ?",
                (*values.values(), self._store.now(), uid),
            )
            if not changed:
                raise KeyError(uid.hex())
            self._publish()

    def _publish(self) -> None:
        self._store.publish(ProjectChange(frozenset({"work"}), ()))

    def _item(self, row: Row) -> WorkItem:
        values = dict(zip(_COLUMNS.split(", "), row, strict=True))
        seal, session = values.pop("seal"), values.pop("session")
        parameters = values["parameters"]
        known = values["state"] in STATES
        return WorkItem(
            uid=damage.blob(values["uid"]),
            kind=damage.text(values["kind"]),
            parameters=loaded(parameters, {}),
            state=values["state"] if known else "failed",
            progress=damage.whole(values["progress"]),
            total=damage.whole_or_none(values["total"]),
            cursor=damage.text(values["cursor"], most=100_000),
            error=damage.text(values["error"]),
            created_at=damage.time_of(values["created_at"]),
            changed_at=damage.time_of(values["changed_at"]),
            finished_at=damage.whole_or_none(values["finished_at"], 0, damage.LATEST_TIME),
            is_mine=known and _is_sealed(seal, values["uid"], values["kind"], parameters),
            interrupted=values["state"] == "running" and session != self._store.shared.session,
        )


def _seal(uid: bytes, kind: str, parameters: str) -> bytes:
    message = b"\0".join((uid, kind.encode(), parameters.encode()))
    return hmac.digest(_secret(), message, hashlib.sha256)


def _is_sealed(seal: object, uid: object, kind: object, parameters: object) -> bool:
    if not (isinstance(uid, bytes) and isinstance(kind, str) and isinstance(parameters, str)):
        return False
    try:
        expected = _seal(uid, kind, parameters)
    except (OSError, UnicodeEncodeError):
        return False
    return isinstance(seal, bytes) and hmac.compare_digest(seal, expected)


def _secret() -> bytes:
    """What only this user on this computer knows: 32 random bytes, made when first needed."""
    path = user_data_dir() / "work.secret"
    try:
        found = path.read_bytes()
    except FileNotFoundError:
        found = b""
    if len(found) == 32:
        return found
    return _make_secret(path)


def _make_secret(path: Path) -> bytes:
    path.parent.mkdir(parents=True, exist_ok=True)
    secret = os.urandom(32)
    handle, temporary = tempfile.mkstemp(dir=path.parent)  # readable by its owner alone
    with os.fdopen(handle, "wb") as file:
        file.write(secret)
    Path(temporary).replace(path)
    return path.read_bytes()
