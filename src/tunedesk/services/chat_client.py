"""Asking a model: a conversation in, its answer as it is written."""

from collections.abc import Iterator, Sequence
from typing import Any

from tunedesk.services.connection import Connection
from tunedesk.services.redaction import pieces_without_key
from tunedesk.services.service_errors import errors_explained

ANSWER_SECONDS = 300.0


def stream_completion(
    connection: Connection,
    model: str,
    messages: Sequence[dict[str, Any]],
    *,
    temperature: float | None = 0.0,
    most_tokens: int | None = None,
    tools: Sequence[dict[str, Any]] = (),
) -> Iterator[str]:
    """Yield the pieces of the answer, without the key; close the iterator to stop the model.

    Args:
        connection: The service that has the model.
        model: A base model, a tuned model or a checkpoint.
        messages: The conversation so far.
        temperature: How freely it chooses its words; 0: always the likeliest.
        most_tokens: The longest answer.
        tools: The tools that it may call.

    Raises:
        ServiceError: It cannot be asked, or it broke off.
    """
    options: dict[str, Any] = {"model": model, "messages": list(messages)}
    if temperature is not None:
        options["temperature"] = temperature
    if most_tokens is not None:
        options["max_tokens"] = most_tokens
    if tools:
        options["tools"] = list(tools)
    with (
        connection.client(timeout=ANSWER_SECONDS) as client,
        errors_explained(connection.provider, connection.key_value),
        client.chat.completions.create(stream=True, **options) as stream,
    ):
        pieces = (
            choice.delta.content
            for chunk in stream
            for choice in chunk.choices or ()
            if choice.delta is not None and choice.delta.content
        )
        yield from pieces_without_key(pieces, connection.key_value)
