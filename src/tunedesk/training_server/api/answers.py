"""Collects the tokens of an answer: its text, its logprobs, how it ended, how long it was."""

from dataclasses import dataclass, field
from typing import Any

from tunedesk.training_server.token_stream import Token


@dataclass
class Answer:
    """One answer as far as it has come.

    Attributes:
        text: Its text.
        finish_reason: Why it ended.
        tool_calls: The calls in it.
        tokens: All that was given, where logprobs are wanted.
        prompt_tokens: How many tokens the model read.
        completion_tokens: How many it wrote.
    """

    text: str = ""
    finish_reason: str = "stop"
    tool_calls: list[dict[str, Any]] = field(default_factory=list)
    tokens: list[Token] = field(default_factory=list)
    prompt_tokens: int = 0
    completion_tokens: int = 0

    def take(self, token: Token) -> None:
        """Add a token."""
        self.text += token.text
        if token.prompt_tokens is not None:
            self.prompt_tokens = token.prompt_tokens
        if not token.is_mere_end:
            self.completion_tokens += 1
            if token.logprob is not None:
                self.tokens.append(token)
        self.tool_calls += [dict(call) for call in token.tool_calls]
        if token.finish_reason is not None:
            self.finish_reason = token.finish_reason


def usage(answers: list[Answer]) -> dict[str, int]:
    """The tokens of a request: the prompt counts once."""
    prompt = answers[0].prompt_tokens if answers else 0
    completion = sum(answer.completion_tokens for answer in answers)
    return {
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": prompt + completion,
    }


def chat_logprobs(tokens: list[Token]) -> dict[str, Any]:
    """The log probabilities as /chat/completions shows them."""
    return {
        "content": [
            {
                **_named(token.own, token.logprob or 0.0),
                "top_logprobs": [_named(own, value) for own, value in token.top_logprobs],
            }
            for token in tokens
        ],
        "refusal": None,
    }


def completion_logprobs(tokens: list[Token], offset: int) -> dict[str, Any]:
    """The log probabilities as /completions shows them."""
    offsets = []
    for token in tokens:
        offsets.append(offset)
        offset += len(token.text)
    return {
        "tokens": [_text(token.own) for token in tokens],
        "token_logprobs": [token.logprob for token in tokens],
        "top_logprobs": [
            {_text(own): value for own, value in token.top_logprobs} for token in tokens
        ],
        "text_offset": offsets,
    }


def _named(own: bytes, value: float) -> dict[str, Any]:
    return {"token": _text(own), "logprob": value, "bytes": list(own)}


def _text(own: bytes) -> str:
    """The text of a token; what is no whole letter is shown by its bytes alone."""
    return own.decode("utf-8", "replace")
