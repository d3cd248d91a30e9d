"""OpenAI's own document, as far as a fine-tuning server goes, and what it says of answers."""

import json
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

_JSON = "application/json"
_STREAM = "text/event-stream"


def modern(schema: Any) -> Any:
    """The schema with the words of older OpenAPI documents in those of JSON Schema."""
    if isinstance(schema, list):
        return [modern(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    inner = {name: modern(value) for name, value in schema.items() if name != "nullable"}
    if inner.get("exclusiveMinimum") is True:
        inner["exclusiveMinimum"] = inner.pop("minimum")
    return {"anyOf": [inner, {"type": "null"}]} if schema.get("nullable") is True else inner


DOCUMENT: dict[str, Any] = modern(
    json.loads(Path(__file__).with_name("openai-document.json").read_text(encoding="utf-8"))
)


def _answers() -> dict[str, Any]:
    found = {}
    for path, operations in DOCUMENT["paths"].items():
        for method, operation in operations.items():
            content = operation["responses"]["200"]["content"]
            for kind, name in ((_JSON, ""), (_STREAM, f" {_STREAM}")):
                schema = content.get(kind, {}).get("schema", {"type": "string"})
                if schema.get("type") != "string":
                    found[f"{method.upper()} {path}{name}"] = schema
    return found


ANSWERS = _answers()
"""The schema of what each operation answers with 200, such as "GET /files"."""


def faults(schema: dict[str, Any], body: Any) -> list[str]:
    """What in an answer does not fit a schema of the document."""
    whole = schema | {"components": DOCUMENT["components"]}
    found = Draft202012Validator(whole).iter_errors(body)
    return [f"{error.json_path}: {error.message}" for error in found]


def envelope_faults(body: Any) -> list[str]:
    """What in an answer does not fit OpenAI's envelope for errors."""
    return faults({"$ref": "#/components/schemas/ErrorResponse"}, body)
