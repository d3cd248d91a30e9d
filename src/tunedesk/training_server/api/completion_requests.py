"""The requests to /v1/chat/completions and /v1/completions: every parameter, in OpenAI's ranges."""

from dataclasses import dataclass
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    GetCoreSchemaHandler,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_core import CoreSchema, core_schema

from tunedesk.training_server.api.output_format import (
    AUTO,
    ToolChoice,
    read_bias,
    read_response_format,
    read_tool_choice,
)
from tunedesk.training_server.inference.inference_types import FREE, OutputFormat, SamplingParams
from tunedesk.training_server.web.request_models import (
    MISSING,
    AtMost,
    Expected,
    RequestModel,
    as_object,
    problem,
    wrong_type,
    wrong_value,
)

_MOST_TOKENS = 10_000_000
_MOST_CHOICES = 128
_DEFAULT_COMPLETION_TOKENS = 16
"""As at OpenAI: without a limit /completions writes 16 tokens."""


@dataclass(frozen=True)
class Only:
    """Marks a parameter that would change the answer and is not taken.

    Attributes:
        harmless: The value that changes none; that one is taken.
    """

    harmless: Any = None

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        """Add the check to the schema of the field."""
        return core_schema.no_info_after_validator_function(self._checked, handler(source))

    def _checked(self, given: Any) -> Any:
        if given != self.harmless:
            raise problem(
                "unsupported_parameter",
                "Unsupported parameter: '{param}' is not done by this server.",
            )
        return given


def _whole(least: int, most: int) -> Expected:
    return Expected(f"a whole number from {least} to {most} is expected.")


def _number(least: int, most: int) -> Expected:
    return Expected(f"a number from {least} to {most} is expected.")


def _as_list(given: Any) -> Any:
    """One text is meant as a list of it."""
    return [given] if isinstance(given, str) else given


Text = Annotated[str, Expected(kind="a text")]
Flag = Annotated[bool, Expected(kind="true or false")]
Seed = Annotated[int, Expected(kind="a whole number")]
Temperature = Annotated[float, Field(ge=0, le=2), _number(0, 2)]
TopP = Annotated[float, Field(ge=0, le=1), _number(0, 1)]
TopLogprobs = Annotated[int, Field(ge=0, le=20), _whole(0, 20)]
Penalty = Annotated[float, Field(ge=-2, le=2), _number(-2, 2)]
MaxTokens = Annotated[int, Field(ge=1, le=_MOST_TOKENS), _whole(1, _MOST_TOKENS)]
Choices = Annotated[int, Field(ge=1, le=_MOST_CHOICES), _whole(1, _MOST_CHOICES)]
Stop = Annotated[
    list[Annotated[str, Field(min_length=1)]],
    AtMost(4),
    BeforeValidator(_as_list),
    Expected("a text, or a list of at most 4, is expected.", speaks_for_inside=True),
]


Bias = Annotated[Any, AfterValidator(read_bias)]


class StreamOptions(RequestModel):
    """How a stream is to be."""

    include_usage: bool = False

    @field_validator("include_usage", mode="before")
    @classmethod
    def _check_flag(cls, given: Any) -> Any:
        if not isinstance(given, bool):
            raise wrong_type("true or false", "include_usage")
        return given


UNHEEDED = frozenset(
    {
        "prompt_cache_key",
        "prompt_cache_options",
        "prompt_cache_retention",
        "safety_identifier",
        "service_tier",
        "store",
        "user",
    }
)
"""What OpenAI takes for its cache and its accounts; it changes no answer here."""


class ModelRequest(RequestModel):
    """A request to a model; each kind names the parameters in the order of its checks."""

    @field_validator("model", mode="before", check_fields=False)
    @classmethod
    def _check_model(cls, given: Any) -> Any:
        if given is None:
            raise problem("missing_parameter", "you must provide a model parameter")
        return given


class GenerationRequest(ModelRequest):
    """What both requests for completions have."""

    @field_validator("stream_options", mode="before", check_fields=False)
    @classmethod
    def _check_stream(cls, given: Any, info: ValidationInfo) -> Any:
        if not info.data.get("stream"):
            raise problem(
                "invalid_value",
                "The 'stream_options' parameter is only allowed when 'stream' is enabled.",
            )
        return given


class FunctionCall(RequestModel):
    """A call, as far as a chat template reads it."""

    name: Text
    arguments: Text


Call = Annotated[
    FunctionCall,
    Expected("an object with 'name' and 'arguments' is expected.", code="invalid_type"),
]


class ToolCallParam(RequestModel):
    """A call of a tool."""

    id: Any = None
    function: Call = Field(default=None, validate_default=True)


