"""Says in plain words why a training process died without a word."""

import signal
from pathlib import Path

_TAIL = 20_000
_FULL = 2_000_000
"""Bytes: with less, what a training writes next does not fit."""

_DISK_FULL = (
    "The disk is full: the training process could not write its model. Make room on it, then start "
    "the job again."
)
_SIGNS = (
    (
        "out_of_memory",
        ("out of memory", "MemoryError", "std::bad_alloc", "can't allocate memory"),
        (
            "The training process ran out of memory. Use a smaller base model, a smaller "
            "batch_size, or shorter examples."
        ),
    ),
    (
        "disk_full",
        ("No space left on device", "Disk quota exceeded"),
        _DISK_FULL,
    ),
)
_KILLED = (
    "The training process was killed from outside. Most often the computer ran out of memory: a "
    "smaller base model or a smaller batch_size needs less."
)


def reason_of_death(exit_status: int, log_file: Path, disk_free: int) -> tuple[str, str]:
    """The code and the sentence for a process that ended without saying why.

    Args:
        exit_status: Its exit status.
        log_file: What it printed.
        disk_free: The free bytes of its disk when it was found to have ended: on a full one it
            can print nothing.
    """
    log = _tail(log_file)
    for code, signs, text in _SIGNS:
        if any(sign in log for sign in signs):
            return code, text
    if disk_free < _FULL:
        return "disk_full", _DISK_FULL
    killed = -int(signal.SIGKILL) if hasattr(signal, "SIGKILL") else -9
    if exit_status in (killed, 137) or "SIGKILL" in log or "exitcode: -9" in log:
        return "process_killed", _KILLED
    lines = [line.strip() for line in log.splitlines() if line.strip()]
    last = next((line for line in reversed(lines) if "Error" in line), "")
    said = f" The last it said: {last[:300]}" if last else ""
    return (
        "process_ended",
        f"The training process ended unexpectedly (status {exit_status}).{said}",
    )


def _tail(path: Path) -> str:
    try:
        with path.open("rb") as file:
            file.seek(0, 2)
            file.seek(max(0, file.tell() - _TAIL))
            return file.read().decode("utf-8", "replace")
    except OSError:
        return ""
