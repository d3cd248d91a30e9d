"""Renders conversations by the chat template of a model, and knows what in them is trained.

Our own template, for the starter and for base models that have none, marks what the assistant
says with `{% generation %}`, and leaves out messages of weight 0. Templates of others know no
weights: there the place of an answer is the difference between the conversation up to it and the
conversation with it.

Many templates know only what their model was made for. One that has no tools writes an answer that
is a call as an empty answer, and the model would learn to say nothing: what a template leaves out
of a conversation without a word (calls, tools, messages) is looked for (`omission_in`).
"""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from transformers import PreTrainedTokenizerBase
from transformers.utils.chat_template_utils import render_jinja_template


def template_messages(
    messages: Iterable[Mapping[str, Any]], parse_arguments: bool
) -> list[dict[str, Any]]:
    """The messages for a chat template.

    Args:
        messages: The messages of a conversation.
        parse_arguments: Whether the arguments of calls become objects, which the templates of
            others write as JSON; ours keeps their text as it is.
    """
    return [_message(message, parse_arguments) for message in messages]


def template_tools(record: Mapping[str, Any]) -> list[dict[str, Any]] | None:
    """The tools of a record, those in the old form of functions too; None without any."""
    tools = record.get("tools")
    if tools:
        return list(tools)
    functions = record.get("functions")
    if functions:
        return [{"type": "function", "function": function} for function in functions]
    return None


def content_text(content: Any) -> str:
    """The text of a content: a string, a list of parts, or nothing."""
    if isinstance(content, str):
        return content
    if not isinstance(content, list):
        return ""
    return "".join(
        part.get("text") or part.get("refusal") or "" for part in content if isinstance(part, dict)
    )


def _message(message: Mapping[str, Any], parse_arguments: bool) -> dict[str, Any]:
    role = message.get("role")
    text = content_text(message.get("content")) or str(message.get("refusal") or "")
    result: dict[str, Any] = {"role": role, "content": text}
    if role == "developer":
        result["role"] = "system"
    elif role == "function":
        result |= {"role": "tool", "name": message.get("name"), "tool_call_id": ""}
    elif role == "tool":
        result["tool_call_id"] = message.get("tool_call_id")
        if message.get("name"):
            result["name"] = message["name"]
    elif role == "assistant":
        if message.get("weight") is not None:
            result["weight"] = message["weight"]
        if isinstance(message.get("reasoning_content"), str):
            # A template that has a place for thoughts writes them; others know no such field.
            result["reasoning_content"] = message["reasoning_content"]
        calls = list(message.get("tool_calls") or ())
        if not calls and message.get("function_call"):
            calls = [{"id": "", "type": "function", "function": message["function_call"]}]
        if calls:
            result["tool_calls"] = [_call(call, parse_arguments) for call in calls]
    return result


def _call(call: Mapping[str, Any], parse_arguments: bool) -> dict[str, Any]:
    function = call.get("function") or {}
    arguments = function.get("arguments") or "{}"
    if parse_arguments and isinstance(arguments, str):
        try:
            arguments = json.loads(arguments)
        except ValueError:
            # Checked before; what is left is written by the template as the text that it is.
            arguments = str(arguments)
    return {
        "id": call.get("id") or "",
        "type": "function",
        "function": {"name": function.get("name"), "arguments": arguments},
    }


def omission_in(text: str, messages: Sequence[Mapping[str, Any]], tools: Any) -> str | None:
    """What of a conversation does not stand in the text that a template made of it.

    Args:
        text: What the template wrote.
        messages: What it was given, as `template_messages` makes them.
        tools: The tools it was given; None without any.

    Returns:
        That it leaves something out, as half a sentence; None if all is there.
    """
    named: Counter[str] = Counter()
    for message in messages:
        for call in message.get("tool_calls") or ():
            named[str(call["function"]["name"])] += 1
    for name, times in named.items():
        if text.count(name) < times:
            return f"it leaves out the call of “{name}”"
    for tool in tools or ():
        name = str((tool.get("function") or {}).get("name") or "")
        named[name] += 1
        if text.count(name) < named[name]:
            return f"it leaves out {'the call of' if named[name] > 1 else 'the tool'} “{name}”"
    for number, message in enumerate(messages, 1):
        if not _stands_in(text, str(message.get("content") or "")):
            return f"it leaves out message {number} ({message['role']})"
    return None


def _stands_in(text: str, content: str) -> bool:
    # Thoughts of earlier answers are left out on purpose, by the models that have them.
    said = content.rpartition("</think>")[2].strip()
    return (
        said in text
        or json.dumps(said)[1:-1] in text
        or json.dumps(said, ensure_ascii=False)[1:-1] in text
    )


