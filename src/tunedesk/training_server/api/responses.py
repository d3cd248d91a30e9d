"""/v1/responses: a conversation answered in the form of OpenAI's newer API, whole or in events.

Nothing is kept here: a response cannot be asked for again, or gone on from by its id.
"""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tunedesk.training_server.api.completions import CompletionCollector, chat_logprobs
from tunedesk.training_server.api.inference import Inference
from tunedesk.training_server.inference.inference_types import Token
from tunedesk.training_server.models import NamedModel
from tunedesk.training_server.store.database import new_id, now
from tunedesk.training_server.web.requests import LOADING, read_json
from tunedesk.training_server.web.responses import ApiError, stream_response

if TYPE_CHECKING:
    from tunedesk.training_server.api.response_requests import ResponseRequest


class ResponseEndpoints:
    """Answers the requests for responses."""

    def __init__(self, inference: Inference) -> None:
        self._inference = inference

    def routes(self) -> list[Route]:
        """The path."""
        return [Route("/v1/responses", self.create, methods=["POST"])]

    async def create(self, request: Request) -> Response:
        """Answer a conversation."""
        asked, body = await read_json(request, _read)
        model = self._inference.find(asked.model)
        writer = ResponseWriter(asked, body)
        events = self._events(request, asked, model, writer)
        if asked.stream:
            return await stream_response(events, has_names=True)
        async with aclosing(events):
            async for event in events:
                if writer.error is not None:
                    raise writer.error
                last = event
        return JSONResponse(last["response"])

    async def _events(
        self,
        request: Request,
        asked: "ResponseRequest",
        model: NamedModel,
        writer: "ResponseWriter",
    ) -> AsyncGenerator[dict[str, Any]]:
        """The events of an answer; what is wrong before its first token is raised."""
        tokens = self._inference.chat(
            request, model, asked.messages, asked.tools or None, asked.parameters, asked.output
        )
        begun = False
        try:
            async with aclosing(tokens):
                async for token in tokens:
                    events = writer.add(token) if begun else [*writer.begin(), *writer.add(token)]
                    begun = True
                    for event in events:
                        yield event
            for event in writer.end():
                yield event
        except ApiError as error:
            error.param = _renamed(error.param)
            if not begun:
                raise
            yield writer.fail(error)


