"""The JSON Schemas of the formats: a verdict in bulk by jsonschema-rs, the reasons by jsonschema.

The schemas stand in resources/schemas, one a format, each whole in itself. Neither library is
ever given a way to fetch: a reference that leads out of a schema is an error, not a request.
"""

import json
import re
from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

import orjson

from tunedesk.lazy_imports import importing
from tunedesk.paths import resource

if TYPE_CHECKING:
    import jsonschema_rs
    from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

_SURROGATES = re.compile("[\ud800-\udfff]")


class Reason(NamedTuple):
    """Why a value does not fit a schema.

    Attributes:
        path: Where in the value.
        keyword: The keyword of the schema that it breaks, such as "type".
        message: jsonschema's own message; for people who read schemas.
    """

    path: tuple[str | int, ...]
    keyword: str
    message: str


class SchemaError(ValueError):
    """What should be a JSON Schema is none, or leads outside itself."""


def is_valid(name: str, record: Any) -> bool:
    """Whether the record fits the schema of that format."""
    return _is_valid(_verdict(name), record)


def reasons(name: str, record: Any) -> list[Reason]:
    """Why the record does not fit the schema of that format; empty when it does."""
    return list(_reasons(_reasoner(name), record))


@cache
def _schema(name: str) -> Any:
    return orjson.loads(resource(f"schemas/{name}.json").read_bytes())


@cache
def _verdict(name: str) -> "jsonschema_rs.Draft202012Validator":
    with importing("jsonschema_rs"):
        import jsonschema_rs

    return jsonschema_rs.Draft202012Validator(_schema(name), retriever=_refuse)


@cache
def _reasoner(name: str) -> "Draft202012Validator":
    return _validator(_schema(name))


class OwnSchema:
    """A schema that stands in the data, such as the parameters of a tool.

    Raises:
        SchemaError: It is not a JSON Schema, or leads outside itself.
    """

    def __init__(self, schema: Any) -> None:
        # Most files need none of it, and it takes long to load.
        with importing("jsonschema_rs"):
            import jsonschema_rs

        try:
            jsonschema_rs.meta.validate({**schema, "$schema": _DRAFT})
            self._fast = jsonschema_rs.Draft202012Validator(schema, retriever=_refuse)
        except (ValueError, TypeError, RecursionError) as error:
            raise SchemaError(str(error).splitlines()[0]) from None

    def is_valid(self, value: Any) -> bool:
        """Whether the value fits."""
        return _is_valid(self._fast, value)

    def reasons(self, value: Any) -> list[Reason]:
        """Why it does not fit.

        These come from jsonschema-rs: its expressions end in bounded time, whatever pattern stands
        in a stranger's file, and its references may lead in circles.
        """
        return [
            Reason(tuple(error.instance_path), str(error.schema_path[-1]), error.message)
            for error in self._fast.iter_errors(_encodable(value))
        ]


_DRAFT = "https://json-schema.org/draft/2020-12/schema"


def _validator(schema: Any) -> "Draft202012Validator":
    # Slow imports, needed only where something is wrong.
    with importing("jsonschema", "referencing"):
        from jsonschema import Draft202012Validator
        from referencing import Registry

    return Draft202012Validator(schema, registry=Registry())


def _reasons(validator: "Draft202012Validator", value: Any) -> Iterator[Reason]:
    for error in validator.iter_errors(value):
        yield Reason(tuple(error.absolute_path), str(error.validator), error.message)


def _is_valid(validator: "jsonschema_rs.Draft202012Validator", value: Any) -> bool:
    try:
        return validator.is_valid(value)
    except UnicodeEncodeError:
        return validator.is_valid(_encodable(value))


def _encodable(value: Any) -> Any:
    """The value with U+FFFD for half a surrogate pair, on which jsonschema-rs stops in keys."""
    spelled = json.dumps(value, ensure_ascii=False)
    if spelled.isascii() or not _SURROGATES.search(spelled):
        return value
    return json.loads(_SURROGATES.sub("\ufffd", spelled))


def _refuse(uri: str) -> NoReturn:
    raise ValueError(f"A schema may not lead outside itself: {uri}")
