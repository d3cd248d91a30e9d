"""Checks what /chat/completions and /completions have in common: how to choose the tokens."""

from typing import Any

from tunedesk.training_server.token_stream import Parameters
from tunedesk.training_server.web.api_error import bad_value

_MOST_CHOICES = 128
_MOST_STOPS = 4
SPOKEN_KEYS = frozenset(
    {
        "frequency_penalty",
        "logit_bias",
        "logprobs",
        "max_tokens",
        "model",
        "n",
        "presence_penalty",
        "seed",
        "stop",
        "stream",
        "stream_options",
        "temperature",
        "top_p",
        "user",
    }
)
"""The parameters that /chat/completions and /completions share."""

_UNSUPPORTED: dict[str, Any] = {
    "frequency_penalty": 0,
    "presence_penalty": 0,
    "logit_bias": {},
    "best_of": 1,
    "suffix": None,
    "echo": False,
    "audio": None,
    "functions": None,
    "function_call": None,
    "modalities": ["text"],
    "moderation": None,
    "reasoning_effort": None,
    "verbosity": "medium",
    "web_search_options": None,
}
"""Parameters that would change the answer and are not taken, with the values that change none."""


def read_parameters(body: dict[str, Any], top_logprobs: int | None) -> Parameters:
    """How to choose the tokens.

    Raises:
        ApiError: Something cannot be.
    """
    for name, harmless in _UNSUPPORTED.items():
        if body.get(name) not in (None, harmless):
            raise bad_value(
                name,
                f"Unsupported parameter: '{name}' is not done by this server.",
                "unsupported_parameter",
            )
    seed = body.get("seed")
    if seed is not None and (isinstance(seed, bool) or not isinstance(seed, int)):
        raise bad_value(
            "seed", "Invalid type for 'seed': a whole number is expected.", "invalid_type"
        )
    return Parameters(
        temperature=_number(body, "temperature", 0, 2, 1.0),
        top_p=_number(body, "top_p", 0, 1, 1.0),
        max_tokens=_max_tokens(body),
        stop=_stop(body.get("stop")),
        seed=None if seed is None else seed % 2**63,
        top_logprobs=top_logprobs,
    )


def read_model(body: dict[str, Any]) -> str:
    """The name of the model."""
    model = body.get("model")
    if model is None:
        raise bad_value("model", "you must provide a model parameter", "missing_parameter")
    if not isinstance(model, str):
        raise bad_value("model", "Invalid type for 'model': a text is expected.", "invalid_type")
    return model


def read_choices(body: dict[str, Any]) -> int:
    """How many answers."""
    return whole(body, "n", 1, _MOST_CHOICES, 1) or 1


def read_stream(body: dict[str, Any]) -> tuple[bool, bool]:
    """Whether to stream, and whether to tell the usage at the end of the stream."""
    stream = flag(body, "stream")
    options = body.get("stream_options")
    if options is None:
        return stream, False
    if not stream:
        raise bad_value(
            "stream_options",
            "The 'stream_options' parameter is only allowed when 'stream' is enabled.",
        )
    if not isinstance(options, dict):
        raise bad_value(
            "stream_options",
            "Invalid type for 'stream_options': an object is expected.",
            "invalid_type",
        )
    return True, flag(options, "include_usage")


def flag(body: dict[str, Any], name: str) -> bool:
    """A value that is true or false; false without."""
    value = body.get(name)
    if value is not None and not isinstance(value, bool):
        raise bad_value(
            name, f"Invalid type for '{name}': true or false is expected.", "invalid_type"
        )
    return bool(value)


def whole(
    body: dict[str, Any], name: str, least: int, most: int, default: int | None
) -> int | None:
    """A whole number within its range."""
    value = body.get(name)
    if value is None:
        return default
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise bad_value(
            name, f"Invalid '{name}': a whole number from {least} to {most} is expected."
        )
    return value


def _number(body: dict[str, Any], name: str, least: float, most: float, default: float) -> float:
    value = body.get(name)
    if value is None:
        return default
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or not least <= value <= most:
        raise bad_value(name, f"Invalid '{name}': a number from {least} to {most} is expected.")
    return float(value)


def _max_tokens(body: dict[str, Any]) -> int | None:
    if body.get("max_tokens") is not None and body.get("max_completion_tokens") is not None:
        raise bad_value("max_tokens", "Give 'max_tokens' or 'max_completion_tokens', not both.")
    name = "max_tokens" if body.get("max_tokens") is not None else "max_completion_tokens"
    return whole(body, name, 1, 10_000_000, None)


def _stop(given: Any) -> tuple[str, ...]:
    stops = [given] if isinstance(given, str) else ([] if given is None else given)
    is_right = isinstance(stops, list) and len(stops) <= _MOST_STOPS
    if not is_right or not all(isinstance(each, str) and each for each in stops):
        raise bad_value("stop", "Invalid 'stop': a text, or a list of at most 4, is expected.")
    return tuple(stops)
