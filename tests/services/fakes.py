"""Fake services for tests: they speak the fine-tuning API as each provider does (facts 1 to 4).

Use one in a `with`; it lives on loopback, in a thread, and ends with the block. A job goes one
stage on each time it is looked at. What a client sends is held against OpenAI's document; whatever
does not fit stands in `problems`.
"""

import base64
import json

from tests.services.fake_files import KEY
from tests.services.fake_http import Answer
from tests.services.fake_openai import FakeOpenAI

__all__ = ["KEY", "FakeAzure", "FakeEcho", "FakeNebius", "FakeOpenAI", "FakeOther"]


class FakeAzure(FakeOpenAI):
    """Azure: the v1 address, its own names, a byte order mark, a deployment before use."""

    prefix = "/openai/v1"
    shutdown_date = None
    allowed_beside = frozenset(("trainingType",))
    # Seen on healthy jobs of real services (facts 1.4), as is the empty one below.
    no_error = {"code": None, "message": None, "param": None}  # noqa: RUF012  it is copied
    result_header = (
        "step, train_loss, train_mean_token_accuracy, valid_loss, validation_mean_token_accuracy, "
        "full_valid_loss, full_valid_mean_token_accuracy"
    )

    def __init__(self, key=KEY):
        super().__init__(key)
        self.deployments: dict[str, str] = {}

    def _knows(self, request):
        return super()._knows(request) or request.headers.get("api-key") == self.key

    def _wrong_key(self, request):
        message = "Access denied due to invalid subscription key or wrong API endpoint."
        return Answer(401, {"error": {"code": "401", "message": message}})

    def file_status(self):
        return "pending"

    def _create(self, request):
        suffix = request.json.get("suffix") or ""
        if len(suffix) > 18 or "." in suffix:
            error = {"code": "invalidPayload", "message": f"The suffix '{suffix}' is not valid."}
            return Answer(400, {"error": error})
        if request.json["model"] not in self.models:
            message = "The specified base model does not support fine-tuning."
            return Answer(400, {"error": {"code": "invalidPayload", "message": message}})
        for role in ("training_file", "validation_file"):
            content = self.files.get(request.json.get(role), b"\xef\xbb\xbf")
            if not content.startswith(b"\xef\xbb\xbf"):
                self.problems.append(f"{role}: no byte order mark")
        return super()._create(request)

    def tuned_name(self, job):
        suffix = f"-{job['user_provided_suffix']}" if job["user_provided_suffix"] else ""
        return f"{job['model']}.ft-{job['id'][6:].ljust(32, '0')}{suffix}"

    def may_talk(self, name):
        if name in self.deployments:
            return None
        message = "The API deployment for this resource does not exist."
        return Answer(404, {"error": {"code": "DeploymentNotFound", "message": message}})


class FakeNebius(FakeOpenAI):
    """Nebius: hyperparameters in their old place, an absolute rate, losses in checkpoints."""

    models = (
        "meta-llama/Llama-3.1-8B-Instruct",
        "meta-llama/Meta-Llama-3.1-8B-Instruct",
        "unsloth/gpt-oss-20b-BF16",
    )
    order = 1  # its cookbook shows the oldest first
    first_words = ("Job is submitted", "Dataset 'training' processed successfully")
    last_words = ("Training completed successfully",)
    shutdown_date = None
    kept_checkpoints = 1000
    hyperparameters = frozenset(
        (
            *("batch_size", "learning_rate", "n_epochs", "warmup_ratio", "weight_decay"),
            *("packing", "max_grad_norm", "context_length", "lora", "lora_r", "lora_alpha"),
            "lora_dropout",
        )
    )
    body_fields = frozenset(
        (
            *("model", "training_file", "validation_file", "hyperparameters", "integrations"),
            *("seed", "suffix", "tags", "from_checkpoint", "extra_body"),
        )
    )

    def _no(self, status, message, code=None, param=None):
        return Answer(status, {"detail": message})

    def file_status(self):
        return None

    def _checked(self, operation, request):
        if operation != "POST /fine_tuning/jobs":
            return super()._checked(operation, request)
        body = request.json
        self.problems += [f"unknown field: {n}" for n in sorted(set(body) - self.body_fields)]
        settings = body.get("hyperparameters") or {}
        unknown = sorted(set(settings) - self.hyperparameters)
        self.problems += [f"unknown hyperparameter: {name}" for name in unknown]
        return body

    def _create(self, request):
        rate = (request.json.get("hyperparameters") or {}).get("learning_rate", 1e-5)
        if not isinstance(rate, float) or not 0 < rate < 0.1:
            place = ["body", "hyperparameters", "learning_rate"]
            told = [{"loc": place, "msg": "Input should be less than 0.1", "type": "less_than"}]
            return Answer(422, {"detail": told})
        return super()._create(request)

    def _job_object(self, body):
        job = super()._job_object(body | {"method": None})
        settings = {"batch_size": 8, "learning_rate": 1e-5, "n_epochs": 3, "lora": False}
        job |= {
            "hyperparameters": settings | (body.get("hyperparameters") or {}),
            "status": "running",
            "suffix": body.get("suffix"),
            "trained_steps": 0,
            "total_steps": self.total_steps,
        }
        for name in ("method", "metadata"):
            del job[name]
        return job

    def _step(self, job, step):
        super()._step(job, step)
        job["trained_steps"] = step

    def _tell(self, job, message, level="info", kind="message", data=None):
        if kind == "message":
            super()._tell(job, message, level)
            self.events[job["id"]][-1]["data"] = None

    def _csv(self, job):
        return b""


