"""Every way in which a service can fail, brought about for real, is told in plain words."""

import errno
import json
import socket
import traceback

import httpx2
import openai
import pytest
from tests.services import fake_faults
from tests.services.certificates import untrusted_server
from tests.services.conftest import connection_to
from tests.services.fakes import FakeOpenAI

from tunedesk.errors import UserError
from tunedesk.project.run_records import RunError, RunEvent
from tunedesk.services.connection import Connection
from tunedesk.services.file_references import find_file_references
from tunedesk.services.keys import Key
from tunedesk.services.providers import provider_named
from tunedesk.services.service_errors import (
    ServiceError,
    errors_explained,
    explain,
    explain_event,
    explain_job_error,
    is_lost_answer,
    why_it_failed,
    without_ids,
)

SECRET = "sk-secret-0123456789"
OPENAI = provider_named("openai")


def asked(connection, timeout=2.0):
    """What comes of making a job: the SDK's error, and it in plain words."""
    with connection.client(timeout=timeout) as client:
        try:
            client.fine_tuning.jobs.create(model="gpt-4.1-2025-04-14", training_file="file-none")
        except Exception as error:
            return error, explain(error, connection.provider, connection.key_value)
    raise AssertionError("it did not fail")


def address(url):
    return Connection(provider_named("custom"), url, Key(SECRET, "this run"))


# Each fault, what its sentence says, and whether the job may have been made.
FAULTS = [
    (fake_faults.server_error(), "fault of its own", True),
    (fake_faults.server_error(status=503), "fault of its own", True),
    (fake_faults.server_error(status=504), "took too long", True),
    (fake_faults.lost_answer(), "broke", True),
    (fake_faults.broken_off(), "broke", True),
    (fake_faults.hanging(), "did not answer in time", True),
    (fake_faults.web_page(status=502), "fault of its own", True),
    (fake_faults.too_many(), "too many requests", False),
    (fake_faults.no_credit(), "no credit left", False),
    (fake_faults.wrong_key(SECRET), "does not accept the key", False),
    (fake_faults.not_available(), "no new fine-tuning jobs", False),
    (fake_faults.refused(402, "Pay first"), "payment", False),
    (fake_faults.refused(403, "No."), "may not do this", False),
    (fake_faults.refused(404, "Nothing here"), "does not have", False),
    (fake_faults.refused(405, "No such method"), "does not have", False),
    (fake_faults.refused(413, "Too large"), "too large", False),
    (fake_faults.refused(400, "Billing hard limit has been reached"), "spending limit", False),
    (fake_faults.refused(403, "x", "unsupported_country_region_territory"), "country", False),
    (fake_faults.refused(401, "x", "ip_not_authorized"), "computer's address", False),
    (fake_faults.refused(429, "x", "billing_not_active"), "not active", False),
    (
        fake_faults.refused(404, "The model `gpt-9` does not exist", "model_not_found"),
        "no such model",
        False,
    ),
    (
        fake_faults.refused(
            400, "The specified base model does not support fine-tuning.", "invalidPayload"
        ),
        "cannot be fine-tuned",
        False,
    ),
    (fake_faults.refused(400, "Something new"), "refused the request", False),
    (fake_faults.refused(400, "File 'file-x' does not exist"), "no longer has the file", False),
    (fake_faults.moved("https://new.example/v1"), "moved", False),
]


@pytest.mark.parametrize(("fault", "said", "lost"), FAULTS, ids=[f[1] for f in FAULTS])
def test_what_a_service_does_wrong(openai_service, fault, said, lost):
    openai_service.fail("POST", "/fine_tuning/jobs", fault)
    connection = connection_to(openai_service, key=openai_service.key)
    error, told = asked(connection, timeout=0.4)
    assert isinstance(told, ServiceError)
    assert said in told.sentence
    assert told.sentence.endswith(".")
    assert told.advice.endswith(".") or told.advice == f"It said: {told.detail}"
    assert is_lost_answer(error) is told.lost_answer is is_lost_answer(told) is lost
    for text in (told.sentence, told.advice, told.detail, str(told), repr(told)):
        assert openai_service.key not in text
        assert SECRET not in text
        assert "<html" not in text


def test_what_the_service_said_itself_is_kept(openai_service):
    said = 'Line 12, message 3, key "content": Input should be a valid string'
    openai_service.fail("POST", ".*", fake_faults.refused(400, said, "invalid_training_file"))
    told = asked(connection_to(openai_service))[1]
    assert told.detail == said
    assert told.code == "invalid_training_file"
    assert find_file_references(told.detail)[0][:2] == (12, 3)


@pytest.mark.parametrize(
    ("header", "seconds"), [("7", 7.0), ("0.5", 0.5), ("soon", None), ("-1", None), ("inf", None)]
)
def test_how_long_to_wait(openai_service, header, seconds):
    openai_service.fail("POST", ".*", fake_faults.too_many(header))
    assert asked(connection_to(openai_service))[1].retry_after == seconds


