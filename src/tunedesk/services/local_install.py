"""Training on this computer, where this Python lacks it: an environment of its own, by uv.

PyTorch and what belongs to it take gigabytes, so the program comes without them. They go into a
folder of their own beside the user's data, made by uv from its own package; what was downloaded
is kept until all is there, so an installation that was cut off goes on where it was. Removing it
is removing that folder.
"""

import contextlib
import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tunedesk import __version__
from tunedesk.catalogue.hardware import memory
from tunedesk.errors import UserError
from tunedesk.i18n import _
from tunedesk.paths import resource, user_data_dir
from tunedesk.progress import Progress, no_progress

NEEDED = (
    *("torch", "transformers", "trl", "peft", "accelerate", "datasets"),
    *("pydantic", "starlette", "uvicorn"),
)
"""What the extra `local` brings."""

CPU_BYTES = 2_000_000_000
CUDA_BYTES = 8_000_000_000
"""What an installation takes on the disk, measured: 1.6 GB for a processor, some 7 GB with CUDA."""
FIRST_MODEL = "smollm2-135m"
"""The base model that an installation brings along, by its name in `tunedesk models get`."""
LEAST_MEMORY = 4_000_000_000
_STAMP = "complete"

Runner = Callable[[list[str], dict[str, str]], None]


@dataclass(frozen=True)
class Plan:
    """What an installation would do.

    Attributes:
        folder: Where it goes.
        bytes: What it takes on the disk. An estimate.
        disk_free: What is free there.
        memory: The memory of this computer; None: not known.
        gpu: Whether an NVIDIA GPU is there, so that CUDA comes along.
        stops: Why it cannot be done, in a sentence; empty: nothing stands against it.
    """

    folder: Path
    bytes: int
    disk_free: int
    memory: int | None
    gpu: bool
    stops: str


def is_built_in() -> bool:
    """Whether the Python that runs has it already, as after `packaging/start.py`."""
    return all(importlib.util.find_spec(name) is not None for name in NEEDED)


def environment_dir() -> Path:
    """The folder of the environment."""
    return user_data_dir() / "training"


def is_installed() -> bool:
    """Whether the environment is there and whole, for this version of the program."""
    stamp = environment_dir() / _STAMP
    try:
        return stamp.read_text(encoding="utf-8") == __version__ and _python().exists()
    except OSError:
        return False


def python_with_training() -> Path | None:
    """The Python that can run the training server; None: it has to be installed."""
    if is_built_in():
        return Path(sys.executable)
    return _python() if is_installed() else None


def plan() -> Plan:
    """What an installation would do here."""
    folder = environment_dir()
    there = next(parent for parent in (folder, *folder.parents) if parent.exists())
    free, gpu = shutil.disk_usage(there).free, _has_nvidia()
    total = memory()[0] or None
    needed = CUDA_BYTES if gpu else CPU_BYTES
    stops = ""
    if free < needed:
        stops = _("The disk has {free} GB left; {needed} GB are needed.").format(
            free=f"{free / 1e9:.1f}", needed=f"{needed / 1e9:.0f}"
        )
    elif total is not None and total < LEAST_MEMORY:
        stops = _("This computer has {memory} GB of memory; at least {least} are needed.").format(
            memory=f"{total / 1e9:.1f}", least=f"{LEAST_MEMORY / 1e9:.0f}"
        )
    return Plan(folder, needed, free, total, gpu, stops)


def install(
    progress: Progress = no_progress,
    say: Callable[[str], None] = lambda _line: None,
    run: Runner | None = None,
) -> None:
    """Install, or go on with an installation that was cut off.

    Args:
        progress: Called now and then with the bytes on the disk and the whole; may cancel.
        say: Told what is being done, a sentence at a time.
        run: Runs a command; for tests.

    Raises:
        UserError: It cannot be done.
        Cancelled: By `progress`; what is there is kept for the next time.
    """
    plan_ = plan()
    if plan_.stops:
        raise UserError(plan_.stops, _("Make room, or train with another provider."))
    run = run or _Command(progress, plan_).run
    uv = _uv()
    folder = plan_.folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    environment = {
        **os.environ,
        "UV_CACHE_DIR": str(_cache_dir()),
        "PIP_CACHE_DIR": str(_cache_dir()),
    }
    (folder / _STAMP).unlink(missing_ok=True)
    if not _python().exists():
        say(_("Making the folder …"))
        version = f"{sys.version_info.major}.{sys.version_info.minor}"
        run(
            [*uv, "venv", "--seed", "--allow-existing", "--python", version, str(folder)],
            environment,
        )
    install_ = [*uv, "pip", "install", "--python", str(_python())]
    if not plan_.gpu:
        say(_("Fetching PyTorch, the largest part …"))
        _install_torch_for_processors(install_, environment, run)
    say(_("Fetching the libraries for training …"))
    run([*install_, *requirements()], environment)
    (folder / _STAMP).write_text(__version__, encoding="utf-8")
    shutil.rmtree(_cache_dir(), ignore_errors=True)
    say(_("Fetching a small language model to begin with …"))
    try:
        command = [str(_python()), "-m", "tunedesk", "models", "get", FIRST_MODEL, "--if-missing"]
        run(command, environment)
    except UserError:
        # Training works without: the starter is built in, and the launch page offers the model.
        say(_("The small language model could not be fetched; the built-in starter is there."))


