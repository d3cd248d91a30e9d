"""Rules for the text itself: damaged letters, control characters, templates left unfilled.

House rules: none of these is refused by a service; each teaches the model something unwanted.
"""

import re
from collections.abc import Iterator
from typing import Any

from tunedesk.checks import mojibake
from tunedesk.checks.chat_templates import (
    THOUGHT_TAG,
    find_loose_tag,
    split_thoughts,
    template_family,
)
from tunedesk.checks.problem import Problem
from tunedesk.examples.json_text import Path
from tunedesk.examples.kinds.kind import says_nothing

REPLACEMENT = "\ufffd"
CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f]")
"""Control characters but tab, line feed, carriage return and next line."""

_LINE_BREAKS = re.compile("\r?\n?[\x0b\x0c]\r?\n?")
"""Line breaks and page breaks of a word processor, with the line end beside them."""
_COLOURS = re.compile(r"\x1b\[[0-9;]{0,20}[A-Za-z]")
"""What terminals take for colours."""
_PARTING = re.compile("[\x1c-\x1f]")
"""Control characters that part records or syllables; between two words they stay: nobody
can tell what has to stand there."""
_REMOVABLE = re.compile("[\x00-\x08\x0e-\x1f\x7f]+")
"""Control characters that never were letters."""
WINDOWS_LETTERS = {
    chr(code): bytes([code]).decode("windows-1252")
    for code in range(0x80, 0xA0)
    if code not in (0x81, 0x8D, 0x8F, 0x90, 0x9D)
}
"""The letters of Windows-1252 where Latin-1 has control characters; five have none."""
WINDOWS_LETTERS_BY_CODE = str.maketrans(WINDOWS_LETTERS)
_TAIL_OF_UTF8 = re.compile(
    "\x80[\x90-\xa6\xb0-\xba]|\x82[\xa0-\xbf]|\x84[\x80-\xa2]|\x86[\x90-\x9f]"
)
"""Dashes, quotation marks, dots, currencies and signs without their first byte, 0xE2."""