class MessageParam(RequestModel):
    """A message of a conversation, as far as a chat template reads it.

    Attributes:
        is_said: Whether it may do without a content; not part of what was sent.
    """

    is_said: bool = Field(exclude=True)
    role: Annotated[
        Literal["system", "developer", "user", "assistant", "tool", "function"],
        Expected("it must be one of system, developer, user, assistant, tool, function."),
    ] = Field(default=None, validate_default=True)
    content: Any = Field(default=None, validate_default=True)
    refusal: Text | None = None
    weight: Any = None
    name: Any = None
    tool_call_id: Any = Field(default=None, validate_default=True)
    tool_calls: (
        Annotated[
            list[Annotated[ToolCallParam, BeforeValidator(as_object)]],
            Field(fail_fast=True),
            Expected(kind="a list"),
        ]
        | None
    ) = None
    function_call: Call | None = None

    @model_validator(mode="before")
    @classmethod
    def _note_what_is_said(cls, given: Any) -> Any:
        if not isinstance(given, dict):
            return given
        is_said = any(given.get(key) for key in ("tool_calls", "function_call", "refusal"))
        return {**given, "is_said": is_said}

    @field_validator("content", mode="before")
    @classmethod
    def _read_content(cls, given: Any, info: ValidationInfo) -> str | None:
        if isinstance(given, str):
            return given
        if given is None:
            if info.data.get("role") == "assistant" and info.data["is_said"]:
                return None
            raise problem("missing_parameter", MISSING)
        if not isinstance(given, list):
            raise wrong_type("a text")
        texts = []
        for part in given:
            kind = part.get("type") if isinstance(part, dict) else None
            if kind not in ("text", "refusal") or not isinstance(part.get(kind), str):
                raise problem(
                    "unsupported_content",
                    "Invalid '{param}': this server reads text, no images, sounds or files.",
                )
            texts.append(part[kind])
        return "".join(texts)

    @field_validator("name", mode="before")
    @classmethod
    def _check_name(cls, given: Any) -> Any:
        if given and not isinstance(given, str):
            raise wrong_type("a text")
        return given

    @field_validator("tool_call_id", mode="before")
    @classmethod
    def _check_tool_call_id(cls, given: Any, info: ValidationInfo) -> Any:
        if info.data.get("role") == "tool":
            if given is None:
                raise problem("missing_parameter", MISSING)
            if not isinstance(given, str):
                raise wrong_type("a text")
        return given

    def as_object(self) -> dict[str, Any]:
        """The message in OpenAI's form, with the older word for the system prompt."""
        values = self.model_dump(exclude_unset=True)
        # Models here know the older word for it.
        role = "system" if self.role == "developer" else self.role
        return {**values, "role": role, "content": self.content}


class MessageForm:
    """Makes of a message that was sent what a chat template reads; stands in the annotation."""

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        """The schema of a message instead of that of a dictionary."""
        message = Expected(kind="an object").__get_pydantic_core_schema__(MessageParam, handler)
        return core_schema.no_info_wrap_validator_function(self._read, message)

    def _read(
        self, given: Any, validate: core_schema.ValidatorFunctionWrapHandler
    ) -> dict[str, Any]:
        # Nearly all are a role and a text: ten times as fast as by the model.
        is_plain = type(given) is dict and len(given) == 2 and type(given.get("content")) is str
        if is_plain and given.get("role") in ("user", "assistant", "system"):
            return dict(given)
        message: MessageParam = validate(given)
        return message.as_object()


def _check_tool(tool: dict[str, Any]) -> dict[str, Any]:
    function = tool.get("function")
    if not isinstance(function, dict) or not isinstance(function.get("name"), str):
        raise ValueError("no function")
    if not isinstance(function.get("parameters") or {}, dict):
        raise wrong_value("the 'parameters' of a function are an object.")
    return tool


