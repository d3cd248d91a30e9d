"""Taking keys out of what services say, before anything of it is stored, shown, logged or printed.

A service may send a key back anywhere: in an error, in a good answer, in a header, in a file, split
over the pieces of a streamed answer, written in its own way. `GuardedClient` passes each answer
through here; what is made of errors, and the crash report, pass once more (`redacted`).

Two strengths: a key itself, in every way of writing it (`without_key`, for what may be somebody's
text), and whatever looks like a key as well (`redacted`, for what a service says about itself).
"""

import base64
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any
from urllib.parse import quote

HIDDEN = "[key]"

_SHORTEST = 6
"""A shorter key is no secret; as others that are none it goes out of errors, where it is a word."""
_FEWEST_DIGITS = 16
"""A key of fewer digits and nothing else is no secret: figures would be taken for it."""
_STAND_INS = frozenset(
    (
        *("dummy", "ollama", "lm-studio", "lmstudio", "not-needed", "not_needed", "no-key-needed"),
        *("placeholder", "unused", "nokey", "no-key", "sk-no-key-required", "api-key", "token"),
    )
)
"""What guides tell people to give to servers that ask for no key: names of models hold it, too."""
_SHORTEST_IN_PARTS = 16
"""Half of a key that is at least so long is taken out, too: services cut texts off."""
_SHORTEST_IN_BASE64 = 12

_LOOKS_LIKE_A_KEY = re.compile(
    r"(?i)\b(bearer|api[-_ ]key[:=])\s+[^\s\"',;]+"  # a header that is quoted whole
    r"|\b(?:sk|sess|pk|rk)-[\w*.…-]{6,}"  # a key by its usual beginning, also one half hidden
)
_HOLDS_A_KEY = re.compile(
    r"(?i)(?:api|access|secret|private)[-_ ]?key|authorization|password|bearer"
)

_known: set[str] = set()


def remember_key(key: str) -> None:
    """Take a key out of every text that passes `redacted` in this process from now on."""
    if _is_secret(key):
        _known.add(key)


def _is_secret(key: str) -> bool:
    """Whether a key can be told from other text, and is worth it."""
    if len(key) < _SHORTEST or key.casefold() in _STAND_INS:
        return False
    return not (key.isdigit() and len(key) < _FEWEST_DIGITS)


def redacted(text: str, *keys: str) -> str:
    """The text without the keys, and without whatever else looks like a key.

    Args:
        text: What a server said, or anything made of it.
        keys: The keys that were sent, beside all that this process knows; an empty one counts
            for nothing.
    """
    for key in keys:
        text = without_key(text, key)
        if key and not _is_secret(key):
            text = re.sub(rf"(?<!\w){re.escape(key)}(?!\w)", HIDDEN, text)
    # Of those that were not sent only the whole: a piece of one may be a piece of anything.
    for key in sorted(_known.difference(keys), key=len, reverse=True):
        text = without_key(text, key, also_parts=False)
    return _LOOKS_LIKE_A_KEY.sub(lambda found: f"{found[1]} {HIDDEN}" if found[1] else HIDDEN, text)


def redacted_json(value: Any) -> Any:
    """A JSON value whose sentences, and whose fields for keys, hold nothing that looks like a key.

    Only sentences are looked through: a model or a file may be called sk-something.
    """
    if isinstance(value, str):
        return redacted(value) if " " in value else value
    if isinstance(value, Mapping):
        return {
            name: HIDDEN
            if isinstance(inner, str) and inner and _HOLDS_A_KEY.search(name)
            else redacted_json(inner)
            for name, inner in value.items()
        }
    if isinstance(value, list):
        return [redacted_json(inner) for inner in value]
    return value


def without_key(text: str, key: str, *, also_parts: bool = True) -> str:
    """The text without a key, however it is written there: escaped, in Base64, cut off.

    Args:
        text: Any text.
        key: The key; one that is no secret is in nothing.
        also_parts: Whether half of it goes, too.
    """
    if not _is_secret(key):
        return text
    forms = _forms(key)
    small = _lower(text)
    for form, filler in forms.literal:
        if _lower(form) in small:
            text = re.sub(re.escape(form), filler, text, flags=re.IGNORECASE | re.ASCII)
            small = _lower(text)
    if any(sign in text for sign in ("\\", "%", "&#")):
        text = forms.escaped.sub(HIDDEN, text)
    # What is cut off goes last: else it would leave the rest of the whole.
    for part in forms.parts if also_parts else ():
        text = _without_part(text, part, key)
    return text


