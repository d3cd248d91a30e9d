"""Text that went through a chat template already, and the thoughts that raw outputs bring along.

A trainer puts the marks of the template around each message by itself. Marks that stand in the
text are trained as letters. The families are those of the models that are trained and taken along
most; their marks are those of the templates in the models' tokenizer_config.json.
"""

import re
from typing import Literal, NamedTuple

from tunedesk.examples.kinds.kind import says_nothing

_ROLES = {
    "system": "system",
    "developer": "system",
    "user": "user",
    "human": "user",
    "prompter": "user",
    "assistant": "assistant",
    "model": "assistant",
    "gpt": "assistant",
    "chatbot": "assistant",
    "tool": "tool",
    "ipython": "tool",
    "observation": "tool",
}
_NAMES = "|".join(_ROLES)


class _Family(NamedTuple):
    """A family of templates whose turns begin with a mark that names the role.

    Attributes:
        name: As people know it.
        begin: Where a turn begins; the group `role` is the role, `channel` what is said in it.
        end: What ends a turn, if anything does.
    """

    name: str
    begin: re.Pattern[str]
    end: re.Pattern[str]


def _family(name: str, begin: str, end: str) -> _Family:
    """A family; ROLE stands for the name of a role."""
    begin = begin.replace("ROLE", f"(?P<role>{_NAMES})")
    return _Family(name, re.compile(begin), re.compile(end))


_FAMILIES = (
    _family(
        "ChatML",
        r"<\|im_start\|>\s{0,3}ROLE\b[ \t]{0,3}(?:<\|im_sep\|>)?\n?",
        r"<\|im_end\|>|<\|endoftext\|>",
    ),
    _family(
        "Llama 3",
        r"<\|start_header_id\|>\s{0,3}ROLE\s{0,3}<\|end_header_id\|>\s{0,3}",
        r"<\|eot_id\|>|<\|eom_id\|>|<\|end_of_text\|>",
    ),
    _family(
        "Llama 4",
        r"<\|header_start\|>\s{0,3}ROLE\s{0,3}<\|header_end\|>\s{0,3}",
        r"<\|eot\|>|<\|eom\|>|<\|end_of_text\|>",
    ),
    _family("Gemma", r"<start_of_turn>\s{0,3}ROLE\b[ \t]{0,3}\n?", r"<end_of_turn>|<eos>"),
    _family("Gemma 4", r"<\|turn>\s{0,3}ROLE\b[ \t]{0,3}\n?", r"<turn\|>|<eos>"),
    _family(
        "gpt-oss",
        r"<\|start\|>ROLE(?:<\|channel\|>(?P<channel>analysis|final))?<\|message\|>",
        r"<\|end\|>|<\|return\|>",
    ),
    _family(
        "Granite",
        r"<\|start_of_role\|>ROLE<\|end_of_role\|>",
        r"<\|end_of_text\|>",
    ),
    _family(
        "Kimi",
        r"<\|im_(?:user|assistant|system)\|>ROLE<\|im_middle\|>",
        r"<\|im_end\|>",
    ),
    _family(
        "Command",
        r"(?:<\|START_OF_TURN_TOKEN\|>)?<\|(?P<role>SYSTEM|USER|CHATBOT)_TOKEN\|>",
        r"<\|END_OF_TURN_TOKEN\|>",
    ),
    _family("EXAONE", r"\[\|ROLE\|\][ \t]{0,3}\n?", r"\[\|endofturn\|\]"),
    _family("Seed", r"<seed:bos>ROLE\b[ \t]{0,3}\n?", r"<seed:eos>"),
    _family(
        "OpenChat",
        r"(?:GPT4 Correct|Code|Math Correct) (?P<role>System|User|Human|Assistant):[ \t]{0,3}",
        r"<\|end_of_turn\|>",
    ),
    _family("Zephyr", r"<\|ROLE\|>[ \t]{0,3}\n?", r"</s>|<\|end\|>|<\|endoftext\|>"),
)
_OPENING = re.compile(
    r"\s*(?:<\|begin_of_text\|>|<bos>|<s>|<\|startoftext\|>|<BOS_TOKEN>|\[gMASK\]<sop>)?\s*"
)
_MISTRAL_SYSTEM = re.compile(
    r"\[SYSTEM_PROMPT\](?P<system>.*?)\[/SYSTEM_PROMPT\]\s{0,20}", re.DOTALL
)
_MISTRAL_TOOLS = ("[AVAILABLE_TOOLS]", "[TOOL_CALLS]", "[TOOL_RESULTS]")
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
_DEEPSEEK_TURN = re.compile(r"<｜(?:User|Assistant)｜>")
_TURN = re.compile(
    "|".join(
        [
            *(re.sub(r"\?P<\w+>", "?:", family.begin.pattern) for family in _FAMILIES),
            _DEEPSEEK_TURN.pattern,
            r"\[INST\]|\[SYSTEM_PROMPT\]",
        ]
    )
)


