"""What this computer has to train with: its device, memory and disk."""

import shutil
from pathlib import Path

import psutil

from tunedesk.catalogue.memory_estimate import Machine
from tunedesk.i18n import _
from tunedesk.training_server.jobs.launching import Launcher


def read_machine(launcher: Launcher, folder: Path) -> Machine:
    """The facts of now.

    Args:
        launcher: Knows the device and how several are used.
        folder: A folder on the disk that models are kept on.
    """
    disk_free = shutil.disk_usage(folder).free
    if launcher.device == "cuda":
        return _gpus(launcher, disk_free)
    memory = psutil.virtual_memory()
    name = _("the Apple GPU of this computer") if launcher.device == "mps" else _("this computer")
    share = launcher.processes if launcher.device == "cpu" else 1
    return Machine(
        device=launcher.device,
        device_name=name,
        memory_total=int(memory.total) // share,
        memory_free=int(memory.available) // share,
        disk_free=disk_free,
    )


def _gpus(launcher: Launcher, disk_free: int) -> Machine:
    """The GPUs: each needs the whole model, unless they share it by the configuration."""
    import torch

    pairs = [torch.cuda.mem_get_info(number) for number in range(torch.cuda.device_count())]
    free, total = (list(figures) for figures in zip(*pairs, strict=True))
    name = torch.cuda.get_device_name(0)
    return Machine(
        device="cuda",
        device_name=_("the NVIDIA GPU ({name})").format(name=name),
        memory_total=int((sum if launcher.shares_weights else min)(total)),
        memory_free=int((sum if launcher.shares_weights else min)(free)),
        disk_free=disk_free,
    )
