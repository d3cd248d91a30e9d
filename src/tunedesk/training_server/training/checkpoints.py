"""Puts what the trainer has written in its place, whole or not at all."""

import os
import shutil
from pathlib import Path

from tunedesk.training_server.job_folder import JobFolder

KEPT = 3
# Pickled settings that nothing reads, and a card that nobody asked for.
_NOT_OURS = ("training_args.bin", "README.md")


class Checkpoints:
    """The checkpoints and the tuned model of a job.

    Attributes:
        work: Where the trainer writes; what lies there is never offered to anybody.
    """

    def __init__(self, folder: JobFolder, pausing: set[int]) -> None:
        self._folder = folder
        self._pausing = pausing
        self.work = folder.work

    def clear_work(self) -> None:
        """Throw away what an earlier process left half-written."""
        shutil.rmtree(self.work, ignore_errors=True)
        for part in (*self._folder.checkpoints.glob("*.part"), *self._folder.path.glob("*.part")):
            if part.is_dir():
                shutil.rmtree(part)

    def last(self) -> Path | None:
        """The last whole checkpoint; None if there is none."""
        steps = self._folder.checkpoint_steps()
        return self._folder.checkpoint(steps[-1]) if steps else None

    def take(self, step: int, is_pausing: bool) -> None:
        """Take the trainer's checkpoint of a step, and remove the ones that are too old."""
        made = self.work / f"checkpoint-{step}"
        target = self._folder.checkpoint(step)
        if target.exists():
            shutil.rmtree(made)
            return
        if is_pausing:
            self._pausing.add(step)
        place(made, target)
        steps = self._folder.checkpoint_steps()
        # That of a pause is of use until the next one is there.
        kept = {step, *[each for each in steps if each not in self._pausing][-KEPT:]}
        for each in steps:
            if each not in kept:
                remove(self._folder.checkpoint(each))

    def take_model(self, made: Path) -> None:
        """Take the tuned model."""
        place(made, self._folder.model)


def place(made: Path, target: Path) -> None:
    """Give a finished folder its name, after all in it is on the disk for good."""
    for name in _NOT_OURS:
        (made / name).unlink(missing_ok=True)
    part = target.with_name(f"{target.name}.part")
    part.parent.mkdir(parents=True, exist_ok=True)
    made.rename(part)
    for path in (*part.rglob("*"), part):
        _sync(path)
    part.rename(target)
    _sync(target.parent)


def remove(folder: Path) -> None:
    """Remove a checkpoint: its name goes first, so that nobody sees half of it."""
    part = folder.with_name(f"{folder.name}.part")
    folder.rename(part)
    shutil.rmtree(part)


def _sync(path: Path) -> None:
    if path.is_dir() and os.name == "nt":
        return
    descriptor = os.open(path, os.O_RDONLY if os.name != "nt" or path.is_dir() else os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
