"""Starts the process of a job, and makes sure that none is left."""

import contextlib
import os
import subprocess
import sys
from pathlib import Path

import psutil
import yaml

from tunedesk.catalogue.memory_estimate import Device
from tunedesk.errors import UserError
from tunedesk.i18n import _
from tunedesk.training_server.job_folder import JobFolder

MODULE = "tunedesk.training_server.training.run"
VALIDATION = "tunedesk.training_server.jobs.validation_process"
_MARK = "TUNEDESK_JOB_FOLDER"
_KEPT_FROM_IT = ("TUNEDESK_SERVER_API_KEY", "OPENAI_API_KEY", "HF_TOKEN")

# PyTorch for Windows is built without libuv, which torchrun otherwise asks for.
WINDOWS_OWN = {"USE_LIBUV": "0"} if sys.platform == "win32" else {}


class Launcher:
    """Knows how many processes train together, and the command that starts them."""

    def __init__(self, accelerate_config: Path | None) -> None:
        self._config = accelerate_config
        self._device: Device | None = None
        self._config_values = read_config(accelerate_config)

    @property
    def device(self) -> Device:
        """Where it trains: "cuda", "mps" or "cpu"."""
        if self._device is None:
            self._device = "cpu" if self._config_values.get("use_cpu") else _find_device()
        return self._device

    @property
    def processes(self) -> int:
        """How many processes train together, on all computers."""
        if self._config is not None:
            number = self._config_values.get("num_processes")
            return max(1, number) if isinstance(number, int) else 1
        return _count_gpus() if self.device == "cuda" else 1

    @property
    def shares_weights(self) -> bool:
        """Whether the processes share the weights (FSDP, DeepSpeed) instead of each having all."""
        return self._config_values.get("distributed_type") in ("FSDP", "DEEPSPEED")

    def command(self, folder: Path) -> list[str]:
        """The command that trains."""
        target = [MODULE, str(folder)]
        if self.device == "cpu" and self.processes == 1 and self._config is None:
            return [sys.executable, "-m", *target]
        if self.device == "cpu" and self.processes > 1:
            # On CPUs `accelerate launch` was seen to run several processes as one.
            torchrun = ["torch.distributed.run", "--standalone"]
            number = f"--nproc_per_node={self.processes}"
            return [sys.executable, "-m", *torchrun, number, "-m", *target]
        launch = [sys.executable, "-m", "accelerate.commands.launch"]
        if self._config is not None:
            return [*launch, "--config_file", str(self._config), "-m", *target]
        many = ["--multi_gpu"] if self.processes > 1 else []
        return [*launch, *many, "--num_processes", str(self.processes), "-m", *target]

    def start(self, folder: JobFolder) -> subprocess.Popen[bytes]:
        """Start the process of a job; what it prints goes to its log."""
        kept = () if folder.read_spec().wandb else ("WANDB_API_KEY",)
        return _start(self.command(folder.path), folder, folder.log_file, kept)

    def start_validation(self, folder: JobFolder) -> subprocess.Popen[bytes]:
        """Start the process that checks the files of a job and turns its examples into tokens."""
        command = [sys.executable, "-m", VALIDATION, str(folder.path)]
        return _start(command, folder, folder.report_log, ("WANDB_API_KEY",))


def _start(
    command: list[str], folder: JobFolder, log_file: Path, kept_from_it: tuple[str, ...]
) -> subprocess.Popen[bytes]:
    kept = (*_KEPT_FROM_IT, *kept_from_it)
    environment = {name: value for name, value in os.environ.items() if name not in kept}
    environment |= {
        _MARK: str(folder.path),
        "HF_HUB_OFFLINE": "1",
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "TOKENIZERS_PARALLELISM": "false",
        "PYTHONUNBUFFERED": "1",
    } | WINDOWS_OWN
    with log_file.open("ab") as log:
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env=environment,
            cwd=folder.path,
            start_new_session=True,
        )


def end_processes(folder: Path) -> None:
    """End every process of a job, or of all jobs in a folder, whoever started it."""
    found = [process for process in psutil.process_iter() if _belongs(process, folder)]
    for process in found:
        with contextlib.suppress(psutil.Error):
            process.kill()
    psutil.wait_procs(found, timeout=10)


def memory_of(pid: int) -> int:
    """The memory that a process and those it started have, in bytes; 0 if it has ended."""
    try:
        process = psutil.Process(pid)
        return sum(each.memory_info().rss for each in (process, *process.children(recursive=True)))
    except psutil.Error:
        return 0


def _belongs(process: psutil.Process, folder: Path) -> bool:
    try:
        mark = process.environ().get(_MARK)
        return mark is not None and Path(mark).is_relative_to(folder)
    except (psutil.Error, OSError):
        return False


def read_config(path: Path | None) -> dict[str, object]:
    """The values of a configuration of accelerate.

    Raises:
        UserError: The file holds none.
    """
    if path is None:
        return {}
    try:
        values = yaml.safe_load(path.read_text(encoding="utf-8"))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        line = 0 if mark is None else mark.line + 1
        said = _("line {line}, {problem}").format(line=line, problem=error.problem)
        raise _no_config(path, said) from error
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise _no_config(path, " ".join(str(error).split())) from error
    if not isinstance(values, dict):
        raise _no_config(path, _("no settings are in it"))
    return values


def _no_config(path: Path, reason: str) -> UserError:
    return UserError(
        _("{path} is not an accelerate configuration: {reason}.").format(path=path, reason=reason),
        _("`accelerate config --config_file FILE` writes one."),
    )


def _find_device() -> Device:
    import torch

    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


def _count_gpus() -> int:
    import torch

    return max(1, torch.cuda.device_count())