SURROGATES = re.compile("[\ud800-\udfff]")
# {{name}} of Mustache, Jinja and Handlebars: a name, perhaps of several words, with dots, a filter,
# or #, / and ^ before it. Code has {{ too, so only a name may stand inside, and code is left out.
PLACEHOLDER = re.compile(
    r"(?<![\w{}$\\])\{\{\s{0,3}[#/^>]?\s{0,3}[^\W\d][\w.-]{0,60}(?:[ ][^\W\d][\w.-]{0,60}){0,3}"
    r"(?:\s?\|\s?\w{1,60})?\s{0,3}\}\}(?!\})"
)
_FILLED_IN = (
    "names?|surname|date|day|time|month|year|address|street|city|town|country|phone|e-?mail"
    "|numbers?|amount|price|sum|total|company|organi[sz]ation|employer|department|team|position"
    "|title|signature|products?|items?|parts?|services?|model|brand|link|url|website|topic|subject"
    "|reason|details?|sentence|paragraph|text|id|code|placeholder|customer|client|recipient|sender"
    "|manager|doctor|patient|location|place|venue|deadline|duration|quantity|percentage"
    "|tbd|todo|xxx?|fill in|datum|adresse|firma|betrag|nummer|anrede|unterschrift"
)
# What letters from templates have: [Your Name], [insert date], <YOUR_KEY>, [customer name],
# [ORDER_ID]; no links, no footnotes, nothing behind a word or a bracket, as in code.
PERHAPS_PLACEHOLDER = re.compile(
    # Looking back behind the bracket lets the search jump from bracket to bracket.
    r"\[(?<![\w\]\\$)!]\[)(?:(?:your|insert|enter|add)\s[^\]\[\n]{1,40}"
    rf"|(?:[^\W\d_][\w'’/-]{{0,20}}[ ]){{0,4}}(?:\w{{0,12}}(?:name|number|nummer)|{_FILLED_IN})"
    r"(?:[ ](?:of|here|for|in|and|or)[ ]?[\w'’ -]{0,30})?"
    r"|(?-i:[A-Z]{2,20}(?:_[A-Z0-9]{1,20}){1,4}))\](?![(\[:])"
    r"|<(?<![\w<&]<)(?:(?:your|insert)[_ ][\w ]{1,40}"
    # In these brackets a single small word may be a tag of HTML, or a part of a command.
    rf"|(?:[^\W\d_][\w'’/-]{{0,20}}[ ]){{1,4}}(?:\w{{0,12}}(?:name|number|nummer)|{_FILLED_IN})"
    rf"|(?-i:[A-Z]{{2,20}}(?:[_ -][A-Z0-9]{{1,20}}){{1,4}}|(?=[A-Z]+>)(?i:{_FILLED_IN})))>",
    re.IGNORECASE,
)
_CODE = re.compile(r"```.*?(?:```|\Z)|`[^`\n]*`", re.DOTALL)
SPECIAL_TOKEN = re.compile(
    r"<\|(?:endoftext|endofprompt|fim_prefix|fim_middle|fim_suffix|startoftext|im_start|im_end"
    r"|im_sep|im_user|im_assistant|im_system|im_middle|start|end|message|channel|call|return"
    r"|constrain|begin_of_text|end_of_text|eot_id|eom_id|eot|eom|start_header_id|end_header_id"
    r"|header_start|header_end|start_of_role|end_of_role|end_of_turn|system|user|assistant|tool"
    r"|prompter|observation|python_tag|pad|(?:START|END)_OF_TURN_TOKEN"
    r"|(?:SYSTEM|USER|CHATBOT)_TOKEN)\|>"
    r"|<\|(?:turn|channel|tool_call|tool_response)>|<(?:turn|channel|tool_call|tool_response)\|>"
    r"|<(?:start|end)_of_turn>|<seed:[be]os>|<[be]os>|\[\|(?:system|user|assistant|endofturn)\|\]"
    r"|<｜(?:User|Assistant|(?:begin|end)▁of▁sentence)｜>"
    r"|\[/?(?:INST|SYSTEM_PROMPT|AVAILABLE_TOOLS|TOOL_RESULTS)\]|\[TOOL_CALLS\]|<</?SYS>>"
    r"|</s>(?=\s{0,20}(?:\x1e|\Z))"
)
"""What stands in a text for a token of a template; `</s>` only at the end, where HTML has none."""

_END_MARKS = re.compile(
    r"(?:\s{0,20}(?:</s>|<\|(?:endoftext|im_end|eot_id|eom_id|eot|end|return|end_of_text"
    r"|end_of_turn|END_OF_TURN_TOKEN)\|>|<end_of_turn>|<turn\|>|<(?:seed:)?eos>|\[\|endofturn\|\]"
    r"|<｜end▁of▁sentence｜>)){1,4}\s{0,20}\Z"
)
"""The marks by which templates end a turn, at the end of a text."""
_SUSPECT = re.compile(
    f"[\x00-\x08\x0b\x0c\x0e-\x1d\x1f\x7f-\x9f\ufffd\ud800-\udfffÃÂ€{re.escape(mojibake.TELLING)}]"
)
_DAMAGED = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1d\x1f\x7f-\x9f\ufffd\ud800-\udfff]|" + mojibake.HINT.pattern
)
_BRACKETED = re.compile(
    f"{PERHAPS_PLACEHOLDER.pattern}|{SPECIAL_TOKEN.pattern}|{THOUGHT_TAG.pattern}", re.IGNORECASE
)


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
    if ("<" in text or "[" in text or "◁" in text) and _BRACKETED.search(text):
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


def without_code(text: str) -> str:
    """The text with a mark in place of its code, in which brackets and tags are themselves."""
    return _CODE.sub("`", text)


