"""Sets everything up and runs the tests; what is said after it goes to pytest."""

import subprocess
import sys

from environment import REPOSITORY, bring_model, prepare

if __name__ == "__main__":
    python = prepare("local,test")
    bring_model(python)
    command = [str(python), "-m", "pytest", *sys.argv[1:]]
    sys.exit(subprocess.run(command, cwd=REPOSITORY).returncode)
