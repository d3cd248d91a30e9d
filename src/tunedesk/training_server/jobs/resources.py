"""What a job needs of memory and disk, and what this computer has."""

import json
import math
import shutil
from pathlib import Path
from typing import Any

import psutil

from tunedesk.catalogue.memory_estimate import Device, Machine, ModelSize, Need, training_need
from tunedesk.catalogue.models import STARTER_ID, Catalogue
from tunedesk.i18n import _
from tunedesk.training_server.job_folder import STARTER, FileWord, JobFolder, JobSpec
from tunedesk.training_server.jobs.launcher import Launcher
from tunedesk.training_server.models import weights_in
from tunedesk.training_server.training.batch import share_batch

_SHAPE = {
    "layers": "num_hidden_layers",
    "width": "hidden_size",
    "inner_width": "intermediate_size",
    "vocabulary": "vocab_size",
}


def size_of(ref: str) -> ModelSize:
    """The size of a model by its reference: `STARTER`, or the absolute path of its folder.

    What its files do not say counts as nothing: the estimate is then too low, and the training
    tells what is wrong.
    """
    if ref == STARTER:
        built_in = Catalogue.load().find_local(STARTER_ID)
        assert built_in is not None
        return built_in.size
    folder = Path(ref)
    adapter = _json(folder / "adapter_config.json").get("base_model_name_or_path")
    if isinstance(adapter, str):
        folder = Path(adapter)
    parameters = sum(_count(file) for file in folder.glob("*.safetensors"))
    return ModelSize(parameters=parameters, **_shape(_json(folder / "config.json")))


def size_by_bytes(weight_bytes: int) -> ModelSize:
    """The size of a model of which only the bytes are known: weights of 16 bits each."""
    return ModelSize(weight_bytes // 2, layers=0, width=0, inner_width=0, vocabulary=0)


def _shape(config: dict[str, Any]) -> dict[str, int]:
    text = config.get("text_config")
    values = config | text if isinstance(text, dict) else config
    found = {ours: values.get(theirs) for ours, theirs in _SHAPE.items()}
    return {name: value if isinstance(value, int) else 0 for name, value in found.items()}


def _count(file: Path) -> int:
    """The weights of a file of safetensors; the head says their shapes."""
    try:
        return sum(math.prod(entry["shape"]) for entry in weights_in(file).values())
    except (OSError, ValueError, KeyError, TypeError):
        return 0


def _json(path: Path) -> dict[str, Any]:
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return values if isinstance(values, dict) else {}


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


_BYTES_OF_A_TOKEN = 4


def job_need(spec: JobSpec, folder: JobFolder, device: Device, *, measures: bool = True) -> Need:
    """What each process of a job needs.

    An estimate, with the tokens as they were counted when it was validated.

    Args:
        spec: The job.
        folder: Its folder.
        device: Where it trains.
        measures: Whether it measures with the rows of its validation file.
    """
    longest = _longest(folder, "training")[0]
    share = share_batch(int(spec.hyperparameters["batch_size"]), spec.processes, longest, device)
    return training_need(
        size_of(spec.base_model),
        device,
        full=is_full(spec.base_model, spec.hyperparameters),
        pairs=spec.method == "dpo",
        tokens=share.at_once * longest,
        measured=_longest(folder, "validation")[0] if measures else 0,
    )


def largest_row(spec: JobSpec, folder: JobFolder, device: Device) -> str | None:
    """Which row decides how much memory a job needs, in a sentence; None where it is not known."""
    needed, without = (
        job_need(spec, folder, device, measures=measures).memory for measures in (True, False)
    )
    word: FileWord = "validation" if needed > without else "training"
    tokens, line = _longest(folder, word)
    return f"Line {line} of the {word} file decides: {tokens:,} tokens." if line else None


def _longest(folder: JobFolder, word: FileWord) -> tuple[int, int]:
    """The tokens of the longest example of a file, and its line; estimated where not counted."""
    counted = _json(folder.tokens_summary).get("files", {}).get(word)
    if counted is not None:
        return int(counted["longest"]), int(counted.get("longest_line", 0))
    path = folder.records_file(word)
    if not path.exists():
        return 0, 0
    with path.open("rb") as records:
        return max((len(line) for line in records), default=0) // _BYTES_OF_A_TOKEN, 0


def is_full(ref: str, hyperparameters: dict[str, object]) -> bool:
    """Whether all weights learn."""
    return ref == STARTER or bool(hyperparameters.get("full"))
