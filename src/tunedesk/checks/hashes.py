"""Hashes of a conversation, by which the data set's rules find what stands in it twice.

They are the same in every process and on every machine: the first 64 bits of BLAKE2b. Key order,
spacing and escapes of the JSON make no difference, and neither does a weight to the question and
the answer.
"""

import json
from hashlib import blake2b
from struct import Struct
from typing import Any, NamedTuple

import orjson

_signed = Struct("<q").unpack
_BITS = (1 << 64) - 1
_MARK = "\x1e"


class Hashes(NamedTuple):
    """The hashes of one conversation, as signed 64-bit numbers.

    Attributes:
        fingerprint: Of all of it.
        question: Of what stands before the last assistant answer; None without an answer.
        answer: Of that answer; None without one.
        system: Of the first system prompt; None without one.
    """

    fingerprint: int
    question: int | None
    answer: int | None
    system: int | None


def hash_text(text: str) -> int:
    """The hash of a text."""
    number: int = _signed(blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest())[0]
    return number


def plain_hashes(roles: str, contents: list[str]) -> Hashes:
    """The hashes of a conversation of plain texts.

    Args:
        roles: One letter a message.
        contents: The text of each message.
    """
    system = hash_text(contents[roles.index("s")]) if "s" in roles else None
    last = roles.rfind("a")
    if last < 0:
        return Hashes(hash_text(roles + _MARK + _MARK.join(contents)), None, None, system)
    question = hash_text(roles[:last] + _MARK + _MARK.join(contents[:last]))
    answer = hash_text(contents[last])
    fingerprint = _mixed(question, answer)
    if last + 1 < len(roles):
        rest = roles[last + 1 :] + _MARK + _MARK.join(contents[last + 1 :])
        fingerprint = _mixed(fingerprint, hash_text(rest))
    return Hashes(fingerprint, question, answer, system)


def conversation_hashes(record: dict[str, Any], roles: str) -> Hashes | None:
    """The hashes of a chat example of any shape; None if it has no messages.

    A conversation of plain texts has those of `plain_hashes`.
    """
    messages = record.get("messages")
    if not isinstance(messages, list) or not messages:
        return None
    contents = [_content(message) for message in messages]
    hashes = plain_hashes(roles, contents)
    around = [record.get(key) for key in ("tools", "functions")]
    if any(around):
        declared = hash_text(_spelled(around))
        question = None if hashes.question is None else _mixed(hashes.question, declared)
        fingerprint = _mixed(hashes.fingerprint, declared)
        hashes = hashes._replace(fingerprint=fingerprint, question=question)
    weights = [m.get("weight") if isinstance(m, dict) else None for m in messages]
    if any(weight is not None for weight in weights):
        fingerprint = _mixed(hashes.fingerprint, hash_text(_spelled(weights)))
        hashes = hashes._replace(fingerprint=fingerprint)
    return hashes


def _content(message: Any) -> str:
    """What a message says: its text, or all of it where there is more than a text."""
    if isinstance(message, dict):
        content = message.get("content")
        if isinstance(content, str) and message.keys() <= {"role", "content", "weight"}:
            return content
        message = {key: value for key, value in message.items() if key != "weight"}
    return _MARK + _spelled(message)


def _spelled(value: Any) -> str:
    try:
        return orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()
    except TypeError:
        # Half a surrogate pair or a very long number.
        return json.dumps(value, sort_keys=True, separators=(",", ":"))


def _mixed(first: int, second: int) -> int:
    """One number of two; the order matters."""
    mixed = ((first * 0x9E3779B97F4A7C15) ^ (second * 0xC2B2AE3D27D4EB4F) ^ (first >> 29)) & _BITS
    return mixed - (1 << 64) if mixed >> 63 else mixed
