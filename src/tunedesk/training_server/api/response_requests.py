"""The requests to /v1/responses: parameters in OpenAI's ranges, and the items of the input."""

from typing import Annotated, Any, Self

from pydantic import AfterValidator, Field, ValidationInfo, field_validator, model_validator

from tunedesk.training_server.api.completion_requests import (
    UNHEEDED,
    Flag,
    MaxTokens,
    ModelRequest,
    Only,
    Temperature,
    Text,
    TopLogprobs,
    TopP,
)
from tunedesk.training_server.api.output_format import (
    AUTO,
    ToolChoice,
    format_without_schema,
    json_schema_format,
    name_in,
    read_allowed_tools,
)
from tunedesk.training_server.inference.inference_types import FREE, OutputFormat, SamplingParams
from tunedesk.training_server.web.request_models import (
    MISSING,
    AtMost,
    Expected,
    problem,
    wrong_type,
    wrong_value,
)

_MOST_ITEMS = 100_000
_MOST_PAIRS = 16
_LONGEST_KEY = 64
_LONGEST_VALUE = 512
_TEXT_PARTS = {"input_text": "text", "output_text": "text", "text": "text", "refusal": "refusal"}
_ROLES = ("user", "assistant", "system", "developer")


def _text_of(content: Any, place: str) -> str:
    """The text of a content: a text, or a list of parts that are texts."""
    if isinstance(content, str):
        return content
    if content is None:
        raise problem("missing_parameter", MISSING, place)
    if not isinstance(content, list):
        raise wrong_type("a text, or a list of parts,", place)
    texts = []
    for number, part in enumerate(content):
        key = _TEXT_PARTS.get(str(part.get("type"))) if isinstance(part, dict) else None
        if key is None or not isinstance(part.get(key), str):
            raise problem(
                "unsupported_content",
                "Invalid '{param}': this server reads text, no images, sounds or files.",
                f"{place}[{number}]",
            )
        texts.append(part[key])
    return "".join(texts)


def _text_in(item: dict[str, Any], key: str, place: str) -> str:
    if item.get(key) is None:
        raise problem("missing_parameter", MISSING, f"{place}.{key}")
    if not isinstance(item[key], str):
        raise wrong_type("a text", f"{place}.{key}")
    return str(item[key])


def _add_item(item: Any, place: str, messages: list[dict[str, Any]]) -> None:
    """Add what an item of the input says to a conversation in the form of /chat/completions."""
    if not isinstance(item, dict):
        raise wrong_type("an object", place)
    kind = item.get("type") or "message"
    if kind == "message":
        if item.get("role") not in _ROLES:
            raise wrong_value(f"it must be one of {', '.join(_ROLES)}.", param=f"{place}.role")
        role = "system" if item["role"] == "developer" else item["role"]
        text = _text_of(item.get("content"), f"{place}.content")
        messages.append({"role": role, "content": text})
    elif kind == "function_call":
        function = {key: _text_in(item, key, place) for key in ("name", "arguments")}
        call = {"id": _text_in(item, "call_id", place), "type": "function", "function": function}
        if not messages or messages[-1]["role"] != "assistant":
            messages.append({"role": "assistant", "content": None})
        messages[-1].setdefault("tool_calls", []).append(call)
    elif kind == "function_call_output":
        answered = _text_in(item, "call_id", place)
        text = _text_of(item.get("output"), f"{place}.output")
        messages.append({"role": "tool", "tool_call_id": answered, "content": text})
    elif kind == "item_reference":
        raise problem(
            "unsupported_parameter",
            "Unsupported '{param}': this server keeps no items; send the item itself.",
            place,
        )
    elif kind != "reasoning":
        # What other models thought is no part of the conversation.
        raise problem(
            "unsupported_parameter",
            "Unsupported '{param}': message, function_call and function_call_output are read here.",
            f"{place}.type",
        )


def _read_input(given: Any) -> list[dict[str, Any]]:
    if isinstance(given, str):
        return [{"role": "user", "content": given}]
    if not isinstance(given, list):
        raise wrong_type("a text, or a list of items,")
    if not 0 < len(given) <= _MOST_ITEMS:
        raise wrong_value(f"1 to {_MOST_ITEMS:,} items are expected.")
    messages: list[dict[str, Any]] = []
    for number, item in enumerate(given):
        _add_item(item, f"input[{number}]", messages)
    if not messages:
        raise wrong_value("a message is expected.")
    return messages


def _read_text(given: Any) -> OutputFormat:
    if not isinstance(given, dict):
        raise wrong_type("an object")
    if given.get("verbosity") not in (None, "medium"):
        raise problem(
            "unsupported_parameter",
            "Unsupported parameter: '{param}' is not done by this server.",
            "text.verbosity",
        )
    place = "text.format"
    form = given.get("format")
    if form is None:
        return FREE
    if not isinstance(form, dict):
        raise wrong_type("an object", place)
    if (simple := format_without_schema(form, place)) is not None:
        return simple
    if form.get("schema") is None:
        raise problem("missing_parameter", MISSING, f"{place}.schema")
    return json_schema_format(form, place, place)


def _read_choice(given: Any) -> ToolChoice:
    if given in ("auto", "none", "required"):
        return ToolChoice(given)
    if isinstance(given, dict) and given.get("type") == "function":
        return ToolChoice("required", name_in(given, "tool_choice"))
    if isinstance(given, dict) and given.get("type") == "allowed_tools":
        return read_allowed_tools(given, "tool_choice")
    raise wrong_value("'none', 'auto', 'required', or an object that names a function is expected.")


