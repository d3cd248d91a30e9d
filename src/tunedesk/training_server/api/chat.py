"""/v1/chat/completions: talking to base models, tuned ones and checkpoints."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import replace
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tunedesk.training_server.api.answers import Answer, chat_logprobs, usage
from tunedesk.training_server.api.chat_request import ChatRequest, read_chat_request
from tunedesk.training_server.api.speaking import Speaking
from tunedesk.training_server.api.streaming import stream_response
from tunedesk.training_server.model_names import NamedModel
from tunedesk.training_server.store.database import new_id, now
from tunedesk.training_server.token_stream import Token
from tunedesk.training_server.web.reading import json_object


class ChatEndpoints:
    """Answers the requests to chat."""

    def __init__(self, speaking: Speaking) -> None:
        self._speaking = speaking

    def routes(self) -> list[Route]:
        """The path."""
        return [Route("/v1/chat/completions", self.create, methods=["POST"])]

    async def create(self, request: Request) -> Response:
        """Answer a conversation."""
        asked = read_chat_request(await json_object(request))
        model = self._speaking.find(asked.model)
        if asked.stream:
            return await stream_response(self._chunks(request, asked, model))
        answers = []
        for number in range(asked.choices):
            answer = Answer()
            async for token in self._tokens(request, asked, model, number):
                answer.take(token)
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
                        "message": _message(answer),
                        "logprobs": chat_logprobs(answer.tokens) if asked.logprobs else None,
                        "finish_reason": answer.finish_reason,
                    }
                    for number, answer in enumerate(answers)
                ],
                "usage": usage(answers),
            }
        )

    async def _tokens(
        self, request: Request, asked: ChatRequest, model: NamedModel, number: int
    ) -> AsyncGenerator[Token]:
        parameters = asked.parameters
        if parameters.seed is not None and number:
            # Each answer of a request is another one, and the same again for the same seed.
            parameters = replace(parameters, seed=(parameters.seed + number) % 2**63)
        tokens = self._speaking.chat(request, model, asked.messages, asked.tools, parameters)
        async with aclosing(tokens):
            async for token in tokens:
                yield token

    async def _chunks(
        self, request: Request, asked: ChatRequest, model: NamedModel
    ) -> AsyncGenerator[dict[str, Any]]:
        head = {
            "id": new_id("chatcmpl-"),
            "object": "chat.completion.chunk",
            "created": now(),
            "model": asked.model,
        }
        if asked.with_usage:
            head["usage"] = None
        answers = [Answer() for _number in range(asked.choices)]
        for number, answer in enumerate(answers):
            begun = False
            tokens = self._tokens(request, asked, model, number)
            async with aclosing(tokens):
                async for token in tokens:
                    if not begun:
                        begun = True
                        delta = {"role": "assistant", "content": "", "refusal": None}
                        yield {**head, "choices": [_choice(number, delta)]}
                    answer.take(token)
                    is_shown = asked.logprobs and not token.is_mere_end
                    if token.text or is_shown:
                        logprobs = chat_logprobs([token]) if is_shown else None
                        yield {
                            **head,
                            "choices": [_choice(number, {"content": token.text}, logprobs)],
                        }
                    if token.tool_calls:
                        calls = [
                            {"index": place, **call} for place, call in enumerate(token.tool_calls)
                        ]
                        yield {**head, "choices": [_choice(number, {"tool_calls": calls})]}
            yield {**head, "choices": [_choice(number, {}, None, answer.finish_reason)]}
        if asked.with_usage:
            yield {**head, "choices": [], "usage": usage(answers)}


def _choice(
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


def _message(answer: Answer) -> dict[str, Any]:
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
