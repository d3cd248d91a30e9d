"""What is wrong in a project file becomes a sentence: a damaged file, a value that cannot be.

Two things stand here, and nowhere else. The connection through which all of the project is read and
written turns what SQLite says of a damaged file into a `ProjectDamagedError`. And the readers of
stored values (`whole`, `text`, ...) take whatever a file may hold, be it damaged or written by a
stranger, and give a value of the right type within the bounds of what Tunedesk writes.
"""

import sqlite3
from collections.abc import Iterable
from functools import partial
from types import TracebackType
from typing import Any

from tunedesk.errors import UserError
from tunedesk.i18n import _


class ProjectDamagedError(UserError, sqlite3.DatabaseError):
    """A part of the project file cannot be read, or holds what no Tunedesk wrote.

    It is an error of the database as well, so that who handles those handles it too.

    Attributes:
        sqlite_errorcode: What SQLite says of it; SQLITE_CORRUPT for a value that cannot be.
    """

    def __init__(
        self,
        sentence: str = "",
        advice: str = "",
        sqlite_errorcode: int = sqlite3.SQLITE_CORRUPT,
    ) -> None:
        super().__init__(
            sentence or _("The project file is damaged: a part of it cannot be read."),
            advice
            or _("“Rescue a damaged project” in the Project menu writes what can be read anew."),
        )
        self.sqlite_errorcode = sqlite_errorcode


class ProjectUnreadableError(UserError, sqlite3.OperationalError):
    """The system could not read or write the file: the disk or the network is gone, say.

    Attributes:
        sqlite_errorcode: What SQLite says of it.
    """

    def __init__(self, reason: object, sqlite_errorcode: int) -> None:
        super().__init__(
            _("The project file could not be read or written: {reason}.").format(reason=reason),
            _("Look whether its folder is still there."),
        )
        self.sqlite_errorcode = sqlite_errorcode


_DAMAGE_CODES = frozenset(
    {
        sqlite3.SQLITE_CORRUPT,
        sqlite3.SQLITE_NOTADB,
        sqlite3.SQLITE_FORMAT,
        # What is stored contradicts the tables, or itself: no statement of ours is wrong by that.
        sqlite3.SQLITE_CONSTRAINT,
        sqlite3.SQLITE_MISMATCH,
        sqlite3.SQLITE_TOOBIG,
    }
)
_DAMAGE_WORDS = (
    "integer overflow",
    "malformed",
    "corrupt",
    "invalid fts5",
    "no such table",
    "no such column",
    "could not decode",
)
"""How SQLite words damage that it has no code for."""


def is_damage(error: BaseException) -> bool:
    """Whether an exception of the database means that the file holds what cannot be."""
    if isinstance(error, ProjectDamagedError):
        return True
    if isinstance(error, OverflowError):
        # A number that was made of a stored one is too large to be stored.
        return True
    if isinstance(error, UnicodeDecodeError):
        # SQLite's sentence about a damaged schema quotes it, and Python cannot read the sentence.
        return True
    if not isinstance(error, sqlite3.DatabaseError):
        return False
    code = getattr(error, "sqlite_errorcode", None)
    if code is not None and (
        code & 0xFF in _DAMAGE_CODES or code == sqlite3.SQLITE_IOERR_SHORT_READ
    ):
        return True
    words = str(error).lower()
    return any(one in words for one in _DAMAGE_WORDS)


class _Explained:
    """Tells what SQLite says of the file, in a `with` block, as a sentence; bugs stay bugs."""

    def __enter__(self) -> None:
        pass

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if exc is None or isinstance(exc, UserError):
            return
        code: int = getattr(exc, "sqlite_errorcode", None) or sqlite3.SQLITE_ERROR
        if is_damage(exc):
            raise ProjectDamagedError(sqlite_errorcode=code) from exc
        if isinstance(exc, sqlite3.OperationalError) and code & 0xFF == sqlite3.SQLITE_IOERR:
            raise ProjectUnreadableError(exc, code) from exc


_EXPLAINED = _Explained()


class _Cursor(sqlite3.Cursor):
    """A cursor whose errors are sentences where the file is damaged."""

    def execute(self, sql: str, parameters: Any = ()) -> "_Cursor":
        with _EXPLAINED:
            super().execute(sql, parameters)
        return self

    def executemany(self, sql: str, parameters: Iterable[Any]) -> "_Cursor":
        with _EXPLAINED:
            super().executemany(sql, parameters)
        return self

    def fetchone(self) -> Any:
        with _EXPLAINED:
            return super().fetchone()

    def fetchmany(self, size: int | None = None) -> list[Any]:
        with _EXPLAINED:
            return super().fetchmany(self.arraysize if size is None else size)

    def fetchall(self) -> list[Any]:
        with _EXPLAINED:
            return super().fetchall()

    def __next__(self) -> Any:
        with _EXPLAINED:
            return super().__next__()


