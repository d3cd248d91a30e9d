"""The checks of preference pairs: what was asked, and the two answers to it.

The shape is that of OpenAI's guide to direct preference optimization: one turn, text only, both
outputs one message of the assistant's. The spelling of open tools (`chosen`, `rejected`) is judged
by what TRL makes of it: where the answers hold the whole conversation, what both have in common
counts as the prompt.
"""

import json
from array import array
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from tunedesk.catalogue.targets import Target
from tunedesk.checks.chat_templates import read_transcript
from tunedesk.checks.conversation_rules import check_message
from tunedesk.checks.kinds.kind_checks import Checked, CheckSettings, KindChecks
from tunedesk.checks.problem import Problem, SetProblem, severity
from tunedesk.checks.schema import is_valid, reasons
from tunedesk.checks.text_rules import check_blanks, check_text, check_texts, check_thoughts
from tunedesk.checks.tokens import TokenCounts, count_example
from tunedesk.checks.tool_rules import check_tools
from tunedesk.examples.hashes import hash_text
from tunedesk.examples.json_text import Path, json_type
from tunedesk.examples.kinds.kind import says_nothing
from tunedesk.examples.kinds.preference import (
    PAIR_PARTS,
    PREFERENCE,
    PairPart,
    answer_messages,
    pair_messages,
)
from tunedesk.examples.kinds.registry import read_kind

_HINT = Problem("other_training", (), {"kind": PREFERENCE.name})


class PreferenceChecks(KindChecks):
    """Names what is wrong with a pair; counts the prompt and both answers, which are trained on."""

    def check(self, record: dict[str, Any], settings: CheckSettings) -> Checked:
        """Name the problems of a record and count its tokens."""
        problems = check_pair(record, settings.target)
        return Checked("", (*problems, _HINT), self.count(record, settings))

    def count(self, record: dict[str, Any], settings: CheckSettings) -> TokenCounts | None:
        """Count the tokens of a pair; the prompt once."""
        if settings.counter is None:
            return None
        asked, answers, tools = pair_messages(record)
        counter, formula = settings.counter, settings.image_formula
        count, frame = counter.count, counter.frame
        pair = {"messages": [*asked, *answers], "tools": tools}
        whole = count_example(pair, count, formula, frame)
        trained = count_example({"messages": answers}, count, formula, frame).trained
        return whole._replace(trained=trained)


def check_pair(record: dict[str, Any], target: Target) -> list[Problem]:
    """The problems of a pair in either spelling, in the order in which it is read."""
    found: list[Problem] = []
    values: dict[PairPart, Any] = {}
    for part, keys in PAIR_PARTS.items():
        key = next((key for key in keys if key in record), None)
        if key is not None:
            values[part] = record[key]
            found += _check_part(part, (key,), record[key], target)
        elif part != "asked" or not _holds_prompts(record):
            found.append(Problem("pair_part_missing", (), {"reason": part}))
    if isinstance(record.get("input"), dict):
        found += [
            problem._replace(path=("input", *problem.path))
            for problem in check_tools(record["input"], target)
        ]
    if not any(severity(problem.code) == "error" for problem in found):
        found += _compare(record, values.get("preferred"), values.get("other"))
    if is_openai_pair(record):
        if not is_valid("preference", record) and not any(
            severity(problem.code) == "error" for problem in found
        ):
            for reason in reasons("preference", record)[:3]:
                found.append(Problem("schema_mismatch", reason.path, reason.parameters()))
    else:
        found.append(Problem("pair_spelling", (), {}))
    return found


def is_openai_pair(record: dict[str, Any]) -> bool:
    """Whether the pair is spelled as OpenAI's API takes it."""
    return "preferred_output" in record or "non_preferred_output" in record


def _holds_prompts(record: dict[str, Any]) -> bool:
    """Whether the answers are whole conversations, which have the prompt in them."""
    return all(
        len(pair_messages({key: record.get(key)}).answers) > 1
        or (isinstance(record.get(key), str) and read_transcript(record[key]) is not None)
        for key in ("chosen", "rejected")
    )


def _check_part(part: PairPart, path: Path, value: Any, target: Target) -> Iterator[Problem]:
    if isinstance(value, str) and path[0] in ("prompt", "chosen", "rejected"):
        if says_nothing(value):
            yield Problem("pair_part_empty", path, {"reason": part})
        yield from check_text(value, path)
        if read_transcript(value) is not None:
            yield Problem("pair_transcript", path, {})
            return
        if part != "asked":
            yield from check_thoughts(value, path)
            yield from check_blanks(value, path, "assistant")
        return
    messages = value
    if isinstance(value, dict) and (path[0] == "input" or "messages" in value):
        messages, path = value.get("messages"), (*path, "messages")
    if not isinstance(messages, list):
        yield Problem("pair_part_invalid", path, {"reason": part, "type": json_type(messages)})
        return
    if not messages:
        yield Problem("pair_part_empty", path, {"reason": part})
        return
    for number, message in enumerate(messages):
        yield from check_message(message, (*path, number), target)
    yield from check_texts(messages, path)
    roles = [message.get("role") if isinstance(message, dict) else None for message in messages]
    if part == "asked" and roles[-1] == "assistant":
        yield Problem("pair_prompt_answered", (*path, len(messages) - 1), {})
    elif part != "asked" and path[0] not in ("chosen", "rejected"):
        if len(messages) > 1:
            yield Problem("pair_answer_long", path, {"reason": part, "count": len(messages)})
        elif is_call(messages[0]):
            yield Problem("pair_answer_calls", (*path, 0), {"reason": part})
        elif roles[0] not in ("assistant", None):
            yield Problem("pair_answer_role", (*path, 0), {"reason": part, "role": str(roles[0])})
    elif part != "asked" and roles[-1] not in ("assistant", None):
        yield Problem(
            "pair_answer_role",
            (*path, len(messages) - 1),
            {"reason": part, "role": str(roles[-1])},
        )