def test_answers_in_other_shapes():
    for body, kind, detail in (
        ({"detail": "Not Found"}, "application/json", "Not Found"),
        ({"detail": [{"loc": ["body"], "msg": "bad"}]}, "application/json", '"msg": "bad"'),
        ({"statusCode": 404, "message": "Resource not found"}, "application/json", "Resource"),
        ({"error": {"code": "401", "message": "Access denied"}}, "application/json", "denied"),
        ({"error": "just a text"}, "application/json", "just a text"),
        (["odd"], "application/json", "odd"),
        (b"404 page not found", "text/plain", "404 page not found"),
        (b"<!DOCTYPE html><html>x</html>", "text/html", "web page"),
        (b"", "text/plain", ""),
        (b"\xff\xfe\x00", "application/json", ""),
    ):
        with FakeOpenAI() as service:
            answer = fake_faults.Answer(404, body, {"content-type": kind})
            service.fail("POST", ".*", fake_faults.Fault(change=lambda _done, a=answer: a))
            told = asked(connection_to(service))[1]
            assert told.status == 404
            assert detail in told.detail
            assert told.code == ""


def test_no_server(openai_service):
    connection = connection_to(openai_service)
    openai_service.stop()
    error, told = asked(connection)
    assert "No server is running at 127.0.0.1" in told.sentence
    assert not is_lost_answer(error)
    here = explain(error, provider_named("local"))
    assert here.sentence == "The training server of this computer is not running."
    assert "starts it" in here.advice


@pytest.mark.parametrize(
    ("failure", "said"),
    [
        (socket.gaierror(socket.EAI_NONAME, "Name or service not known"), "no server named"),
        (socket.gaierror(socket.EAI_AGAIN, "Temporary failure"), "seems to have no network"),
        (OSError(errno.ENETUNREACH, "Network is unreachable"), "could not be reached"),
        (TimeoutError("timed out"), "could not be reached in time"),
    ],
)
def test_no_network(monkeypatch, failure, said):
    def fail(*_arguments, **_options):
        raise failure

    monkeypatch.setattr(socket, "create_connection", fail)
    error, told = asked(address("https://api.trainer.example/v1"))
    assert said in told.sentence
    assert "api.trainer.example" in told.sentence
    assert not is_lost_answer(error)


def test_a_certificate_that_nobody_trusts(tmp_path):
    with untrusted_server(tmp_path) as port:
        error, told = asked(address(f"https://127.0.0.1:{port}/v1"))
    assert "certificate is not trusted" in told.sentence
    assert "Nothing was sent" in told.advice
    assert not is_lost_answer(error)


def test_https_to_a_server_that_speaks_http(openai_service):
    error, told = asked(address(openai_service.url.replace("http:", "https:")))
    assert "does not answer in https" in told.sentence
    assert not is_lost_answer(error)
    assert not openai_service.requests


def test_a_proxy_that_says_no(openai_service, monkeypatch):
    # The fake does not know the method that a proxy is asked by.
    monkeypatch.setenv("HTTPS_PROXY", openai_service.origin)
    error, told = asked(address("https://api.trainer.example/v1"))
    assert "proxy" in told.sentence
    assert not is_lost_answer(error)


def test_plainly_leaves_no_trace_of_requests(openai_service):
    openai_service.fail("GET", ".*", fake_faults.wrong_key(openai_service.key))
    with (
        connection_to(openai_service).client() as client,
        pytest.raises(ServiceError) as caught,
        errors_explained(OPENAI, openai_service.key),
    ):
        client.models.list()
    text = "".join(traceback.format_exception(caught.value))
    assert openai_service.key not in text
    assert "AuthenticationError" not in text


def test_what_is_plain_already_stays():
    error = UserError("It is so.", "Do that.")
    assert explain(error, OPENAI) is error
    assert not is_lost_answer(error)


def test_what_is_not_known_is_told_as_the_service_told_it():
    told = explain_job_error("internal", "Something broke " * 100, OPENAI)
    assert told.advice.startswith("It said: Something broke")
    assert len(told.advice) < 400 < len(told.detail)
    assert "Something broke" in str(told)
    assert explain_job_error("", "", OPENAI).advice == (
        "It did not say why. Try again in a few minutes."
    )


def test_a_bug_is_not_taken_for_a_fault_of_the_service():
    with pytest.raises(ZeroDivisionError), errors_explained(OPENAI):
        _ = 1 / 0
    assert not is_lost_answer(ZeroDivisionError())


def test_every_error_of_the_sdk_has_words():
    request = httpx2.Request("POST", "https://api.openai.com/v1/x")
    response = httpx2.Response(200, request=request, content=b"[]")
    for error, lost in (
        (openai.OpenAIError("odd"), False),
        (openai.APIError("odd", request, body=None), False),
        (openai.APIConnectionError(request=request), True),
        (openai.APITimeoutError(request=request), True),
        (openai.APIResponseValidationError(response, body=None), True),
        (json.JSONDecodeError("Expecting value", "<html>", 0), True),
        (httpx2.ReadTimeout("x", request=request), True),
        (httpx2.PoolTimeout("x", request=request), False),
        (httpx2.RemoteProtocolError("x"), True),
    ):
        told = explain(error, OPENAI)
        assert isinstance(told, ServiceError)
        assert told.sentence
        assert told.lost_answer is lost


