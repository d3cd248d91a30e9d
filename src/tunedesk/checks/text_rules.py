"""Rules for the text itself: damaged letters, control characters, templates left unfilled.

House rules: none of these is refused by a service; each teaches the model something unwanted.
"""

import re
from collections.abc import Iterator
from typing import Any

from tunedesk.checks import mojibake
from tunedesk.checks.problem import Problem
from tunedesk.examples.json_text import Path

REPLACEMENT = "\ufffd"
CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f]")
"""Control characters but tab, line feed, carriage return and next line."""

SURROGATES = re.compile("[\ud800-\udfff]")
# {{name}} of Mustache, Jinja and Handlebars: a name, perhaps of several words, with dots, a filter,
# or #, / and ^ before it. Code has {{ too, so only a name may stand inside, and code is left out.
PLACEHOLDER = re.compile(
    r"(?<![\w{}$\\])\{\{\s{0,3}[#/^>]?\s{0,3}[^\W\d][\w.-]{0,60}(?:[ ][^\W\d][\w.-]{0,60}){0,3}"
    r"(?:\s?\|\s?\w{1,60})?\s{0,3}\}\}(?!\})"
)
# What letters from templates have: [Your Name], [insert date], <YOUR_KEY>.
PERHAPS_PLACEHOLDER = re.compile(
    r"\[(?:your|insert|enter|add)\s[^\]\[\n]{1,40}\](?!\()|<(?:your|insert)[_ ][\w ]{1,40}>",
    re.IGNORECASE,
)
_CODE = re.compile(r"```.*?(?:```|\Z)|`[^`\n]*`", re.DOTALL)
SPECIAL_TOKEN = re.compile(
    r"<\|(?:endoftext|endofprompt|fim_prefix|fim_middle|fim_suffix|startoftext|im_start|im_end"
    r"|im_sep|start|end|message|channel|call|return|constrain|begin_of_text|end_of_text|eot_id"
    r"|start_header_id|end_header_id|system|user|assistant)\|>|<(?:start|end)_of_turn>|\[/?INST\]"
)
_SUSPECT = re.compile(
    f"[\x00-\x08\x0b\x0c\x0e-\x1d\x1f\x7f-\x9f\ufffd\ud800-\udfffÃÂ€{re.escape(mojibake.TELLING)}]"
)
_DAMAGED = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1d\x1f\x7f-\x9f\ufffd\ud800-\udfff]|" + mojibake.HINT.pattern
)
_BRACKETED = re.compile(f"{PERHAPS_PLACEHOLDER.pattern}|{SPECIAL_TOKEN.pattern}", re.IGNORECASE)


def is_plain_text(text: str, rare: str | None = None) -> bool:
    """Whether no rule for characters can have anything to say: the quick look.

    The record separator U+001E is passed over, so that several texts joined by it can be looked at
    in one go.

    Args:
        text: The text.
        rare: Its characters that are not in HARMLESS_ASCII, if they are known: there are few, and
            looking at them alone is quicker.
    """
    if "{" in text and "{{" in text:
        return False
    if ("<" in text or "[" in text) and _BRACKETED.search(text):
        return False
    # One class of characters is searched for quickly; most texts have none of them.
    if _SUSPECT.search(text if rare is None else rare) is None:
        return True
    # What damage consists of is rare throughout, so what stands together in the text stands
    # together among its rare characters.
    if rare is not None and _DAMAGED.search(rare) is None:
        return True
    return _DAMAGED.search(text) is None


HARMLESS_ASCII = bytes(code for code in range(0x20, 0x7F) if chr(code) not in "{[<") + b"\t\n\r"
"""A text of nothing but these has no problem that `is_plain_text` looks for."""


def check_texts(messages: list[Any]) -> Iterator[Problem]:
    """The problems of all texts of an example."""
    for number, message in enumerate(messages):
        if not isinstance(message, dict):
            continue
        path: Path = ("messages", number)
        role = message.get("role")
        content = message.get("content")
        if isinstance(content, str):
            yield from check_text(content, (*path, "content"))
            yield from check_blanks(content, (*path, "content"), role)
        elif isinstance(content, list):
            for index, part in enumerate(content):
                if isinstance(part, dict) and isinstance(part.get("text"), str):
                    yield from check_text(part["text"], (*path, "content", index, "text"))
        if isinstance(message.get("refusal"), str):
            yield from check_text(message["refusal"], (*path, "refusal"))


def check_text(text: str, path: Path) -> Iterator[Problem]:
    """The problems of one text."""
    if is_plain_text(text) and "\x1e" not in text:
        return
    if REPLACEMENT in text:
        yield Problem("replacement_character", path, {"count": text.count(REPLACEMENT)})
    piece = mojibake.find_mojibake(text)
    if piece is not None:
        yield Problem("mojibake", path, {"found": piece[0][:30], "meant": piece[1][:30]})
    controls = [] if piece is not None else CONTROLS.findall(text)
    if controls:
        code = f"U+{ord(controls[0]):04X}"
        yield Problem("control_character", path, {"code": code, "count": len(controls)})
    yield from _check_placeholders(text, path)
    special = SPECIAL_TOKEN.search(text) if "<" in text or "INST]" in text else None
    if special is not None:
        yield Problem("special_token_text", path, {"text": special.group()})


def check_blanks(text: str, path: Path, role: Any) -> Iterator[Problem]:
    """Blanks or line breaks before or after a text; what tools give back is left alone."""
    if role in ("tool", "function") or not text.strip():
        return
    before, after = text != text.lstrip(), text != text.rstrip()
    if before or after:
        where = "both" if before and after else "before" if before else "after"
        yield Problem("blanks_around", path, {"where": where})


def _check_placeholders(text: str, path: Path) -> Iterator[Problem]:
    found = [
        code
        for code, pattern, mark in (
            ("placeholder", PLACEHOLDER, "{{"),
            ("placeholder_perhaps", PERHAPS_PLACEHOLDER, ""),
        )
        if mark in text and pattern.search(text)
    ]
    if not found:
        return
    # In code such brackets are the thing itself.
    prose = _CODE.sub("`", text)
    for code in found:
        match = (PLACEHOLDER if code == "placeholder" else PERHAPS_PLACEHOLDER).search(prose)
        if match is not None:
            yield Problem(code, path, {"text": match.group()[:60]})