def is_call(message: Any) -> bool:
    """Whether a message calls a tool and says nothing beside it."""
    if not isinstance(message, dict) or isinstance(message.get("content"), str):
        return False
    return bool(message.get("tool_calls") or message.get("function_call"))


def _compare(record: dict[str, Any], preferred: Any, other: Any) -> Iterator[Problem]:
    """Two answers that teach nothing, or that do not answer the same question."""
    if preferred is None or other is None:
        return
    key = next(key for key in PAIR_PARTS["other"] if key in record)
    first, second = _said(preferred), _said(other)
    if first == second:
        yield Problem("pair_answers_equal", (key,), {})
        return
    if _loosely(first) == _loosely(second):
        yield Problem("pair_answers_alike", (key,), {})
        return
    if (
        len(first) > 1
        and len(second) > 1
        and not any(name in record for name in PAIR_PARTS["asked"])
    ):
        shorter = min(first, second, key=len)
        if first[: len(shorter)] == second[: len(shorter)]:
            yield Problem("pair_answer_is_beginning", (key,), {})
        elif _asked(first) != _asked(second):
            yield Problem("pair_questions_differ", (key,), {})


def _said(value: Any) -> list[tuple[str, str]]:
    """An answer as roles and what is said; a content of another form as it is spelled."""
    return [
        (str(message.get("role")), _content(message))
        for message in answer_messages(value)
        if isinstance(message, dict)
    ]


def _content(message: dict[str, Any]) -> str:
    content = message.get("content")
    if isinstance(content, str) and not message.get("tool_calls"):
        return content
    return json.dumps([content, message.get("tool_calls")], sort_keys=True)


def _loosely(said: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """An answer with all blanks alike."""
    return [(role, " ".join(content.split())) for role, content in said]


def _asked(said: list[tuple[str, str]]) -> str | None:
    """The first thing that the user says."""
    return next((content for role, content in said if role == "user"), None)


class SaidInPair(NamedTuple):
    """What a pair says, as roles and texts.

    Attributes:
        asked: What both answers answer, with what they have in common at their beginning.
        preferred: What only the preferred answer says.
        other: What only the other one says.
    """

    asked: list[tuple[str, str]]
    preferred: list[tuple[str, str]]
    other: list[tuple[str, str]]


def said_in_pair(record: dict[str, Any]) -> SaidInPair:
    """Take a pair apart, whatever its spelling."""
    values = {
        part: next((record[key] for key in keys if key in record), None)
        for part, keys in PAIR_PARTS.items()
    }
    preferred, other = _said(values["preferred"]), _said(values["other"])
    shared = 0
    while shared < min(len(preferred), len(other)) - 1 and preferred[shared] == other[shared]:
        shared += 1
    asked = values["asked"]
    given = [("user", asked)] if isinstance(asked, str) else _said(asked)
    return SaidInPair([*given, *preferred[:shared]], preferred[shared:], other[shared:])


_LONGER = 1.1
"""From where on it is said how much longer the answers of one side are."""


def check_pairs(records: Iterable[tuple[int, bytes]]) -> list[SetProblem]:
    """The problems of pairs together: answers that are preferred and rejected, and their lengths.

    Args:
        records: The pairs, each with what names it; other records are passed over.
    """
    members, asked, preferred, other = (array("q") for _ in range(4))
    preferred_length = other_length = 0
    for member, text in records:
        kind, record = read_kind(text)
        if kind is not PREFERENCE or not isinstance(record, dict):
            continue
        said = said_in_pair(record)
        members.append(member)
        asked.append(_hash_said(said.asked))
        preferred.append(_hash_said(said.asked, said.preferred))
        other.append(_hash_said(said.asked, said.other))
        if said.preferred != said.other:
            preferred_length += sum(len(content) for _role, content in said.preferred)
            other_length += sum(len(content) for _role, content in said.other)
    return [
        *_contradictions(members, asked, preferred, other),
        *_lengths(len(members), preferred_length, other_length),
    ]


def _hash_said(*said: list[tuple[str, str]]) -> int:
    """A hash of what is said; blanks around and between words make no difference."""
    return hash_text(json.dumps([_loosely(each) for each in said]))


def _contradictions(
    members: "array[int]", asked: "array[int]", preferred: "array[int]", other: "array[int]"
) -> Iterator[SetProblem]:
    """Pairs of one question in which an answer is preferred here and rejected there."""
    disputed: set[int] = set()
    liked, disliked = set(preferred), set(other)
    for first, second in zip(preferred, other, strict=True):
        # A pair of equal answers is a problem of its own.
        if first != second:
            disputed |= {first} & disliked | {second} & liked
    groups: dict[int, list[int]] = {}
    for member, question, first, second in zip(members, asked, preferred, other, strict=True):
        if first in disputed or second in disputed:
            groups.setdefault(question, []).append(member)
    for group in groups.values():
        yield SetProblem("pairs_contradict", {"count": len(group)}, tuple(group))


def _lengths(pairs: int, preferred: int, other: int) -> Iterator[SetProblem]:
    """How much longer the answers of one side are: a model learns length before all else."""
    shorter, longer = sorted((preferred, other))
    if pairs < 2 or not shorter or longer < _LONGER * shorter:
        return
    share = f"{round(100 * (longer - shorter) / other)}"
    reason = "longer" if preferred > other else "shorter"
    yield SetProblem("pair_lengths", {"reason": reason, "percent": share, "count": pairs})
