"""/v1/chat/completions and /v1/completions: asking base models, tuned ones and checkpoints."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tunedesk.training_server.api.inference import Inference
from tunedesk.training_server.inference.inference_types import Token
from tunedesk.training_server.models import NamedModel
from tunedesk.training_server.store.database import new_id, now
from tunedesk.training_server.web.requests import LOADING, read_json
from tunedesk.training_server.web.responses import stream_response

if TYPE_CHECKING:
    from tunedesk.training_server.api.completion_requests import ChatRequest, CompletionRequest


@dataclass
class CompletionCollector:
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

    def add(self, token: Token) -> None:
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


def usage(answers: list[CompletionCollector]) -> dict[str, int]:
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
    """The text of a token; what is not a whole letter is shown by its bytes alone."""
    return own.decode("utf-8", "replace")


class ChatEndpoints:
    """Answers the requests to chat."""

    def __init__(self, inference: Inference) -> None:
        self._inference = inference

    def routes(self) -> list[Route]:
        """The path."""
        return [Route("/v1/chat/completions", self.create, methods=["POST"])]

    async def create(self, request: Request) -> Response:
        """Answer a conversation."""
        asked = await read_json(request, _read_chat)
        model = self._inference.find(asked.model)
        if asked.stream:
            return await stream_response(self._chunks(request, asked, model))
        answers = []
        for number in range(asked.n):
            answer = CompletionCollector()
            async for token in self._tokens(request, asked, model, number):
                answer.add(token)
            answers.append(answer)
        return JSONResponse(
            {
                "id": new_id("chatcmpl-"),
                "object": "chat.completion",
                "created": now(),
                "model": asked.model,
                "choices": [
                    {
                        "index": number,
                        "message": _chat_message(answer),
                        "logprobs": chat_logprobs(answer.tokens) if asked.logprobs else None,
                        "finish_reason": answer.finish_reason,
                    }
                    for number, answer in enumerate(answers)
                ],
                "usage": usage(answers),
            }
        )

    async def _tokens(
        self, request: Request, asked: "ChatRequest", model: NamedModel, number: int
    ) -> AsyncGenerator[Token]:
        parameters = asked.parameters
        if parameters.seed is not None and number:
            # Each answer of a request is another one, and the same again for the same seed.
            parameters = replace(parameters, seed=(parameters.seed + number) % 2**63)
        tokens = self._inference.chat(
            request, model, asked.messages, asked.tools, parameters, asked.output
        )
        async with aclosing(tokens):
            async for token in tokens:
                yield token

    async def _chunks(
        self, request: Request, asked: "ChatRequest", model: NamedModel
    ) -> AsyncGenerator[dict[str, Any]]:
        head = {
            "id": new_id("chatcmpl-"),
            "object": "chat.completion.chunk",
            "created": now(),
            "model": asked.model,
        }
        if asked.stream_options.include_usage:
            head["usage"] = None
        answers = [CompletionCollector() for _number in range(asked.n)]
        for number, answer in enumerate(answers):
            begun = False
            tokens = self._tokens(request, asked, model, number)
            async with aclosing(tokens):
                async for token in tokens:
                    if not begun:
                        begun = True
                        delta = {"role": "assistant", "content": "", "refusal": None}
                        yield {**head, "choices": [_chat_choice(number, delta)]}
                    answer.add(token)
                    is_shown = asked.logprobs and not token.is_mere_end
                    if token.text or is_shown:
                        logprobs = chat_logprobs([token]) if is_shown else None
                        yield {
                            **head,
                            "choices": [_chat_choice(number, {"content": token.text}, logprobs)],
                        }
                    if token.tool_calls:
                        calls = [
                            {"index": index, **call} for index, call in enumerate(token.tool_calls)
                        ]
                        yield {**head, "choices": [_chat_choice(number, {"tool_calls": calls})]}
            yield {**head, "choices": [_chat_choice(number, {}, None, answer.finish_reason)]}
        if asked.stream_options.include_usage:
            yield {**head, "choices": [], "usage": usage(answers)}


def _chat_choice(
    number: int,
    delta: dict[str, Any],
    logprobs: dict[str, Any] | None = None,
    finish_reason: str | None = None,
) -> dict[str, Any]:
    return {
        "index": number,
        "delta": delta,
        "logprobs": logprobs,
        "finish_reason": finish_reason,
    }


def _chat_message(answer: CompletionCollector) -> dict[str, Any]:
    content = answer.text if answer.text or not answer.tool_calls else None
    message: dict[str, Any] = {
        "role": "assistant",
        "content": content,
        "refusal": None,
        "annotations": [],
    }
    if answer.tool_calls:
        message["tool_calls"] = answer.tool_calls
    return message


class CompletionEndpoints:
    """Answers the requests to go on from a prompt."""

    def __init__(self, inference: Inference) -> None:
        self._inference = inference

    def routes(self) -> list[Route]:
        """The path."""
        return [Route("/v1/completions", self.create, methods=["POST"])]

    async def create(self, request: Request) -> Response:
        """Go on from one prompt or several."""
        asked = await read_json(request, _read_completion)
        model = self._inference.find(asked.model)
        if asked.stream:
            return await stream_response(self._chunks(request, asked, model))
        answers = []
        for index in range(len(asked.prompt) * asked.n):
            answer = CompletionCollector()
            async for token in self._tokens(request, asked, model, index):
                answer.add(token)
            answers.append(answer)
        choices = [
            _choice(
                index,
                answer.text,
                completion_logprobs(answer.tokens, 0) if asked.logprobs is not None else None,
                answer.finish_reason,
            )
            for index, answer in enumerate(answers)
        ]
        return JSONResponse(
            {**_head(asked.model), "choices": choices, "usage": _usage(asked, answers)}
        )

    async def _tokens(
        self, request: Request, asked: "CompletionRequest", model: NamedModel, index: int
    ) -> AsyncGenerator[Token]:
        parameters = asked.parameters
        if parameters.seed is not None and index:
            parameters = replace(parameters, seed=(parameters.seed + index) % 2**63)
        prompt = asked.prompt[index // asked.n]
        tokens = self._inference.complete(request, model, prompt, parameters)
        async with aclosing(tokens):
            async for token in tokens:
                yield token

    async def _chunks(
        self, request: Request, asked: "CompletionRequest", model: NamedModel
    ) -> AsyncGenerator[dict[str, Any]]:
        head = _head(asked.model)
        answers = [CompletionCollector() for _place in range(len(asked.prompt) * asked.n)]
        for index, answer in enumerate(answers):
            tokens = self._tokens(request, asked, model, index)
            async with aclosing(tokens):
                async for token in tokens:
                    logprobs = None
                    if asked.logprobs is not None and not token.is_mere_end:
                        logprobs = completion_logprobs([token], len(answer.text))
                    answer.add(token)
                    if token.text or logprobs:
                        yield {**head, "choices": [_choice(index, token.text, logprobs, None)]}
            yield {**head, "choices": [_choice(index, "", None, answer.finish_reason)]}
        if asked.stream_options.include_usage:
            yield {**head, "choices": [], "usage": _usage(asked, answers)}


def _read_chat(body: dict[str, Any]) -> "ChatRequest":
    with LOADING:
        from tunedesk.training_server.api.completion_requests import ChatRequest
    return ChatRequest.read(body)


def _read_completion(body: dict[str, Any]) -> "CompletionRequest":
    with LOADING:
        from tunedesk.training_server.api.completion_requests import CompletionRequest
    return CompletionRequest.read(body)


def _head(model: str) -> dict[str, Any]:
    return {"id": new_id("cmpl-"), "object": "text_completion", "created": now(), "model": model}


def _choice(
    index: int, text: str, logprobs: dict[str, Any] | None, finish_reason: str | None
) -> dict[str, Any]:
    return {"index": index, "text": text, "logprobs": logprobs, "finish_reason": finish_reason}


def _usage(asked: "CompletionRequest", answers: list[CompletionCollector]) -> dict[str, int]:
    """The tokens of the request: each prompt counts once."""
    total = usage(answers)
    prompt = sum(answer.prompt_tokens for answer in answers[:: asked.n])
    completion = total["completion_tokens"]
    return {**total, "prompt_tokens": prompt, "total_tokens": prompt + completion}
