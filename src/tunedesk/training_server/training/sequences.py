"""Turns the examples of a job into tokens, and knows which of them are learnt.

Nothing is cut off and nothing is dropped in silence: an example that is too long, or in which
there is nothing to learn, is named.
"""

import contextlib
import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jinja2 import TemplateError

from tunedesk.training_server.job_folder import read_records
from tunedesk.training_server.training.chat_template import ChatTemplate, Rendered, template_tools
from tunedesk.training_server.training.failures import BadExample
from tunedesk.training_server.training.starter import train_tokenizer
from tunedesk.training_server.training.tokenizer import ExampleTokenizer

IGNORED = -100
"""The label of a token that carries no loss."""

_OUTPUTS = {"chosen_ids": "preferred_output", "rejected_ids": "non_preferred_output"}
_REFUSALS = (TemplateError, TypeError, ValueError, KeyError)

Row = dict[str, list[int]]
"""A row of TRL's dataset, by its columns."""


@dataclass
class Sequences:
    """The rows to train on, and the examples that make none.

    Attributes:
        rows: The columns of TRL's dataset, a dictionary a row.
        bad: The examples that cannot be trained on.
        examples: How many others there are; some make several rows.
        tokens: How many tokens the rows have in all.
        longest: How many the longest has.
    """

    rows: list[Row] = field(default_factory=list)
    bad: list[BadExample] = field(default_factory=list)
    examples: int = 0
    tokens: int = 0
    longest: int = 0


def make_sequences(path: Path, reader: ExampleTokenizer, method: str) -> Sequences:
    """The examples of a file as tokens."""
    result = Sequences()
    for made in each_sequence(path, reader, method):
        if isinstance(made, BadExample):
            result.bad.append(made)
            continue
        result.examples += 1
        for row in made:
            length = _length(row)
            result.tokens += length
            result.longest = max(result.longest, length)
            result.rows.append(row)
    return result


def each_sequence(
    path: Path, reader: ExampleTokenizer, method: str
) -> Iterator[list[Row] | BadExample]:
    """The rows of each example of a file, or what keeps it from being trained on."""
    make = _pair_rows if method == "dpo" else _rows
    for line, record in read_records(path):
        try:
            rows = list(make(record, reader))
        except _REFUSALS as error:
            said = " ".join(str(error).split())[:300]
            yield BadExample(line, f"The chat template of the model refuses the example: {said}")
            continue
        wrong = _wrong(rows, reader.context)
        yield BadExample(line, wrong) if wrong else rows


def starter_texts(path: Path) -> Iterator[str]:
    """The texts of a file of records as a starter will read them, for its tokenizer.

    As they are rendered, not as they stand in the file: a call of a tool is written letter by
    letter otherwise, which a model that knows nothing else learns far more slowly.
    """
    bytes_alone = train_tokenizer(())
    template = ChatTemplate(bytes_alone)
    marks = re.compile("|".join(map(re.escape, bytes_alone.all_special_tokens)))
    for _line, record in read_records(path):
        # One that the template refuses is named when its sequence is made.
        with contextlib.suppress(*_REFUSALS):
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
    is_open = rendered.spans[-1][1] == len(rendered.text)
    if is_open and reader.template.end_of_answer() is None and isinstance(eos, int):
        # A template that does not end its answers: the model must still learn to stop.
        ids, labels = [*ids, eos], [*labels, eos]
    return {"input_ids": ids, "labels": labels}


def _completion_row(record: dict[str, Any], reader: ExampleTokenizer) -> Row:
    asked: list[int] = reader.tokenizer(record["prompt"])["input_ids"]
    eos = reader.tokenizer.eos_token_id
    if asked and asked[-1] == eos:
        asked = asked[:-1]
    said = reader.tokenizer(record["completion"], add_special_tokens=False)["input_ids"]
    said = [*said, *([eos] if isinstance(eos, int) else [])]
    return {"input_ids": asked + said, "labels": [IGNORED] * len(asked) + said}


def _pair_rows(record: dict[str, Any], reader: ExampleTokenizer) -> Iterator[Row]:
    asked = record["input"]["messages"]
    tools = template_tools(record["input"])
    prompt = reader.template.prompt(asked, tools)
    row = {"prompt_ids": _ids(prompt, reader)}
    for column, key in _OUTPUTS.items():
        answer = [{**message, "weight": 1} for message in record[key]]
        unlearnt = [
            {**message, "weight": 0} if message.get("role") == "assistant" else message
            for message in asked
        ]
        text = reader.template.render([*unlearnt, *answer], tools)[-1]
        start, end = text.spans[0][0], text.spans[-1][1]
        row[column] = _ids(text.text[start:end], reader)
    yield row


def _ids(text: str, reader: ExampleTokenizer) -> list[int]:
    ids: list[int] = reader.tokenizer(text, add_special_tokens=False)["input_ids"]
    return ids


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
