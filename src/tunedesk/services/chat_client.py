"""Asking a model: a conversation in, its answer and its calls of tools as they are written."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from tunedesk.services.connection import Connection
from tunedesk.services.redaction import pieces_without_key, without_key
from tunedesk.services.service_errors import errors_explained

ANSWER_SECONDS = 300.0


class ChatOptions(NamedTuple):
    """How an answer is to be; None leaves a choice to the service.

    Attributes:
        temperature: How freely the model chooses its words, 0 to 2; 0: always the likeliest.
        most_tokens: The longest answer.
    """

    temperature: float | None = 0.0
    most_tokens: int | None = None


class AnswerPiece(NamedTuple):
    """A piece of an answer.

    Attributes:
        text: What it adds to the text.
        tool_calls: The calls of tools, whole, in OpenAI's form: in the last piece only.
        finish_reason: Why the answer ended, as the service says it: in the last piece only.
    """

    text: str = ""
    tool_calls: tuple[dict[str, Any], ...] = ()
    finish_reason: str = ""


def stream_completion(
    connection: Connection,
    model: str,
    messages: Sequence[Mapping[str, Any]],
    *,
    options: ChatOptions = ChatOptions(),  # noqa: B008
    more: Mapping[str, Any] | None = None,
) -> Iterator[AnswerPiece]:
    """Yield the pieces of the answer, without the key; close the iterator to stop the model.

    The last piece has no text and says why the answer ended.

    Args:
        connection: The service that has the model.
        model: A base model, a tuned model or a checkpoint.
        messages: The conversation so far.
        options: How the answer is to be.
        more: What an example has beside its messages, such as `tools`.

    Raises:
        ServiceError: It cannot be asked, or it broke off.
    """
    asked: dict[str, Any] = {"model": model, "messages": list(messages), **(more or {})}
    if options.temperature is not None:
        asked["temperature"] = options.temperature
    if options.most_tokens is not None:
        asked["max_tokens"] = options.most_tokens
    collector = _Collector()
    key = connection.key_value
    with (
        connection.client(timeout=ANSWER_SECONDS) as client,
        errors_explained(connection.provider, key),
        client.chat.completions.create(stream=True, **asked) as stream,
    ):
        yield from map(AnswerPiece, pieces_without_key(collector.texts(stream), key))
    yield AnswerPiece("", tuple(collector.calls(key)), collector.finish_reason)


def stream_text(
    connection: Connection,
    model: str,
    prompt: str,
    *,
    options: ChatOptions = ChatOptions(),  # noqa: B008
) -> Iterator[AnswerPiece]:
    """Yield the pieces of a text that goes on from another one, as `stream_completion` does.

    Args:
        connection: The service that has the model.
        model: A base model, a tuned model or a checkpoint.
        prompt: What it goes on from.
        options: How the text is to be.

    Raises:
        ServiceError: It cannot be asked, or it broke off.
    """
    asked: dict[str, Any] = {"model": model, "prompt": prompt}
    if options.temperature is not None:
        asked["temperature"] = options.temperature
    if options.most_tokens is not None:
        asked["max_tokens"] = options.most_tokens
    key, reason = connection.key_value, ""

    def texts(stream: Iterable[Any]) -> Iterator[str]:
        nonlocal reason
        for chunk in stream:
            for choice in chunk.choices or ():
                reason = choice.finish_reason or reason
                if choice.text:
                    yield choice.text

    with (
        connection.client(timeout=ANSWER_SECONDS) as client,
        errors_explained(connection.provider, key),
        client.completions.create(stream=True, **asked) as stream,
    ):
        yield from map(AnswerPiece, pieces_without_key(texts(stream), key))
    yield AnswerPiece("", (), reason)


class _Collector:
    """Takes a stream apart: its texts go on at once, calls of tools come in pieces and are kept."""

    def __init__(self) -> None:
        self.finish_reason = ""
        self._calls: dict[int, dict[str, str]] = {}

    def texts(self, stream: Iterable[Any]) -> Iterator[str]:
        """The pieces of the text."""
        for chunk in stream:
            for choice in chunk.choices or ():
                self.finish_reason = choice.finish_reason or self.finish_reason
                delta = choice.delta
                if delta is None:
                    continue
                for number, call in enumerate(delta.tool_calls or ()):
                    index = number if call.index is None else call.index
                    self._add(index, call.id, call.function)
                self._add(0, None, delta.function_call)
                # What a model declines to say is all that it answers.
                text = delta.content or delta.refusal
                if text:
                    yield text

    def _add(self, index: int, call_id: str | None, function: Any) -> None:
        if function is None and call_id is None:
            return
        call = self._calls.setdefault(index, {"id": "", "name": "", "arguments": ""})
        # A few services say the id and the name again in each piece; only arguments come in pieces.
        call["id"] = call_id or call["id"]
        call["name"] = getattr(function, "name", None) or call["name"]
        call["arguments"] += getattr(function, "arguments", None) or ""

    def calls(self, key: str) -> Iterator[dict[str, Any]]:
        """The calls, without the key."""
        for index in sorted(self._calls):
            call = {name: without_key(text, key) for name, text in self._calls[index].items()}
            yield {
                "id": call["id"] or f"call_{index}",
                "type": "function",
                "function": {"name": call["name"], "arguments": call["arguments"]},
            }
