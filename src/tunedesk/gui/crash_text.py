"""The text of a crash report: versions and places in the program, nothing of the user's data."""

import platform
import sys
import time
import traceback
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import PySide6.QtCore

import tunedesk

SPEAKING = (
    AttributeError,
    ImportError,
    IndexError,
    MemoryError,
    NameError,
    NotImplementedError,
    RecursionError,
    RuntimeError,
    TypeError,
    UnboundLocalError,
)
"""Exceptions whose message Python writes itself; that of others may quote the user's text."""

PACKAGES = ("PySide6-Essentials", "orjson", "jsonschema", "jsonschema-rs", "tiktoken", "gigatoken")


def versions() -> str:
    """The versions of the program and of what it stands on, a line each."""
    lines = [
        f"Tunedesk {tunedesk.__version__}",
        f"Python {platform.python_version()}, Qt {PySide6.QtCore.qVersion()}",
        f"{platform.system()} {platform.release()} ({platform.machine()})",
    ]
    for package in PACKAGES:
        try:
            lines.append(f"{package} {version(package)}")
        except PackageNotFoundError:
            lines.append(f"{package} missing")
    return "\n".join(lines)


def report_text(failure: BaseException) -> str:
    """The whole report: when, versions, and where in the program it happened."""
    when = time.strftime("%Y-%m-%d %H:%M:%S")
    parts = [f"Tunedesk crash report, {when}", versions(), *_chain(failure)]
    return "\n\n".join(parts) + "\n"


def _chain(failure: BaseException) -> list[str]:
    """A failure and what led to it, the first cause first."""
    chain: list[str] = []
    seen: set[int] = set()
    current: BaseException | None = failure
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        chain.append(_one(current))
        current = current.__cause__ or (
            None if current.__suppress_context__ else current.__context__
        )
    return chain[::-1]


def _one(failure: BaseException) -> str:
    frames = traceback.extract_tb(failure.__traceback__)
    lines = [
        f"  {_short(frame.filename)}:{frame.lineno} in {frame.name}: {frame.line}"
        for frame in frames
    ]
    return "\n".join([*lines, _named(failure)])


def _named(failure: BaseException) -> str:
    """The kind of the failure, with its message only where that cannot quote the user."""
    kind = type(failure)
    name = f"{kind.__module__}.{kind.__qualname__}".removeprefix("builtins.")
    if isinstance(failure, SPEAKING) or kind.__module__ == "sqlite3":
        message = str(failure).replace(str(Path.home()), "~")
        return f"{name}: {message}"
    if isinstance(failure, OSError) and failure.strerror:
        return f"{name}: {failure.strerror}"
    return f"{name} (its message is left out, it could quote your texts)"


def _short(filename: str) -> str:
    """A file's place without the folders that tell who the user is."""
    path = Path(filename)
    for folder in map(Path, sys.path):
        if folder.is_absolute() and path.is_relative_to(folder):
            return path.relative_to(folder).as_posix()
    return path.name
