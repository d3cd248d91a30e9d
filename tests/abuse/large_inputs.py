"""A megabyte of the worst that was thought of: read in time in line with its size.

Each shape is made in a quarter of the size and in full; four times the bytes may take eight times
as long, which no quadratic reading passes, and the whole no longer than `SECONDS` of CPU time.
"""

import contextlib
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from tests.abuse.outcome import Outcome

from tunedesk.errors import UserError
from tunedesk.formats.check_file import check_file

SECONDS = 6.0
"""A quiet computer takes up to 0.9 s; busy ones are slower."""
_RATIO = 8.0
_TOO_SHORT_TO_COMPARE = 0.2

_GOOD = (
    '{"messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Yes."}]}\n'
)


def _said(piece: str) -> Callable[[int], str]:
    """A conversation in which the assistant says a piece again and again."""
    begin = '{"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "'
    return lambda size: begin + piece * (size // len(piece)) + '"}]}'


def _again(piece: str, begin: str = "", end: str = "") -> Callable[[int], str]:
    return lambda size: begin + piece * (size // len(piece)) + end


SHAPES: dict[str, Callable[[int], str]] = {
    "blanks in a broken list": _again(" ", '[{"messages": [x', "x"),
    "open brackets": _again("["),
    "open objects": _again('{"a":'),
    "open objects in lines": _again("{\n"),
    "open rows": _again('{"messages": [\n'),
    "open texts in lines": _again('{"a\n'),
    "quotation marks": _again('"', "{"),
    "escaped quotation marks": _again('\\"', '{"messages": "\n'),
    "bare quotation marks": _again('a"b', '{"messages": "', '"}'),
    "bare marks with commas": _again('a" ,"b" x', '{"messages": ["', '"]}'),
    "one letter": _again("a", '{"'),
    "one key again and again": _again('"a":{},', '{"messages":[],', '"b":1}'),
    "commas": _again(","),
    "commas in lines": _again(",\n"),
    "blank lines": _again("\n", _GOOD),
    "carriage returns": _again("{\r"),
    "marks of byte order": _again("\ufeff"),
    "broken elements": _again('{"messages": [x]},\n', "[\n"),
    "rows one after another": _again('{"messages": 1}{"messages": x'),
    "torn rows": _again('{"messages": [{"role": "user", "content": "He "x"\n'),
    "a row torn by bare marks": _again(
        'a "b" c\n', '{"messages": [{"role": "user", "content": "He "x"\n', '"}]}'
    ),
    "opened thoughts": _said("<think>\\n"),
    "closed thoughts": _said("</think>\\n"),
    "marks of ends": _said("<|im_end|> "),
    "controls that part": _said("a\\u001f\\u000b"),
    "open placeholders": _said("<client name "),
    "invisible characters": _said("\u200b"),
    "single messages": _again('{"role": "user", "content": "a"}\n\n'),
    "bare messages in one list": _again('[{"role": "user", "content": "a"}],', "["),
    "merges": _again("<<<<<<< a\n{}\n=======\n{}\n>>>>>>> b\n"),
    "turns of gpt-oss": _said("<|start|>assistant<|channel|>final<|message|>a<|end|>"),
    "turns of Mistral": _again("[INST]a[/INST]b", '{"text": "', '"}'),
    "raw tabs": _again("\t", '{"messages": "', '"}'),
    "raw line breaks": _again("x\n", '{"messages": ["'),
    "rows with raw line breaks": _again('{"messages": [{"role": "user", "content": "a\n\nb"}]}\n'),
    "numbers": _again("1,", "["),
    "empty messages": _again("{},", '{"messages":[', "{}]}"),
    "marks of merges": _again(f"<<<<<<< a\n=======\n>>>>>>> b\n{_GOOD}"),
    "placeholders": _said("{{a "),
    "square brackets": _said("[a "),
    "thoughts": _said("a <think>"),
    "marks of templates": _said("[INST]"),
    "a text of marks": _again("[INST]", '{"text":"', '"}'),
    "code": _said("``` `"),
    "damaged letters": _said("Ã©"),
}


def run(count: int, seed: int) -> Outcome:
    """Try every shape; the count and the seed change nothing."""
    del count, seed
    failures = []
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "input.jsonl"
        for name, make in SHAPES.items():
            quarter, whole = (_seconds(file, make(size)) for size in (250_000, 1_000_000))
            if whole > SECONDS:
                failures.append(f"{name}: {whole:.1f} s for a megabyte")
            elif whole > _TOO_SHORT_TO_COMPARE and whole > _RATIO * max(quarter, 0.02):
                failures.append(f"{name}: {quarter:.2f} s for a quarter, {whole:.2f} s for all")
    return Outcome(len(SHAPES), failures)


def _seconds(file: Path, text: str) -> float:
    """The CPU time that it takes to read and judge a text."""
    file.write_bytes(text.encode("utf-8", "surrogatepass"))
    started = time.process_time()
    with contextlib.suppress(UserError):
        check_file(file, "openai", None)
    return time.process_time() - started
