"""Every answer fits OpenAI's own document, every error is its envelope; asked without the SDK."""

import json

import pytest
from tests.openai_document import ANSWERS
from tests.training_server.conftest import KEY, chat_lines, upload
from tests.training_server.test_serve import ask

LARGE = b" " * (32 * 2**20 + 1)
MANY_PAIRS = "&".join(f"metadata[k{number}]=v" for number in range(2000))
HALF = b'{"model": "tunedesk-starter", "messages": [{"role": "user", "content": "a\\uD800"}]}'


def check(operation, body):
    """Hold an answer to the schema that the document has for it."""
    errors = ANSWERS.problems(operation, body)
    assert not errors, errors
    CHECKED.add(operation)
    return body


CHECKED = set()


@pytest.fixture
def call(server):
    def run(operation, path=None, body=None, headers=None):
        method, place = operation.split()
        sent = {"Authorization": f"Bearer {KEY}"} | (headers or {})
        data = None
        if body is not None:
            data = json.dumps(body).encode()
            sent["Content-Type"] = "application/json"
        status, answer = ask(server.url + (path or place), sent, method, data)
        assert status == 200, answer
        return check(operation, answer)

    return run


def form(name, content, **fields):
    """The headers and the body of a multipart form."""
    lines = []
    for field, value in fields.items():
        lines += ["--x", f'Content-Disposition: form-data; name="{field}"', "", value]
    lines += ["--x", f'Content-Disposition: form-data; name="{name}"; filename="a.jsonl"', ""]
    body = "\r\n".join(lines).encode() + b"\r\n" + content + b"\r\n--x--\r\n"
    return {
        "Authorization": f"Bearer {KEY}",
        "Content-Type": "multipart/form-data; boundary=x",
    }, body


def test_every_operation_answers_as_the_document_says(server, client, trained, call):
    headers, body = form("file", chat_lines(10), purpose="fine-tune")
    _status, answer = ask(f"{server.url}/files", headers, "POST", body)
    file_id = check("POST /files", answer)["id"]
    call("GET /files")
    call("GET /files", "/files?limit=1&order=asc")
    call("GET /files", "/files?purpose=batch")
    call("GET /files/{file_id}", f"/files/{file_id}")
    call("DELETE /files/{file_id}", f"/files/{file_id}")

    wish = {"bytes": 3, "filename": "a.jsonl", "mime_type": "text/jsonl", "purpose": "fine-tune"}
    first = call("POST /uploads", body=wish)["id"]
    call("POST /uploads/{upload_id}/cancel", f"/uploads/{first}/cancel", {})
    second = call("POST /uploads", body=wish)["id"]
    headers, body = form("data", b"abc")
    _status, answer = ask(f"{server.url}/uploads/{second}/parts", headers, "POST", body)
    part = check("POST /uploads/{upload_id}/parts", answer)["id"]
    place = f"/uploads/{second}/complete"
    call("POST /uploads/{upload_id}/complete", place, {"part_ids": [part]})

    jobs = "/fine_tuning/jobs"
    one = f"{jobs}/{{fine_tuning_job_id}}"
    call(f"GET {jobs}")
    call(f"GET {one}", f"{jobs}/{trained.id}")
    call(f"GET {one}/events", f"{jobs}/{trained.id}/events?limit=1000")
    call(f"GET {one}/checkpoints", f"{jobs}/{trained.id}/checkpoints")
    for kind in ("supervised", "dpo"):
        method = {"type": kind, kind: {"hyperparameters": {"n_epochs": 3}}}
        wish = {
            "model": "tunedesk-starter",
            "training_file": upload(client, b"{}\n"),
            "metadata": {"a": "b"},
            "method": method,
        }
        made = call(f"POST {jobs}", body=wish)
        call(f"GET {one}", f"{jobs}/{made['id']}")
        call(f"GET {one}/checkpoints", f"{jobs}/{made['id']}/checkpoints")
    wish["training_file"] = upload(client, chat_lines(10))
    wish["method"] = {"type": "supervised"}
    made = call(f"POST {jobs}", body=wish)["id"]
    call(f"POST {one}/cancel", f"{jobs}/{made}/cancel")

    call("GET /models")
    call("GET /models/{model}", f"/models/{trained.fine_tuned_model}")
    question = {"model": trained.fine_tuned_model, "messages": [{"role": "user", "content": "a"}]}
    more = {"max_tokens": 3, "logprobs": True, "top_logprobs": 2, "n": 2}
    call("POST /chat/completions", body=question | {"max_tokens": 3})
    call("POST /chat/completions", body=question | more)
    missing = ANSWERS.operations - CHECKED
    # Pausing and resuming are held to it where a job runs, a model is deleted at its end; a
    # stream is no JSON.
    assert missing == {
        "POST /fine_tuning/jobs/{fine_tuning_job_id}/pause",
        "POST /fine_tuning/jobs/{fine_tuning_job_id}/resume",
        "DELETE /models/{model}",
        "POST /chat/completions text/event-stream",
    }


