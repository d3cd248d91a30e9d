"""Whether a job fits into the memory and onto the disk, said in plain words before it starts."""

import shutil
from pathlib import Path

import psutil

from tunedesk.training_server.job_folder import STARTER, JobSpec

_GIGABYTE = 1e9
_LORA_MEMORY = 1.3
_FULL_MEMORY = 5.0
_LORA_DISK = 0.2
_FULL_DISK = 12.0
_SPARE_DISK = 200e6
_STARTER_BYTES = 10e6


def why_it_does_not_fit(spec: JobSpec, folder: Path) -> str | None:
    """What stands against the start of a job; None if nothing does. An estimate.

    Counted in the size of the model's files: LoRA holds the weights once, training all of them
    needs the gradients and the optimizer's two figures a weight beside them, and each of the
    three checkpoints holds all that.
    """
    starter = spec.base_model == STARTER
    size = _STARTER_BYTES if starter else model_bytes(Path(spec.base_model))
    full = starter or bool(spec.hyperparameters.get("full"))
    disk = size * (_FULL_DISK if full else _LORA_DISK) + _SPARE_DISK
    free = shutil.disk_usage(folder).free
    if disk > free:
        return (
            f"The disk has {free / _GIGABYTE:.1f} GB left, and this training writes about "
            f"{disk / _GIGABYTE:.1f} GB. Make room on it, or take a smaller base model."
        )
    memory = size * (_FULL_MEMORY if full else _LORA_MEMORY)
    free, where = free_memory(spec.device)
    if memory > free:
        advice = "a smaller base model" + (", or LoRA instead of all weights" if full else "")
        return (
            f"{where} has {free / _GIGABYTE:.1f} GB free, and this training needs about "
            f"{memory / _GIGABYTE:.1f} GB. Take {advice}."
        )
    return None


def model_bytes(folder: Path) -> int:
    """The size of a model's weights."""
    return sum(file.stat().st_size for file in folder.glob("*.safetensors"))


def free_memory(device: str) -> tuple[int, str]:
    """The free memory of a device, and its name in a sentence."""
    if device == "cuda":
        import torch

        free = sum(
            torch.cuda.mem_get_info(number)[0] for number in range(torch.cuda.device_count())
        )
        return int(free), "The GPU"
    return int(psutil.virtual_memory().available), "This computer's memory"
