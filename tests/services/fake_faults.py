"""What can go wrong with a service, as the facts tell of it; to be ordered by `Fake.fail`."""

import dataclasses
import json
import uuid

from tests.services.fake_http import Answer, Fault

NOT_AVAILABLE = {
    "error": {
        "message": "OpenAI is winding down the fine-tuning platform and your organization is no "
        "longer able to create new fine-tuning training jobs. Learn more "
        "https://developers.openai.com/api/docs/deprecations",
        "type": "invalid_request_error",
        "param": None,
        "code": "training_not_available",
    }
}


def _error(status, message, code=None, kind="invalid_request_error", **headers):
    body = {"error": {"message": message, "type": kind, "param": None, "code": code}}
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda _done: Answer(status, body, named)


def server_error(done=False, status=500):
    """A fault of the server; with `done` the request was carried out all the same."""
    message = "The server had an error while processing your request. Sorry about that!"
    return Fault(done, _error(status, message, kind="server_error"))


def lost_answer():
    """It is done, and the connection breaks before the answer."""
    return Fault(done=True)


def broken_before():
    """The connection breaks before anything is done."""
    return Fault(done=False)


def hanging(done=False):
    """No answer comes, ever."""
    return Fault(done, hangs=True)


def too_many(retry_after="1"):
    """A rate limit."""
    return Fault(
        change=_error(
            *(429, "Rate limit reached for requests", "rate_limit_exceeded", "requests"),
            retry_after=retry_after,
        )
    )


def no_credit():
    """No credit is left."""
    message = "You exceeded your current quota, please check your plan and billing details."
    return Fault(change=_error(429, message, "insufficient_quota", "insufficient_quota"))


def wrong_key(key):
    """The key is not accepted, and echoed, as OpenAI does with a part of it."""
    return Fault(change=_error(401, f"Incorrect API key provided: {key}.", "invalid_api_key"))


def not_available():
    """The account may not make jobs any more."""
    return Fault(change=lambda _done: Answer(403, NOT_AVAILABLE))


def refused(status, message, code=None):
    """Any refusal."""
    return Fault(change=_error(status, message, code))


def web_page(done=False, status=200):
    """A page of HTML, as of a proxy or a sign-in page."""
    page = b"<!DOCTYPE html>\n<html><head><title>Sign in</title></head><body>Hello</body></html>"
    return Fault(done, lambda _done: Answer(status, page, {"content-type": "text/html"}))


def truncated(done=True):
    """JSON that ends in its middle."""

    def change(answer):
        whole = answer.bytes() if answer else b'{"id": "x"}'
        return Answer(200, whole[: len(whole) // 2])

    return Fault(done, change)


def broken_off(done=True):
    """An answer of which the connection brings only the half."""

    def change(answer):
        whole = answer.bytes() if answer else b'{"id": "x"}'
        return Answer(200, whole[: len(whole) // 2], promised=len(whole))

    return Fault(done, change)


def moved(address):
    """A redirect."""
    return Fault(change=lambda _done: Answer(307, {}, {"location": address}))


def changed(change):
    """The answer with its JSON changed by a function."""
    return Fault(True, lambda answer: dataclasses.replace(answer, body=change(answer.body)))


def bare_array():
    """A list without its envelope."""
    return changed(lambda body: body["data"])


def same_page_again():
    """A list that ignores `after` and does not say whether there is more."""

    def change(body):
        return {"object": "list", "data": body["data"] or [{"id": "always-the-same"}]}

    return changed(change)


def pages_without_end():
    """A list that always has more, with names that were never there before."""

    def change(body):
        rows = body["data"] or [{"id": "x", "created_at": 1, "message": "again", "data": None}]
        new = [row | {"id": uuid.uuid4().hex} for row in rows]
        return {"object": "list", "data": new, "has_more": True}

    return changed(change)


def with_fields(**fields):
    """An object with some fields as they should not be: an unknown status, an empty error."""
    return changed(lambda body: body | fields)


def only_fields(*names):
    """An object with hardly any fields."""
    return changed(lambda body: {name: body[name] for name in names if name in body})


def as_text():
    """JSON that is sent as if it were plain text."""
    return Fault(True, lambda a: Answer(200, json.dumps(a.body).encode(), {"content-type": "text"}))