@dataclass
class ResponseWriter:
    """Makes the events of a response of its tokens, and the response as far as it has come.

    Attributes:
        asked: What was asked for.
        body: The request, of which a response repeats a part.
        error: Why it failed; None if it did not.
    """

    asked: "ResponseRequest"
    body: dict[str, Any]
    error: ApiError | None = None
    _answer: CompletionCollector = field(default_factory=CompletionCollector)
    _output: list[dict[str, Any]] = field(default_factory=list)
    _message: dict[str, Any] | None = None
    _count: int = 0

    def __post_init__(self) -> None:
        self._head = {"id": new_id("resp_"), "object": "response", "created_at": now()}

    def begin(self) -> list[dict[str, Any]]:
        """The events that come first."""
        return [
            self._event("response.created", response=self._response("in_progress")),
            self._event("response.in_progress", response=self._response("in_progress")),
        ]

    def add(self, token: Token) -> list[dict[str, Any]]:
        """The events of a token."""
        self._answer.add(token)
        logprobs = []
        if token.logprob is not None and not token.is_mere_end:
            logprobs = chat_logprobs([token])["content"]
        events = []
        if token.text or (logprobs and self._message is not None):
            events = [] if self._message is not None else self._begin_message()
            place = self._place_of_text()
            events.append(
                self._event(
                    "response.output_text.delta", **place, delta=token.text, logprobs=logprobs
                )
            )
        if token.finish_reason is not None:
            if self._message is None and not token.tool_calls and not self.asked.output.must_call:
                events += self._begin_message()
            events += self._end_message()
            for call in token.tool_calls:
                events += self._call(call)
        return events

    def end(self) -> list[dict[str, Any]]:
        """The event that comes last."""
        status = "incomplete" if self._answer.finish_reason == "length" else "completed"
        return [self._event(f"response.{status}", response=self._response(status))]

    def fail(self, error: ApiError) -> dict[str, Any]:
        """The event that comes last when something fails on the way."""
        self.error = error
        return self._event("response.failed", response=self._response("failed"))

    def _event(self, kind: str, **values: Any) -> dict[str, Any]:
        event = {"type": kind, "sequence_number": self._count, **values}
        self._count += 1
        return event

    def _place_of_text(self) -> dict[str, Any]:
        assert self._message is not None
        place = self._output.index(self._message)
        return {"item_id": self._message["id"], "output_index": place, "content_index": 0}

    def _begin_message(self) -> list[dict[str, Any]]:
        self._message = {
            "id": new_id("msg_"),
            "type": "message",
            "role": "assistant",
            "status": "in_progress",
            "content": [],
        }
        self._output.append(self._message)
        place = self._place_of_text()
        return [
            self._event(
                "response.output_item.added",
                output_index=place["output_index"],
                item=dict(self._message),
            ),
            self._event("response.content_part.added", **place, part=_text_part("", [])),
        ]

    def _end_message(self) -> list[dict[str, Any]]:
        if self._message is None:
            return []
        text = self._answer.text
        logprobs = chat_logprobs(self._answer.tokens)["content"]
        part = _text_part(text, logprobs)
        self._message["content"] = [part]
        is_cut = self._answer.finish_reason == "length"
        self._message["status"] = "incomplete" if is_cut else "completed"
        place = self._place_of_text()
        return [
            self._event("response.output_text.done", **place, text=text, logprobs=logprobs),
            self._event("response.content_part.done", **place, part=part),
            self._event(
                "response.output_item.done",
                output_index=place["output_index"],
                item=dict(self._message),
            ),
        ]

    def _call(self, call: dict[str, Any]) -> list[dict[str, Any]]:
        function = call["function"]
        item = {
            "id": new_id("fc_"),
            "type": "function_call",
            "status": "in_progress",
            "call_id": call["id"],
            "name": function["name"],
            "arguments": "",
        }
        whole = {**item, "status": "completed", "arguments": function["arguments"]}
        number = len(self._output)
        self._output.append(whole)
        place = {"item_id": item["id"], "output_index": number}
        return [
            self._event("response.output_item.added", output_index=number, item=item),
            self._event(
                "response.function_call_arguments.delta", **place, delta=function["arguments"]
            ),
            self._event(
                "response.function_call_arguments.done",
                **place,
                name=function["name"],
                arguments=function["arguments"],
            ),
            self._event("response.output_item.done", output_index=number, item=whole),
        ]

    def _response(self, status: str) -> dict[str, Any]:
        """The response as it is now."""
        asked, is_cut = self.asked, status == "incomplete"
        has_ended = status != "in_progress"
        failed = None
        if self.error is not None:
            failed = {"code": "server_error", "message": self.error.message}
        return {
            **self._head,
            "status": status,
            "completed_at": now() if status == "completed" else None,
            "background": False,
            "error": failed,
            "incomplete_details": {"reason": "max_output_tokens"} if is_cut else None,
            "instructions": asked.instructions or None,
            "max_output_tokens": asked.max_output_tokens,
            "max_tool_calls": None,
            "metadata": asked.metadata or {},
            "model": asked.model,
            "output": [dict(item) for item in self._output],
            "parallel_tool_calls": asked.parallel_tool_calls,
            "previous_response_id": None,
            "reasoning": {"effort": None, "summary": None},
            "service_tier": "default",
            "store": False,
            "temperature": asked.temperature,
            "text": {"format": {"type": "text"}, **(self.body.get("text") or {})},
            "tool_choice": self.body.get("tool_choice") or "auto",
            "tools": [_shown_tool(tool) for tool in self.body.get("tools") or ()],
            "top_logprobs": asked.top_logprobs,
            "top_p": asked.top_p,
            "truncation": "disabled",
            "usage": self._usage() if has_ended and self.error is None else None,
            "user": self.body.get("user"),
        }

    def _usage(self) -> dict[str, Any]:
        read, wrote = self._answer.prompt_tokens, self._answer.completion_tokens
        return {
            "input_tokens": read,
            "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
            "output_tokens": wrote,
            "output_tokens_details": {"reasoning_tokens": 0},
            "total_tokens": read + wrote,
        }


def _renamed(param: str | None) -> str | None:
    """What a parameter of a chat is called here."""
    if param is None or param == "messages":
        return param and "input"
    return param.replace("].function.", "].")


def _text_part(text: str, logprobs: list[dict[str, Any]]) -> dict[str, Any]:
    return {"type": "output_text", "text": text, "annotations": [], "logprobs": logprobs}


def _shown_tool(tool: dict[str, Any]) -> dict[str, Any]:
    return {"description": None, "parameters": None, "strict": None, **tool}


def _read(body: dict[str, Any]) -> "tuple[ResponseRequest, dict[str, Any]]":
    with LOADING:
        from tunedesk.training_server.api.response_requests import ResponseRequest
    return ResponseRequest.read(body), body
