"""What a base model is trained on: the text of an example by its own chat template, by tokens.

Also what of it is learnt, and what the template does with the system prompt, thoughts and calls of
the example. Made by the functions that make the files that a training reads (`sequences.py`).
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from tunedesk.examples.as_trained import (
    ExampleAsTrained,
    Kept,
    Remark,
    RowAsTrained,
    TrainedText,
)
from tunedesk.training_server.job_folder import STARTER
from tunedesk.training_server.training.chat_template import (
    ChatTemplate,
    Rendered,
    content_text,
    template_tools,
)
from tunedesk.training_server.training.failures import BadExample
from tunedesk.training_server.training.sequences import (
    IGNORED,
    Chunk,
    Row,
    chunk_entries,
    chunk_reader,
    completion_row,
    labelled_row,
    pair_texts,
    sequences_of,
)
from tunedesk.training_server.training.starter import CONTEXT, train_tokenizer
from tunedesk.training_server.training.tokenizer import ExampleTokenizer, load_example_tokenizer

_ROLES = ("system", "developer", "user", "assistant", "tool", "tools", "model", "function")
_MEDIA = ("image_url", "input_image", "input_audio", "file", "input_file")
_OUTPUTS = ("preferred_output", "non_preferred_output")
_THOUGHT = re.compile(r"<think>(.*?)</think>", re.DOTALL)
_TAGS = re.compile(r"</?[\w.:-]+>|\[/?\w+\]")
"""Marks that a template writes in letters, such as those around a call."""

_LEAST_SOUGHT = 4
"""Shorter texts of messages are known only where nothing else stands between two marks."""
_MOST_ADDED = 20
"""Pieces of text that a template adds, told at most."""


def as_trained(record: Mapping[str, Any], reader: ExampleTokenizer) -> ExampleAsTrained:
    """What a base model makes of an example.

    Args:
        record: The example, of any kind that this server trains on.
        reader: Reads it as the model does.

    Raises:
        ValueError, KeyError, TypeError, jinja2.TemplateError: The template refuses it, or it is
            not such an example.
    """
    texts = list(_texts(record, reader))
    messages = list(_messages(record))
    whole = "\n".join(each.text for each in texts)
    prompts = [_said(each) for each in messages if each.get("role") in ("system", "developer")]
    thoughts = [thought for each in messages for thought in _thoughts(each)]
    calls = [name for each in messages for name in _called(each)]
    return ExampleAsTrained(
        texts,
        reader.context,
        _kept(prompts, whole),
        _is_first(prompts, messages, texts[0].text if texts else ""),
        _kept(thoughts, whole),
        _kept(calls, whole),
        Kept(sum(map(_media, messages)), 0),
        _added(record, messages, texts, reader)[:_MOST_ADDED],
        _empty_answers(record, messages),
    )


def _texts(record: Mapping[str, Any], reader: ExampleTokenizer) -> Iterator[TrainedText]:
    if "messages" in record:
        for rendered in reader.template.render(record["messages"], template_tools(record)):
            ids, places = _tokens(rendered.text, reader)
            row = labelled_row(rendered, ids, places, reader)
            yield _shown(rendered, row, _ends(places), reader)
    elif "input" in record:
        prompt, *answers = pair_texts(record, reader)
        asked, places = _tokens(prompt, reader)
        for answer in answers:
            said, more = _tokens(answer, reader)
            row = _row(asked + said, [IGNORED] * len(asked) + said)
            whole = Rendered(prompt + answer, ((len(prompt), len(prompt) + len(answer)),))
            yield _shown(whole, row, _ends(places) + _ends(more, len(prompt)), reader)
    else:
        prompt, completion = record["prompt"], record["completion"]
        row = completion_row(record, reader)
        _ids, places = _tokens(prompt, reader, with_marks=True)
        asked_count = row["labels"].tolist().count(IGNORED)
        _ids, more = _tokens(completion, reader)
        ends = _ends(places)[:asked_count] + _ends(more, len(prompt))
        whole = Rendered(prompt + completion, ((len(prompt), len(prompt) + len(completion)),))
        yield _shown(whole, row, ends, reader)


def _tokens(
    text: str, reader: ExampleTokenizer, *, with_marks: bool = False
) -> tuple[list[int], list[tuple[int, int]]]:
    """The tokens of a text, and where each stands in it."""
    encoded = reader.tokenizer(text, add_special_tokens=with_marks, return_offsets_mapping=True)
    return encoded["input_ids"], encoded["offset_mapping"]


def _ends(places: list[tuple[int, int]], begins: int = 0) -> list[int]:
    return [begins + end for _start, end in places]


def _row(ids: list[int], labels: list[int]) -> Row:
    return {"input_ids": np.array(ids, np.int32), "labels": np.array(labels, np.int32)}


def _shown(rendered: Rendered, row: Row, ends: list[int], reader: ExampleTokenizer) -> TrainedText:
    ids, labels = row["input_ids"].tolist(), row["labels"].tolist()
    marks = reader.marks
    learnt = [number for number, label in enumerate(labels) if label != IGNORED]
    special = [number for number, token in enumerate(ids) if token in marks]
    last = set(learnt) - {number - 1 for number in learnt}
    # A mark of the end that a training adds stands in no text: it takes no room in it.
    ends = [*ends, *[len(rendered.text)] * (len(ids) - len(ends))]
    return TrainedText(
        rendered.text,
        ends,
        learnt,
        special,
        [(start, end) for start, end in rendered.spans],
        bool(last) and last <= set(special),
    )


def _messages(record: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    asked = record.get("input", record)
    yield from asked.get("messages") or ()
    for key in _OUTPUTS:
        yield from record.get(key) or ()


def _said(message: Mapping[str, Any]) -> str:
    return content_text(message.get("content")) or str(message.get("refusal") or "")


def _empty_answers(record: Mapping[str, Any], messages: Sequence[Mapping[str, Any]]) -> int:
    """How many answers that are learnt say nothing and call nothing."""
    if "prompt" in record:
        return int(not str(record["completion"]).strip())
    if "input" in record:
        messages = [each for key in _OUTPUTS for each in record.get(key) or ()]
    answers = (each for each in messages if each.get("role") == "assistant")
    learnt = (each for each in answers if each.get("weight") != 0)
    return sum(not _said(each).strip() and not _called(each) for each in learnt)


def _thoughts(message: Mapping[str, Any]) -> list[str]:
    if message.get("role") != "assistant":
        return []
    thought = message.get("reasoning_content")
    return [*([thought] if isinstance(thought, str) else []), *_THOUGHT.findall(_said(message))]


def _written(message: Mapping[str, Any]) -> Iterator[str]:
    """All texts of a message that its author wrote: the words, the thoughts, the calls."""
    yield _said(message)
    yield from _thoughts(message)
    yield from _called(message)
    yield str(message.get("name") or "")


def _called(message: Mapping[str, Any]) -> list[str]:
    calls = [call.get("function") or {} for call in message.get("tool_calls") or ()]
    if message.get("function_call"):
        calls.append(message["function_call"])
    return [str(call.get("name")) for call in calls]


def _media(message: Mapping[str, Any]) -> int:
    content = message.get("content")
    parts = content if isinstance(content, list) else []
    return sum(isinstance(part, dict) and part.get("type") in _MEDIA for part in parts)


def _kept(parts: Sequence[str], text: str) -> Kept:
    told = [part.strip() for part in parts if part.strip()]
    return Kept(len(told), sum(_forms(part, text) for part in told))


def _forms(part: str, text: str) -> bool:
    """Whether a part stands in a text, as it is or as JSON has it."""
    return part in text or json.dumps(part, ensure_ascii=False)[1:-1] in text


def _is_first(prompts: Sequence[str], messages: Sequence[Mapping[str, Any]], text: str) -> bool:
    others = (_said(each).strip() for each in messages if _said(each) not in prompts)
    first = min((text.find(other) for other in others if other and other in text), default=None)
    return first is None or all(0 <= text.find(each.strip()) <= first for each in prompts)


def _added(
    record: Mapping[str, Any],
    messages: Sequence[Mapping[str, Any]],
    texts: Sequence[TrainedText],
    reader: ExampleTokenizer,
) -> list[str]:
    """The words of a text that stand in no message, no tool and no mark of the template."""
    if "messages" not in record and "input" not in record:
        return []
    tokens = map(str, reader.tokenizer.added_tokens_decoder.values())
    marks = filter(None, {*reader.tokenizer.all_special_tokens, *tokens})
    at_marks = re.compile("|".join(map(re.escape, sorted(marks, key=len, reverse=True))) or "$.")
    parts = {part.strip() for each in messages for part in _written(each)}
    whole = {part for part in parts if part}
    # A letter or two stand in every other word as well.
    long = sorted((part for part in whole if len(part) >= _LEAST_SOUGHT), key=len, reverse=True)
    found: dict[str, None] = {}
    for each in texts:
        for stretch in at_marks.split(each.text):
            head, _break, rest = stretch.partition("\n")
            if (rest if head.strip() in _ROLES else stretch).strip() in whole:
                continue
            for part in long:
                stretch = stretch.replace(part, "\n")
            for piece in stretch.split("\n"):
                word = _TAGS.sub("", piece).strip(" \t\r:#*<>[]|")
                is_json = "{" in piece or "}" in piece
                if any(letter.isalnum() for letter in word) and word not in _ROLES and not is_json:
                    found[piece.strip()] = None
    return [piece for piece in found if piece not in whole]


class ChunkAsTrained(NamedTuple):
    """What a base model makes of some examples of a launch.

    Attributes:
        rows: What it makes of each.
        added: Words that the template adds of its own.
        overdue: How many examples the template took too long for.
    """

    rows: list[RowAsTrained]
    added: list[str]
    overdue: int


def rows_as_trained(chunk: Chunk) -> ChunkAsTrained:
    """What a base model makes of some examples.

    Whether one is trained on is decided by what makes the files of tokens. What else is said of an
    example takes a second reading, so only those are read twice that may lose something, and one
    of each shape for the words that a template adds.
    """
    reader = chunk_reader(chunk)
    entries = chunk_entries(chunk)
    made, overdue = sequences_of(entries, reader, chunk.method)
    is_mark = np.zeros(max(len(reader.tokenizer), *reader.marks, 0) + 1, bool)
    is_mark[list(reader.marks)] = True
    result = ChunkAsTrained([], [], overdue)
    shapes: set[tuple[Any, ...]] = set()
    for entry, each in zip(entries, made, strict=False):
        line, record = entry["line"], entry["record"]
        if isinstance(each, BadExample):
            result.rows.append(RowAsTrained(line, 0, 0, 0, each.refusal, each.message, []))
            continue
        messages = list(_messages(record))
        remarks: list[Remark] = [] if all(_is_stopped(row, is_mark) for row in each) else ["no_end"]
        if _empty_answers(record, messages):
            remarks.append("empty_answer")
        if any(map(_media, messages)):
            remarks.append("media")
        shape = _shape(record, messages)
        if shape not in shapes or any(map(_may_lose, enumerate(messages))):
            shapes.add(shape)
            whole = as_trained(record, reader)
            if whole.thoughts.kept < whole.thoughts.total:
                remarks.append("thoughts")
            if not whole.system_is_first:
                remarks.append("late_system")
            result.added.extend(piece for piece in whole.added if piece not in result.added)
        total, longest, learnt = map(list, zip(*map(_counts, each), strict=True))
        row = RowAsTrained(line, sum(total), max(longest), sum(learnt), None, "", remarks)
        result.rows.append(row)
    return result


def _counts(row: Row) -> tuple[int, int, int]:
    """The tokens of a row, those of its longest text, and those that are learnt."""
    if "labels" in row:
        total = len(row["input_ids"])
        return total, total, int((row["labels"] != IGNORED).sum())
    asked, answers = len(row["prompt_ids"]), [len(row["chosen_ids"]), len(row["rejected_ids"])]
    return asked + sum(answers), asked + max(answers), sum(answers)


def _is_stopped(row: Row, is_mark: np.ndarray[Any, np.dtype[np.bool_]]) -> bool:
    """Whether each answer of a row ends with a mark that is learnt."""
    if "labels" not in row:
        return all(bool(is_mark[row[name][-1]]) for name in ("chosen_ids", "rejected_ids"))
    learnt = row["labels"] != IGNORED
    last = learnt & ~np.append(learnt[1:], False)
    return bool(is_mark[row["input_ids"][last]].all())


def _shape(record: Mapping[str, Any], messages: Sequence[Mapping[str, Any]]) -> tuple[Any, ...]:
    """What decides which words a template adds: whether it has a prompt, and tools."""
    first = messages[0].get("role") if messages else ""
    has_calls = any(each.get("tool_calls") or each.get("function_call") for each in messages)
    return first, bool(template_tools(record.get("input", record))), has_calls


def _may_lose(numbered: tuple[int, Mapping[str, Any]]) -> bool:
    """Whether a message has thoughts, or is a system prompt that is not the first."""
    number, message = numbered
    is_late = number > 0 and message.get("role") in ("system", "developer")
    return is_late or bool(_thoughts(message))


@lru_cache(maxsize=4)
def example_reader(ref: str) -> ExampleTokenizer:
    """What reads examples as a base model does.

    Args:
        ref: Of a `BaseModel`: `STARTER`, or the path of its folder. A starter makes its tokens
            from all examples when a training begins, so only the text of its template counts.

    Raises:
        JobFailedError: The model cannot be used.
    """
    if ref == STARTER:
        tokenizer = train_tokenizer(())
        return ExampleTokenizer(tokenizer, ChatTemplate(tokenizer), CONTEXT)
    return load_example_tokenizer(ref, Path())