class Turn(NamedTuple):
    """A turn of a conversation that stands in a text.

    Attributes:
        role: Whose it is: system, user, assistant or tool.
        text: What is said, without the marks and the blanks around it.
        thoughts: What was thought before it, where the template keeps that apart.
    """

    role: str
    text: str
    thoughts: str = ""

    def message(self) -> dict[str, str]:
        """The message that says so."""
        said = {"role": self.role, "content": self.text}
        return said | {"reasoning_content": self.thoughts} if self.thoughts else said


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
        begin = family.begin.search(text)
        # A mark of OpenChat is words, which only its end makes a mark.
        if begin is not None and ("<" in begin[0] or "[" in begin[0] or family.end.search(text)):
            return family.name
    if _DEEPSEEK_TURN.search(text):
        return "DeepSeek"
    if "[SYSTEM_PROMPT]" in text or any(mark in text for mark in _MISTRAL_TOOLS):
        return "Mistral"
    return "Llama 2" if "[/INST]" in text else None


def read_templated(text: str) -> TemplatedText | None:
    """Take the text apart where it is nothing but turns; None if more than one reading is left."""
    for family in _FAMILIES:
        turns = _turns(text, family)
        if turns is not None:
            return TemplatedText(family.name, turns)
    turns = _inst_turns(text)
    if turns is not None:
        name = "Mistral" if "[SYSTEM_PROMPT]" in text else "Llama 2"
        return TemplatedText(name, turns)
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
    turns: list[Turn] = []
    thoughts = ""
    for begin, following in zip(begins, [*begins[1:], None], strict=True):
        said = text[begin.end() : len(text) if following is None else following.start()]
        pieces = family.end.split(said, maxsplit=1)
        if len(pieces) > 1 and family.end.sub("", pieces[1]).strip():
            return None  # something stands between the turns
        groups = begin.groupdict()
        if groups.get("channel") == "analysis":
            thoughts = f"{thoughts}\n\n{pieces[0].strip()}".strip()
            continue
        role = _ROLES[groups["role"].lower()]
        if not pieces[0].strip() and following is None and role == "assistant":
            continue  # the mark that asks a model for its answer
        if thoughts and role != "assistant":
            return None  # thoughts that lead to no answer
        turns.append(Turn(role, pieces[0].strip(), thoughts))
        thoughts = ""
    return None if thoughts else _of_two_systems_one(turns)


def _of_two_systems_one(turns: list[Turn]) -> tuple[Turn, ...] | None:
    """The turns, with what a system and a developer say at the beginning put into one message."""
    if [turn.role for turn in turns[:2]] == ["system", "system"]:
        turns[:2] = [Turn("system", "\n\n".join(turn.text for turn in turns[:2] if turn.text))]
    return tuple(turns) or None


