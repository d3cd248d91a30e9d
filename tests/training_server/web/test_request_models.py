"""Requests as models: what is wrong with them in words, and when their modules are loaded."""

import subprocess
import sys
from typing import Annotated, Any

import pytest
from pydantic import Field

from tunedesk.training_server.web.request_models import AtMost, Expected, RequestModel
from tunedesk.training_server.web.responses import ApiError


class Inner(RequestModel):
    is_closed = True

    name: Annotated[str, Expected(kind="a text")]


class Body(RequestModel):
    unheeded = frozenset({"user"})

    count: Annotated[int, Field(ge=1), Expected("at least one is expected.")] = 1
    inner: Annotated[Inner, Expected("an object with a name is expected.")] | None = None
    many: Annotated[
        list[Annotated[Inner, Expected(kind="an object")]],
        AtMost(2),
        Expected("a list of at most 2 is expected."),
    ] = Field(default_factory=list)


def error(body):
    with pytest.raises(ApiError) as raised:
        Body.read(body)
    assert raised.value.status == 400
    return raised.value.param, raised.value.code, raised.value.message


def test_what_is_wrong_is_told_with_its_place():
    assert error({"count": True}) == (
        "count",
        "invalid_value",
        "Invalid 'count': at least one is expected.",
    )
    assert error({"inner": {}}) == (
        "inner.name",
        "missing_parameter",
        "Missing required parameter: 'inner.name'.",
    )
    assert error({"many": [{"name": "a"}, {"name": 5}]}) == (
        "many[1].name",
        "invalid_type",
        "Invalid type for 'many[1].name': a text is expected.",
    )
    assert error({"many": [5]})[2] == "Invalid type for 'many[0]': an object is expected."


def test_a_list_that_is_too_long_and_keys_that_are_not_known_are_told_first():
    assert error({"many": [5] * 3})[2] == "Invalid 'many': a list of at most 2 is expected."
    assert error({"inner": {"name": 5, "x": 1}})[:2] == ("inner", "invalid_value")
    assert error({"count": 0, "other": 1})[:2] == ("other", "unknown_parameter")


def test_null_counts_as_not_given():
    given: dict[str, Any] = {"count": None, "inner": None, "many": None, "user": "me"}
    assert Body.read(given) == Body()


def test_neither_pydantic_nor_torch_is_loaded_before_the_first_request():
    program = (
        "import sys, tunedesk.training_server.serve\n"
        "print([name for name in ('pydantic', 'torch', 'transformers') if name in sys.modules])"
    )
    told = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert told.stdout == "[]\n", told.stderr