OWN_MARK = "{#- tunedesk -#}"
OWN_TEMPLATE = (
    OWN_MARK
    + """
{%- macro body(message) -%}
{{ message.content }}
{%- for call in message.tool_calls or [] -%}
{{ '\\n' if message.content or not loop.first else '' }}<tool_call>
{"name": {{ call.function.name | tojson }}, "arguments": {{ call.function.arguments }}}
</tool_call>
{%- endfor -%}
{%- endmacro -%}
{%- if tools -%}
{{ '<|im_start|>tools' }}
{%- for tool in tools -%}
{{ '\\n' + (tool | tojson) }}
{%- endfor -%}
{{ eos_token + '\\n' }}
{%- endif -%}
{%- for message in messages -%}
{{ '<|im_start|>' + message.role + '\\n' }}
{%- if message.role == 'assistant' and message.weight != 0 -%}
{%- generation -%}
{{ body(message) + eos_token }}
{%- endgeneration -%}
{%- else -%}
{{ body(message) + eos_token }}
{%- endif -%}
{{ '\\n' }}
{%- endfor -%}
{%- if add_generation_prompt -%}
{{ '<|im_start|>assistant\\n' }}
{%- endif -%}
"""
)
OWN_PHRASES = ('<tool_call>\n{"name": "', '", "arguments": ', "}\n</tool_call>")
"""What our template writes around a call; the starter reads each as one token."""

_SMOLLM2_MARK = "named SmolLM, trained by Hugging Face"
_SMOLLM2_WITH_TOOLS = """
{%- set default = 'You are a helpful AI assistant named SmolLM, trained by Hugging Face' -%}
{%- macro known(tools) -%}
{%- if tools -%}
{{ '\\n\\nYou have access to the following tools:\\n<tools>' + (tools | tojson) + '</tools>' }}
{{- '\\nTo use them, answer with:\\n<tool_call>[\\n{"name": ..., "arguments": {...}}' }}
{{- '\\n]</tool_call>' }}
{%- endif -%}
{%- endmacro -%}
{%- for message in messages -%}
{%- if loop.first and message['role'] != 'system' -%}
{{ '<|im_start|>system\\n' + default + known(tools) + '<|im_end|>\\n' }}
{%- endif -%}
{%- if message['role'] == 'tool' -%}
{{ '<|im_start|>user\\n<tool_response>\\n' + message['content'] }}
{{- '\\n</tool_response><|im_end|>\\n' }}
{%- else -%}
{{ '<|im_start|>' + message['role'] + '\\n' + message['content'] }}
{%- if loop.first and message['role'] == 'system' -%}{{ known(tools) }}{%- endif -%}
{%- if message['tool_calls'] -%}
{{ ('\\n' if message['content'] else '') + '<tool_call>[' }}
{%- for call in message['tool_calls'] -%}
{%- set given = call['function']['arguments'] -%}
{{ ('' if loop.first else ',') + '\\n{"name": ' + (call['function']['name'] | tojson) }}
{{- ', "arguments": ' + (given if given is string else (given | tojson)) + '}' }}
{%- endfor -%}
{{ '\\n]</tool_call>' }}
{%- endif -%}
{{ '<|im_end|>\\n' }}
{%- endif -%}
{%- endfor -%}
{%- if add_generation_prompt -%}{{ '<|im_start|>assistant\\n' }}{%- endif -%}
"""
"""SmolLM2's template with the form of tools that its makers document for it (the card of
SmolLM2-1.7B-Instruct; Ollama's template of all three sizes): tools at the end of the system prompt
in `<tools>`, calls as a list in `<tool_call>`, what they gave as the user's `<tool_response>`.
Without tools and calls it writes what the shipped one writes."""


def _keeping_tools(template: str) -> str:
    """The template, or one that keeps tools where it drops them and its makers document how."""
    if _SMOLLM2_MARK in template and "tool" not in template:
        return _SMOLLM2_WITH_TOOLS
    return template


# The models that can think aloud are trained and asked without it: the examples hold no thoughts.
_VARIABLES = {"enable_thinking": False}
_TRIAL = [{"role": "user", "content": "Question"}, {"role": "assistant", "content": "Answer"}]


@dataclass(frozen=True)
class Rendered:
    """A text to learn from.

    Attributes:
        text: The conversation as the model reads it.
        spans: Where in it what is to be learnt stands: start and end.
    """

    text: str
    spans: tuple[tuple[int, int], ...]


