"""Turns the examples of a job into tokens, and knows which of them are learnt.

Nothing is cut off and nothing is dropped in silence: an example that is too long, or in which
there is nothing to learn, is named.
"""

import contextlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jinja2 import TemplateError

from tunedesk.training_server.job_folder import read_records
from tunedesk.training_server.training.base_model import Learner
from tunedesk.training_server.training.chat_template import ChatTemplate, Rendered
from tunedesk.training_server.training.failures import BadExample
from tunedesk.training_server.training.openai_messages import template_tools
from tunedesk.training_server.training.starter import train_tokenizer

IGNORED = -100
"""The label of a token that carries no loss."""

_OUTPUTS = {"chosen_ids": "preferred_output", "rejected_ids": "non_preferred_output"}
_REFUSALS = (TemplateError, TypeError, ValueError, KeyError)


@dataclass
class Sequences:
    """The rows to train on, and the examples that make none.

    Attributes:
        rows: The columns of TRL's dataset, a dictionary a row.
        bad: The examples that cannot be trained on.
        tokens: How many tokens the rows have in all.
        longest: How many the longest has.
    """

    rows: list[dict[str, list[int]]] = field(default_factory=list)
    bad: list[BadExample] = field(default_factory=list)
    tokens: int = 0
    longest: int = 0


def make_sequences(path: Path, learner: Learner, method: str) -> Sequences:
    """The examples of a file as tokens."""
    make = _pair_rows if method == "dpo" else _rows
    result = Sequences()
    for line, record in read_records(path):
        try:
            made = list(make(record, learner))
        except _REFUSALS as error:
            said = " ".join(str(error).split())[:300]
            made = []
            result.bad.append(
                BadExample(line, f"The chat template of the model refuses the example: {said}")
            )
            continue
        wrong = _wrong(made, learner.context)
        if wrong:
            result.bad.append(BadExample(line, wrong))
            continue
        for row in made:
            length = _length(row)
            result.tokens += length
            result.longest = max(result.longest, length)
            result.rows.append(row)
    return result


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


def _rows(record: dict[str, Any], learner: Learner) -> Iterator[dict[str, list[int]]]:
    if "messages" not in record:
        yield _completion_row(record, learner)
        return
    for rendered in learner.template.render(record["messages"], template_tools(record)):
        if rendered.spans:
            yield _labelled(rendered, learner)


def _labelled(rendered: Rendered, learner: Learner) -> dict[str, list[int]]:
    encoded = learner.tokenizer(
        rendered.text, add_special_tokens=False, return_offsets_mapping=True
    )
    ids: list[int] = encoded["input_ids"]
    labels = [IGNORED] * len(ids)
    spans = iter(rendered.spans)
    span = next(spans, None)
    for index, (start, end) in enumerate(encoded["offset_mapping"]):
        while span is not None and start >= span[1]:
            span = next(spans, None)
        if span is None:
            break
        if start >= span[0] and end > start:
            labels[index] = ids[index]
    eos = learner.tokenizer.eos_token_id
    is_open = rendered.spans[-1][1] == len(rendered.text)
    if is_open and learner.template.end_of_answer() is None and isinstance(eos, int):
        # A template that does not end its answers: the model must still learn to stop.
        ids, labels = [*ids, eos], [*labels, eos]
    return {"input_ids": ids, "labels": labels}


def _completion_row(record: dict[str, Any], learner: Learner) -> dict[str, list[int]]:
    asked: list[int] = learner.tokenizer(record["prompt"])["input_ids"]
    eos = learner.tokenizer.eos_token_id
    if asked and asked[-1] == eos:
        asked = asked[:-1]
    said = learner.tokenizer(record["completion"], add_special_tokens=False)["input_ids"]
    said = [*said, *([eos] if isinstance(eos, int) else [])]
    return {"input_ids": asked + said, "labels": [IGNORED] * len(asked) + said}


def _pair_rows(record: dict[str, Any], learner: Learner) -> Iterator[dict[str, list[int]]]:
    asked = record["input"]["messages"]
    tools = template_tools(record["input"])
    prompt = learner.template.prompt(asked, tools)
    row = {"prompt_ids": _ids(prompt, learner)}
    for column, key in _OUTPUTS.items():
        answer = [{**message, "weight": 1} for message in record[key]]
        unlearnt = [
            {**message, "weight": 0} if message.get("role") == "assistant" else message
            for message in asked
        ]
        text = learner.template.render([*unlearnt, *answer], tools)[-1]
        start, end = text.spans[0][0], text.spans[-1][1]
        row[column] = _ids(text.text[start:end], learner)
    yield row


def _ids(text: str, learner: Learner) -> list[int]:
    ids: list[int] = learner.tokenizer(text, add_special_tokens=False)["input_ids"]
    return ids


def _length(row: dict[str, list[int]]) -> int:
    if "input_ids" in row:
        return len(row["input_ids"])
    return len(row["prompt_ids"]) + max(len(row["chosen_ids"]), len(row["rejected_ids"]))


def _wrong(rows: Sequence[dict[str, list[int]]], context: int) -> str | None:
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
