"""An environment of its own for Together's checker, made once."""

import os
import subprocess
import sys
from pathlib import Path


def together_python(folder: Path) -> Path:
    """The Python of an environment that has the package `together`, made if it is not there."""
    scripts = "Scripts" if os.name == "nt" else "bin"
    python = folder / scripts / ("python.exe" if os.name == "nt" else "python")
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    if subprocess.run([python, "-c", "import together"], check=False).returncode:
        subprocess.run([python, "-m", "pip", "install", "--quiet", "together"], check=True)
    return python
