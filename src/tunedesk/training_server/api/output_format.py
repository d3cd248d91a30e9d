"""What an answer must be, as requests ask for it: response_format, tool_choice, logit_bias.

/v1/chat/completions and /v1/responses ask for the same things in different forms.
"""

import re
from dataclasses import dataclass, replace
from typing import Any

from tunedesk.training_server.inference.inference_types import FREE, OutputFormat
from tunedesk.training_server.web.request_models import MISSING, problem, wrong_type, wrong_value

_NAME = re.compile("[A-Za-z0-9_-]{1,64}")
_ANY_OBJECT = {"type": "object"}


def name_in(given: dict[str, Any], param: str) -> str:
    """The name of a schema or a function, by OpenAI's rule."""
    name = given.get("name")
    if name is None:
        raise problem("missing_parameter", MISSING, f"{param}.name")
    if not isinstance(name, str):
        raise wrong_type("a text", f"{param}.name")
    if not _NAME.fullmatch(name):
        raise wrong_value(
            "1 to 64 letters, digits, '_' or '-' are expected.", param=f"{param}.name"
        )
    return name


def json_schema_format(given: dict[str, Any], place: str, param: str) -> OutputFormat:
    """The format that a schema with a name asks for.

    Args:
        given: The object with "name", "schema" and "strict".
        place: Where that stands in the request.
        param: The parameter that is told of when the schema cannot be kept to.
    """
    name = name_in(given, place)
    schema = given.get("schema")
    if schema is not None and not isinstance(schema, dict):
        raise wrong_type("an object", f"{place}.schema")
    strict = given.get("strict")
    if strict is not None and not isinstance(strict, bool):
        raise wrong_type("true or false", f"{place}.strict")
    return OutputFormat(
        json_schema=_ANY_OBJECT if schema is None else schema,
        name=name,
        is_strict=strict is True,
        param=param,
    )


def json_object_format(param: str) -> OutputFormat:
    """The format that asks for any JSON object."""
    return OutputFormat(json_schema=_ANY_OBJECT, name="json_object", param=param)


def format_without_schema(form: dict[str, Any], place: str) -> OutputFormat | None:
    """The format that an object asks for by its type alone; None where a schema comes with it.

    Args:
        form: The object.
        place: The parameter that it is the value of.
    """
    kind = form.get("type")
    if kind == "text":
        return FREE
    if kind == "json_object":
        return json_object_format(place)
    if kind != "json_schema":
        raise wrong_value(
            "'text', 'json_object' or 'json_schema' is expected.", param=f"{place}.type"
        )
    return None


def read_response_format(given: Any) -> OutputFormat:
    """The `response_format` of a chat."""
    place = "response_format"
    if not isinstance(given, dict):
        raise wrong_type("an object")
    if (simple := format_without_schema(given, place)) is not None:
        return simple
    inner = f"{place}.json_schema"
    schema = given.get("json_schema")
    if schema is None:
        raise problem("missing_parameter", MISSING, inner)
    if not isinstance(schema, dict):
        raise wrong_type("an object", inner)
    return json_schema_format(schema, inner, place)


@dataclass(frozen=True)
class ToolChoice:
    """Which tools may be called, and whether one must.

    Attributes:
        mode: "none", "auto" or "required".
        function: The one that must be called; None: any.
        allowed: The names of those that may be called; None: all.
    """

    mode: str = "auto"
    function: str | None = None
    allowed: frozenset[str] | None = None

    @property
    def is_none(self) -> bool:
        """Whether none may be called."""
        return self.mode == "none"

    @property
    def must_call(self) -> bool:
        """Whether one must be called."""
        return self.mode == "required"

    def check_tools(self, tools: list[dict[str, Any]] | None) -> None:
        """Refuse that one must be called where there are none.

        Raises:
            PydanticCustomError: It must, and there are none.
        """
        if self.must_call and not tools:
            raise problem(
                "invalid_value",
                "'tool_choice' is only allowed when 'tools' are specified.",
                "tool_choice",
            )

    def applied_to(self, output: OutputFormat, *, is_parallel: bool) -> OutputFormat:
        """What an answer must be that this is asked of as well.

        Args:
            output: What its text must be.
            is_parallel: Whether it may make several calls.
        """
        return replace(
            output, must_call=self.must_call, function=self.function, is_parallel=is_parallel
        )

    def among(self, tools: list[dict[str, Any]]) -> list[dict[str, Any]] | None:
        """Those that may be called, of the tools of a request; None if there are none.

        Raises:
            PydanticCustomError: One that is named is not there.
        """
        names = {tool["function"]["name"] for tool in tools}
        named = self.allowed or frozenset(() if self.function is None else (self.function,))
        for name in sorted(named - names):
            raise problem(
                "invalid_value",
                f"Invalid 'tool_choice': the function '{name[:64]}' is not among the tools.",
                "tool_choice",
            )
        if self.allowed is not None:
            tools = [tool for tool in tools if tool["function"]["name"] in self.allowed]
        return tools or None


AUTO = ToolChoice()


def read_tool_choice(given: Any) -> ToolChoice:
    """The `tool_choice` of a chat."""
    if given in ("auto", "none", "required"):
        return ToolChoice(given)
    if isinstance(given, dict):
        function, allowed = given.get("function"), given.get("allowed_tools")
        if given.get("type") == "function" and isinstance(function, dict):
            return ToolChoice("required", name_in(function, "tool_choice.function"))
        if given.get("type") == "allowed_tools" and isinstance(allowed, dict):
            return read_allowed_tools(allowed, "tool_choice.allowed_tools")
    raise wrong_value("'none', 'auto', 'required', or an object that names a function is expected.")


def read_allowed_tools(given: dict[str, Any], place: str) -> ToolChoice:
    """A choice among some of the tools: "mode" and "tools", which name functions."""
    mode, tools = given.get("mode"), given.get("tools")
    if mode not in ("auto", "required"):
        raise wrong_value("'auto' or 'required' is expected.", param=f"{place}.mode")
    names = [_function_name(tool) for tool in tools] if isinstance(tools, list) else []
    known = [name for name in names if name is not None]
    if not known or len(known) < len(names):
        raise wrong_value("a list of functions with names is expected.", param=f"{place}.tools")
    return ToolChoice(mode, allowed=frozenset(known))


def _function_name(tool: Any) -> str | None:
    function = tool.get("function", tool) if isinstance(tool, dict) else None
    name = function.get("name") if isinstance(function, dict) else None
    return name if isinstance(name, str) else None


_MOST_BIASES = 1024


def read_bias(given: Any) -> tuple[tuple[int, float], ...]:
    """A `logit_bias`: numbers of tokens, as texts, with what is added to their logits."""
    biases = given if isinstance(given, dict) else {}
    is_right = isinstance(given, dict) and len(given) <= _MOST_BIASES
    for token, bias in biases.items() if is_right else ():
        is_number = isinstance(bias, int | float) and not isinstance(bias, bool)
        is_token = re.fullmatch("[0-9]{1,7}", token) is not None
        is_right = is_right and is_token and is_number and -100 <= bias <= 100
    if not is_right:
        raise wrong_value(
            f"an object of at most {_MOST_BIASES:,} tokens, by their numbers, with a bias from "
            "-100 to 100 is expected."
        )
    return tuple((int(token), float(bias)) for token, bias in biases.items())