class ChatTemplate:
    """The chat template of a model.

    Attributes:
        text: The template.
        is_own: Whether it is ours, for the starter and for models that have none.
        is_shipped: Whether it is word for word what the model came with.
    """

    def __init__(self, tokenizer: PreTrainedTokenizerBase) -> None:
        template = tokenizer.chat_template
        if isinstance(template, dict):
            template = template.get("default")
        self.text: str = _keeping_tools(template) if template else OWN_TEMPLATE
        self.is_own = self.text.startswith(OWN_MARK)
        self.is_shipped = self.text == template
        self._tokens = dict(tokenizer.special_tokens_map)
        self._tokenizer = tokenizer

    def prompt(self, messages: Sequence[Mapping[str, Any]], tools: Any) -> str:
        """The text that a model answers.

        Raises:
            ValueError: The template leaves out a part of it.
        """
        prepared = template_messages(messages, parse_arguments=not self.is_own)
        text = self._render(prepared, tools, True)
        _refuse_loss(text, prepared, tools)
        return text

    def render(self, messages: Sequence[Mapping[str, Any]], tools: Any) -> list[Rendered]:
        """The texts that a conversation is learnt from: one, where the template allows it.

        Some templates write an answer differently once another follows: then each answer is
        learnt from a text of its own, as the model will see it when it is asked.

        Raises:
            ValueError: The template leaves out a part of it.
        """
        prepared = template_messages(messages, parse_arguments=not self.is_own)
        if self.is_own:
            texts, spans = self._call(
                conversations=[prepared],
                tools=tools,
                return_assistant_tokens_mask=True,
            )
            return [Rendered(texts[0], tuple((start, end) for start, end in spans[0]))]
        whole = self._render(prepared, tools, False)
        _refuse_loss(whole, prepared, tools)
        spans_in_whole: list[tuple[int, int]] = []
        alone: list[Rendered] = []
        for index, message in enumerate(prepared):
            if message["role"] != "assistant" or message.get("weight") == 0:
                continue
            before = self._render(prepared[:index], tools, True)
            until = prepared[: index + 1]
            after = whole if len(until) == len(prepared) else self._render(until, tools, False)
            # What follows the end of the answer, mostly a line break, is never asked for.
            end = len(after.rstrip())
            if not after.startswith(before):
                at = after.find(self.opening) if index == 0 and self.opening else -1
                # Some templates put a system prompt of their own before a conversation, even before
                # one that begins with an answer.
                common = self._common(before, after)
                before = after[: at + len(self.opening)] if at >= 0 else common
            if whole.startswith(after[:end]):
                spans_in_whole.append((len(before), end))
            else:
                alone.append(Rendered(after[:end], ((len(before), end),)))
        if spans_in_whole:
            alone.append(Rendered(whole[: spans_in_whole[-1][1]], tuple(spans_in_whole)))
        return alone or [Rendered(whole, ())]

    def written_answer(self, messages: Sequence[Mapping[str, Any]], tools: Any) -> str:
        """What the template writes for the last message, an answer, and what follows it."""
        prepared = template_messages(messages, parse_arguments=not self.is_own)
        before = self._render(prepared[:-1], tools, True)
        after = self._render(prepared, tools, False)
        return after[len(self._common(before, after)) :]

    def end_of_answer(self) -> int | None:
        """The token that the template puts after an answer; None if it puts none."""
        return self._end_of_answer

    def plain(self, messages: Sequence[Mapping[str, Any]]) -> str:
        """The text of a conversation that nothing is asked after."""
        return self._render(template_messages(messages, not self.is_own), None, False)

    @cached_property
    def opening(self) -> str:
        """What the template writes before an answer that is asked for."""
        asked = self._render(_TRIAL[:1], None, True)
        plain = self._render(_TRIAL[:1], None, False)
        return asked.removeprefix(plain) if asked.startswith(plain) else ""

    @cached_property
    def _end_of_answer(self) -> int | None:
        if self.is_own:
            return _one_id(self._tokenizer.eos_token_id)
        text = self._render(_TRIAL, None, False)
        tail = text[text.rindex("Answer") + len("Answer") :].lstrip()
        ids = self._tokenizer(tail, add_special_tokens=False)["input_ids"]
        return ids[0] if ids and ids[0] in self._tokenizer.all_special_ids else None

    def _render(self, prepared: Sequence[dict[str, Any]], tools: Any, prompt: bool) -> str:
        texts, _spans = self._call(
            conversations=[list(prepared)],
            tools=tools,
            add_generation_prompt=prompt,
            **_VARIABLES,
        )
        text: str = texts[0]
        return text

    def _call(self, **values: Any) -> Any:
        # Its own annotation says that it returns a text, which it does not.
        render: Any = render_jinja_template
        return render(chat_template=self.text, **self._tokens, **values)

    @staticmethod
    def _common(before: str, after: str) -> str:
        length = 0
        for one, other in zip(before, after, strict=False):
            if one != other:
                break
            length += 1
        return before[:length]


def _refuse_loss(text: str, prepared: Sequence[dict[str, Any]], tools: Any) -> None:
    lost = omission_in(text, prepared, tools)
    if lost is not None:
        raise ValueError(f"{lost}. Another base model may have a place for it")


def _one_id(value: int | list[int] | None) -> int | None:
    return value[0] if isinstance(value, list) else value