class FakeOther(FakeOpenAI):
    """Another server, with Mistral's spelling of statuses and a list of jobs that is bare.

    Attributes:
        spelling: How it spells each of OpenAI's statuses.
    """

    models = ("acme-1",)
    no_error = {}  # noqa: RUF012  it is copied
    shutdown_date = None
    spelling = {  # noqa: RUF012  it is read only
        "validating_files": "VALIDATING",
        "queued": "QUEUED",
        "running": "RUNNING",
        "succeeded": "SUCCESS",
        "failed": "FAILED_VALIDATION",
        "cancelled": "CANCELLED",
        "paused": "PAUSED",
    }

    def answer(self, request):
        answer = super().answer(request)
        body = answer.body
        if isinstance(body, dict) and body.get("object") == "fine_tuning.job":
            answer.body = body | {"status": self.spelling[body["status"]]}
        if (request.method, request.path) == ("GET", "/fine_tuning/jobs") and "data" in body:
            answer.body = [job | {"status": self.spelling[job["status"]]} for job in body["data"]]
        return answer


class FakeEcho(FakeOther):
    """A service that sends the key back in every text of every answer, and in its headers.

    The names that it gives hold the key, too; those that a client makes of them, with the key taken
    out, are known to it.
    """

    plain = frozenset(
        ("created_at", "finish_reason", "level", "object", "purpose", "role", "status", "type")
    )
    """Fields whose few words say what to do: they stay."""

    def answer(self, request):
        for name in ("~[key]", "~%5Bkey%5D"):
            request.path = request.path.replace(name, "")
            request.body = request.body.replace(name.encode(), b"")
            request.query = {n: value.replace(name, "") for n, value in request.query.items()}
        answer = super().answer(request)
        answer.headers |= {"x-request-id": self.key, f"x-{self.key}": "1"}
        if isinstance(answer.body, dict | list):
            answer.body = self._written(self._echoing(answer.body))
        elif answer.headers.get("content-type") == "text/event-stream":
            answer.body = self._streamed(answer.body)
        elif isinstance(answer.body, bytes):
            answer.body = base64.b64encode(answer.body + b"\n# " + self.key.encode())
        return answer

    def _echoing(self, value, name=""):
        if isinstance(value, dict):
            told = {inner: self._echoing(each, inner) for inner, each in value.items()}
            return told | {f"by {self.key}": f"for {self.key}"}
        if isinstance(value, list):
            return [self._echoing(each, name) for each in value]
        if isinstance(value, str) and name not in self.plain:
            return f"{value}~{self.key}"
        return value

    def _written(self, value):
        """JSON in which each second key is escaped, letter by letter."""
        parts = json.dumps(value).split(self.key)
        escaped = "".join(f"\\u{ord(letter):04x}" for letter in self.key)
        ways = (self.key, escaped)
        whole = parts[0] + "".join(ways[n % 2] + part for n, part in enumerate(parts[1:]))
        return whole.encode()

    def _streamed(self, stream):
        """The chunks of an answer, then the key in chunks of five letters."""
        *chunks, last, done = stream.decode().strip().split("\n\n")
        model = json.loads(chunks[0].removeprefix("data: "))
        for begin in range(0, len(self.key), 5):
            piece = self.key[begin : begin + 5]
            choice = {"index": 0, "delta": {"content": piece}, "finish_reason": None}
            chunks.append(f"data: {json.dumps(model | {'choices': [choice], 'by': self.key})}")
        return "".join(f"{chunk}\n\n" for chunk in (*chunks, last, done)).encode()
