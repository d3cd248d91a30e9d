"""Text that went through a chat template already, and the thoughts that raw outputs bring along.

A trainer puts the marks of the template around each message by itself. Marks that stand in the
text are trained as letters. The families: ChatML (Qwen, SmolLM), Llama 2 and Mistral, Llama 3,
Gemma, Zephyr and Phi, and the headings of Alpaca.
"""

import re
from typing import Literal, NamedTuple

_ROLES = {
    "system": "system",
    "user": "user",
    "human": "user",
    "assistant": "assistant",
    "model": "assistant",
    "gpt": "assistant",
    "tool": "tool",
}
_NAMES = "|".join(_ROLES)


class _Family(NamedTuple):
    """A family of templates whose turns begin with a mark that names the role.

    Attributes:
        name: As people know it.
        begin: Where a turn begins; group 1 is the role.
        end: What ends a turn, if anything does.
    """

    name: str
    begin: re.Pattern[str]
    end: re.Pattern[str]


_FAMILIES = (
    _Family(
        "ChatML",
        re.compile(rf"<\|im_start\|>\s{{0,3}}({_NAMES})\b[ \t]{{0,3}}\n?"),
        re.compile(r"<\|im_end\|>|<\|endoftext\|>"),
    ),
    _Family(
        "Llama 3",
        re.compile(
            rf"<\|start_header_id\|>\s{{0,3}}({_NAMES})\s{{0,3}}<\|end_header_id\|>\s{{0,3}}"
        ),
        re.compile(r"<\|eot_id\|>|<\|eom_id\|>|<\|end_of_text\|>"),
    ),
    _Family(
        "Gemma",
        re.compile(rf"<start_of_turn>\s{{0,3}}({_NAMES})\b[ \t]{{0,3}}\n?"),
        re.compile(r"<end_of_turn>|<eos>"),
    ),
    _Family(
        "Zephyr",
        re.compile(rf"<\|({_NAMES})\|>[ \t]{{0,3}}\n?"),
        re.compile(r"</s>|<\|end\|>|<\|endoftext\|>"),
    ),
)
_OPENING = re.compile(r"\s*(?:<\|begin_of_text\|>|<bos>|<s>|<\|startoftext\|>)?\s*")
_LLAMA_2_SYSTEM = re.compile(
    r"\s{0,20}<<SYS>>\s{0,20}(?P<system>.*?)\s{0,20}<</SYS>>\s{0,20}", re.DOTALL
)
_ALPACA = re.compile(r"^### (Instruction|Input|Response):[ \t]*$", re.MULTILINE)
_TRANSCRIPTS = (
    ("Human and Assistant", re.compile(r"(?:\A\s{0,9}|\n[ \t]*\n)(Human|Assistant):[ \t]{0,3}")),
    ("Guanaco", re.compile(r"(?:\A\s{0,9}|\n)### (System|Human|User|Assistant):[ \t]{0,3}")),
    ("Vicuna", re.compile(r"(?:\A\s{0,9}|[ \n]|</s>)(USER|ASSISTANT):[ \t]{0,3}")),
    ("DeepSeek", re.compile(r"(?:\A\s{0,9}(?:<｜begin▁of▁sentence｜>)?|)<｜(User|Assistant)｜>")),
)
"""Texts in which a name and a colon begin each turn; the first stands at the very beginning."""
_TRANSCRIPT_END = re.compile(r"(?:</s>|<｜end▁of▁sentence｜>|<\|endoftext\|>)\s{0,9}\Z")
_TURN = re.compile(
    "|".join(
        [
            *(family.begin.pattern.replace("(", "(?:", 1) for family in _FAMILIES),
            r"\[INST\]",
        ]
    )
)


class Turn(NamedTuple):
    """A turn of a conversation that stands in a text.

    Attributes:
        role: Whose it is: system, user, assistant or tool.
        text: What is said, without the marks and the blanks around it.
    """

    role: str
    text: str


class TemplatedText(NamedTuple):
    """A text that went through a chat template.

    Attributes:
        family: The template, as people know it.
        turns: The turns, in their order.
    """

    family: str
    turns: tuple[Turn, ...]


def template_family(text: str) -> str | None:
    """The family of chat templates whose turns stand in the text; None if there are none."""
    if not _TURN.search(text):
        return None
    for family in _FAMILIES:
        if family.begin.search(text):
            return family.name
    return "Llama 2" if "[/INST]" in text else None


def read_templated(text: str) -> TemplatedText | None:
    """Take the text apart where it is nothing but turns; None if more than one reading is left."""
    for family in _FAMILIES:
        turns = _turns(text, family)
        if turns is not None:
            return TemplatedText(family.name, turns)
    turns = _llama_2_turns(text)
    if turns is not None:
        return TemplatedText("Llama 2", turns)
    turns = _alpaca_turns(text)
    return read_transcript(text) if turns is None else TemplatedText("Alpaca", turns)


