"""Turns the examples of a job into tokens on disk, and knows which of them are learnt.

It is done once, when a job is validated (`jobs/validation_process.py`); the training reads the
files of tokens as they lie, without having them in memory. Nothing is cut off and nothing is
dropped in silence: an example that is too long, or in which there is nothing to learn, is named.
"""

import contextlib
import hashlib
import json
import os
import re
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import cached_property, lru_cache
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, get_args

import pyarrow as pa
from jinja2 import TemplateError

from tunedesk import __version__
from tunedesk.training_server.job_folder import (
    STARTER,
    FileWord,
    JobFolder,
    read_records,
    write_whole,
)
from tunedesk.training_server.thread_pools import call_within
from tunedesk.training_server.training.chat_template import ChatTemplate, Rendered, template_tools
from tunedesk.training_server.training.failures import BadExample, JobFailedError
from tunedesk.training_server.training.starter import train_tokenizer
from tunedesk.training_server.training.tokenizer import (
    ExampleTokenizer,
    load_example_tokenizer,
    read_by_tokenizer,
)

if TYPE_CHECKING:
    from datasets import Dataset

IGNORED = -100
"""The label of a token that carries no loss."""

_OUTPUTS = {"chosen_ids": "preferred_output", "rejected_ids": "non_preferred_output"}
REFUSALS = (TemplateError, TypeError, ValueError, KeyError)
"""What a chat template raises at an example that it does not take."""
_COLUMNS = {
    "supervised": ("input_ids", "labels"),
    "dpo": ("prompt_ids", "chosen_ids", "rejected_ids"),
}
_CHUNK = 256
_CHUNK_SECONDS = 60.0
_EXAMPLE_SECONDS = 10.0
_MOST_OVERDUE = 3
"""A template that took too long for so many examples is not asked for more."""

Row = dict[str, list[int]]
"""A row of TRL's dataset, by its columns."""


@dataclass
class Sequences:
    """The rows to train on, in a file, and the examples that make none.

    Attributes:
        path: The file: a stream of Arrow, the columns of TRL's dataset as lists of int32.
        count: How many rows it has.
        examples: How many examples they come from; some make several rows.
        tokens: How many tokens the rows have in all.
        longest: How many the longest has.
        bad: The examples that cannot be trained on.
    """

    path: Path
    count: int = 0
    examples: int = 0
    tokens: int = 0
    longest: int = 0
    bad: list[BadExample] = field(default_factory=list)

    @cached_property
    def rows(self) -> "Dataset":
        """The rows; they are read from the disk when they are asked for."""
        from datasets import Dataset

        return Dataset.from_file(str(self.path))


class Chunk(NamedTuple):
    """Some examples of a file of records: what a process turns into tokens at once.

    Attributes:
        folder: The folder of the job.
        base_model: As in the `JobSpec`.
        method: The method of the job.
        path: The file of records.
        offset: Where in it they begin, in bytes.
        size: How many bytes they are.
    """

    folder: Path
    base_model: str
    method: str
    path: Path
    offset: int
    size: int


class TokenisedChunk(NamedTuple):
    """What some examples make.

    Attributes:
        rows: Their rows.
        read: How many examples there were, good or bad.
        tokens: How many tokens the rows have in all.
        longest: How many the longest has.
        bad: The examples that cannot be trained on.
        overdue: How many of these the template took too long for.
    """

    rows: pa.RecordBatch
    read: int
    tokens: int
    longest: int
    bad: list[BadExample]
    overdue: int


def tokenise_chunk(chunk: Chunk) -> TokenisedChunk:
    """Turn some examples into tokens; for a pool of worker processes, too."""
    reader = _reader_of(chunk.folder, chunk.base_model)
    with chunk.path.open("rb") as file:
        file.seek(chunk.offset)
        lines = file.read(chunk.size).splitlines()
    return _tokenised(lines, reader, chunk.method)


@lru_cache(maxsize=1)
def _reader_of(folder: Path, base_model: str) -> ExampleTokenizer:
    return load_example_tokenizer(base_model, JobFolder(folder).tokenizer)


