"""/v1/completions: the text that goes on from a prompt, without a conversation."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tunedesk.training_server.api.answers import (
    Answer,
    completion_logprobs,
    usage,
)
from tunedesk.training_server.api.speaking import Speaking
from tunedesk.training_server.api.speaking_request import (
    SPOKEN_KEYS,
    read_choices,
    read_model,
    read_parameters,
    read_stream,
    whole,
)
from tunedesk.training_server.api.streaming import stream_response
from tunedesk.training_server.model_names import NamedModel
from tunedesk.training_server.store.database import new_id, now
from tunedesk.training_server.token_stream import Parameters, Token
from tunedesk.training_server.web.api_error import bad_value
from tunedesk.training_server.web.reading import json_object, only_known

_KEYS = SPOKEN_KEYS | {"best_of", "echo", "prompt", "suffix"}
_DEFAULT_TOKENS = 16
"""As at OpenAI: without a limit /completions writes 16 tokens."""


@dataclass(frozen=True)
class CompletionRequest:
    """What a request to /completions asks for; as in `ChatRequest`."""

    model: str
    prompts: list[str]
    parameters: Parameters
    choices: int
    stream: bool
    with_usage: bool
    logprobs: bool


class CompletionEndpoints:
    """Answers the requests to go on from a prompt."""

    def __init__(self, speaking: Speaking) -> None:
        self._speaking = speaking

    def routes(self) -> list[Route]:
        """The path."""
        return [Route("/v1/completions", self.create, methods=["POST"])]

    async def create(self, request: Request) -> Response:
        """Go on from one prompt or several."""
        asked = read_completion_request(await json_object(request))
        model = self._speaking.find(asked.model)
        if asked.stream:
            return await stream_response(self._chunks(request, asked, model))
        answers = []
        for place in range(len(asked.prompts) * asked.choices):
            answer = Answer()
            async for token in self._tokens(request, asked, model, place):
                answer.take(token)
            answers.append(answer)
        choices = [
            _choice(
                place,
                answer.text,
                completion_logprobs(answer.tokens, 0) if asked.logprobs else None,
                answer.finish_reason,
            )
            for place, answer in enumerate(answers)
        ]
        return JSONResponse(
            {**_head(asked.model), "choices": choices, "usage": _usage(asked, answers)}
        )

    async def _tokens(
        self, request: Request, asked: CompletionRequest, model: NamedModel, place: int
    ) -> AsyncGenerator[Token]:
        parameters = asked.parameters
        if parameters.seed is not None and place:
            parameters = replace(parameters, seed=(parameters.seed + place) % 2**63)
        prompt = asked.prompts[place // asked.choices]
        tokens = self._speaking.complete(request, model, prompt, parameters)
        async with aclosing(tokens):
            async for token in tokens:
                yield token

    async def _chunks(
        self, request: Request, asked: CompletionRequest, model: NamedModel
    ) -> AsyncGenerator[dict[str, Any]]:
        head = _head(asked.model)
        answers = [Answer() for _place in range(len(asked.prompts) * asked.choices)]
        for place, answer in enumerate(answers):
            tokens = self._tokens(request, asked, model, place)
            async with aclosing(tokens):
                async for token in tokens:
                    logprobs = None
                    if asked.logprobs and not token.is_mere_end:
                        logprobs = completion_logprobs([token], len(answer.text))
                    answer.take(token)
                    if token.text or logprobs:
                        yield {**head, "choices": [_choice(place, token.text, logprobs, None)]}
            yield {**head, "choices": [_choice(place, "", None, answer.finish_reason)]}
        if asked.with_usage:
            yield {**head, "choices": [], "usage": _usage(asked, answers)}


def read_completion_request(body: dict[str, Any]) -> CompletionRequest:
    """The request that a body holds.

    Raises:
        ApiError: Something in it cannot be.
    """
    only_known(body, _KEYS)
    model = read_model(body)
    prompt = body.get("prompt")
    if prompt is None:
        raise bad_value("prompt", "Missing required parameter: 'prompt'.", "missing_parameter")
    prompts = [prompt] if isinstance(prompt, str) else prompt
    is_right = isinstance(prompts, list) and 1 <= len(prompts) <= 128
    if not is_right or not all(isinstance(each, str) for each in prompts or ()):
        raise bad_value("prompt", "Invalid 'prompt': a text, or a list of texts, is expected.")
    top = whole(body, "logprobs", 0, 5, None)
    parameters = read_parameters(body, top)
    if parameters.max_tokens is None:
        parameters = replace(parameters, max_tokens=_DEFAULT_TOKENS)
    stream, with_usage = read_stream(body)
    return CompletionRequest(
        model,
        list(prompts or ()),
        parameters,
        read_choices(body),
        stream,
        with_usage,
        top is not None,
    )


def _head(model: str) -> dict[str, Any]:
    return {"id": new_id("cmpl-"), "object": "text_completion", "created": now(), "model": model}


def _choice(
    place: int, text: str, logprobs: dict[str, Any] | None, finish_reason: str | None
) -> dict[str, Any]:
    return {"index": place, "text": text, "logprobs": logprobs, "finish_reason": finish_reason}


def _usage(asked: CompletionRequest, answers: list[Answer]) -> dict[str, int]:
    """The tokens of the request: each prompt counts once."""
    total = usage(answers)
    prompt = sum(answer.prompt_tokens for answer in answers[:: asked.choices])
    completion = total["completion_tokens"]
    return {**total, "prompt_tokens": prompt, "total_tokens": prompt + completion}
