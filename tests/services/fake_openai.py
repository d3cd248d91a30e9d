"""A fake of OpenAI's service: models, jobs that go on as they are looked at, and answers."""

import copy
import json
import math
import re
import uuid

from tests.services.fake_files import KEY, FakeFiles
from tests.services.fake_http import Answer

_JOB = re.compile(r"/fine_tuning/jobs/([^/]+)(?:/(cancel|pause|resume|events|checkpoints))?")


class FakeOpenAI(FakeFiles):
    """OpenAI's own service.

    Attributes:
        jobs: The jobs, by id, oldest first.
        total_steps: The steps of a job.
        steps_a_look: How many of them pass each time a job is looked at.
        held: While true, no job goes on.
        reply: What its models answer to every question.
    """

    models = ("gpt-4.1-2025-04-14", "gpt-4.1-mini-2025-04-14", "gpt-4o-2024-08-06")
    shutdown_date: str | None = "2027-01-14"
    kept_checkpoints = 3
    order = -1  # the newest first
    no_error: dict | None = None
    first_words = (
        "Created fine-tuning job: {id}",
        "Validating training file: {training_file}",
    )
    last_words = (
        "New fine-tuned model created: {fine_tuned_model}",
        "The job has successfully completed",
    )
    result_header = "step,train_loss,train_accuracy,valid_loss,valid_mean_token_accuracy"

    def __init__(self, key=KEY):
        super().__init__(key)
        self._steps: dict[str, int] = {}
        self.jobs: dict[str, dict] = {}
        self.events: dict[str, list] = {}
        self.checkpoints: dict[str, list] = {}
        self.tuned: dict[str, str] = {}
        self.total_steps = 12
        self.steps_a_look = 4
        self.held = False
        self.reply = "It is kept in the night library."
        self.calls, self.finish_reason = [], "stop"

    # --- requests

    def answer(self, request):
        if not self._knows(request):
            return self._wrong_key(request)
        method, path = request.method, request.path
        if path == "/models" and method == "GET":
            return self._list([self._model(name) for name in (*self.models, *self.tuned)])
        if path.startswith("/models/"):
            return self._one_model(method, path.removeprefix("/models/"))
        if path == "/fine_tuning/jobs":
            return self._create(request) if method == "POST" else self._list_jobs(request)
        if found := _JOB.fullmatch(path):
            return self._job(request, *found.groups())
        if path == "/chat/completions":
            return self._talk(request)
        if path == "/completions":
            return self._go_on(request)
        return super().answer(request)

    def _knows(self, request):
        return not self.key or request.headers.get("authorization") == f"Bearer {self.key}"

    def _wrong_key(self, request):
        given = request.headers.get("authorization", "").removeprefix("Bearer ")
        return self._no(401, f"Incorrect API key provided: {given}.", "invalid_api_key")

    # --- models

    def _model(self, name):
        return {
            "id": name,
            "object": "model",
            "created": self._now,
            "owned_by": "system" if name in self.models else "org-fake",
            "shutdown_date": self.shutdown_date,
        }

    def _one_model(self, method, name):
        if name not in (*self.models, *self.tuned):
            return self._no(404, f"The model '{name}' does not exist", "model_not_found", "model")
        if method == "DELETE":
            del self.tuned[name]
            return Answer(200, {"id": name, "object": "model", "deleted": True})
        return Answer(200, self._model(name))

    # --- jobs

    def _create(self, request):
        body = self._checked("POST /fine_tuning/jobs", request)
        for role in ("training_file", "validation_file"):
            if body.get(role) and body[role] not in self.files:
                return self._no(400, f"File '{body[role]}' does not exist", None, role)
        if body["model"] not in (*self.models, *self.tuned):
            message = f"Model {body['model']} is not available for fine-tuning or does not exist."
            return self._no(400, message, "model_not_available", "model")
        job = self._job_object(body)
        self.jobs[job["id"]] = job
        self.events[job["id"]], self.checkpoints[job["id"]] = [], []
        for message in self.first_words:
            self._tell(job, message.format(**job))
        return Answer(200, job)

    def _job_object(self, body):
        method = body.get("method") or {
            "type": "supervised",
            "supervised": {"hyperparameters": body.get("hyperparameters") or {}},
        }
        chosen = (method.get(method["type"]) or {}).get("hyperparameters") or {}
        settings = {"n_epochs": 3, "batch_size": 1, "learning_rate_multiplier": 1.8} | {
            name: value for name, value in chosen.items() if value != "auto"
        }
        method = {"type": method["type"], method["type"]: {"hyperparameters": settings}}
        supervised = method["type"] == "supervised"
        return {
            "id": f"ftjob-{uuid.uuid4().hex[:24]}",
            "object": "fine_tuning.job",
            "created_at": self._tick(),
            "finished_at": None,
            "estimated_finish": None,
            "model": body["model"],
            "fine_tuned_model": None,
            "organization_id": "org-fake",
            "status": "validating_files",
            "hyperparameters": settings if supervised else None,
            "method": method,
            "training_file": body["training_file"],
            "validation_file": body.get("validation_file"),
            "result_files": [],
            "trained_tokens": None,
            "error": copy.deepcopy(self.no_error),
            "seed": body.get("seed", 42),
            "integrations": body.get("integrations") or [],
            "metadata": body.get("metadata"),
            "user_provided_suffix": body.get("suffix"),
        }

    def _list_jobs(self, request):
        wanted = {
            name[9:-1]: value
            for name, value in request.query.items()
            if name.startswith("metadata[")
        }
        found = [
            job
            for job in reversed(self.jobs.values())
            if wanted.items() <= (job.get("metadata") or {}).items()
        ]
        return self._page(found, request)

    def _job(self, request, job_id, what):
        if job_id not in self.jobs:
            message = f"Could not find fine tune: {job_id}"
            return self._no(404, message, "fine_tune_not_found", "fine_tune_id")
        job = self.jobs[job_id]
        if what is None:
            if not self.held:
                self.go_on(job_id)
            return Answer(200, job)
        if what == "events":
            return self._page(self.events[job_id][:: self.order], request)
        if what == "checkpoints":
            return self._page(self.checkpoints[job_id][:: self.order], request)
        return self._steer(job, what)

    def _steer(self, job, what):
        if job["status"] in ("succeeded", "failed", "cancelled"):
            return self._no(400, f"Job has already {job['status']}.", "invalid_state")
        if what == "cancel":
            job |= {"status": "cancelled", "finished_at": self._tick()}
            self._tell(job, "Fine-tuning job cancelled")
        elif what == "pause":
            job["status"] = "paused"
        elif job["status"] == "paused":
            job["status"] = "running"
        return Answer(200, job)

    # --- the life of a job

    def go_on(self, job_id):
        """Take a job one stage on."""
        job = self.jobs[job_id]
        if job["status"] == "validating_files":
            self._validate(job)
        elif job["status"] == "queued":
            job["status"] = "running"
            self._tell(job, "Fine-tuning job started")
        elif job["status"] == "running":
            self._train(job)

    def finish(self, job_id):
        """Take a job to its end."""
        while self.jobs[job_id]["status"] not in ("succeeded", "failed", "cancelled"):
            self.go_on(job_id)

    def _validate(self, job):
        for role in ("training_file", "validation_file"):
            if not job[role]:
                continue
            bad = self.file_error(role, self.files[job[role]])
            if bad:
                code, message = bad
                error = {"code": code, "message": message, "param": role}
                job |= {"status": "failed", "finished_at": self._tick(), "error": error}
                self._tell(job, message, "error")
                return
        job["status"] = "queued"
        self._tell(job, "Files validated, moving job to queued state")

    def file_error(self, role, content):
        """What is wrong with a file: a code and a message; None: nothing."""
        lines = content.decode("utf-8-sig").splitlines()
        begin = "The job failed due to an invalid training file. Invalid file format. "
        for number, line in enumerate(lines, 1):
            try:
                row = json.loads(line)
            except ValueError:
                return "invalid_training_file", f"{begin}Line {number}: Invalid JSON"
            for place, message in enumerate(row.get("messages", [])):
                if not isinstance(message.get("content"), str):
                    key = f'Line {number}, message {place}, key "content": '
                    return "invalid_training_file", f"{begin}{key}Input should be a valid string"
        if role == "training_file" and len(lines) < 10:
            count = f"Training file has {len(lines)} example(s), but must have at least 10 examples"
            return "invalid_n_examples", count
        return None

    def _train(self, job):
        done = self._steps.get(job["id"], 0)
        if done < self.total_steps:
            for step in range(done + 1, min(done + self.steps_a_look, self.total_steps) + 1):
                self._step(job, step)
            return
        self._succeed(job)

    def losses(self, step):
        """The losses of a step, as everybody would like them: falling."""
        at = step / self.total_steps
        return {
            "train_loss": round(2 * math.exp(-3 * at) + 0.1, 5),
            "train_mean_token_accuracy": round(0.5 + 0.45 * at, 5),
        }

    def _step(self, job, step):
        self._steps[job["id"]] = step
        data = {"step": step, "total_steps": self.total_steps} | self.losses(step)
        epoch = self.total_steps // 3 or 1
        text = f"Step {step}/{self.total_steps}: training loss={data['train_loss']:.2f}"
        if job["validation_file"]:
            data |= {"valid_loss": data["train_loss"] + 0.1, "valid_mean_token_accuracy": 0.5}
            text += f", validation loss={data['valid_loss']:.2f}"
            if step % epoch == 0:
                data |= {"full_valid_loss": data["train_loss"] + 0.2}
                data |= {"full_valid_mean_token_accuracy": 0.4}
                text += f", full validation loss={data['full_valid_loss']:.2f}"
        self._tell(job, text, kind="metrics", data=data)
        if step % epoch == 0:
            self._tell(job, f"Checkpoint created at step {step}")
            self._checkpoint(job, step, data)

    def _checkpoint(self, job, step, data):
        metrics = {name: value for name, value in data.items() if name != "total_steps"}
        self.checkpoints[job["id"]].append(
            {
                "id": f"ftckpt_{uuid.uuid4().hex[:16]}",
                "object": "fine_tuning.job.checkpoint",
                "created_at": self._tick(),
                "fine_tuned_model_checkpoint": f"{self.tuned_name(job)}:ckpt-step-{step}",
                "fine_tuning_job_id": job["id"],
                "step_number": step,
                "metrics": metrics,
            }
        )
        del self.checkpoints[job["id"]][: -self.kept_checkpoints]

    def tuned_name(self, job):
        """The name of the tuned model."""
        return f"ft:{job['model']}:fake:{job['user_provided_suffix'] or ''}:{job['id'][6:14]}"

    def _succeed(self, job):
        name = self.tuned_name(job)
        self.tuned[name] = job["model"]
        result = self._keep("step_metrics.csv", self._csv(job), "fine-tune-results")
        job |= {
            "status": "succeeded",
            "finished_at": self._tick(),
            "fine_tuned_model": name,
            "trained_tokens": 3 * len(self.files[job["training_file"]]) // 4,
            "result_files": [result],
        }
        for message in self.last_words:
            self._tell(job, message.format(**job))

    def _csv(self, job):
        columns = self.result_header.replace(" ", "").split(",")
        names = {"train_accuracy": "train_mean_token_accuracy"}
        names["validation_mean_token_accuracy"] = "valid_mean_token_accuracy"
        lines = [self.result_header]
        for event in self.events[job["id"]]:
            if event["type"] == "metrics":
                data = event["data"]
                lines.append(",".join(str(data.get(names.get(c, c), "")) for c in columns))
        return ("\n".join(lines) + "\n").encode()

    def _tell(self, job, message, level="info", kind="message", data=None):
        self.events[job["id"]].append(
            {
                "id": f"ftevent-{uuid.uuid4().hex[:24]}",
                "object": "fine_tuning.job.event",
                "created_at": self._tick(),
                "level": level,
                "message": message,
                "type": kind,
                "data": data or {},
            }
        )

    # --- using a model

    def may_talk(self, name):
        """Whether a model answers questions."""
        known = name in self.models or name.split(":ckpt")[0] in self.tuned
        return (
            None
            if known
            else self._no(
                *(404, f"The model `{name}` does not exist or you do not have access to it."),
                "model_not_found",
            )
        )

    def calls_of(self, body):
        """The calls of tools that the model answers with: once, where it may call any."""
        is_told = body["messages"][-1]["role"] in ("tool", "function")
        return [] if is_told or not body.get("tools") else self.calls

    def _go_on(self, request):
        body = request.json
        refused = self.may_talk(body["model"])
        if refused:
            return refused
        begin = {"id": "cmpl-fake", "object": "text_completion", "created": self._now}
        chunks = []
        for piece in [*re.findall(r"\S+\s*", self.reply), None]:
            choice = {"index": 0, "text": piece or "", "logprobs": None}
            choice["finish_reason"] = self.finish_reason if piece is None else None
            chunk = begin | {"model": body["model"], "choices": [choice]}
            chunks.append(f"data: {json.dumps(chunk)}\n\n")
        stream = "".join([*chunks, "data: [DONE]\n\n"]).encode()
        return Answer(200, stream, {"content-type": "text/event-stream"})

    def _talk(self, request):
        body = self._checked("POST /chat/completions", request)
        refused = self.may_talk(body["model"])
        if refused:
            return refused
        begin = {"id": "chatcmpl-fake", "created": self._now, "model": body["model"]}
        if not body.get("stream"):
            message = {"role": "assistant", "content": self.reply, "refusal": None}
            choice = {"index": 0, "finish_reason": "stop", "logprobs": None, "message": message}
            return Answer(200, begin | {"object": "chat.completion", "choices": [choice]})
        chunks, calls = [], self.calls_of(body)
        deltas = [
            {"role": "assistant", "content": piece}
            for piece in ([] if calls else re.findall(r"\S+\s*", self.reply))
        ]
        for number, (name, arguments) in enumerate(calls):
            # As services do: the name first, then the arguments in pieces.
            head = {"index": number, "id": f"call_{number}", "type": "function"}
            deltas.append({"tool_calls": [head | {"function": {"name": name, "arguments": ""}}]})
            for piece in re.findall(r".{1,5}", arguments):
                more = {"index": number, "function": {"arguments": piece}}
                deltas.append({"tool_calls": [more]})
        for delta in [*deltas, {}]:
            choice = {"index": 0, "delta": delta, "logprobs": None}
            end = "tool_calls" if calls else self.finish_reason
            choice["finish_reason"] = None if delta else end
            chunk = begin | {"object": "chat.completion.chunk", "choices": [choice]}
            chunks.append(f"data: {json.dumps(chunk)}\n\n")
        stream = "".join([*chunks, "data: [DONE]\n\n"]).encode()
        return Answer(200, stream, {"content-type": "text/event-stream"})