def _tokenised(lines: Sequence[bytes], reader: ExampleTokenizer, method: str) -> TokenisedChunk:
    entries = [json.loads(line) for line in lines]
    overdue = 0
    try:
        # A template is a stranger's program: it may never end.
        made = call_within(_CHUNK_SECONDS, _sequences, entries, reader, method)
    except TimeoutError:
        made = []
        for entry in entries:
            try:
                made += call_within(_EXAMPLE_SECONDS, _sequences, [entry], reader, method)
            except TimeoutError:
                overdue += 1
                text = "The chat template of the model takes too long for the example"
                made.append(BadExample(entry["line"], text))
            if overdue == _MOST_OVERDUE:
                break
    rows = [row for each in made if not isinstance(each, BadExample) for row in each]
    lengths = list(map(_length, rows))
    kind = pa.list_(pa.int32())
    columns = {name: pa.array([row[name] for row in rows], type=kind) for name in _COLUMNS[method]}
    bad = [each for each in made if isinstance(each, BadExample)]
    return TokenisedChunk(
        pa.RecordBatch.from_pydict(columns),
        len(entries),
        sum(lengths),
        max(lengths, default=0),
        bad,
        overdue,
    )


def _sequences(
    entries: Iterable[dict[str, Any]], reader: ExampleTokenizer, method: str
) -> list[list[Row] | BadExample]:
    """The rows of each example, or what keeps it from being trained on."""
    make = _pair_rows if method == "dpo" else _rows
    result: list[list[Row] | BadExample] = []
    for entry in entries:
        try:
            rows = list(make(entry["record"], reader))
        except REFUSALS as error:
            said = " ".join(str(error).split())[:300]
            text = f"The chat template of the model refuses the example: {said}"
            result.append(BadExample(entry["line"], text))
            continue
        wrong = _wrong(rows, reader.context)
        result.append(BadExample(entry["line"], wrong) if wrong else rows)
    return result


def record_chunks(
    folder: JobFolder, word: FileWord, base_model: str, method: str
) -> Iterator[Chunk]:
    """The records of a file in parts that are turned into tokens one after another."""
    path = folder.records_file(word)
    start = end = lines = 0
    with path.open("rb") as file:
        for line in file:
            end += len(line)
            lines += 1
            if lines == _CHUNK:
                yield Chunk(folder.path, base_model, method, path, start, end - start)
                start, lines = end, 0
    if lines:
        yield Chunk(folder.path, base_model, method, path, start, end - start)


def write_sequences(
    chunks: Iterable[TokenisedChunk],
    out: Path,
    method: str,
    on_chunk: Callable[[int, Sequence[BadExample]], None] = lambda _read, _bad: None,
) -> Sequences:
    """Write what examples make into a file that is there as a whole or not at all.

    Args:
        chunks: What they make, in their order.
        out: The file.
        method: The method of the job.
        on_chunk: Told, after each, how many examples were read so far, and its bad ones.

    Raises:
        JobFailedError: The chat template took too long, again and again.
    """
    result = Sequences(out)
    kind = pa.list_(pa.int32())
    schema = pa.schema([(name, kind) for name in _COLUMNS[method]])
    part = out.with_name(f"{out.name}.{os.getpid()}.part")
    read = overdue = 0
    try:
        with part.open("wb") as file, pa.ipc.new_stream(file, schema) as stream:
            for chunk in chunks:
                stream.write_batch(chunk.rows)
                read += chunk.read
                overdue += chunk.overdue
                result.count += chunk.rows.num_rows
                result.examples += chunk.read - len(chunk.bad)
                result.tokens += chunk.tokens
                result.longest = max(result.longest, chunk.longest)
                result.bad += chunk.bad
                on_chunk(read, chunk.bad)
                if overdue >= _MOST_OVERDUE:
                    raise JobFailedError(
                        "invalid_base_model",
                        "The chat template of the base model takes too long: more than "
                        f"{_EXAMPLE_SECONDS:.0f} seconds for an example, several times.",
                        "model",
                    )
        part.replace(out)
    finally:
        part.unlink(missing_ok=True)
    return result


def make_sequences(path: Path, reader: ExampleTokenizer, method: str, out: Path) -> Sequences:
    """Turn the examples of a file of records into tokens.

    Args:
        path: The file of records.
        reader: Reads them as the base model does.
        method: The method of the job.
        out: The file of tokens to write.
    """

    def chunks() -> Iterator[TokenisedChunk]:
        with path.open("rb") as file:
            while lines := list(islice(file, _CHUNK)):
                yield _tokenised(lines, reader, method)

    return write_sequences(chunks(), out, method)