class ChatRequest(GenerationRequest):
    """What a request to chat asks for.

    The messages are in OpenAI's form, and every content is a text.
    """

    unheeded = UNHEEDED | {"metadata", "prediction"}

    model: Text = Field(default=None, validate_default=True)
    logprobs: Flag = False
    top_logprobs: TopLogprobs | None = None
    response_format: Annotated[Any, AfterValidator(read_response_format)] = FREE
    stream: Flag = False
    stream_options: Annotated[StreamOptions, Expected(kind="an object")] = StreamOptions()
    messages: Annotated[
        list[Annotated[dict[str, Any], MessageForm()]],
        Field(min_length=1, fail_fast=True),
        Expected("a list of at least one is expected."),
    ]
    tool_choice: Annotated[Any, AfterValidator(read_tool_choice)] = AUTO
    tools: (
        Annotated[
            list[
                Annotated[
                    dict[str, Any],
                    AfterValidator(_check_tool),
                    Expected("a function with a name is expected."),
                ]
            ],
            Field(fail_fast=True),
            AtMost(128),
            Expected("a list of at most 128 is expected."),
        ]
        | None
    ) = None
    frequency_penalty: Penalty = 0.0
    presence_penalty: Penalty = 0.0
    logit_bias: Bias = ()
    parallel_tool_calls: Flag = True
    audio: Annotated[Any, Only()] = None
    functions: Annotated[Any, Only()] = None
    function_call: Annotated[Any, Only()] = None
    modalities: Annotated[Any, Only(["text"])] = None
    moderation: Annotated[Any, Only()] = None
    reasoning_effort: Annotated[Any, Only("none")] = None
    verbosity: Annotated[Any, Only("medium")] = None
    web_search_options: Annotated[Any, Only()] = None
    seed: Seed | None = None
    temperature: Temperature = 1.0
    top_p: TopP = 1.0
    max_tokens: MaxTokens | None = None
    max_completion_tokens: MaxTokens | None = None
    stop: Stop = Field(default_factory=list)
    n: Choices = 1

    @field_validator("top_logprobs", mode="after")
    @classmethod
    def _check_logprobs(cls, top: int, info: ValidationInfo) -> int:
        if not info.data.get("logprobs"):
            raise problem("invalid_value", "'top_logprobs' needs 'logprobs' to be true.")
        return top

    @field_validator("tools", mode="wrap")
    @classmethod
    def _choose_tools(cls, given: Any, validate: Any, info: ValidationInfo) -> Any:
        """The tools that may be called."""
        choice = info.data.get("tool_choice")
        if choice is not None and choice.is_none:
            return None
        tools = validate(given)
        if choice is None:
            return tools
        return choice.among(tools)

    @model_validator(mode="after")
    def _check_choice(self) -> Self:
        self.tool_choice.check_tools(self.tools)
        return self

    @property
    def output(self) -> OutputFormat:
        """What the answer must be."""
        choice: ToolChoice = self.tool_choice
        return choice.applied_to(self.response_format, is_parallel=self.parallel_tool_calls)

    @field_validator("max_tokens", mode="before")
    @classmethod
    def _check_one_limit(cls, given: Any, info: ValidationInfo) -> Any:
        if info.context is not None and info.context.get("max_completion_tokens") is not None:
            raise problem(
                "invalid_value", "Give 'max_tokens' or 'max_completion_tokens', not both."
            )
        return given

    @property
    def parameters(self) -> SamplingParams:
        """How to choose the tokens."""
        return SamplingParams(
            temperature=self.temperature,
            top_p=self.top_p,
            max_tokens=self.max_tokens or self.max_completion_tokens,
            stop=tuple(self.stop),
            seed=None if self.seed is None else self.seed % 2**63,
            top_logprobs=(self.top_logprobs or 0) if self.logprobs else None,
            frequency_penalty=self.frequency_penalty,
            presence_penalty=self.presence_penalty,
            logit_bias=self.logit_bias,
        )


class CompletionRequest(GenerationRequest):
    """What a request to go on from a prompt asks for; user and the like change no answer here."""

    unheeded = frozenset({"user"})

    model: Text = Field(default=None, validate_default=True)
    prompt: Annotated[
        list[str],
        Field(min_length=1),
        AtMost(128),
        BeforeValidator(_as_list),
        Expected("a text, or a list of texts, is expected.", speaks_for_inside=True),
    ]
    logprobs: Annotated[int, Field(ge=0, le=5), _whole(0, 5)] | None = None
    frequency_penalty: Penalty = 0.0
    presence_penalty: Penalty = 0.0
    logit_bias: Bias = ()
    best_of: Annotated[Any, Only(1)] = None
    suffix: Annotated[Any, Only()] = None
    echo: Annotated[Any, Only(False)] = None
    seed: Seed | None = None
    temperature: Temperature = 1.0
    top_p: TopP = 1.0
    max_tokens: MaxTokens = _DEFAULT_COMPLETION_TOKENS
    stop: Stop = Field(default_factory=list)
    stream: Flag = False
    stream_options: Annotated[StreamOptions, Expected(kind="an object")] = StreamOptions()
    n: Choices = 1

    @property
    def parameters(self) -> SamplingParams:
        """How to choose the tokens."""
        return SamplingParams(
            temperature=self.temperature,
            top_p=self.top_p,
            max_tokens=self.max_tokens,
            stop=tuple(self.stop),
            seed=None if self.seed is None else self.seed % 2**63,
            top_logprobs=self.logprobs,
            frequency_penalty=self.frequency_penalty,
            presence_penalty=self.presence_penalty,
            logit_bias=self.logit_bias,
        )