@pytest.mark.parametrize(
    ("code", "message", "said"),
    [
        ("invalid_n_examples", "Training file has 7 example(s), but must have …", "too few"),
        ("invalid_training_file", "Invalid file format. Line 1, message 3, key …", "cannot read"),
        (
            "invalid_training_file",
            'Invalid file format. Line 1, message 3, key "content": Input should be a valid string',
            "“content” must be a text",
        ),
        (
            "",
            "Invalid file format. Example 100, message 2 Discriminator 'role' is missing in value",
            "does not say whose it is",
        ),
        (
            "invalid_training_file",
            "Unexpected file format, expected either prompt/completion pairs or chat messages.",
            "does not know the form",
        ),
        (
            "invalid_training_file",
            "This file failed moderation safety checks. Flagged lines: 4, 13",
            "usage rules",
        ),
        ("unsafe_file", "The job failed due to an unsafe training file. …", "does not allow"),
        (
            "invalid_training_file",
            "Input file X is in the fine-tune-chat format, but the job is not using 'supervised'",
            "do not fit the training method",
        ),
        ("does_not_fit", "…", "memory"),
        ("internal", "Something broke", "training failed at OpenAI"),
        ("", "", "training failed at OpenAI"),
    ],
)
def test_why_a_job_failed(code, message, said):
    told = explain_job_error(code, message, OPENAI)
    assert said in told.sentence
    assert told.detail == message


def test_an_error_in_the_log_is_told_plainly():
    def event(message, level="error", **data):
        return RunEvent("1", 0, level, message, data=data)

    told = explain_event(event("You exceeded your current quota"), OPENAI)
    assert told.startswith("The account at OpenAI has no credit left. Add credit")
    assert "no credit" in explain_event(event("…", code="insufficient_quota"), OPENAI)
    assert "no credit" in explain_event(event("…", error={"code": "insufficient_quota"}), OPENAI)
    assert explain_event(event("You exceeded your current quota", "info"), OPENAI) == ""
    assert explain_event(event("Something odd"), OPENAI) == ""
    assert explain_event(event("Line 3: Field required"), provider_named("local")) == ""


def test_why_a_run_failed():
    quota = RunError("insufficient_quota", "…")
    assert "no credit" in why_it_failed(quota, "openai").sentence
    assert why_it_failed(RunError("", "The disk is full."), "local").sentence == "The disk is full."
    assert why_it_failed(None, "local").sentence
    assert why_it_failed(quota, "one of a newer Tunedesk").advice == "The log may say why."


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ("[Errno -2] Name or service not known", "cannot be reached"),
        ("HTTPSConnectionPool: Max retries, Failed to establish a new connection", "be reached"),
        ("401 Client Error. Access to this gated repo is restricted", "terms"),
        ("404 Client Error. Repository Not Found for url", "none of that name"),
        ("[Errno 28] No space left on device", "disk is full"),
        ("something else", "could not be downloaded."),
    ],
)
def test_a_failed_download_is_told_in_words_of_the_window(said, sentence):
    message = f"acme/Small cannot be fetched from the hub: {said}"
    error = why_it_failed(RunError("model_not_fetched", message, "model"), "local")
    assert "could not be downloaded" in error.sentence
    assert sentence in error.sentence
    assert "Nothing was trained." in error.advice
    assert "hub" not in error.sentence
    assert "Errno" not in f"{error.sentence} {error.advice}"


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        (
            "Validating training file: file-KSxsHWZRDF8PwjvqWZTTQGCf",
            "Checking the examples to train on",
        ),
        (
            "Validating validation file: 1,000 of 5,000 examples checked",
            "Checking the examples held back: 1,000 of 5,000 examples checked",
        ),
        ("Created fine-tuning job: ftjob-G37CPyfzpaXdAsUHPaISmhjA", "Created fine-tuning job"),
        (
            "Validating training file: file-abc123DEF and validation file: file-def456GHI",
            "Checking the examples to train on and those held back",
        ),
        (
            "Invalid file format. Input file file-Ab12Cd34 is in the fine-tune-chat format",
            "Invalid file format. Input file is in the fine-tune-chat format",
        ),
        ("Could not find the job (job_0123abcd).", "Could not find the job."),
        # What people gave a name, and ordinary words, stay.
        ("New fine-tuned model created: ft:gpt-4.1:acme:night:Ab12", None),
        ("Step 10/99: training loss=1.20", None),
        ("The file-based cache of the job-queue is used", None),
        ('Line 12, message 3, key "content": Input should be a valid string', None),
        ("file-KSxsHWZRDF8PwjvqWZTTQGCf", None),
    ],
)
def test_ids_tell_people_nothing(said, shown):
    assert without_ids(said) == (shown or said)
