"""Ollama's API, as far as a model is made by it (docs/api.md and docs/modelfile.md of Ollama)."""

import hashlib
import io
import json
import tempfile

import gguf
from tests.services.fake_http import Answer, Fake

PARAMETERS = {
    "num_ctx": int,
    "temperature": (int, float),
    "repeat_penalty": (int, float),
    "stop": list,
}
FIELDS = {
    *("model", "from", "files", "adapters", "template", "license", "system", "parameters"),
    *("messages", "stream", "quantize"),
}


class FakeOllama(Fake):
    """An Ollama in a thread; what clients send that is not documented stands in `problems`.

    Attributes:
        blobs: What was sent, by "sha256:" and its hash.
        models: The bodies of the requests that made models, by name with tag.
    """

    prefix = "/api"

    def __init__(self):
        super().__init__()
        self.blobs = {}
        self.models = {}

    def answer(self, request):
        """Do what is asked."""
        path = request.path
        if request.method == "GET" and path == "/version":
            return Answer(200, {"version": "0.12.0"})
        if request.method == "GET" and path == "/tags":
            return Answer(200, {"models": [{"name": name} for name in self.models]})
        if path.startswith("/blobs/"):
            return self._blob(request, path.removeprefix("/blobs/"))
        if request.method == "POST" and path == "/create":
            return self._create(request.json)
        if request.method == "DELETE" and path == "/delete":
            gone = self.models.pop(f"{request.json['model']}:latest", None)
            return Answer(200 if gone else 404, {})
        self.problems.append(f"{request.method} {path} is not documented")
        return Answer(404, {"error": "not found"})

    def _blob(self, request, digest):
        if request.method == "HEAD":
            return Answer(200 if digest in self.blobs else 404, b"")
        if digest != f"sha256:{hashlib.sha256(request.body).hexdigest()}":
            return Answer(400, {"error": "digest mismatch"})
        self.blobs[digest] = request.body
        return Answer(201, b"")

    def _create(self, body):
        self.problems += [f"no field {name}" for name in body.keys() - FIELDS]
        for name, value in body.get("parameters", {}).items():
            if not isinstance(value, PARAMETERS.get(name, ())):
                self.problems.append(f"parameter {name} is {value!r}")
        lines = [{"status": "parsing GGUF"}]
        for digest in body["files"].values():
            if digest not in self.blobs:
                return Answer(400, {"error": f"blob {digest} not found"})
            with tempfile.NamedTemporaryFile(suffix=".gguf") as file:
                file.write(self.blobs[digest])
                file.flush()
                try:
                    gguf.GGUFReader(file.name)
                except ValueError:
                    lines.append({"error": "invalid file magic"})
                    return self._stream(lines)
        self.models[body["model"] if ":" in body["model"] else f"{body['model']}:latest"] = body
        return self._stream([*lines, {"status": "writing manifest"}, {"status": "success"}])

    @staticmethod
    def _stream(lines):
        out = io.StringIO()
        for line in lines:
            out.write(json.dumps(line) + "\n")
        return Answer(200, out.getvalue().encode(), {"content-type": "application/x-ndjson"})
