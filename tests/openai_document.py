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
    """One of the extracts in the tree, by operations such as `POST /fine_tuning/jobs`."""

    def __init__(self, path: Path):
        self._document = modern(json.loads(path.read_text(encoding="utf-8")))
        self.operations = frozenset(self._document["operations"])
        self.queries = {name: frozenset(q) for name, q in self._document.get("queries", {}).items()}

    def problems(self, operation, body):
        """What in a body does not fit the schema of its operation."""
        return self._problems(self._document["operations"][operation], body)

    def problems_of(self, component, body):
        """What in a value does not fit a component of the document."""
        return self._problems({"$ref": f"#/components/schemas/{component}"}, body)

    def _problems(self, schema, body):
        validator = Draft202012Validator(schema | {"components": self._document["components"]})
        return [f"{error.json_path}: {error.message}" for error in validator.iter_errors(body)]

    def names(self, component):
        """The names of the properties that a component has."""
        return frozenset(self._document["components"]["schemas"][component]["properties"])


ANSWERS = OpenAIDocument(Path(__file__).parent / "training_server/api/openai-answers.json")
REQUESTS = OpenAIDocument(Path(__file__).parent / "fine_tuning/openai-requests.json")
