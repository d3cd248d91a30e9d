"""The plain script that Tunedesk is held against: parse with json, count with tiktoken.

Run as `python plain.py FILE`; prints the examples, the tokens and the seconds as JSON. It shares
no code with Tunedesk but the vocabulary file.
"""

import hashlib
import json
import os
import shutil
import sys
import tempfile
import time
from pathlib import Path

VOCABULARY = Path(__file__).parents[2] / "resources" / "encodings" / "o200k_base.tiktoken"
ADDRESS = "https://openaipublic.blob.core.windows.net/encodings/o200k_base.tiktoken"


def main(file: Path) -> None:
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


if __name__ == "__main__":
    main(Path(sys.argv[1]))
