"""Sets everything up and opens the window, on a sample project unless a file is named."""

import subprocess
import sys

from environment import bring_model, prepare

if __name__ == "__main__":
    arguments = sys.argv[1:] or ["--sample"]
    python = prepare("local")
    bring_model(python)
    sys.exit(subprocess.run([str(python), "-m", "tunedesk", *arguments]).returncode)
