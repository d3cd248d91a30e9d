"""Makes the virtual environment that start.py and test.py run in; only the standard library."""

import ctypes
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
ENVIRONMENT = Path(os.environ.get("TUNEDESK_ENVIRONMENT", REPOSITORY / ".venv"))
CONSTRAINTS = REPOSITORY / "packaging" / "constraints.txt"

MODEL = "smollm2-135m"

# What a Qt window loads from the system on Linux, and Debian's and Ubuntu's package for it.
SYSTEM_LIBRARIES = {
    "libEGL.so.1": "libegl1",
    "libGL.so.1": "libgl1",
    "libdbus-1.so.3": "libdbus-1-3",
    "libfontconfig.so.1": "libfontconfig1",
    "libglib-2.0.so.0": "libglib2.0-0",
    "libxcb-cursor.so.0": "libxcb-cursor0",
    "libxcb-icccm.so.4": "libxcb-icccm4",
    "libxcb-image.so.0": "libxcb-image0",
    "libxcb-keysyms.so.1": "libxcb-keysyms1",
    "libxcb-randr.so.0": "libxcb-randr0",
    "libxcb-render-util.so.0": "libxcb-render-util0",
    "libxcb-shape.so.0": "libxcb-shape0",
    "libxcb-sync.so.1": "libxcb-sync1",
    "libxcb-xfixes.so.0": "libxcb-xfixes0",
    "libxcb-xkb.so.1": "libxcb-xkb1",
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
}


def prepare(extras: str = "") -> Path:
    """Make or refresh the environment and return its Python.

    A second call does nothing if neither pyproject.toml nor the constraints have changed.

    Args:
        extras: Extras to install with Tunedesk, such as ``local,test``.
    """
    if sys.version_info < (3, 11):  # noqa: UP036  it runs under any Python of the user
        sys.exit(f"Tunedesk needs Python 3.11 or newer; this is {sys.version.split()[0]}.")
    install_system_packages(missing_system_packages())
    python = ENVIRONMENT / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    stamp = ENVIRONMENT / f"tunedesk-{extras.replace(',', '-') or 'program'}.stamp"
    wanted = fingerprint()
    if python.exists() and stamp.exists() and stamp.read_text(encoding="utf-8") == wanted:
        return python
    if not python.exists():
        print(f"Making a virtual environment in {ENVIRONMENT} ...", flush=True)
        subprocess.run([sys.executable, "-m", "venv", str(ENVIRONMENT)], check=True)
    print("Installing Tunedesk and what it needs; this takes a few minutes once ...", flush=True)
    target = str(REPOSITORY) + (f"[{extras}]" if extras else "")
    pip = [str(python), "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
    if "local" in extras.split(",") and wants_torch_without_cuda():
        install_torch_without_cuda(python, pip)
    subprocess.run([*pip, "--constraint", str(CONSTRAINTS), "--editable", target], check=True)
    stamp.write_text(wanted, encoding="utf-8")
    return python


def bring_model(python: Path) -> None:
    """Fetch the small language model that training begins with, unless it is here.

    Without it everything works all the same, with the built-in starter.
    """
    command = [str(python), "-m", "tunedesk", "models", "get", MODEL]
    if subprocess.run([*command, "--if-missing"]).returncode:
        print("Going on without it: the starter is built in.", flush=True)


def wants_torch_without_cuda() -> bool:
    """Whether torch comes with gigabytes of CUDA by itself, and nothing here could use them."""
    return sys.platform.startswith("linux") and shutil.which("nvidia-smi") is None


def install_torch_without_cuda(python: Path, pip: list[str]) -> None:
    """Install the torch of the constraints for the processor alone, if it can be had.

    First a wheel that pip has at hand, then uv, which knows where such wheels are kept. If
    neither works, pip takes the torch with CUDA later on: large, but it runs.
    """
    pins = CONSTRAINTS.read_text(encoding="utf-8").split()
    torch = next(pin for pin in pins if pin.startswith("torch=="))
    if subprocess.run([*pip, "--no-deps", f"{torch}+cpu"], stderr=subprocess.DEVNULL).returncode:
        subprocess.run([*pip, "uv"], stderr=subprocess.DEVNULL)
        uv = [str(python), "-m", "uv", "pip", "install", "--quiet", "--python", str(python)]
        subprocess.run([*uv, "--no-deps", "--torch-backend", "cpu", torch])


def fingerprint() -> str:
    """What the installation depends on: the project's file, the pins and this Python."""
    digest = hashlib.sha256(sys.version.encode())
    for file in (REPOSITORY / "pyproject.toml", CONSTRAINTS):
        digest.update(file.read_bytes())
    return digest.hexdigest()


def missing_system_packages() -> list[str]:
    """Debian's packages that a window or the environment needs and this system lacks."""
    missing = []
    if sys.platform.startswith("linux"):
        for library, package in SYSTEM_LIBRARIES.items():
            try:
                ctypes.CDLL(library)
            except OSError:
                missing.append(package)
    try:
        import ensurepip  # noqa: F401  Debian ships it apart from Python
    except ImportError:
        missing.append("python3-venv")
    return missing


def install_system_packages(packages: list[str]) -> None:
    """Install them where that needs no question, else print the one line that does it and stop."""
    if not packages:
        return
    if shutil.which("apt-get") is None:
        sys.exit("Please install with your system's package manager: " + ", ".join(packages))
    command = f"apt-get install --yes --no-install-recommends {' '.join(packages)}"
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        sys.exit(f"Some system packages are missing. Please run once:\n  sudo {command}")
    print(f"Installing system packages: {' '.join(packages)} ...", flush=True)
    quiet = dict(os.environ, DEBIAN_FRONTEND="noninteractive")
    subprocess.run(["apt-get", "update", "--quiet", "--quiet"], check=True, env=quiet)
    subprocess.run([*command.split(), "--quiet", "--quiet"], check=True, env=quiet)
