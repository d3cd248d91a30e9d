"""Where a JSON value ends, found by the fast parser of the standard library.

It is more tolerant than `examples.json_text`: NaN passes, and so do raw control characters within
a line. Here only the extent of a record is wanted; what is wrong inside is the checks' affair.
"""

from enum import Enum
from json import JSONDecodeError, JSONDecoder

_STRICT = JSONDecoder(parse_int=float)  # int() refuses numbers of over 4,300 digits
_TOLERANT = JSONDecoder(parse_int=float, strict=False)
_NEAR = 12
"""An error so near the end may come from a word or escape that was cut in two there."""


class Extent(Enum):
    """How a value ends."""

    WHOLE = 1
    CUT_OFF = 2  # the text ends before the value does
    BROKEN = 3  # it is no JSON, whatever may follow


def value_end(text: str, at: int) -> tuple[Extent, int]:
    """Whether a value stands at `at`, and where it ends, or else where it breaks."""
    try:
        return Extent.WHOLE, _STRICT.raw_decode(text, at)[1]
    except JSONDecodeError as error:
        if error.msg.startswith("Unterminated"):
            return Extent.CUT_OFF, len(text)
        if error.msg.startswith("Invalid control") and text[error.pos] not in "\r\n":
            return _tolerant_end(text, at, error.pos)
        near = error.pos > len(text) - _NEAR
        return Extent.CUT_OFF if near else Extent.BROKEN, error.pos
    except (RecursionError, ValueError):
        return Extent.BROKEN, at


def _tolerant_end(text: str, at: int, control: int) -> tuple[Extent, int]:
    try:
        end = _TOLERANT.raw_decode(text, at)[1]
    except (RecursionError, ValueError):
        return Extent.BROKEN, control
    # Over several lines a string that lacks its end would swallow what follows.
    whole = "\n" not in text[at:end]
    return (Extent.WHOLE, end) if whole else (Extent.BROKEN, control)
