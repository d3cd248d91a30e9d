"""OpenAI's own document as JSON Schema, to hold requests and answers against."""

import json
from pathlib import Path

from jsonschema import Draft202012Validator


def modern(schema):
    """The schema with the words of older OpenAPI documents in those of JSON Schema."""
    if isinstance(schema, list):
        return [modern(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    inner = {name: modern(value) for name, value in schema.items() if name != "nullable"}
    if inner.get("exclusiveMinimum") is True:
        inner["exclusiveMinimum"] = inner.pop("minimum")
    return {"anyOf": [inner, {"type": "null"}]} if schema.get("nullable") is True else inner


class OpenAIDocument:
    """A part of the document, by operations such as `POST /fine_tuning/jobs`.

    Args:
        operations: The schema of each operation's body.
        components: The components that they refer to.
        queries: The names of each operation's query parameters.
    """

    def __init__(self, operations, components, queries=None):
        self._schemas = operations
        self._components = components
        self.operations = frozenset(operations)
        self.queries = {name: frozenset(query) for name, query in (queries or {}).items()}

    def problems(self, operation, body):
        """What in a body does not fit the schema of its operation."""
        return self._problems(self._schemas[operation], body)

    def problems_of(self, component, body):
        """What in a value does not fit a component of the document."""
        return self._problems({"$ref": f"#/components/schemas/{component}"}, body)

    def _problems(self, schema, body):
        validator = Draft202012Validator(schema | {"components": self._components})
        return [f"{error.json_path}: {error.message}" for error in validator.iter_errors(body)]

    def names(self, component):
        """The names of the properties that a component has."""
        return frozenset(self._components["schemas"][component]["properties"])


def _loaded(path):
    return modern(json.loads((Path(__file__).parent / path).read_text(encoding="utf-8")))


DOCUMENT = _loaded("training_server/api/openai-document.json")
_JSON = "application/json"
_STREAM = "text/event-stream"


def _answers():
    """What each operation answers with 200, such as "GET /files", or as a stream."""
    found = {}
    for path, operations in DOCUMENT["paths"].items():
        for method, operation in operations.items():
            content = operation["responses"]["200"]["content"]
            for kind, name in ((_JSON, ""), (_STREAM, f" {_STREAM}")):
                schema = content.get(kind, {}).get("schema", {"type": "string"})
                if schema.get("type") != "string":
                    found[f"{method.upper()} {path}{name}"] = schema
    return found


_REQUESTS = _loaded("services/openai-requests.json")
ANSWERS = OpenAIDocument(_answers(), DOCUMENT["components"])
REQUESTS = OpenAIDocument(
    _REQUESTS["operations"], _REQUESTS["components"], _REQUESTS.get("queries")
)