def _read_tool(given: Any, place: str) -> dict[str, Any]:
    """A tool in the form of /chat/completions."""
    if not isinstance(given, dict):
        raise wrong_type("an object", place)
    if given.get("type") != "function":
        raise problem(
            "unsupported_parameter",
            "Unsupported '{param}': this server knows tools of the type 'function'.",
            f"{place}.type",
        )
    name_in(given, place)
    parameters, strict = given.get("parameters"), given.get("strict")
    if parameters is not None and not isinstance(parameters, dict):
        raise wrong_type("an object", f"{place}.parameters")
    if strict is not None and not isinstance(strict, bool):
        raise wrong_type("true or false", f"{place}.strict")
    kept = ("name", "description", "parameters", "strict")
    function = {key: given[key] for key in kept if given.get(key) is not None}
    return {"type": "function", "function": function}


def _read_reasoning(given: Any) -> Any:
    if not isinstance(given, dict):
        raise wrong_type("an object")
    if given.get("effort") not in (None, "none"):
        raise problem(
            "unsupported_parameter",
            "Unsupported parameter: the models of this server do not think aloud.",
            "reasoning.effort",
        )
    return given


def _read_include(given: Any) -> Any:
    if not isinstance(given, list) or not all(isinstance(each, str) for each in given):
        raise wrong_type("a list of texts")
    return given


def _read_metadata(given: Any) -> Any:
    is_right = isinstance(given, dict) and len(given) <= _MOST_PAIRS
    for key, value in given.items() if is_right else ():
        is_right = is_right and len(key) <= _LONGEST_KEY
        is_right = is_right and isinstance(value, str) and len(value) <= _LONGEST_VALUE
    if not is_right:
        raise wrong_value(
            f"an object of at most {_MOST_PAIRS} texts of at most {_LONGEST_VALUE} characters is "
            "expected."
        )
    return given


def _refuse_earlier(_given: Any) -> Any:
    raise problem(
        "unsupported_parameter",
        "Unsupported parameter: '{param}'. This server keeps no responses: send the whole "
        "conversation as 'input'.",
    )


_Earlier = Annotated[Any, AfterValidator(_refuse_earlier)]


class ResponseRequest(ModelRequest):
    """What a request to /v1/responses asks for.

    Nothing is kept: what refers to an earlier response is refused.
    """

    unheeded = UNHEEDED | {"max_tool_calls"}

    model: Text = Field(default=None, validate_default=True)
    previous_response_id: _Earlier = None
    conversation: _Earlier = None
    input: Annotated[Any, AfterValidator(_read_input)]
    instructions: Text = ""
    include: Annotated[Any, AfterValidator(_read_include)] = ()
    metadata: Annotated[Any, AfterValidator(_read_metadata)] = None
    text: Annotated[Any, AfterValidator(_read_text)] = FREE
    tool_choice: Annotated[Any, AfterValidator(_read_choice)] = AUTO
    tools: Annotated[list[Any], AtMost(128), Expected("a list of at most 128 is expected.")] = (
        Field(default_factory=list)
    )
    parallel_tool_calls: Flag = True
    stream: Flag = False
    stream_options: Annotated[Any, Expected(kind="an object")] = None
    background: Annotated[Any, Only(False)] = None
    context_management: Annotated[Any, Only()] = None
    moderation: Annotated[Any, Only()] = None
    prompt: Annotated[Any, Only()] = None
    reasoning: Annotated[Any, AfterValidator(_read_reasoning)] = None
    truncation: Annotated[Any, Only("disabled")] = None
    temperature: Temperature = 1.0
    top_p: TopP = 1.0
    top_logprobs: TopLogprobs = 0
    max_output_tokens: MaxTokens | None = None

    @field_validator("tools", mode="after")
    @classmethod
    def _choose_tools(cls, given: list[Any], info: ValidationInfo) -> list[dict[str, Any]]:
        """The tools that may be called, in the form of /chat/completions."""
        tools = [_read_tool(tool, f"tools[{number}]") for number, tool in enumerate(given)]
        choice = info.data.get("tool_choice", AUTO)
        return [] if choice.is_none else choice.among(tools) or []

    @model_validator(mode="after")
    def _check_choice(self) -> Self:
        self.tool_choice.check_tools(self.tools)
        return self

    @property
    def messages(self) -> list[dict[str, Any]]:
        """The conversation in the form of /chat/completions."""
        said: list[dict[str, Any]] = self.input
        return [{"role": "system", "content": self.instructions}, *said][not self.instructions :]

    @property
    def has_logprobs(self) -> bool:
        """Whether log probabilities are asked for."""
        return self.top_logprobs > 0 or "message.output_text.logprobs" in self.include

    @property
    def parameters(self) -> SamplingParams:
        """How to choose the tokens."""
        return SamplingParams(
            temperature=self.temperature,
            top_p=self.top_p,
            max_tokens=self.max_output_tokens,
            top_logprobs=self.top_logprobs if self.has_logprobs else None,
        )

    @property
    def output(self) -> OutputFormat:
        """What the answer must be."""
        choice: ToolChoice = self.tool_choice
        return choice.applied_to(self.text, is_parallel=self.parallel_tool_calls)