class GuardedConnection(sqlite3.Connection):
    """A connection to a project file: what is damaged in it is told as a `ProjectDamagedError`.

    Letters that are not UTF-8 are read as the sign for an unknown letter.
    """

    def __init__(self, *args: Any, **names: Any) -> None:
        super().__init__(*args, **names)
        self.text_factory = partial(str, encoding="utf-8", errors="replace")

    def cursor(self, factory: Any = _Cursor) -> Any:
        """A cursor of ours."""
        return super().cursor(factory)

    # The connection's own make cursors without asking `cursor`.

    def execute(self, sql: str, parameters: Any = ()) -> sqlite3.Cursor:
        """Run a statement by a cursor of ours."""
        return super().cursor(_Cursor).execute(sql, parameters)

    def executemany(self, sql: str, parameters: Iterable[Any]) -> sqlite3.Cursor:
        """Run a statement for each of these by a cursor of ours."""
        return super().cursor(_Cursor).executemany(sql, parameters)

    def backup(self, target: sqlite3.Connection, **names: Any) -> None:
        """Copy all pages into another database."""
        with _EXPLAINED:
            super().backup(target, **names)


# Values, as they may stand in a file that was damaged, or made by a stranger or a newer Tunedesk

MOST_COUNTED = 1 << 53
"""Counts, numbers of rows and steps beyond this are not real; their sums must fit in 64 bits."""

LATEST_TIME = 253_370_764_800_000
"""The first of January 9999 in milliseconds since 1970: later times cannot be shown."""

LONGEST_NAME = 2_000
"""So many letters of a name, a title or a line of a log are read; a longer one stalls a window."""


LARGEST_FIGURE = 3.5e38
"""No figure of a training is larger (32 bits hold no more); a chart of larger ones overflows."""


def whole(value: object, default: int = 0, low: int = 0, high: int = MOST_COUNTED) -> int:
    """A whole number between bounds; the default for anything else."""
    return value if type(value) is int and low <= value <= high else default


def whole_or_none(value: object, low: int = 0, high: int = MOST_COUNTED) -> int | None:
    """A whole number between bounds, or None."""
    return value if type(value) is int and low <= value <= high else None


def row_id(value: object) -> int | None:
    """The id of a row, which SQLite allows to be anything of 64 bits; None for anything else."""
    return value if type(value) is int else None


def time_of(value: object) -> int:
    """Milliseconds since 1970; 0 where the file tells no time that can be shown."""
    return whole(value, 0, 0, LATEST_TIME)


def finite_or_none(value: object) -> float | None:
    """A number that can be drawn, or None."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value) if abs(value) <= LARGEST_FIGURE else None
    return None


def text(value: object, default: str = "", most: int = LONGEST_NAME) -> str:
    """A text, cut off where it is too long to be shown; the default for anything else."""
    if isinstance(value, bytes):
        value = value[: 4 * most].decode("utf-8", "replace")
    if not isinstance(value, str):
        return default
    value = value[:most]
    # Halves of letters, which JSON can name, can be neither stored nor shown.
    return value if value.isascii() else value.encode("utf-8", "replace").decode()


def blob(value: object) -> bytes:
    """Bytes as they stand there, of a text its letters; empty for anything else."""
    if isinstance(value, str):
        return value.encode("utf-8", "surrogatepass")
    return value if isinstance(value, bytes) else b""


_MOVED = sqlite3.SQLITE_READONLY | 4 << 8
"""SQLITE_READONLY_DBMOVED, which Python does not name in all versions."""


class DiskFullError(UserError):
    """There is no room on the disk."""


class ProjectFileMovedError(UserError):
    """The file of an open project has another name, or none, and the window has not followed."""


def moved_error() -> ProjectFileMovedError:
    """What to say of a project whose file is not where it was."""
    return ProjectFileMovedError(
        _("The file of this project was moved, renamed, replaced or deleted."),
        _("Close the project and open it where it is now."),
    )


def is_of_the_disk(error: sqlite3.OperationalError) -> bool:
    """Whether the system refused, rather than our SQL being wrong."""
    primary = error.sqlite_errorcode & 0xFF
    return primary in (
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_CANTOPEN,
    )


def disk_error(error: sqlite3.OperationalError) -> UserError:
    """What the system says when it cannot write, as a sentence for the user."""
    text = str(error)
    if error.sqlite_errorcode == _MOVED:
        return moved_error()
    if "full" in text:
        return DiskFullError(
            _("The disk is full, so the last change was not kept."),
            _("Make room on the disk and make the change again."),
        )
    if "locked" in text or "busy" in text:
        return UserError(
            _("Another program is using the project file, so the last change was not kept."),
            _("Close the other program (a backup or a sync, perhaps) and make the change again."),
        )
    return UserError(
        _("The project file could not be written: {reason}.").format(reason=text),
        _("Look whether its folder is still there and can be written."),
    )
