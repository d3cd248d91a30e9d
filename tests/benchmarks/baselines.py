"""What Tunedesk is held against: a plain script with json and tiktoken, and Together's checker.

Run as `python baselines.py tiktoken FILE` or, with the Python of an environment that has the
package `together`, `python baselines.py together FILE`; prints the examples and the seconds as
JSON. It shares no code with Tunedesk but the vocabulary file.
"""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

VOCABULARY = Path(__file__).parents[2] / "resources" / "encodings" / "o200k_base.tiktoken"
ADDRESS = "https://openaipublic.blob.core.windows.net/encodings/o200k_base.tiktoken"


def count_with_tiktoken(file: Path) -> None:
    """Count the tokens of the file as the cookbook does."""
    with tempfile.TemporaryDirectory() as cache:
        shutil.copy(VOCABULARY, Path(cache) / hashlib.sha1(ADDRESS.encode()).hexdigest())
        os.environ["TIKTOKEN_CACHE_DIR"] = cache
        import tiktoken

        started, cpu = time.perf_counter(), time.process_time()
        encoding = tiktoken.get_encoding("o200k_base")
        examples = tokens = 0
        with file.open(encoding="utf-8") as lines:
            for line in lines:
                examples += 1
                for message in json.loads(line)["messages"]:
                    tokens += 3 + sum(
                        len(encoding.encode_ordinary(value)) for value in message.values()
                    )
                tokens += 3
        seconds = time.perf_counter() - started
        cpu = time.process_time() - cpu
    found = {"examples": examples, "tokens": tokens, "seconds": seconds, "cpu": cpu}
    print(json.dumps(found))


def check_with_together(file: Path) -> None:
    """Check the file as Together does before an upload."""
    from together.lib.utils.files import check_file

    started, cpu = time.perf_counter(), time.process_time()
    report = check_file(file)
    seconds = time.perf_counter() - started
    cpu = time.process_time() - cpu
    print(json.dumps({"examples": report["num_samples"], "seconds": seconds, "cpu": cpu}))


def together_python(folder: Path) -> Path:
    """The Python of an environment that has the package `together`, made if it is not there."""
    scripts = "Scripts" if os.name == "nt" else "bin"
    python = folder / scripts / ("python.exe" if os.name == "nt" else "python")
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    if subprocess.run([python, "-c", "import together"], check=False).returncode:
        subprocess.run([python, "-m", "pip", "install", "--quiet", "together"], check=True)
    return python


if __name__ == "__main__":
    name, path = sys.argv[1], Path(sys.argv[2])
    {"tiktoken": count_with_tiktoken, "together": check_with_together}[name](path)
