"""Any bytes at all are read, judged, said in words and fixed, in time in line with their size.

The inputs are good and faulty rows, damaged: bits flipped, pieces cut out, doubled, moved or put
in between, in all encodings, and pieces of JSON strung together at random.
"""

import json
import random
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from tests.abuse.outcome import Outcome

from tunedesk.checks.fixes import fix_all
from tunedesk.checks.messages.sentences import sentence
from tunedesk.commands.data_file_commands import as_object
from tunedesk.errors import UserError
from tunedesk.formats.check_file import check_file
from tunedesk.formats.inspect_file import inspect_file
from tunedesk.formats.read_records import read_batches

SECONDS = 1.0
"""The most CPU time that an input of up to a megabyte may take; most have a few kilobytes."""

_SAMPLES = Path(__file__).parents[1] / "checks" / "samples"
_PIECES = [
    *(b"{", b"}", b"[", b"]", b",", b":", b'"', b"\\", b'\\"', b"\n", b"\r\n", b"\r", b" ", b"\t"),
    *(b"\0", b"\xff", b"\xfe", b"\xef\xbb\xbf", b"\xc3", b"\xe2\x80", b"\xed\xa0\x80", b"\\ud800"),
    *(b"null", b"true", b"NaN", b"-1e999", b"0" * 50, b"'", b"<<<<<<< HEAD\n", b"=======\n"),
    *(b'{"messages": [', b'"role": "user"', b'"content": "', b'"tools": "[', b'"tool_calls": ['),
    *(b'{"role": "assistant", "content": "Hi"}', b'"input": {"messages": [', b'"completion": "'),
    *(b'"chosen": ', b'"rejected": ', b'"prompt": "', b"<image>", b"[customer name]"),
    *(b"<think>", b"</think>", b"<|im_start|>user\n", b"[INST]", b'"type": "image_url"'),
    b"data:image/png;base64,iVBOR",
    *(b"<|start|>assistant<|channel|>analysis<|message|>", b"<|end|>", b"[SYSTEM_PROMPT]", b"</s>"),
    *("◁think▷".encode(), "\u200b".encode(), b"\x0b", b"\\u001f", b'"reasoning_content": "'),
    *(b"||||||| base\n", b">>>>>>> x\n", b'He said "so"\nand'),
]
_ENCODINGS = ("utf-8", "utf-8", "utf-8", "utf-8-sig", "utf-16", "utf-16-be", "utf-32", "cp1252")


def run(count: int, seed: int) -> Outcome:
    """Try so many inputs; each failure names the seed of its input."""
    failures: list[str] = []
    rows = _rows()
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "input.jsonl"
        for number in range(seed, seed + count):
            data = make_input(number, rows)
            file.write_bytes(data)
            started = time.process_time()
            try:
                trouble = try_file(file)
            except Exception as error:
                trouble = f"{type(error).__name__}: {error}"
            seconds = time.process_time() - started
            if trouble is None and seconds > SECONDS:
                trouble = f"{seconds:.1f} s for {len(data)} bytes"
            if trouble is not None:
                failures.append(f"seed {number}: {trouble}")
    return Outcome(count, failures)


def try_file(file: Path) -> str | None:
    """Read, judge and fix a file; what went wrong, None if nothing did."""
    try:
        report = check_file(file, "openai", None)
        json.dumps(as_object(report)).encode("utf-8", "surrogatepass")
        for found in report.problems:
            if not sentence(found.problem):
                return f"nothing is said of {found.problem.code}"
        info = inspect_file(file)
        if not info.holds_records:
            return None
        for batch in read_batches(file, info):
            for text in batch.texts:
                trouble = _try_fix(text)
                if trouble is not None:
                    return trouble
    except UserError:
        return None
    return None


def _try_fix(text: bytes) -> str | None:
    try:
        letters = text.decode()
    except UnicodeDecodeError:
        return None
    fixed, count = fix_all(letters)
    if (count == 0) != (fixed == letters):
        return f"{count} fixes, and the text is {'the same' if fixed == letters else 'another'}"
    if fix_all(fixed) != (fixed, 0):
        return "a second fix changes it again"
    return None


def make_input(number: int, rows: list[bytes]) -> bytes:
    """The input of this number: always the same."""
    chance = random.Random(number)
    if chance.random() < 0.25:
        data = b"".join(chance.choices(_PIECES, k=chance.randint(0, 40)))
    else:
        between = chance.choice((b"\n", b"\n", b"\n", b",\n", b"\r\n", b"\r", b"", b" ", b"\n\n"))
        data = between.join(chance.choices(rows, k=chance.randint(1, 6)))
        if chance.random() < 0.2:
            data = b"[" + between.join(data.split(b"\n")) + b"]"
    for _number in range(chance.randint(0, 4)):
        data = _damaged(data, chance)
    encoding = chance.choice(_ENCODINGS)
    if encoding != "utf-8":
        data = data.decode("utf-8", "replace").encode(encoding, "replace")
    return data


def _damaged(data: bytes, chance: random.Random) -> bytes:
    at = chance.randint(0, len(data))
    end = min(len(data), at + int(chance.expovariate(1 / 20)))
    way = chance.randrange(5)
    if way == 0 and data:
        at = min(at, len(data) - 1)
        return data[:at] + bytes([data[at] ^ (1 << chance.randrange(8))]) + data[at + 1 :]
    if way == 1:
        return data[:at] + data[end:]
    if way == 2:
        return data[:end] + data[at:end] * chance.randint(1, 3) + data[end:]
    if way == 3:
        to = chance.randint(0, len(data))
        return data[:to] + data[at:end] + data[to:]
    return data[:at] + chance.choice(_PIECES) + data[end if chance.random() < 0.3 else at :]


def _rows() -> list[bytes]:
    """The rows of the samples: good ones, and one for each fault."""
    return list(_sample_rows())


def _sample_rows() -> Iterator[bytes]:
    for path in sorted(_SAMPLES.glob("*.jsonl")):
        for line in path.read_text(encoding="utf-8").splitlines():
            sample = json.loads(line)
            text = sample["text"] if "text" in sample else json.dumps(sample["record"])
            yield text.encode("utf-8", "surrogatepass")
