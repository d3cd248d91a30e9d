"""Keys taken out of text: servers echo them back, and no text of ours may hold one."""

import re
from urllib.parse import quote

HIDDEN = "[key]"

_SHORTEST = 6
_LOOKS_LIKE_A_KEY = re.compile(
    r"(?i)\b(bearer|api[-_ ]key[:=])\s+[^\s\"',;]+"  # a header that is quoted whole
    r"|\b(?:sk|sess|pk|rk)-[\w*.…-]{6,}"  # a key by its usual beginning, also one half hidden
)


def redacted(text: str, *keys: str) -> str:
    """The text without the keys, and without whatever else looks like a key.

    Args:
        text: What a server said, or anything made of it.
        keys: The keys that were sent; an empty one counts for nothing.
    """
    for key in keys:
        for form in {key, quote(key, safe=""), key.replace("/", "\\/")}:
            if len(form) >= _SHORTEST:
                text = text.replace(form, HIDDEN)
            elif form:
                text = re.sub(rf"(?<!\w){re.escape(form)}(?!\w)", HIDDEN, text)
    return _LOOKS_LIKE_A_KEY.sub(lambda found: f"{found[1]} {HIDDEN}" if found[1] else HIDDEN, text)
