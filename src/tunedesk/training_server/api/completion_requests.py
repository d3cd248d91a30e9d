"""Checks the requests to /v1/chat/completions and /v1/completions."""

from dataclasses import dataclass
from typing import Any

from tunedesk.training_server.inference.inference_types import SamplingParams
from tunedesk.training_server.web.requests import only_known
from tunedesk.training_server.web.responses import bad_value

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


def read_parameters(body: dict[str, Any], top_logprobs: int | None) -> SamplingParams:
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
    return SamplingParams(
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


_ROLES = ("system", "developer", "user", "assistant", "tool", "function")
_KEYS = SPOKEN_KEYS | {
    "audio",
    "function_call",
    "functions",
    "max_completion_tokens",
    "messages",
    "metadata",
    "modalities",
    "moderation",
    "parallel_tool_calls",
    "prediction",
    "prompt_cache_key",
    "prompt_cache_options",
    "prompt_cache_retention",
    "reasoning_effort",
    "response_format",
    "safety_identifier",
    "service_tier",
    "store",
    "tool_choice",
    "tools",
    "top_logprobs",
    "verbosity",
    "web_search_options",
}
"""What OpenAI takes. Some of it would change the answer and is refused with its reason
(`speaking_request`); what is left, such as the keys for its cache and its accounts, changes none.
"""


@dataclass(frozen=True)
class ChatRequest:
    """What a request to chat asks for.

    Attributes:
        model: The name of the model.
        messages: The conversation; every content is a text.
        tools: The tools; None for none.
        parameters: How to choose the tokens.
        choices: How many answers.
        stream: Whether to send the tokens as they come.
        with_usage: Whether to tell the usage at the end of the stream.
        logprobs: Whether to tell log probabilities.
    """

    model: str
    messages: list[dict[str, Any]]
    tools: list[dict[str, Any]] | None
    parameters: SamplingParams
    choices: int
    stream: bool
    with_usage: bool
    logprobs: bool


def read_chat_request(body: dict[str, Any]) -> ChatRequest:
    """The request that a body holds.

    Raises:
        ApiError: Something in it cannot be.
    """
    only_known(body, _KEYS)
    model = read_model(body)
    logprobs = flag(body, "logprobs")
    top = whole(body, "top_logprobs", 0, 20, None)
    if top is not None and not logprobs:
        raise bad_value("top_logprobs", "'top_logprobs' needs 'logprobs' to be true.")
    form = body.get("response_format")
    if form is not None and (not isinstance(form, dict) or form.get("type") != "text"):
        raise bad_value(
            "response_format",
            "Unsupported parameter: this server answers with plain text; 'response_format' can "
            'only be {"type": "text"}.',
            "unsupported_parameter",
        )
    stream, with_usage = read_stream(body)
    return ChatRequest(
        model=model,
        messages=_messages(body.get("messages")),
        tools=_tools(body),
        parameters=read_parameters(body, (top or 0) if logprobs else None),
        choices=read_choices(body),
        stream=stream,
        with_usage=with_usage,
        logprobs=logprobs,
    )


def _messages(given: Any) -> list[dict[str, Any]]:
    if given is None:
        raise bad_value("messages", "Missing required parameter: 'messages'.", "missing_parameter")
    if not isinstance(given, list) or not given:
        raise bad_value("messages", "Invalid 'messages': a list of at least one is expected.")
    return [_message(each, f"messages[{number}]") for number, each in enumerate(given)]


def _message(given: Any, place: str) -> dict[str, Any]:
    if not isinstance(given, dict):
        raise bad_value(
            place, f"Invalid type for '{place}': an object is expected.", "invalid_type"
        )
    role = given.get("role")
    if role not in _ROLES:
        raise bad_value(
            f"{place}.role", f"Invalid '{place}.role': it must be one of {', '.join(_ROLES)}."
        )
    message = dict(given)
    if role == "developer":
        # The newer word for the system prompt; models here know the older one.
        message["role"] = "system"
    message["content"] = _content(given, role, place)
    _check_text(given.get("name") or "", f"{place}.name")
    if role == "tool":
        _check_text(given.get("tool_call_id"), f"{place}.tool_call_id")
    _check_calls(given, place)
    return message


def _check_calls(message: dict[str, Any], place: str) -> None:
    """The calls of a message, as far as a chat template reads them."""
    calls = message.get("tool_calls")
    if calls is not None and not isinstance(calls, list):
        raise bad_value(
            f"{place}.tool_calls",
            f"Invalid type for '{place}.tool_calls': a list is expected.",
            "invalid_type",
        )
    functions = [
        (each.get("function") if isinstance(each, dict) else None, f"{place}.tool_calls[{number}]")
        for number, each in enumerate(calls or ())
    ]
    functions = [(function, f"{where}.function") for function, where in functions]
    if message.get("function_call") is not None:
        functions.append((message["function_call"], f"{place}.function_call"))
    for function, where in functions:
        if not isinstance(function, dict):
            raise bad_value(
                where,
                f"Invalid '{where}': an object with 'name' and 'arguments' is expected.",
                "invalid_type",
            )
        for name in ("name", "arguments"):
            _check_text(function.get(name), f"{where}.{name}")


def _check_text(value: Any, param: str) -> None:
    if value is None:
        raise bad_value(param, f"Missing required parameter: '{param}'.", "missing_parameter")
    if not isinstance(value, str):
        raise bad_value(param, f"Invalid type for '{param}': a text is expected.", "invalid_type")


def _content(message: dict[str, Any], role: str, place: str) -> str | None:
    content = message.get("content")
    if isinstance(content, str):
        return content
    if content is None:
        if role == "assistant" and (message.get("tool_calls") or message.get("function_call")):
            return None
        raise bad_value(
            f"{place}.content",
            f"Missing required parameter: '{place}.content'.",
            "missing_parameter",
        )
    if not isinstance(content, list):
        raise bad_value(
            f"{place}.content",
            f"Invalid type for '{place}.content': a text is expected.",
            "invalid_type",
        )
    texts = []
    for part in content:
        text = part.get("text") if isinstance(part, dict) and part.get("type") == "text" else None
        if not isinstance(text, str):
            raise bad_value(
                f"{place}.content",
                f"Invalid '{place}.content': this server reads text, no images, sounds or files.",
                "unsupported_content",
            )
        texts.append(text)
    return "".join(texts)


def _tools(body: dict[str, Any]) -> list[dict[str, Any]] | None:
    tools = body.get("tools")
    choice = body.get("tool_choice")
    if choice not in (None, "auto", "none"):
        raise bad_value(
            "tool_choice",
            "Unsupported parameter: 'tool_choice' can be 'auto' or 'none' here.",
            "unsupported_parameter",
        )
    if tools is None or choice == "none":
        return None
    if not isinstance(tools, list) or len(tools) > 128:
        raise bad_value("tools", "Invalid 'tools': a list of at most 128 is expected.")
    for number, tool in enumerate(tools):
        function = tool.get("function") if isinstance(tool, dict) else None
        if not isinstance(function, dict) or not isinstance(function.get("name"), str):
            raise bad_value(
                f"tools[{number}]",
                f"Invalid 'tools[{number}]': a function with a name is expected.",
            )
    return tools or None
