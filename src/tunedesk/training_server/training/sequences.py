"""Turns the examples of a job into tokens on disk, and knows which of them are learnt.

It is done once, when a job is validated (`jobs/validation_process.py`); the training reads the
files of tokens as they lie, without having them in memory. Nothing is cut off and nothing is
dropped in silence: an example that is too long, or in which there is nothing to learn, is named.
"""

import contextlib
import gc
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

import numpy as np
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
_LINE = "line"
"""The column beside them: the line of the example in the user's file."""
_CHUNK = 256
_CHUNK_SECONDS = 60.0
_EXAMPLE_SECONDS = 10.0
_MOST_OVERDUE = 3
"""A template that took too long for so many examples is not asked for more."""

Tokens = np.ndarray[tuple[int], np.dtype[np.int32]]
Row = dict[str, Tokens]
"""A row of TRL's dataset, by its columns."""


@dataclass
class Sequences:
    """The rows to train on, in a file, and the examples that make none.

    Attributes:
        path: The file: a stream of Arrow, the columns of TRL's dataset as lists of int32, and the
            line of each row's example in the user's file.
        count: How many rows it has.
        examples: How many examples they come from; some make several rows.
        tokens: How many tokens the rows have in all.
        longest: How many the longest has.
        longest_line: The line of its example in the user's file.
        bad: The examples that cannot be trained on.
    """

    path: Path
    count: int = 0
    examples: int = 0
    tokens: int = 0
    longest: int = 0
    longest_line: int = 0
    bad: list[BadExample] = field(default_factory=list)

    @cached_property
    def rows(self) -> "Dataset":
        """The rows; they are read from the disk when they are asked for."""
        return self._read.remove_columns([_LINE])

    @cached_property
    def _read(self) -> "Dataset":
        from datasets import Dataset

        return Dataset.from_file(str(self.path))

    def line_of(self, row: int) -> int:
        """The line, in the user's file, of the example that a row comes from."""
        return int(self._read[row][_LINE])


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
        longest_line: The line of its example in the user's file.
        bad: The examples that cannot be trained on.
        overdue: How many of these the template took too long for.
    """

    rows: pa.RecordBatch
    read: int
    tokens: int
    longest: int
    longest_line: int
    bad: list[BadExample]
    overdue: int


def tokenise_chunk(chunk: Chunk) -> TokenisedChunk:
    """Turn some examples into tokens; for a pool of worker processes, too."""
    return _tokenised(chunk_entries(chunk), chunk_reader(chunk), chunk.method)


def chunk_entries(chunk: Chunk) -> list[dict[str, Any]]:
    """The examples of a chunk, each with its line: {"line": n, "record": {...}}."""
    with chunk.path.open("rb") as file:
        file.seek(chunk.offset)
        return [json.loads(line) for line in file.read(chunk.size).splitlines()]


def chunk_reader(chunk: Chunk) -> ExampleTokenizer:
    """What reads the examples of a chunk as the base model does."""
    return _reader_of(chunk.folder, chunk.base_model)


@lru_cache(maxsize=1)
def _reader_of(folder: Path, base_model: str) -> ExampleTokenizer:
    return load_example_tokenizer(base_model, JobFolder(folder).tokenizer)


def sequences_of(
    entries: Sequence[dict[str, Any]], reader: ExampleTokenizer, method: str
) -> tuple[list[list[Row] | BadExample], int]:
    """The rows of each example, or what keeps it from being trained on.

    Returns:
        They, and how many examples the template took too long for; after some of these the
        examples that follow are not read.
    """
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
    return made, overdue


def refuse_slow_template(overdue: int) -> None:
    """Give up a template that took too long for so many examples.

    Raises:
        JobFailedError: They are too many.
    """
    if overdue >= _MOST_OVERDUE:
        raise JobFailedError(
            "invalid_base_model",
            "The chat template of the base model takes too long: more than "
            f"{_EXAMPLE_SECONDS:.0f} seconds for an example, several times.",
            "model",
        )


def _tokenised(
    entries: Sequence[dict[str, Any]], reader: ExampleTokenizer, method: str
) -> TokenisedChunk:
    made, overdue = sequences_of(entries, reader, method)
    rows: list[Row] = []
    lengths: list[int] = []
    origins: list[int] = []
    longest, longest_line = 0, 0
    for entry, each in zip(entries, made, strict=False):
        for row in () if isinstance(each, BadExample) else each:
            rows.append(row)
            lengths.append(_length(row))
            origins.append(entry["line"])
            if lengths[-1] > longest:
                longest, longest_line = lengths[-1], entry["line"]
    columns: dict[str, pa.Array] = {
        name: _lists([row[name] for row in rows]) for name in _COLUMNS[method]
    }
    columns[_LINE] = _array(np.array(origins, dtype=np.int32))
    bad = [each for each in made if isinstance(each, BadExample)]
    return TokenisedChunk(
        pa.RecordBatch.from_pydict(columns),
        len(entries),
        sum(lengths),
        longest,
        longest_line,
        bad,
        overdue,
    )


def _lists(values: Sequence[Tokens]) -> pa.ListArray:
    ends = np.cumsum([0, *map(len, values)], dtype=np.int32)
    return pa.ListArray.from_arrays(*map(_array, (ends, np.concatenate([ends[:0], *values]))))


def _array(values: Tokens) -> pa.Array:
    # `pa.array` imports pandas, which takes a third of a second, to see that it is none of its.
    return pa.Array.from_buffers(pa.int32(), len(values), [None, pa.py_buffer(values)])


def _sequences(
    entries: Sequence[dict[str, Any]], reader: ExampleTokenizer, method: str
) -> list[list[Row] | BadExample]:
    """The rows of each example, or what keeps it from being trained on."""
    was_enabled = gc.isenabled()
    # Hundreds of thousands of pairs of numbers, none of which is garbage: looking takes as long.
    gc.disable()
    try:
        return _sequences_at_once(entries, reader, method)
    except REFUSALS as error:
        if len(entries) == 1:
            return [_refused(entries[0], error)]
        return [each for entry in entries for each in _sequences([entry], reader, method)]
    finally:
        if was_enabled:
            gc.enable()


def _sequences_at_once(
    entries: Sequence[dict[str, Any]], reader: ExampleTokenizer, method: str
) -> list[list[Row] | BadExample]:
    """As `_sequences`, but what the tokenizer refuses is an error: one call is for all texts."""
    found: list[list[Row] | BadExample | list[Rendered]] = []
    for entry in entries:
        record = entry["record"]
        try:
            if method == "dpo":
                found.append(list(_pair_rows(record, reader)))
            elif "messages" not in record:
                found.append([completion_row(record, reader)])
            else:
                every = reader.template.render(record["messages"], template_tools(record))
                found.append([each for each in every if each.spans])
        except REFUSALS as error:
            found.append(_refused(entry, error))
    texts = [
        each
        for one in found
        if not isinstance(one, BadExample)
        for each in one
        if isinstance(each, Rendered)
    ]
    labelled = iter(_labelled(texts, reader))
    result: list[list[Row] | BadExample] = []
    for entry, one in zip(entries, found, strict=True):
        if isinstance(one, BadExample):
            result.append(one)
            continue
        rows = [next(labelled) if isinstance(each, Rendered) else each for each in one]
        result.append(_wrong(entry["line"], rows, reader.context) or rows)
    return result


def _refused(entry: dict[str, Any], error: Exception) -> BadExample:
    said = " ".join(str(error).split())[:300]
    text = f"The chat template of the model refuses the example: {said}"
    return BadExample(entry["line"], text)


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
    columns = [(name, kind) for name in _COLUMNS[method]]
    schema = pa.schema([*columns, (_LINE, pa.int32())])
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
                if chunk.longest > result.longest:
                    result.longest, result.longest_line = chunk.longest, chunk.longest_line
                result.bad += chunk.bad
                on_chunk(read, chunk.bad)
                refuse_slow_template(overdue)
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
                yield _tokenised(list(map(json.loads, lines)), reader, method)

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


def _labelled(texts: Sequence[Rendered], reader: ExampleTokenizer) -> Iterator[Row]:
    """The rows of some texts, in their order."""
    if not texts:
        return
    encoded = reader.tokenizer(
        [each.text for each in texts],
        add_special_tokens=False,
        return_offsets_mapping=True,
        return_attention_mask=False,
        return_token_type_ids=False,
    )
    every = zip(texts, encoded["input_ids"], encoded["offset_mapping"], strict=True)
    for rendered, ids, offsets in every:
        yield labelled_row(rendered, ids, offsets, reader)


def labelled_row(
    rendered: Rendered, ids: list[int], offsets: list[tuple[int, int]], reader: ExampleTokenizer
) -> Row:
    """The tokens of a text, and which are learnt; a mark of the end that is missing is added."""
    eos = reader.tokenizer.eos_token_id
    is_open = bool(rendered.spans) and rendered.spans[-1][1] == len(rendered.text)
    if is_open and reader.template.end_of_answer() is None and isinstance(eos, int):
        # A template that does not end its answers: the model must still learn to stop.
        tokens = np.array([*ids, eos], dtype=np.int32)
    else:
        tokens = np.array(ids, dtype=np.int32)
    labels = np.full(len(tokens), IGNORED, dtype=np.int32)
    for begin, end in rendered.spans:
        first, past = (bisect_left(offsets, (edge,)) for edge in (begin, end))
        while first < past and offsets[first] == (begin, begin):
            # The blank before the answer, by a tokenizer that counts no blank to a token's place;
            # those within the answer are learnt.
            first += 1
        labels[first:past] = tokens[first:past]
    labels[len(ids) :] = tokens[len(ids) :]
    return {"input_ids": tokens, "labels": labels}


def completion_row(record: Mapping[str, Any], reader: ExampleTokenizer) -> Row:
    """The tokens of a prompt with its completion, which is learnt."""
    asked: list[int] = reader.tokenizer(record["prompt"])["input_ids"]
    eos = reader.tokenizer.eos_token_id
    if asked and asked[-1] == eos:
        asked = asked[:-1]
    said = reader.tokenizer(record["completion"], add_special_tokens=False)["input_ids"]
    said = [*said, *([eos] if isinstance(eos, int) else [])]
    return {
        "input_ids": np.array(asked + said, dtype=np.int32),
        "labels": np.array([IGNORED] * len(asked) + said, dtype=np.int32),
    }


def _pair_rows(record: dict[str, Any], reader: ExampleTokenizer) -> Iterator[Row]:
    prompt, *answers = pair_texts(record, reader)
    row = {"prompt_ids": _ids(prompt, reader)}
    row |= {name: _ids(text, reader) for name, text in zip(_OUTPUTS, answers, strict=True)}
    yield row


def pair_texts(record: Mapping[str, Any], reader: ExampleTokenizer) -> list[str]:
    """The question of a pair, then the preferred answer and the other, as the model reads them."""
    asked = record["input"]["messages"]
    tools = template_tools(record["input"])
    texts = [reader.template.prompt(asked, tools)]
    for key in _OUTPUTS.values():
        answer = [{**message, "weight": 1} for message in record[key]]
        unlearnt = [
            {**message, "weight": 0} if message.get("role") == "assistant" else message
            for message in asked
        ]
        text = reader.template.render([*unlearnt, *answer], tools)[-1]
        texts.append(text.text[text.spans[0][0] : text.spans[-1][1]])
    return texts


def _ids(text: str, reader: ExampleTokenizer) -> Tokens:
    return np.array(reader.tokenizer(text, add_special_tokens=False)["input_ids"], dtype=np.int32)


def _length(row: Row) -> int:
    if "input_ids" in row:
        return len(row["input_ids"])
    return len(row["prompt_ids"]) + max(len(row["chosen_ids"]), len(row["rejected_ids"]))


def _wrong(line: int, rows: Sequence[Row], context: int) -> BadExample | None:
    """What keeps an example from being trained on; None if nothing does."""
    longest = max(map(_length, rows), default=0)
    if longest > context:
        text = f"It is {longest:,} tokens long, but the model takes at most {context:,}"
        return BadExample(line, text, "too_long")
    # The first token is never predicted: nothing comes before it.
    learnt = (
        bool((row["labels"][1:] != IGNORED).any())
        if "labels" in row
        else bool(len(row["chosen_ids"]) and len(row["rejected_ids"]))
        for row in rows
    )
    if not rows or not all(learnt):
        text = "There is nothing to train on: no assistant message has a weight other than 0"
        return BadExample(line, text, "nothing_learned")
    return None