def test_every_chunk_of_a_stream_fits(server, trained):
    import urllib.request

    wish = {
        "model": trained.fine_tuned_model,
        "messages": [{"role": "user", "content": "a"}],
        "max_tokens": 4,
        "stream": True,
        "stream_options": {"include_usage": True},
        "logprobs": True,
    }
    headers = {"Authorization": f"Bearer {KEY}", "Content-Type": "application/json"}
    request = urllib.request.Request(
        f"{server.url}/chat/completions", json.dumps(wish).encode(), headers
    )
    with urllib.request.urlopen(request, timeout=60) as answer:
        assert answer.headers["Content-Type"].startswith("text/event-stream")
        events = answer.read().decode().split("\n\n")
    assert events[-2:] == ["data: [DONE]", ""]
    for event in events[:-2]:
        check("POST /chat/completions text/event-stream", json.loads(event.removeprefix("data: ")))


@pytest.mark.parametrize(
    ("method", "path", "headers", "body", "status"),
    [
        ("GET", "/nothing", {}, None, 404),
        ("GET", "/files/", {}, None, 404),
        ("GET", "/files/file-none", {}, None, 404),
        ("GET", "/files/..%2f..%2fserver.sqlite3/content", {}, None, 404),
        ("PUT", "/files", {}, b"", 405),
        ("DELETE", "/fine_tuning/jobs", {}, None, 405),
        ("POST", "/fine_tuning/jobs", {"Content-Type": "text/plain"}, b"{}", 415),
        ("POST", "/fine_tuning/jobs", {"Content-Type": "application/json"}, b"{", 400),
        ("POST", "/fine_tuning/jobs", {"Content-Type": "application/json"}, b"[]", 400),
        ("POST", "/fine_tuning/jobs", {"Content-Type": "application/json"}, b"\xff", 400),
        ("POST", "/fine_tuning/jobs", {"Content-Type": "application/json"}, b'{"a":NaN}', 400),
        ("POST", "/fine_tuning/jobs", {"Content-Type": "application/json"}, b"[" * 10**5, 400),
        ("POST", "/fine_tuning/jobs", {"Content-Type": "application/json"}, LARGE, 413),
        ("POST", "/files", {"Content-Type": "application/json"}, b"{}", 415),
        ("POST", "/files", {"Content-Type": "multipart/form-data"}, b"x", 400),
        ("POST", "/files", {"Content-Type": "multipart/form-data; boundary=x"}, b"x", 400),
        ("POST", "/files", {"Content-Type": "multipart/form-data; boundary=x"}, b"--x--", 400),
        ("POST", "/uploads", {"Content-Type": "application/json"}, b"{}", 400),
        ("POST", "/chat/completions", {"Content-Type": "application/json"}, b"{}", 400),
        ("GET", "/chat/completions", {}, None, 404),
        ("PUT", "/chat/completions", {}, b"{}", 405),
        ("GET", "/chat/completions/chatcmpl-a", {}, None, 404),
        ("POST", "/fine_tuning/alpha/graders/run", {}, b"{}", 404),
        ("GET", "/fine_tuning/checkpoints/a/permissions", {}, None, 404),
        ("POST", "/fine_tuning/jobs", {"Content-Type": "application/json"}, HALF, 400),
        ("POST", "/chat/completions", {"Content-Type": "application/json"}, HALF, 400),
        ("GET", "/fine_tuning/jobs?limit=0", {}, None, 400),
        ("GET", "/fine_tuning/jobs?after=ftjob-none", {}, None, 400),
        ("GET", "/fine_tuning/jobs?metadata=x", {}, None, 400),
        ("GET", f"/fine_tuning/jobs?{MANY_PAIRS}", {}, None, 400),
    ],
)
def test_every_error_is_openais_envelope(server, method, path, headers, body, status):
    sent = {"Authorization": f"Bearer {KEY}"} | headers
    given, answer = ask(server.url + path, sent, method, body)
    assert given == status, answer
    assert not ANSWERS.problems_of("ErrorResponse", answer)
    assert len(answer["error"]["message"]) > 10
