"""What services say is wrong with one example, in plain words.

OpenAI checks files with pydantic and sends on its texts, such as `message 3, key "content": Input
should be a valid string` (facts 2.6); other servers of the API do the same. The texts are those of
pydantic's page on validation errors.
"""

import re

from tunedesk.i18n import _

_KEY = re.compile(r"""key\s+["'`](?P<key>[^"'`]{1,60})["'`]""")


def fault_in(text: str) -> str:
    """What is wrong with the example that a text is about, in a sentence; empty: not known."""
    small = text.casefold()
    found = _KEY.search(text)
    key = found["key"] if found else ""
    for phrases, sentence, sentence_with_key in _faults():
        if any(phrase in small for phrase in phrases):
            return sentence_with_key.format(key=key) if key and sentence_with_key else sentence
    return ""


def _faults() -> tuple[tuple[tuple[str, ...], str, str], ...]:
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
