"""A real training server for the benchmark, and the openai SDK to ask it."""

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import openai

KEY = "sk-benchmark"


@contextlib.contextmanager
def running_server(data_dir: Path, models: Path) -> Iterator[tuple[openai.OpenAI, int]]:
    """A server on a data directory; a client that asks it, and the id of its process."""
    command = [sys.executable, "-m", "tunedesk", "serve", "--port", "0"]
    command += ["--data-dir", str(data_dir), "--models", str(models)]
    environment = os.environ | {"TUNEDESK_SERVER_API_KEY": KEY, "OMP_NUM_THREADS": "1"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stdout is not None
        url = process.stdout.readline().split()[-1]
        try:
            with openai.OpenAI(base_url=url, api_key=KEY, max_retries=0) as client:
                yield client, process.pid
        finally:
            process.terminate()
            process.wait(timeout=60)
