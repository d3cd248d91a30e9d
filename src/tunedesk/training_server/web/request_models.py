"""What requests bring, as pydantic models; what is wrong with it is told in OpenAI's envelope.

Pydantic takes as long to load as half of the server: whoever uses a model imports its module late,
by `web.requests.read_json`, so that only the first request which brings something waits for it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from pydantic import BaseModel, ConfigDict, GetCoreSchemaHandler, ValidationError, model_validator
from pydantic_core import CoreSchema, ErrorDetails, PydanticCustomError, core_schema

from tunedesk.training_server.web.requests import only_known
from tunedesk.training_server.web.responses import ApiError, bad_value


class RequestModel(BaseModel):
    """A body, or an object in one: types are strict, and null counts as not given.

    Attributes:
        unheeded: Parameters that are taken and change nothing.
        takes_others: Whether parameters that are not named here are passed over.
        is_closed: Whether an object inside a body has only the keys that are named here.
    """

    model_config = ConfigDict(
        strict=True, extra="ignore", frozen=True, hide_input_in_errors=True, defer_build=True
    )
    unheeded: ClassVar[frozenset[str]] = frozenset()
    takes_others: ClassVar[bool] = False
    is_closed: ClassVar[bool] = False

    @model_validator(mode="before")
    @classmethod
    def _without_nulls(cls, given: Any) -> Any:
        if not isinstance(given, dict):
            return given
        # Not left to pydantic, which would name a million of them.
        if cls.is_closed and not given.keys() <= cls.model_fields.keys():
            raise problem("unknown_parameter", "It has a key that is not known.")
        return {name: value for name, value in given.items() if value is not None}

    @classmethod
    def read(cls, body: Mapping[str, Any]) -> Self:
        """The request that a body holds.

        What depends on several parameters finds the whole body as the context of the validation.

        Raises:
            ApiError: Something in it cannot be; of several things the first in the order of the
                fields.
        """
        if not cls.takes_others:
            only_known(body, cls.model_fields.keys() | cls.unheeded)
        try:
            return cls.model_validate(dict(body), context=body)
        except ValidationError as error:
            raise _told(first_error(error)) from error


@dataclass(frozen=True)
class Expected:
    """Says in words what a parameter must be; stands in the annotation of a field.

    Attributes:
        value: What is expected of its value, as the end of a sentence.
        kind: What it must be at all ("a text"); None: told as a wrong value.
        code: The code of a wrong value.
        speaks_for_inside: Whether it is told as well of what is wrong inside; otherwise that
            keeps words of its own.
    """

    value: str = ""
    kind: str | None = None
    code: str = "invalid_value"
    speaks_for_inside: bool = False

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        """Wrap the schema of the field."""
        return core_schema.no_info_wrap_validator_function(self._validated, handler(source))

    def _validated(self, given: Any, validate: core_schema.ValidatorFunctionWrapHandler) -> Any:
        try:
            return validate(given)
        except ValidationError as error:
            first = first_error(error)
            is_worded = first["type"] in _TOLD and first["type"] != "unknown_parameter"
            if not self.speaks_for_inside and (first["loc"] or is_worded):
                raise
            if self.kind is not None and first["type"].endswith("_type"):
                raise wrong_type(self.kind) from error
            raise wrong_value(self.value, self.code) from error


@dataclass(frozen=True)
class AtMost:
    """Bounds the length of a list, before anything in it is looked at; stands in its annotation.

    Attributes:
        items: How many there may be.
    """

    items: int

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        """Wrap the schema of the list."""
        return core_schema.no_info_before_validator_function(self._counted, handler(source))

    def _counted(self, given: Any) -> Any:
        if isinstance(given, list) and len(given) > self.items:
            raise ValueError("too long")
        return given


_TOLD = frozenset(
    {
        "invalid_type",
        "invalid_value",
        "missing_parameter",
        "unknown_parameter",
        "unsupported_parameter",
        "unsupported_content",
        "unsupported_method",
    }
)
"""The codes of errors that are worded already."""


def first_error(error: ValidationError) -> ErrorDetails:
    """The first thing that is wrong, in the order of the fields."""
    return error.errors(include_url=False, include_input=False)[0]


def problem(code: str, message: str, param: str | None = None) -> PydanticCustomError:
    """That something cannot be, in a sentence of its own.

    Args:
        code: A stable name for programs, one of `_TOLD`.
        message: The sentence; `{param}` stands for the parameter's name.
        param: The parameter, where it is not the one that is validated.
    """
    assert code in _TOLD
    # The curly brackets of a message are filled from the context: what it holds itself stays.
    return PydanticCustomError(code, "{message}", {"message": message, "param": param})


def wrong_type(kind: str, param: str | None = None) -> PydanticCustomError:
    """That something is of another type."""
    return problem("invalid_type", f"Invalid type for '{{param}}': {kind} is expected.", param)


def wrong_value(
    expected: str, code: str = "invalid_value", param: str | None = None
) -> PydanticCustomError:
    """That something has a value that cannot be."""
    return problem(code, f"Invalid '{{param}}': {expected}", param)


MISSING = "Missing required parameter: '{param}'."


def as_object(given: Any) -> Any:
    """What is not an object lacks what is asked for, as an empty one does."""
    return given if isinstance(given, dict) else {}


def _told(error: ErrorDetails) -> ApiError:
    """An error of pydantic as the API tells it."""
    context = error.get("ctx", {})
    param = context.get("param") or _path(error["loc"])
    if error["type"] == "missing":
        return bad_value(param, MISSING.replace("{param}", param), "missing_parameter")
    return bad_value(param, str(context["message"]).replace("{param}", param), error["type"])


def _path(location: tuple[int | str, ...]) -> str:
    """Where it is, as OpenAI writes it: `messages[0].content`."""
    steps = (f"[{step}]" if isinstance(step, int) else f".{step}" for step in location)
    return "".join(steps).removeprefix(".")