def _install_torch_for_processors(
    install_: list[str],
    environment: dict[str, str],
    run: Runner,
) -> None:
    """Install PyTorch without CUDA, which without an NVIDIA GPU would be gigabytes for nothing.

    uv knows where PyTorch keeps such builds; where that place cannot be reached, pip may have one
    at hand. If neither works, the build with CUDA comes with the rest: large, but it runs.
    """
    torch = _pinned("torch")
    pip = [str(_python()), "-m", "pip", "--disable-pip-version-check", "install", "--no-deps"]
    for command in (
        [*install_, "--no-deps", "--torch-backend", "cpu", torch],
        [*pip, f"{torch}+cpu"],
    ):
        with contextlib.suppress(UserError):
            run(command, environment)
            return


def _pinned(name: str) -> str:
    """A requirement with the version that this program was tested with."""
    pins = _constraints()
    lines = [] if pins is None else pins.read_text(encoding="utf-8").split()
    return next((line for line in lines if line.startswith(f"{name}==")), name)


def _constraints() -> Path | None:
    """The file of the versions that this program was tested with: in the wheel, or the source."""
    source = Path(__file__).resolve().parents[3] / "packaging" / "constraints.txt"
    if source.is_file():
        return source
    try:
        return resource("constraints.txt")
    except FileNotFoundError:
        return None


def is_anything_here() -> bool:
    """Whether there is something to remove: also of half an installation, or of an older one."""
    return environment_dir().exists() or _cache_dir().exists()


def remove() -> None:
    """Remove the environment and what was downloaded for it."""
    for folder in (environment_dir(), _cache_dir()):
        shutil.rmtree(folder, ignore_errors=True)


def requirements() -> list[str]:
    """What is installed: this program itself, with the extra, from where it came from."""
    pins = _constraints()
    pinned = [] if pins is None else ["--constraint", str(pins)]
    source = Path(__file__).resolve().parents[3]
    if (source / "pyproject.toml").is_file():
        return [*pinned, f"tunedesk[local] @ {source.as_uri()}"]
    return [*pinned, f"tunedesk[local]=={__version__}"]


def _cache_dir() -> Path:
    return user_data_dir() / "training-cache"


class _Command:
    """Runs a command, says how far it is, and ends it when the user cancels."""

    def __init__(self, progress: Progress, plan_: Plan) -> None:
        self._progress = progress
        self._plan = plan_

    def run(self, command: list[str], environment: dict[str, str]) -> None:
        with subprocess.Popen(
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            errors="replace",
        ) as process:
            try:
                while True:
                    self._progress(self._taken(), self._plan.bytes)
                    try:
                        out, _none = process.communicate(timeout=0.5)
                    except subprocess.TimeoutExpired:
                        continue
                    last = next(filter(None, map(str.strip, out.splitlines()[::-1])), "")
                    break
            except BaseException:
                process.kill()
                raise
        if process.returncode:
            raise UserError(
                _("The installation stopped: {reason}").format(reason=last or process.returncode),
                _("Check the network and try again; it goes on where it was."),
            )

    def _taken(self) -> int:
        """The bytes that are there by now, seen from the disk's free space."""
        free = shutil.disk_usage(self._plan.folder.parent).free
        return min(max(self._plan.disk_free - free, 0), self._plan.bytes)


def _python() -> Path:
    inside = "Scripts/python.exe" if os.name == "nt" else "bin/python"
    return environment_dir() / inside


def _uv() -> list[str]:
    """How uv is called: the one of its own package, which comes with the program."""
    if importlib.util.find_spec("uv") is not None:
        return [sys.executable, "-m", "uv"]
    found = shutil.which("uv")
    if found is None:
        raise UserError(
            _("The installer uv is missing."),
            _("Install it with: {command}").format(command="pip install uv"),
        )
    return [found]


def _has_nvidia() -> bool:
    return shutil.which("nvidia-smi") is not None
