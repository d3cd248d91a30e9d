"""What a service says of a training file: which lines it names, and what is wrong with one.

OpenAI checks files with pydantic and sends on its texts, such as `message 3, key "content": Input
should be a valid string` (facts 2.6); other servers of the API do the same. The texts are those of
pydantic's page on validation errors.
"""

import re
from typing import NamedTuple

from tunedesk.i18n import _
from tunedesk.project.run_records import Part

_MOST = 1000
"""A text that names more lines than this is not read to its end."""

_REFERENCE = re.compile(
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


class FileReference(NamedTuple):
    """A line of a training file, as a text names it.

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


def find_file_references(text: str) -> list[FileReference]:
    """The parts of files that a text names, in its order, each once.

    Read are OpenAI's wordings, `Line 1, message 3, key "content": …`, the older `Example 100,
    message 2 …` and `Flagged lines: 4, 13, …`, and this program's own `Line 7: …` and
    `Left out line 7 of the validation file: message 2, …`.
    """
    part: Part = "validation" if "validation file" in text.casefold() else "training"
    found: list[tuple[int, FileReference]] = []
    for match in _REFERENCE.finditer(text):
        message = match["message"]
        reference = FileReference(
            int(match["line"]),
            int(message) if message is not None else None,
            match["key"] or "",
            part,
        )
        found.append((match.start(), reference))
    for match in _LISTED.finditer(text):
        for first, last in _ONE_OR_RANGE.findall(match["list"]):
            lines = range(int(first), int(last or first) + 1)
            found += [(match.start(), FileReference(line, part=part)) for line in lines[:_MOST]]
    found.sort(key=lambda each: each[0])
    references = (reference for _start, reference in found if reference.line > 0)
    return list(dict.fromkeys(references))[:_MOST]


_KEY = re.compile(r"""key\s+["'`](?P<key>[^"'`]{1,60})["'`]""")


def explain_example_error(text: str) -> str:
    """What is wrong with the example that a text is about, in a sentence; empty: not known."""
    small = text.casefold()
    found = _KEY.search(text)
    key = found["key"] if found else ""
    for phrases, sentence, sentence_with_key in _known_errors():
        if any(phrase in small for phrase in phrases):
            return sentence_with_key.format(key=key) if key and sentence_with_key else sentence
    return ""


def _known_errors() -> tuple[tuple[tuple[str, ...], str, str], ...]:
    """Phrases of services, the sentence for them, and that with a key, if it tells more.

    The special ones come first.
    """
    return (
        (
            ("discriminator 'role'", "tag found using 'role'"),
            _("A message does not say whose it is: system, user, assistant or tool."),
            "",
        ),
        (
            ("field required", "missing required"),
            _("A part is missing that every example must have."),
            _("The part “{key}” is missing."),
        ),
        (
            ("valid string", "expected string", "not of type 'string'", "must be a string"),
            _("There is something else where a text must stand."),
            _("“{key}” must be a text, and is something else."),
        ),
        (
            ("valid list", "valid array", "not of type 'array'", "must be an array"),
            _("There is something else where a list must stand."),
            _("“{key}” must be a list, and is something else."),
        ),
        (
            ("valid dictionary", "not of type 'object'", "must be an object"),
            _("There is something else where an object of JSON must stand."),
            _("“{key}” must be an object of JSON, and is something else."),
        ),
        (
            ("extra inputs are not permitted", "additional properties are not allowed"),
            _("It has a part that the service does not know."),
            _("It has the part “{key}”, which the service does not know."),
        ),
        (
            ("last message must be from the assistant", "must end with an assistant"),
            _("It does not end with an answer of the assistant."),
            "",
        ),
        (
            ("invalid json", "not valid json", "json decode", "expecting value"),
            _("The line is not valid JSON."),
            "",
        ),
        (
            ("maximum context length", "too many tokens", "token limit", "exceeds the maximum"),
            _("It is too long for the base model."),
            "",
        ),
    )
