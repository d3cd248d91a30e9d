"""Questions to a tuned model from the examples of its run, each exactly as the training saw it.

A model answers what it was trained on as the examples do only if it reads the same: the system
prompt, the turns before, the tools and what they gave back. So a question is all of an example
that stands before an answer that is learnt.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from tunedesk.examples.kinds.preference import PAIR_PARTS, answer_messages, pair_messages
from tunedesk.examples.kinds.prompt_completion import PROMPT_COMPLETION
from tunedesk.examples.kinds.registry import read_kind
from tunedesk.project.project import Project
from tunedesk.project.run_records import Part

ChatMessage = dict[str, Any]

MOST_EXAMPLES = 12
"""Questions of so many examples of each file are offered."""
MOST_TURNS = 4
"""So many answers of one conversation are asked for."""
SYSTEM_ROLES = ("system", "developer")
_TOOL_LISTS = ("tools", "functions")


class SampleQuestion(NamedTuple):
    """What stands before an answer of an example of the run.

    Attributes:
        part: Where the example stood: "training", or "validation" for those held back.
        turn: Which of its answers is asked for, from 1.
        messages: The messages before the answer, in the form that services take.
        answer: The answer of the example, a message; empty where a grader judges the answer.
        more: What the model is given beside the messages: tools.
        is_completion: Whether it was trained to go on from the text, not to answer in a chat: the
            text stands as the only message.
    """

    part: Part
    turn: int
    messages: tuple[ChatMessage, ...]
    answer: ChatMessage
    more: dict[str, Any]
    is_completion: bool = False

    @property
    def system(self) -> ChatMessage | None:
        """The system message that it begins with; None without one."""
        first = self.messages[0]
        return first if first.get("role") in SYSTEM_ROLES else None

    @property
    def text(self) -> str:
        """What is answered: the last text of the user, or what a tool gave back."""
        return message_text(self.messages[-1])

    @property
    def is_said_by_user(self) -> bool:
        """Whether a user asks; otherwise a tool's result is answered."""
        return self.messages[-1].get("role") == "user"


def sample_questions(project: Project, run_id: int) -> list[SampleQuestion]:
    """Questions of the examples of a run: some that were held back, then some trained on."""
    found: list[SampleQuestion] = []
    parts: tuple[Part, Part] = ("validation", "training")
    for part in parts:
        line, kept = 0, 0
        while kept < MOST_EXAMPLES and line < 2 * MOST_EXAMPLES:
            line += 1
            example = project.runs.example_at(run_id, part, line)
            if example is None:
                break
            text = project.version_text(example.version_id) or ""
            questions = list(questions_of(text, part))[:MOST_TURNS]
            kept += bool(questions)
            found += questions
    return found


def questions_of(text: str, part: Part) -> Iterator[SampleQuestion]:
    """What stands before each answer of an example that is learnt.

    Args:
        text: The record; one without messages has no questions.
        part: Where it stood.
    """
    kind, record = read_kind(text)
    if kind.is_written_as_messages:
        messages = record.get("messages")
        if not isinstance(messages, list) or not _are_messages(messages):
            return
        if kind.method != "reinforcement":
            yield from _turns(messages, _beside(record), part)
        elif _ends_with_question(messages):
            yield SampleQuestion(part, 1, _sent(messages), {}, _beside(record))
    elif kind is PROMPT_COMPLETION:
        prompt, completion = record["prompt"], record["completion"]
        if isinstance(prompt, str) and isinstance(completion, str) and prompt:
            asked = ({"role": "user", "content": prompt},)
            answer = {"role": "assistant", "content": completion}
            yield SampleQuestion(part, 1, asked, answer, {}, is_completion=True)
    elif kind.method == "dpo":
        before = pair_messages(record).asked
        preferred = [
            message
            for key in PAIR_PARTS["preferred"]
            for message in answer_messages(record.get(key))
        ]
        given = record.get("input")
        beside = _beside(given) if isinstance(given, dict) else {}
        if _are_messages([*before, *preferred]) and preferred and _ends_with_question(before):
            yield SampleQuestion(part, 1, _sent(before), dict(preferred[0]), beside)


