"""Sets everything up and opens the window, on a sample project unless a file is named."""

import subprocess
import sys

from environment import prepare

if __name__ == "__main__":
    arguments = sys.argv[1:] or ["--sample"]
    sys.exit(subprocess.run([str(prepare("local")), "-m", "tunedesk", *arguments]).returncode)