def note_sequences(folder: JobFolder, base_model: str, made: dict[FileWord, Sequences]) -> None:
    """Say that the files of tokens are whole, and for which base model they were made."""
    held = {
        word: {name: value for name, value in asdict(each).items() if name not in ("path", "bad")}
        for word, each in made.items()
    }
    write_whole(
        folder.tokens_summary, json.dumps({"reader": _fingerprint(base_model), "files": held})
    )


def noted_sequences(folder: JobFolder, base_model: str) -> dict[FileWord, Sequences] | None:
    """The files of tokens that were made when the job was validated.

    None if there are none, or if the base model has become another one since.
    """
    try:
        held = json.loads(folder.tokens_summary.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    if held["reader"] != _fingerprint(base_model):
        return None
    found: dict[FileWord, Sequences] = {}
    for word in get_args(FileWord):
        path = folder.tokens_file(word)
        if word in held["files"] and path.is_file():
            found[word] = Sequences(path, **held["files"][word])
        elif folder.records_file(word).is_file():
            return None
    return found


def _fingerprint(base_model: str) -> str:
    """What the tokens of an example depend on: this program, and the files of the tokenizer."""
    digest = hashlib.sha256(__version__.encode())
    for path in () if base_model == STARTER else read_by_tokenizer(Path(base_model)):
        digest.update(f"{path.name}\0{path.stat().st_size}\0".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


_MOST_TEXTS = 20_000
"""The examples that the tokenizer of a starter is trained on: its two thousand words are those of
the whole then."""


def starter_texts(path: Path) -> Iterator[str]:
    """The texts of a file of records as a starter will read them, for its tokenizer.

    As they are rendered, not as they stand in the file: a call of a tool is written letter by
    letter otherwise, which a model that knows nothing else learns far more slowly. Of many
    examples, some from everywhere in the file.
    """
    with path.open("rb") as file:
        step = -(-sum(1 for _line in file) // _MOST_TEXTS) or 1
    bytes_alone = train_tokenizer(())
    template = ChatTemplate(bytes_alone)
    marks = re.compile("|".join(map(re.escape, bytes_alone.all_special_tokens)))
    for _line, record in islice(read_records(path), 0, None, step):
        # One that the template refuses is named when its sequence is made.
        with contextlib.suppress(*REFUSALS):
            for text in _whole_texts(record, template):
                yield from marks.split(text)


def _whole_texts(record: dict[str, Any], template: ChatTemplate) -> Iterator[str]:
    if "prompt" in record:
        yield record["prompt"]
        yield record["completion"]
        return
    asked = record.get("input", record)
    answers = [record[key] for key in _OUTPUTS.values()] if "input" in record else [[]]
    for answer in answers:
        rendered = template.render([*asked["messages"], *answer], template_tools(asked))
        yield from (each.text for each in rendered)


def _rows(record: dict[str, Any], reader: ExampleTokenizer) -> Iterator[Row]:
    if "messages" not in record:
        yield _completion_row(record, reader)
        return
    for rendered in reader.template.render(record["messages"], template_tools(record)):
        if rendered.spans:
            yield _labelled(rendered, reader)


def _labelled(rendered: Rendered, reader: ExampleTokenizer) -> Row:
    tokens = encode(rendered, reader)
    return {"input_ids": tokens.ids, "labels": tokens.labels}


class Tokens(NamedTuple):
    """A text as tokens.

    Attributes:
        ids: The numbers of the tokens.
        labels: The same, `IGNORED` for what is only read.
        offsets: Where in the text each stands: start and end, in characters.
    """

    ids: list[int]
    labels: list[int]
    offsets: list[tuple[int, int]]


def encode(rendered: Rendered, reader: ExampleTokenizer) -> Tokens:
    """The tokens of a text to learn from, exactly as they are trained on."""
    encoded = reader.tokenizer(rendered.text, add_special_tokens=False, return_offsets_mapping=True)
    ids: list[int] = encoded["input_ids"]
    labels = [IGNORED] * len(ids)
    offsets: list[tuple[int, int]] = encoded["offset_mapping"]
    for begin, end in rendered.spans:
        first, past = (bisect_left(offsets, (edge,)) for edge in (begin, end))
        for index in range(first, past):
            if offsets[index][1] > offsets[index][0]:
                labels[index] = ids[index]
    eos = reader.tokenizer.eos_token_id
    is_open = bool(rendered.spans) and rendered.spans[-1][1] == len(rendered.text)
    if is_open and reader.template.end_of_answer() is None and isinstance(eos, int):
        # A template that does not end its answers: the model must still learn to stop.
        end = len(rendered.text)
        ids, labels, offsets = [*ids, eos], [*labels, eos], [*offsets, (end, end)]
    return Tokens(ids, labels, offsets)


def encode_completion(record: Mapping[str, Any], reader: ExampleTokenizer) -> tuple[str, Tokens]:
    """The text of a prompt with its completion, and its tokens; the completion is learnt."""
    asked, said = record["prompt"], record["completion"]
    start = reader.tokenizer(asked, return_offsets_mapping=True)
    ids: list[int] = start["input_ids"]
    offsets: list[tuple[int, int]] = start["offset_mapping"]
    eos = reader.tokenizer.eos_token_id
    if ids and ids[-1] == eos:
        ids, offsets = ids[:-1], offsets[:-1]
    rest = reader.tokenizer(said, add_special_tokens=False, return_offsets_mapping=True)
    learnt: list[int] = rest["input_ids"]
    moved = [(begin + len(asked), end + len(asked)) for begin, end in rest["offset_mapping"]]
    if isinstance(eos, int):
        end = len(asked) + len(said)
        learnt, moved = [*learnt, eos], [*moved, (end, end)]
    tokens = Tokens(ids + learnt, [IGNORED] * len(ids) + learnt, offsets + moved)
    return asked + said, tokens


def _completion_row(record: dict[str, Any], reader: ExampleTokenizer) -> Row:
    _text, tokens = encode_completion(record, reader)
    return {"input_ids": tokens.ids, "labels": tokens.labels}


def encode_pair(
    record: Mapping[str, Any], reader: ExampleTokenizer
) -> Iterator[tuple[Rendered, Tokens]]:
    """The question with each of the two answers, the preferred one first; answers are learnt."""
    asked = record["input"]["messages"]
    tools = template_tools(record["input"])
    prompt = reader.template.prompt(asked, tools)
    start = _plain(prompt, reader, 0)
    for key in _OUTPUTS.values():
        answer = [{**message, "weight": 1} for message in record[key]]
        unlearnt = [
            {**message, "weight": 0} if message.get("role") == "assistant" else message
            for message in asked
        ]
        text = reader.template.render([*unlearnt, *answer], tools)[-1]
        said = text.text[text.spans[0][0] : text.spans[-1][1]]
        rest = _plain(said, reader, len(prompt))
        tokens = Tokens(
            start.ids + rest.ids,
            [IGNORED] * len(start.ids) + rest.ids,
            start.offsets + rest.offsets,
        )
        whole = prompt + said
        yield Rendered(whole, ((len(prompt), len(whole)),)), tokens


def _pair_rows(record: dict[str, Any], reader: ExampleTokenizer) -> Iterator[Row]:
    row: Row = {}
    for column, (_text, tokens) in zip(_OUTPUTS, encode_pair(record, reader), strict=True):
        count = tokens.labels.count(IGNORED)
        row["prompt_ids"], row[column] = tokens.ids[:count], tokens.ids[count:]
    yield row


def _plain(text: str, reader: ExampleTokenizer, begins: int) -> Tokens:
    encoded = reader.tokenizer(text, add_special_tokens=False, return_offsets_mapping=True)
    ids: list[int] = encoded["input_ids"]
    offsets = [(begins + start, begins + end) for start, end in encoded["offset_mapping"]]
    return Tokens(ids, ids, offsets)


def _length(row: Row) -> int:
    if "input_ids" in row:
        return len(row["input_ids"])
    return len(row["prompt_ids"]) + max(len(row["chosen_ids"]), len(row["rejected_ids"]))


def _wrong(rows: Sequence[Row], context: int) -> str | None:
    """What keeps an example from being trained on; None if nothing does."""
    longest = max(map(_length, rows), default=0)
    if longest > context:
        return f"It is {longest:,} tokens long, but the model takes at most {context:,}"
    # The first token is never predicted: nothing comes before it.
    learnt = (
        any(label != IGNORED for label in row["labels"][1:])
        if "labels" in row
        else bool(row["chosen_ids"] and row["rejected_ids"])
        for row in rows
    )
    if not rows or not all(learnt):
        return "There is nothing to train on: no assistant message has a weight other than 0"
    return None
