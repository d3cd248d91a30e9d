"""The rules of the records that are no chat: preference pairs, prompts with completions."""

import json
from typing import Any

from tunedesk.checks.checker import CheckJob, check_texts
from tunedesk.checks.messages.sentences import sentence
from tunedesk.checks.problem import severity

_TARGET = "local"


def check_pair(record: dict[str, Any]) -> str | None:
    """What is wrong with a preference pair in OpenAI's form; None if nothing is."""
    given = record.get("input")
    if not isinstance(given, dict) or not isinstance(given.get("messages"), list):
        return 'key "input": an object with "messages" is expected'
    if not given["messages"]:
        return 'key "input": "messages" is empty'
    answers = {}
    for key in ("preferred_output", "non_preferred_output"):
        answer = record.get(key)
        if not isinstance(answer, list) or len(answer) != 1 or not isinstance(answer[0], dict):
            return f'key "{key}": a list of one assistant message is expected'
        if answer[0].get("role") != "assistant":
            return f'key "{key}": the message must have the role assistant'
        if not isinstance(answer[0].get("content"), str) and not answer[0].get("tool_calls"):
            return f'key "{key}": the message must have a text as "content"'
        answers[key] = answer
    if answers["preferred_output"] == answers["non_preferred_output"]:
        return 'key "non_preferred_output": it is the same as "preferred_output"'
    others = {key: given[key] for key in ("tools", "parallel_tool_calls") if key in given}
    for key, answer in answers.items():
        chat = {"messages": [*given["messages"], *answer], **others}
        if has_image(chat):
            return 'key "input": Images cannot be trained on by this server'
        facts = check_texts(CheckJob([json.dumps(chat).encode()], _TARGET, None))[0]
        for problem in facts.problems:
            if severity(problem.code, _TARGET) == "error":
                return f'key "{_place(problem.path, len(given["messages"]), key)}": ' + sentence(
                    problem
                )
    return None


def _place(path: tuple[str | int, ...], asked: int, answer: str) -> str:
    in_answer = len(path) > 1 and isinstance(path[1], int) and path[1] >= asked
    return answer if in_answer else "input"


def check_completion(record: dict[str, Any]) -> str | None:
    """What is wrong with a prompt and its completion; None if nothing is."""
    for key in ("prompt", "completion"):
        if not isinstance(record.get(key), str):
            return f'key "{key}": Input should be a valid string'
    if not record["completion"]:
        return 'key "completion": there is nothing to train on'
    return None


def has_image(record: dict[str, Any] | None) -> bool:
    """Whether a message of a conversation holds an image."""
    messages = None if record is None else record.get("messages")
    if not isinstance(messages, list):
        return False
    return any(
        isinstance(part, dict) and part.get("type") == "image_url"
        for message in messages
        if isinstance(message, dict) and isinstance(message.get("content"), list)
        for part in message["content"]
    )
