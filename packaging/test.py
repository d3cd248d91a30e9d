"""Sets everything up and runs the tests; what is said after it goes to pytest.

As many processes as there are cores, four at the most, each with whole files of tests; a process
with all that the tests need takes about 2 GB. `-n 0` runs them one after another in one.
"""

import subprocess
import sys

from environment import REPOSITORY, bring_model, prepare

SIDE_BY_SIDE = ["-n", "auto", "--maxprocesses", "4", "--dist", "loadfile", "--no-loadscope-reorder"]

if __name__ == "__main__":
    python = prepare("local,test")
    bring_model(python)
    command = [str(python), "-m", "pytest", *SIDE_BY_SIDE, *sys.argv[1:]]
    sys.exit(subprocess.run(command, cwd=REPOSITORY).returncode)
