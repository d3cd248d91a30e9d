"""The JSON Schemas of the formats: a verdict in bulk by jsonschema-rs, the reasons by jsonschema.

The schemas stand in resources/schemas, one a format, each whole in itself. Neither library is
ever given a way to fetch: a reference that leads out of a schema is an error, not a request.
"""

import json
import re
from collections.abc import Iterator
from functools import cache, reduce
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

import orjson

from tunedesk.examples.json_text import JsonType, Path, json_type
from tunedesk.lazy_imports import importing
from tunedesk.paths import resource

if TYPE_CHECKING:
    import jsonschema_rs
    from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

_SURROGATES = re.compile("[\ud800-\udfff]")


class Reason(NamedTuple):
    """Why a value does not fit a schema.

    Attributes:
        path: Where in the value; of a name that is missing or unknown, where it would be.
        keyword: The keyword of the schema that it breaks, such as "type".
        expected: What that keyword asks for: a list of types or values, a number or a text.
        found: The type of what stands there.
    """

    path: Path
    keyword: str
    expected: Any
    found: JsonType

    def parameters(self) -> dict[str, Any]:
        """What a sentence about it names, short enough to be stored with a problem."""
        expected = self.expected
        if self.keyword != "type" and not isinstance(expected, int | float):
            values = expected if isinstance(expected, list) else [expected]
            texts = [each if isinstance(each, str) else _spelled(each) for each in values[:_NAMED]]
            expected = ", ".join(text[:_SHOWN] for text in texts)
            expected += ", …" if len(values) > _NAMED else ""
        return {
            "reason": self.keyword,
            "at": "/".join(map(str, self.path))[:_SHOWN],
            "expected": expected,
            "type": self.found,
        }


_NAMED = 6
_SHOWN = 80


def _spelled_whole(value: Any) -> str:
    return json.dumps(value, ensure_ascii=True)


def _spelled(value: Any) -> str:
    return _spelled_whole(value)[:_SHOWN]


class SchemaError(ValueError):
    """What should be a JSON Schema is none, or leads outside itself.

    Attributes:
        path: Where in the schema, as far as that is known.
        leads_outside: Whether it names something that does not stand in it.
    """

    def __init__(self, message: str, path: Path = (), *, leads_outside: bool = False) -> None:
        super().__init__(message)
        self.path = path
        self.leads_outside = leads_outside


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
        except (ValueError, TypeError, RecursionError) as error:
            path = tuple(getattr(error, "instance_path", ()))
            raise SchemaError(str(error).splitlines()[0], path) from None
        try:
            self._fast = jsonschema_rs.Draft202012Validator(schema, retriever=_refuse)
        except (ValueError, TypeError, RecursionError) as error:
            message = str(error).splitlines()[0]
            raise SchemaError(message, leads_outside="$ref" in _spelled_whole(schema)) from None

    def is_valid(self, value: Any) -> bool:
        """Whether the value fits."""
        return _is_valid(self._fast, value)

    def reasons(self, value: Any) -> list[Reason]:
        """Why it does not fit.

        These come from jsonschema-rs: its expressions end in bounded time, whatever pattern stands
        in a stranger's file, and its references may lead in circles.
        """
        value = _encodable(value)
        found = []
        for error in self._fast.iter_errors(value):
            path = tuple(error.instance_path)
            expected = next(iter(error.kind.as_dict().values()), None)
            # Where no names at all are allowed, what the error holds is the value of one of them.
            instance = reduce(lambda inner, step: inner[step], path, value)
            found.append(_reason(path, str(error.schema_path[-1]), expected, instance))
        return found


_DRAFT = "https://json-schema.org/draft/2020-12/schema"


def _validator(schema: Any) -> "Draft202012Validator":
    # Slow imports, needed only where something is wrong.
    with importing("jsonschema", "referencing"):
        from jsonschema import Draft202012Validator
        from referencing import Registry

    return Draft202012Validator(schema, registry=Registry())


def _reasons(validator: "Draft202012Validator", value: Any) -> Iterator[Reason]:
    for error in validator.iter_errors(value):
        path, keyword, expected = tuple(error.absolute_path), error.validator, error.validator_value
        value = error.instance
        if keyword == "required":
            expected = next((name for name in expected if name not in value), "")
        elif keyword == "additionalProperties":
            expected = [name for name in value if name not in error.schema.get("properties", {})]
        yield _reason(path, str(keyword), expected, value)


def _reason(path: Path, keyword: str, expected: Any, value: Any) -> Reason:
    """A reason in the one form that both libraries' errors are given."""
    if keyword == "required":
        path = (*path, str(expected))
    elif keyword == "additionalProperties" and isinstance(value, dict):
        # Where no names are allowed at all, none is told.
        path = (*path, str(next(iter(expected or value), "")))
    elif keyword == "type":
        expected = [expected] if isinstance(expected, str) else list(expected)
    elif keyword not in _SHOWN_KEYWORDS:
        expected = ""  # a schema within the schema: nobody reads it in a sentence
    return Reason(path, keyword, expected, json_type(value))


_SHOWN_KEYWORDS = frozenset(
    {"enum", "const", "pattern", "format", "multipleOf"}
    | {"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "minLength", "maxLength"}
    | {"minItems", "maxItems", "minProperties", "maxProperties"}
)


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
