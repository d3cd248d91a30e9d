"""What this computer has to train with, found without loading anything large."""

import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path

from tunedesk.catalogue.memory_estimate import USUAL_TOKENS, Machine, Need, training_need
from tunedesk.catalogue.models import LocalModel
from tunedesk.i18n import _
from tunedesk.lazy_imports import importing

_SMI_SECONDS = 5.0


def detect_hardware(folder: Path) -> Machine:
    """What there is at this moment: the GPU if there is one, else the processor and its memory.

    Args:
        folder: Where models are kept; for the free room on that disk.
    """
    there = next(each for each in (folder, *folder.parents) if each.exists())
    disk = shutil.disk_usage(there).free
    gpu = _nvidia()
    if gpu is not None:
        name, total, free = gpu
        return Machine("cuda", name, total, free, disk)
    total, free = memory()
    if sys.platform == "darwin" and platform.machine() == "arm64":
        return Machine("mps", _("this Mac"), total, free, disk)
    return Machine("cpu", _("this computer"), total, free, disk)


def need_of(
    model: LocalModel,
    machine: Machine,
    *,
    full: bool,
    longest: int,
    batch_size: int | None,
    pairs: bool = False,
) -> Need:
    """What training a model here needs, an estimate.

    Args:
        model: The base model.
        machine: What this computer has.
        full: Whether all weights learn.
        longest: The tokens of the longest example; 0: not known.
        batch_size: How many examples are computed at once; None: automatic.
        pairs: Whether it learns from preferences (DPO).
    """
    tokens = min(longest or USUAL_TOKENS, model.context) * (batch_size or 1)
    return training_need(
        model.size,
        machine.device,
        full=full or model.is_built_in,
        pairs=pairs,
        tokens=tokens,
        download=model.weight_bytes,
    )


def _nvidia() -> tuple[str, int, int] | None:
    """The first NVIDIA GPU: its name, its memory and what of it is free, in bytes."""
    tool = shutil.which("nvidia-smi")
    if tool is None:
        return None
    try:
        answer = subprocess.run(
            [tool, "--query-gpu=name,memory.total,memory.free", "--format=csv,noheader,nounits"],
            capture_output=True,
            text=True,
            timeout=_SMI_SECONDS,
            check=True,
        ).stdout
        name, total, free = (part.strip() for part in answer.splitlines()[0].split(","))
        return name, int(total) * 2**20, int(free) * 2**20
    except (OSError, subprocess.SubprocessError, ValueError, IndexError):
        return None


def memory() -> tuple[int, int]:
    """The memory of the computer and what of it is free, in bytes; 0 where nobody tells."""
    try:
        with importing("psutil"):
            import psutil
    except ImportError:
        return _memory_without_help()
    found = psutil.virtual_memory()
    return int(found.total), int(found.available)


def _memory_without_help() -> tuple[int, int]:
    try:
        page = os.sysconf("SC_PAGE_SIZE")
        return page * os.sysconf("SC_PHYS_PAGES"), page * os.sysconf("SC_AVPHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return 0, 0