def without_key_in_bytes(content: bytes, key: str) -> bytes:
    """The body of an answer without a key; all other bytes, and the encoding, stay as they are."""
    if not _is_secret(key):
        return content
    encoding: str = json.detect_encoding(content)
    if encoding.startswith("utf-8"):
        encoding = "latin-1"  # keys are ASCII: whatever the bytes are, they come back
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError:
        encoding = "latin-1"
        text = content.decode(encoding)
    clean = without_key(text, key)
    return content if clean == text else clean.encode(encoding)


def pieces_without_key(pieces: Iterable[str], key: str) -> Iterator[str]:
    """The pieces of a text that streams, without a key that is split over them.

    What may be the beginning of the key is held back until it is known.
    """
    held = ""
    for piece in pieces:
        held += piece
        begins = len(held) - _beginning_of_key(held, key)
        if begins:
            yield without_key(held[:begins], key)
            held = held[begins:]
    if held:
        yield without_key(held, key)


def _beginning_of_key(text: str, key: str) -> int:
    """The length of the longest end of a text with which a key may begin."""
    if not _is_secret(key):
        return 0
    forms = _forms(key)
    wholes = [_lower(form) for form, _filler in forms.literal]
    wholes += [_lower(part) for part in forms.parts]
    small = _lower(text)
    longest = min(len(text), max(map(len, wholes)))
    for length in range(longest, 0, -1):
        end = small[-length:]
        # A whole one is held, too: as part of a longer one it may go on.
        if any(whole.startswith(end) for whole in wholes):
            return length
    return 0


class _Forms:
    """How a key may be written.

    Attributes:
        literal: Texts that hold the whole key, with what takes their place.
        escaped: Each of its letters, any of them escaped as JSON, addresses or HTML do.
        parts: Its halves, if it is long enough for them to tell anything.
    """

    def __init__(self, key: str) -> None:
        self.literal = [(form, HIDDEN) for form in dict.fromkeys((key, quote(key, safe="")))]
        self.literal.append((key.encode().hex(), HIDDEN))
        if len(key) >= _SHORTEST_IN_BASE64:
            # Base64 stays Base64 of a text, "UUU", wherever it begins: its reader wants the rest.
            self.literal += [(form, "V" * len(form)) for form in _in_base64(key.encode())]
        self.escaped = re.compile("".join(map(_escaped, key)), re.IGNORECASE | re.ASCII)
        half = len(key) // 2
        self.parts = (key[:half], key[half:]) if len(key) >= _SHORTEST_IN_PARTS else ()


@lru_cache(maxsize=32)
def _forms(key: str) -> _Forms:
    return _Forms(key)


def _in_base64(key: bytes) -> list[str]:
    """The letters that only a key can have in Base64, by where it begins; in both alphabets."""
    found = []
    for before in range(3):
        text = base64.b64encode(b"\0" * before + key).decode()
        inner = text[(0, 2, 3)[before] : (before + len(key)) * 8 // 6]
        found += [inner, inner.translate(str.maketrans("+/", "-_"))]
    return list(dict.fromkeys(found))


def _escaped(letter: str) -> str:
    """A pattern for a letter, plain or escaped, also twice."""
    number = ord(letter)
    return (
        rf"(?:\\*{re.escape(letter)}|\\+u00{number:02x}|\\+x{number:02x}|%(?:25)*{number:02x}"
        rf"|&#0*{number};|&#x0*{number:x};)"
    )


def _without_part(text: str, part: str, key: str) -> str:
    """The text without a half of a key and what stands beside it of the other half."""
    small, whole, part = _lower(text), _lower(key), _lower(part)
    pieces, at = [], 0
    while (begin := small.find(part, at)) >= 0:
        end = begin + len(part)
        before = whole.index(part)
        after = before + len(part)
        while before and begin > at and small[begin - 1] == whole[before - 1]:
            begin, before = begin - 1, before - 1
        while after < len(whole) and end < len(small) and small[end] == whole[after]:
            end, after = end + 1, after + 1
        pieces += [text[at:begin], HIDDEN]
        at = end
    return "".join([*pieces, text[at:]])


_TO_LOWER = {upper: upper + 32 for upper in range(ord("A"), ord("Z") + 1)}


def _lower(text: str) -> str:
    """The text with small letters, as long as it was: keys are ASCII, and so is what counts."""
    return text.lower() if text.isascii() else text.translate(_TO_LOWER)