def _inst_turns(text: str) -> tuple[Turn, ...] | None:
    """The turns of Llama 2 and Mistral, which mark what is asked and nothing else."""
    opening = _OPENING.match(text)
    at = 0 if opening is None else opening.end()
    turns: list[Turn] = []
    system = _MISTRAL_SYSTEM.match(text, at)
    if system is not None:
        turns.append(Turn("system", system["system"].strip()))
        at = system.end()
    if not text.startswith("[INST]", at) or any(mark in text for mark in _MISTRAL_TOOLS):
        return None
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
    r"<(?P<closes>/?)(?:seed:)?"
    r"(?:think|thinking|thoughts?|reasoning|reflection|scratchpad|chain_of_thought)>"
    r"|\[(?P<closes_too>/?)THINK\]|◁(?P<closes_as_well>/?)think▷"
    r"|<\|(?:begin|START|(?P<ends>end|END))(?:_of_thought|_THINKING)\|>",
    re.IGNORECASE,
)
"""What opens and closes the thoughts of a reasoning model in its raw output."""

ThoughtDefect = Literal["never_opened", "never_closed", "opened_twice"]


class LooseTag(NamedTuple):
    """A tag of thoughts that lacks its other half.

    Attributes:
        defect: What is wrong with it.
        tag: The tag that stands there.
    """

    defect: ThoughtDefect
    tag: str


def _closes(tag: re.Match[str]) -> bool:
    return any(tag.groups())


def find_loose_tag(text: str) -> LooseTag | None:
    """The first tag of thoughts that lacks its other half; None if all is well.

    Only tags at the beginning or end of a line count, and an opening one only where the text has
    said nothing else yet, or on a line of its own: within a sentence they are spoken of.

    Args:
        text: An answer, without the code in it.
    """
    opened: str | None = None
    start = len(text) - len(text.lstrip())
    for found in THOUGHT_TAG.finditer(text):
        if _closes(found):
            if opened is None and _is_at_line_edge(text, found.start(), found.end()):
                return LooseTag("never_opened", found.group())
            opened = None
        elif opened is None:
            if found.start() == start or _is_own_line(text, found.start(), found.end()):
                opened = found.group()
        elif _is_at_line_edge(text, found.start(), found.end()):
            return LooseTag("opened_twice", found.group())
    return None if opened is None else LooseTag("never_closed", opened)


class ThoughtfulText(NamedTuple):
    """An answer and the thoughts that stand before it.

    Attributes:
        thoughts: What stands between the tags, without the blanks around it.
        answer: What stands behind them; empty if nothing does.
    """

    thoughts: str
    answer: str


def split_thoughts(text: str) -> ThoughtfulText | None:
    """Take the thoughts off that a text begins with; None if it has none, or several of them."""
    opening = THOUGHT_TAG.match(text, len(text) - len(text.lstrip()))
    if opening is None or _closes(opening):
        return None
    closing = next((tag for tag in THOUGHT_TAG.finditer(text, opening.end()) if _closes(tag)), None)
    if closing is None:
        return None
    thoughts, answer = text[opening.end() : closing.start()].strip(), text[closing.end() :].strip()
    again = THOUGHT_TAG.match(answer)
    if says_nothing(thoughts) or again is not None or find_loose_tag(answer) is not None:
        return None
    return ThoughtfulText(thoughts, answer)


def with_thoughts(thoughts: str, answer: str) -> str:
    """The thoughts in tags and the answer behind them, as templates of reasoning models write."""
    return f"<think>\n{thoughts.strip()}\n</think>\n\n{answer}".rstrip()


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


def _is_own_line(text: str, start: int, end: int) -> bool:
    """Whether a piece of the text is a line of its own."""
    before = text[max(0, start - _NEAR) : start].rstrip(" \t\r")
    after = text[end : end + _NEAR].lstrip(" \t\r")
    return before.endswith("\n") and after.startswith("\n")