def check_texts(messages: list[Any], at: Path = ("messages",)) -> Iterator[Problem]:
    """The problems of all texts of an example.

    Args:
        messages: Its messages.
        at: Where they stand.
    """
    for number, message in enumerate(messages):
        if not isinstance(message, dict):
            continue
        path: Path = (*at, number)
        role = message.get("role")
        content = message.get("content")
        if isinstance(content, str):
            yield from check_text(content, (*path, "content"))
            yield from check_blanks(content, (*path, "content"), role)
            if role == "assistant":
                yield from check_thoughts(content, (*path, "content"), message)
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
        found = {"code": code, "count": len(controls)}
        if any(control in WINDOWS_LETTERS for control in controls):
            found["reason"] = "windows"
        yield Problem("control_character", path, found)
    yield from _check_placeholders(text, path)
    special = SPECIAL_TOKEN.search(text) if "<" in text or "[" in text else None
    if special is not None and special.group() == "</s>" and "<s>" in text[1:]:
        special = None  # HTML strikes out between these
    family = None if special is None else template_family(without_code(text))
    if family is not None:
        yield Problem("templated_text", path, {"family": family})
    elif special is not None:
        yield Problem("special_token_text", path, {"text": special.group()})


def check_thoughts(
    text: str, path: Path, message: dict[str, Any] | None = None
) -> Iterator[Problem]:
    """Thoughts that are closed and were never opened, or opened and never closed; or well in text.

    Args:
        text: The answer.
        path: Where it stands.
        message: The message whose text it is, if it is one: its thoughts may have a field.
    """
    if ("<" in text or "[" in text or "◁" in text) and THOUGHT_TAG.search(text):
        loose = find_loose_tag(without_code(text))
        if loose is not None:
            yield Problem(f"thoughts_{loose.defect}", path, {"tag": loose.tag})
        elif message is not None and "reasoning_content" not in message:
            thoughtful = split_thoughts(text)
            if thoughtful is not None and (thoughtful.answer or message.get("tool_calls")):
                yield Problem("thoughts_in_text", path, {})


def without_end_marks(text: str) -> str:
    """The text without the marks of a template at its end, if it has no others."""
    stripped = _END_MARKS.sub("", text)
    # HTML strikes out between <s> and </s>.
    return text if SPECIAL_TOKEN.search(stripped) or "<s>" in stripped else stripped


def windows_letters(text: str) -> str:
    """The text with controls turned into the letters and line breaks that they were.

    Other controls are taken out, but for those that part two words.

    Windows-1252 has letters where Latin-1 has these controls. Of a dash or quotation mark in UTF-8
    (three bytes) the last two are left where the first was lost.
    """
    text = _TAIL_OF_UTF8.sub(_whole_letter, text)
    if any(control in WINDOWS_LETTERS for control in CONTROLS.findall(text)):
        text = text.translate(WINDOWS_LETTERS_BY_CODE)
    text = _COLOURS.sub("", _LINE_BREAKS.sub("\n", text))
    return _REMOVABLE.sub(_what_parts, text)


def _what_parts(controls: re.Match[str]) -> str:
    """Of some control characters those that part the words beside them."""
    before = controls.string[max(0, controls.start() - 1) : controls.start()]
    after = controls.string[controls.end() : controls.end() + 1]
    if not before.strip() or not after.strip():
        return ""
    return "".join(_PARTING.findall(controls[0]))


def _whole_letter(tail: re.Match[str]) -> str:
    return (b"\xe2" + tail.group().encode("latin-1")).decode()


def check_blanks(text: str, path: Path, role: Any) -> Iterator[Problem]:
    """Blanks or line breaks before or after a text; what tools give back is left alone."""
    if role in ("tool", "function") or says_nothing(text):
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
    prose = without_code(text)
    for code in found:
        pattern = PLACEHOLDER if code == "placeholder" else PERHAPS_PLACEHOLDER
        match = next(
            (
                each
                for each in pattern.finditer(prose)
                if not SPECIAL_TOKEN.fullmatch(each[0]) and f"</{each[0][1:]}" not in prose
            ),
            None,
        )
        if match is not None:
            yield Problem(code, path, {"text": match.group()[:60]})
