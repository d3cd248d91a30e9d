"""Hashes of an example, by which the data set's rules find what stands in it twice.

They are the same in every process and on every machine: XXH3, 64 bits. Key order, spacing and
escapes of the JSON make no difference, and neither does a weight to the question and the answer.
"""

import json
from typing import Any, NamedTuple

import orjson
from xxhash import xxh3_64_intdigest

SEPARATOR = "\x1e"
"""Stands between the messages in what is hashed; the record separator of ASCII."""

_TOP = 1 << 63
_ALL = 1 << 64


class Hashes(NamedTuple):
    """The hashes of one conversation, as signed 64-bit numbers.

    Attributes:
        fingerprint: Of all of it; None where no doubles are looked for.
        question: Of what stands before the last assistant answer; None without an answer.
        answer: Of that answer; None without one.
        system: Of the first system prompt; None without one.
    """

    fingerprint: int | None
    question: int | None
    answer: int | None
    system: int | None


NO_HASHES = Hashes(None, None, None, None)


def hash_bytes(data: bytes) -> int:
    """The signed hash of some bytes."""
    number = xxh3_64_intdigest(data)
    return number - _ALL if number >= _TOP else number


def hash_text(text: str) -> int:
    """The signed hash of a text."""
    return hash_bytes(text.encode("utf-8", "surrogatepass"))


def plain_hashes(roles: str, contents: list[str]) -> Hashes:
    """The hashes of a conversation of plain texts.

    Args:
        roles: One letter a message.
        contents: The text of each message.
    """
    system = hash_text(contents[roles.index("s")]) if "s" in roles else None
    fingerprint = hash_text(SEPARATOR.join((roles, *contents)))
    last = roles.rfind("a")
    if last < 0:
        return Hashes(fingerprint, None, None, system)
    question = hash_text(SEPARATOR.join((roles[: last + 1], *contents[:last])))
    return Hashes(fingerprint, question, hash_text(contents[last]), system)


def conversation_hashes(record: dict[str, Any], messages: list[Any], roles: str) -> Hashes:
    """The hashes of a conversation of any shape; one of plain texts has those of `plain_hashes`.

    Args:
        record: The example.
        messages: Its messages; there is at least one.
        roles: One letter a message.
    """
    hashes = plain_hashes(roles, [_content(message) for message in messages])
    declared = [record.get(key) for key in ("tools", "functions")]
    if any(declared):
        tools = _spelled(declared)
        question = None if hashes.question is None else _with(hashes.question, tools)
        hashes = hashes._replace(fingerprint=_with(hashes.fingerprint, tools), question=question)
    weights = [m.get("weight") if isinstance(m, dict) else None for m in messages]
    if any(weight is not None for weight in weights):
        hashes = hashes._replace(fingerprint=_with(hashes.fingerprint, _spelled(weights)))
    return hashes


def record_hashes(record: dict[str, Any]) -> Hashes:
    """The hash of a record as a whole, for kinds that are compared in no other way."""
    return Hashes(hash_text(_spelled(record)), None, None, None)


def _content(message: Any) -> str:
    """What a message says: its text, or all of it where there is more than a text."""
    if isinstance(message, dict):
        content = message.get("content")
        if isinstance(content, str) and message.keys() <= {"role", "content", "weight"}:
            return content
        message = {key: value for key, value in message.items() if key != "weight"}
    return SEPARATOR + _spelled(message)


def _spelled(value: Any) -> str:
    try:
        return orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()
    except TypeError:
        # Half a surrogate pair or a very long number.
        return json.dumps(value, sort_keys=True, separators=(",", ":"))


def _with(number: int | None, text: str) -> int:
    """The hash of a hash and a text."""
    return hash_text(f"{number}{SEPARATOR}{text}")
