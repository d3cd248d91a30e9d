"""Sets everything up and runs the tests; what is said after it goes to pytest."""

import subprocess
import sys

from environment import REPOSITORY, prepare

if __name__ == "__main__":
    command = [str(prepare("local,test")), "-m", "pytest", *sys.argv[1:]]
    sys.exit(subprocess.run(command, cwd=REPOSITORY).returncode)
