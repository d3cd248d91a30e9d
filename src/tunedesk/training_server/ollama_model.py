"""Says how Ollama is to use a model: its Go template, system prompt, stop marks and parameters.

A chat template is written in Jinja and Ollama's in Go. What stands before and after each message is
therefore read off texts that the chat template makes of trial messages, written down in Go, and
believed only if it makes the same texts of other conversations. A template of another build, such
as one that puts the system prompt before the last question, is not put into Go.

The Go template and the file are as in Ollama's documents (docs/modelfile.md, docs/template.md).
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from jinja2 import TemplateError

from tunedesk.errors import UserError
from tunedesk.i18n import _
from tunedesk.training_server.training.chat_template import ChatTemplate

FILE = "model.gguf"
"""The model, in the folder of a Modelfile."""

_SYSTEM, _FIRST, _ANSWER, _SECOND = "S1x", "Q1x", "A1x", "Q2x"
_MOST_CONTEXT = 8192
"""Tokens: a longer context takes memory from the start, whether it is used or not."""


@dataclass(frozen=True)
class TurnMarks:
    """What a chat template writes around the messages of a conversation.

    Attributes:
        user: Before and after what the user says.
        assistant: Before and after an answer that others follow.
        opening: Before an answer that is asked for.
        system: Before and after a system prompt, where that is a turn of its own; None where it
            stands at the beginning of the first question.
        system_end: What divides it from the first question there; None: the template takes none.
        without_system: What stands at the beginning of a conversation without a system prompt,
            such as one of the template's own.
    """

    user: tuple[str, str]
    assistant: tuple[str, str]
    opening: str
    system: tuple[str, str] | None
    system_end: str | None
    without_system: str

    def render(self, messages: Sequence[dict[str, str]]) -> str:
        """The text of a conversation that ends with a question, as the Go template makes it."""
        has_system = bool(messages) and messages[0]["role"] == "system"
        text = "" if has_system else self.without_system
        waiting = ""
        for message in messages:
            role, content = message["role"], message["content"]
            if role == "system" and self.system is None:
                waiting = content + (self.system_end or "")
            else:
                before, after = {
                    "system": self.system or ("", ""),
                    "user": self.user,
                    "assistant": self.assistant,
                }[role]
                text += before + (waiting if role == "user" else "") + content + after
                waiting = "" if role == "user" else waiting
        return text + self.opening


def turn_marks(template: ChatTemplate, bos: str) -> TurnMarks:
    """What a chat template writes around messages.

    Args:
        template: The chat template.
        bos: The mark of a text's beginning, which Ollama puts there by itself; empty: none.

    Raises:
        UserError: It is of another build than can be written in Ollama's language.
    """
    try:
        marks = _read_marks(template, bos)
        for messages in _trials(marks):
            if marks.render(messages) != template.prompt(messages, None).removeprefix(bos):
                raise ValueError(str(messages))
    except (ValueError, TemplateError) as error:
        raise UserError(
            _("The chat template of this model cannot be put into Ollama's language."),
            _("Take one GGUF file: it carries the template as it is, for LM Studio and llama.cpp."),
        ) from error
    return marks


def _read_marks(template: ChatTemplate, bos: str) -> TurnMarks:
    """Read the marks off the texts of trial messages; raises ValueError where that fails."""
    first, answer, second = (
        {"role": "user", "content": _FIRST},
        {"role": "assistant", "content": _ANSWER},
        {"role": "user", "content": _SECOND},
    )
    lead, between, after, tail = _cut(
        template.prompt([first, answer, second], None), _FIRST, _ANSWER, _SECOND
    )
    lead = lead.removeprefix(bos)
    opening = template.opening
    user_end = _without_end(tail, opening)
    assistant_begin = _without_begin(between, user_end)
    _whole, answer_end = _cut(template.plain([first, answer]), _ANSWER)
    if after.startswith(answer_end):
        user_begin = after.removeprefix(answer_end)
    else:
        # Some templates end a conversation otherwise than an answer that others follow.
        user_begin = _common_end(lead, after)
        answer_end = after.removesuffix(user_begin)
    without_system = _without_end(lead, user_begin)
    system: tuple[str, str] | None = None
    system_end: str | None = None
    messages = [{"role": "system", "content": _SYSTEM}, first, answer, second]
    try:
        before, divide, *_others = _cut(template.prompt(messages, None), _SYSTEM, _FIRST)
    except (ValueError, TemplateError):
        pass  # it takes no system prompt
    else:
        before = before.removeprefix(bos)
        if divide.endswith(user_begin):
            system = (before, divide.removesuffix(user_begin))
        elif before == user_begin:
            system_end = divide
        else:
            raise ValueError("the system prompt stands elsewhere")
    return TurnMarks(
        (user_begin, user_end),
        (assistant_begin, answer_end),
        opening,
        system,
        system_end,
        without_system,
    )


def _trials(marks: TurnMarks) -> list[list[dict[str, str]]]:
    """Conversations of other texts and lengths than those that the marks were read off."""
    turns = [
        {"role": "user", "content": 'How many rooms?\nAnd "where"?'},
        {"role": "assistant", "content": "Twelve, {{ here }}."},
        {"role": "user", "content": "3,141 – é 😀"},
        {"role": "assistant", "content": "1. One\n2. Two"},
        {"role": "user", "content": "Thanks."},
    ]
    found = [turns[:1], turns[:3], turns]
    if marks.system is not None or marks.system_end is not None:
        system = {"role": "system", "content": "Be short.\n\nBe kind."}
        found += [[system, *each] for each in found]
    return found


def _cut(text: str, *words: str) -> list[str]:
    """A text cut at words that must stand in it once, in this order."""
    pieces = []
    for word in words:
        if text.count(word) != 1:
            raise ValueError(f"{word} stands there {text.count(word)} times")
        piece, text = text.split(word)
        pieces.append(piece)
    return [*pieces, text]


def _without_begin(text: str, begin: str) -> str:
    if not text.startswith(begin):
        raise ValueError(f"{text!r} does not begin with {begin!r}")
    return text[len(begin) :]


def _without_end(text: str, end: str) -> str:
    if not text.endswith(end):
        raise ValueError(f"{text!r} does not end with {end!r}")
    return text[: len(text) - len(end)]


def _common_end(one: str, other: str) -> str:
    length = 0
    while length < min(len(one), len(other)) and one[-1 - length] == other[-1 - length]:
        length += 1
    return one[len(one) - length :]


def go_template(marks: TurnMarks, system: str = "") -> str:
    """The template in Go.

    Args:
        marks: What stands around the messages.
        system: A system prompt for conversations that bring none; empty: none.
    """
    lines = []
    without = marks.without_system
    if system and marks.system is not None:
        without = marks.system[0] + system + marks.system[1]
    if without:
        lines.append(f"{{{{- if not .System }}}}{_text(without)}{{{{- end }}}}")
    is_inside = marks.system is None and marks.system_end is not None
    if is_inside:
        lines.append("{{- $system := .System }}")
        if system:
            lines.append(
                f"{{{{- if not $system }}}}{{{{- $system = {_quoted(system)} }}}}{{{{- end }}}}"
            )
    lines.append("{{- range $i, $message := .Messages }}")
    lines.append("{{- $last := eq (len (slice $.Messages $i)) 1 }}")
    inside = ""
    if is_inside:
        inside = (
            "{{- if $system }}{{ $system }}"
            f'{_text(marks.system_end or "")}{{{{- $system = "" }}}}{{{{- end }}}}'
        )
    content = "{{ .Content }}"
    begin = "if"
    if marks.system is not None:
        lines.append(
            '{{- if eq .Role "system" }}'
            + _text(marks.system[0])
            + content
            + _text(marks.system[1])
        )
        begin = "else if"
    lines.append(
        f'{{{{- {begin} eq .Role "user" }}}}'
        + _text(marks.user[0])
        + inside
        + content
        + _text(marks.user[1])
    )
    end = _text(marks.assistant[1])
    lines.append(
        '{{- else if eq .Role "assistant" }}'
        + _text(marks.assistant[0])
        + content
        + (f"{{{{- if not $last }}}}{end}{{{{- end }}}}" if end else "")
    )
    lines.append("{{- end }}")
    lines.append('{{- if and $last (ne .Role "assistant") }}' + _text(marks.opening) + "{{- end }}")
    lines.append("{{- end }}")
    return "\n".join(lines)


def _text(text: str) -> str:
    """What writes a text, blanks and line breaks included; nothing for an empty one."""
    return f"{{{{ {_quoted(text)} }}}}" if text else ""


def _quoted(text: str) -> str:
    """A text as a literal of Go: one of JSON is one too."""
    return json.dumps(text, ensure_ascii=False)


@dataclass(frozen=True)
class OllamaModel:
    """How Ollama is to use a model.

    Attributes:
        template: The Go template.
        template_with_system: The same with the system prompt in it, for one that no Modelfile can
            hold.
        system: The system prompt; empty: none.
        parameters: Its parameters by Ollama's names; "stop" is a list of texts.
    """

    template: str
    template_with_system: str
    system: str
    parameters: dict[str, Any]


def ollama_model(
    template: ChatTemplate, bos: str, system: str, stop: Sequence[str], context: int
) -> OllamaModel:
    """How Ollama is to use a model so that it answers as it does here.

    Args:
        template: The chat template.
        bos: The mark that the file lets be put before each text; empty: none.
        system: The system prompt that it was trained with; empty: none, or no common one.
        stop: The marks that end an answer.
        context: The most tokens that the model reads.

    Raises:
        UserError: The chat template cannot be put into Ollama's language, or takes no system
            prompt although the model was trained with one.
    """
    marks = turn_marks(template, bos)
    if system and marks.system is None and marks.system_end is None:
        raise UserError(_("The chat template of this model takes no system prompt."))
    return OllamaModel(
        go_template(marks),
        go_template(marks, system),
        system,
        {
            "stop": list(dict.fromkeys(stop)),
            "num_ctx": min(context, _MOST_CONTEXT),
            # As it answers here when it is tried: the likeliest word each time. What Ollama does
            # by itself, such as to punish repeating, is made for other models.
            "temperature": 0.0,
            "repeat_penalty": 1.0,
        },
    )


def modelfile(model: OllamaModel, licence: str = "") -> str:
    """The Modelfile beside a GGUF file, for `ollama create NAME -f Modelfile`.

    Args:
        model: How it is to be used.
        licence: The licence, a name or a text; empty: none is known.
    """
    system, template = model.system, model.template
    if not _can_be_quoted(system):
        system, template = "", model.template_with_system
    lines = [f"FROM ./{FILE}", f'TEMPLATE """{template}"""']
    if system:
        lines.append(f'SYSTEM """{system}"""')
    for name, value in model.parameters.items():
        for each in value if isinstance(value, list) else [value]:
            written = _quoted(each) if isinstance(each, str) else f"{each:g}"
            lines.append(f"PARAMETER {name} {written}")
    if licence and _can_be_quoted(licence):
        lines.append(f'LICENSE """{licence}"""')
    return "\n".join(lines) + "\n"


def _can_be_quoted(text: str) -> bool:
    """Whether a text can stand between the three quotation marks of a Modelfile."""
    return '"""' not in text and not text.endswith('"')