def first_question(project: Project, run_id: int) -> SampleQuestion | None:
    """The first question of the first example that a run was trained on; None without one."""
    first = project.runs.example_at(run_id, "training", 1)
    if first is None:
        return None
    return next(questions_of(project.version_text(first.version_id) or "", "training"), None)


def message_text(message: Mapping[str, Any]) -> str:
    """The text of a message: its content, or the texts of its parts, or a refusal."""
    content = message.get("content")
    if isinstance(content, list):
        texts = [
            part.get("text") or part.get("refusal") for part in content if isinstance(part, dict)
        ]
        content = "".join(text for text in texts if isinstance(text, str))
    if isinstance(content, str) and content:
        return content
    refusal = message.get("refusal")
    return refusal if isinstance(refusal, str) else ""


def message_calls(message: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The calls of tools of a message, one in the old form of functions too."""
    calls = message.get("tool_calls")
    if not isinstance(calls, list) or not calls:
        function = message.get("function_call")
        calls = [{"id": "", "type": "function", "function": function}] if function else []
    return [call for call in calls if isinstance(call, dict)]


def says_the_same(answer: Mapping[str, Any], expected: Mapping[str, Any]) -> bool:
    """Whether an answer is that of the example: the same text, and the same calls of tools."""
    return message_text(answer).strip() == message_text(expected).strip() and [
        _called(call) for call in message_calls(answer)
    ] == [_called(call) for call in message_calls(expected)]


def given_beside(more: Mapping[str, Any], *, as_tools: bool) -> dict[str, Any]:
    """What is sent beside the messages.

    Args:
        more: What the example has beside them.
        as_tools: Whether functions in their old form are sent as tools, as our own server reads
            them in training; services that train on functions take them in a chat as well.
    """
    sent = dict(more)
    functions = sent.get("functions")
    if as_tools and functions is not None:
        del sent["functions"]
        if functions and not sent.get("tools"):
            sent["tools"] = [{"type": "function", "function": function} for function in functions]
    return sent


def tool_names(more: Mapping[str, Any]) -> list[str]:
    """The names of the tools that are given beside the messages."""
    tools = given_beside(more, as_tools=True).get("tools") or ()
    functions = [tool.get("function") for tool in tools if isinstance(tool, dict)]
    return [str(each.get("name") or "") for each in functions if isinstance(each, dict)]


def _turns(messages: Sequence[Any], more: dict[str, Any], part: Part) -> Iterator[SampleQuestion]:
    turn = 0
    for number, message in enumerate(messages):
        is_learnt = message.get("role") == "assistant" and message.get("weight") != 0
        if is_learnt and _ends_with_question(messages[:number]):
            turn += 1
            yield SampleQuestion(part, turn, _sent(messages[:number]), dict(message), more)


def _are_messages(messages: Sequence[Any]) -> bool:
    return all(isinstance(message, dict) for message in messages)


def _ends_with_question(messages: Sequence[ChatMessage]) -> bool:
    return bool(messages) and messages[-1].get("role") in ("user", "tool", "function")


def _sent(messages: Sequence[ChatMessage]) -> tuple[ChatMessage, ...]:
    """The messages without their weights, which say what is learnt and are not read."""
    return tuple(
        {name: value for name, value in message.items() if name != "weight"} for message in messages
    )


def _beside(record: Mapping[str, Any]) -> dict[str, Any]:
    found = {name: record[name] for name in _TOOL_LISTS if isinstance(record.get(name), list)}
    beside = {name: tools for name, tools in found.items() if tools}
    is_parallel = record.get("parallel_tool_calls")
    if beside and isinstance(is_parallel, bool):
        beside["parallel_tool_calls"] = is_parallel
    return beside


def _called(call: Mapping[str, Any]) -> tuple[Any, Any]:
    """The name and the arguments of a call; how JSON is spaced makes no difference."""
    function = call.get("function")
    if not isinstance(function, dict):
        return None, None
    return function.get("name"), call_arguments(function.get("arguments"))


def call_arguments(arguments: Any) -> Any:
    """The arguments of a call as a value; what is no JSON stays the text that it is."""
    if not isinstance(arguments, str):
        return arguments
    try:
        return json.loads(arguments or "{}")
    except (ValueError, RecursionError):
        return arguments
