"""The lines of a training file that a service names in a text: what a link to an example needs."""

import re
from typing import NamedTuple

from tunedesk.project.run_records import Part

_MOST = 1000
"""A text that names more lines than this is not read to its end."""

_PLACE = re.compile(
    r"""(?i)\b(?:line|example|row|record)\s+\#?(?P<line>\d{1,9})\b
        (?!\s*(?:examples?|lines?|of\s+\d+\s+examples))   # not a count
        (?:\s+of\s+the\s+(?:training|validation)\s+file)?
        (?:\s*[,:]?\s*message\s+\#?(?P<message>\d{1,6})\b)?
        (?:\s*[,:]?\s*key\s+["'`](?P<key>[^"'`]{1,100})["'`])?""",
    re.VERBOSE,
)
_LISTED = re.compile(
    r"(?i)\b(?:lines|examples|rows|records)\s*(?:numbers?\s*)?:?\s+"
    r"(?P<list>\d{1,9}(?:\s*(?:,\s*and|,|and|-|–|to)\s*\d{1,9})*)"
)
_ONE_OR_RANGE = re.compile(r"(\d{1,9})(?:\s*(?:-|–|to)\s*(\d{1,9}))?")


class Place(NamedTuple):
    """A place in a training file, as a text names it.

    Attributes:
        line: The line, counted from 1.
        message: The message in it, counted as the service counts; None: it names none. OpenAI
            has been seen to count from 0 and from 1.
        key: The key in it; empty: it names none.
        part: The file that it is in: "training" or "validation".
    """

    line: int
    message: int | None = None
    key: str = ""
    part: Part = "training"


def places_in(text: str) -> list[Place]:
    """The places that a text names, in its order, each once.

    Read are OpenAI's wordings, `Line 1, message 3, key "content": …`, the older `Example 100,
    message 2 …` and `Flagged lines: 4, 13, …`, and this program's own `Line 7: …` and
    `Left out line 7 of the validation file: message 2, …`.
    """
    part: Part = "validation" if "validation file" in text.casefold() else "training"
    found: list[tuple[int, Place]] = []
    for match in _PLACE.finditer(text):
        message = match["message"]
        place = Place(
            int(match["line"]),
            int(message) if message is not None else None,
            match["key"] or "",
            part,
        )
        found.append((match.start(), place))
    for match in _LISTED.finditer(text):
        for first, last in _ONE_OR_RANGE.findall(match["list"]):
            lines = range(int(first), int(last or first) + 1)
            found += [(match.start(), Place(line, part=part)) for line in lines[:_MOST]]
    found.sort(key=lambda each: each[0])
    places = (place for _start, place in found if place.line > 0)
    return list(dict.fromkeys(places))[:_MOST]