def read_transcript(text: str) -> TemplatedText | None:
    """Take a text apart in which names begin the turns: user and assistant by turns; else None."""
    for name, pattern in _TRANSCRIPTS:
        begins = list(pattern.finditer(text))
        if not begins or begins[0].start() != 0:
            continue
        roles = [_ROLES[begin.group(1).lower()] for begin in begins]
        spoken = roles[1:] if roles[0] == "system" else roles
        by_turns = all(role == ("user", "assistant")[n % 2] for n, role in enumerate(spoken))
        if not by_turns or len(spoken) < 2:
            continue
        ends = [*(begin.start() for begin in begins[1:]), len(text)]
        said = [
            _TRANSCRIPT_END.sub("", text[begin.end() : end]).strip()
            for begin, end in zip(begins, ends, strict=True)
        ]
        if not said[-1]:
            roles.pop()  # the name that asks a model for its answer
        return TemplatedText(name, tuple(map(Turn, roles, said)))
    return None


def _turns(text: str, family: _Family) -> tuple[Turn, ...] | None:
    begins = list(family.begin.finditer(text))
    if not begins:
        return None
    opening = _OPENING.match(text)
    if opening is None or opening.end() != begins[0].start():
        return None
    turns = []
    for begin, following in zip(begins, [*begins[1:], None], strict=True):
        said = text[begin.end() : len(text) if following is None else following.start()]
        pieces = family.end.split(said, maxsplit=1)
        if len(pieces) > 1 and family.end.sub("", pieces[1]).strip():
            return None  # something stands between the turns
        if not pieces[0].strip() and following is None:
            continue  # the mark that asks a model for its answer
        turns.append(Turn(_ROLES[begin.group(1)], pieces[0].strip()))
    return tuple(turns) or None


def _llama_2_turns(text: str) -> tuple[Turn, ...] | None:
    opening = _OPENING.match(text)
    at = 0 if opening is None else opening.end()
    if not text.startswith("[INST]", at):
        return None
    turns: list[Turn] = []
    while at < len(text):
        asked_end = text.find("[/INST]", at)
        if asked_end < 0:
            return None
        asked = text[at + len("[INST]") : asked_end]
        system = _LLAMA_2_SYSTEM.match(asked)
        if system is not None:
            turns.append(Turn("system", system["system"]))
            asked = asked[system.end() :]
        following = text.find("[INST]", asked_end)
        following = len(text) if following < 0 else following
        answer = text[asked_end + len("[/INST]") : following].strip().removesuffix("<s>").strip()
        answer = answer.removesuffix("</s>").strip()
        turns.append(Turn("user", asked.strip()))
        if answer:
            turns.append(Turn("assistant", answer))
        at = following
    return tuple(turns) or None


def _alpaca_turns(text: str) -> tuple[Turn, ...] | None:
    headings = list(_ALPACA.finditer(text))
    names = [heading.group(1) for heading in headings]
    if names not in (["Instruction", "Response"], ["Instruction", "Input", "Response"]):
        return None
    said = [
        text[heading.end() : len(text) if following is None else following.start()].strip()
        for heading, following in zip(headings, [*headings[1:], None], strict=True)
    ]
    if not said[-1]:
        return None
    asked = "\n\n".join(piece for piece in said[:-1] if piece)
    before = text[: headings[0].start()].strip()
    turns = [Turn("system", before)] if before else []
    return (*turns, Turn("user", asked), Turn("assistant", said[-1].removesuffix("</s>").strip()))


THOUGHT_TAG = re.compile(
    r"<(/?)(?:seed:)?(think|thinking|thought|reasoning)>|\[(/?)THINK\]", re.IGNORECASE
)
"""What opens and closes the thoughts of a reasoning model in its raw output."""

ThoughtDefect = Literal["never_opened", "never_closed"]


class LooseTag(NamedTuple):
    """A tag of thoughts that lacks its other half.

    Attributes:
        defect: Which half is missing.
        tag: The tag that stands there.
    """

    defect: ThoughtDefect
    tag: str


def find_loose_tag(text: str) -> LooseTag | None:
    """The first tag of thoughts that lacks its other half; None if all is well.

    Only tags at the beginning or end of a line count, and an opening one only where the text has
    said nothing else yet: within a sentence they are spoken of.

    Args:
        text: An answer, without the code in it.
    """
    opened: str | None = None
    start = len(text) - len(text.lstrip())
    for found in THOUGHT_TAG.finditer(text):
        closes = bool(found.group(1) or found.group(3))
        if closes:
            if opened is None and _is_at_line_edge(text, found.start(), found.end()):
                return LooseTag("never_opened", found.group())
            opened = None
        elif opened is None and found.start() == start:
            opened = found.group()
    return None if opened is None else LooseTag("never_closed", opened)


_NEAR = 40
"""How many blanks may stand between a tag and the edge of its line."""


_RUNS_ON = re.compile(r"[\w.!?…][\w\n]")


def _is_at_line_edge(text: str, start: int, end: int) -> bool:
    """Whether a piece of the text begins or ends a line, or stands in it without any blanks."""
    beside = text[max(0, start - 1) : start] + text[end : end + 1]
    if len(beside) == 2 and _RUNS_ON.match(beside):
        return True
    before = text[max(0, start - _NEAR) : start].rstrip(" \t\r")
    after = text[end : end + _NEAR].lstrip(" \t\r")
    return before.endswith("\n") or after.startswith("\n") or (not before) or (not after)
