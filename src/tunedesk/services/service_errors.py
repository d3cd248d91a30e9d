"""Errors of services, explained: what is wrong, what to do, and whether it was done after all."""

import json
import re
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from tunedesk.errors import UserError
from tunedesk.i18n import _
from tunedesk.lazy_imports import importing
from tunedesk.project.run_records import RunError, RunEvent
from tunedesk.services.error_explanations import Explanation, explain_code, explain_status
from tunedesk.services.providers import Provider, providers
from tunedesk.services.redaction import redacted

_LONGEST_DETAIL = 4000
_LONGEST_ADVICE = 300


class ServiceError(UserError):
    """A service did not do what was asked, or it is not known whether it did.

    Attributes:
        detail: What it said itself, without keys; to be shown below the sentence.
        code: Its code for the error; empty: none.
        status: The HTTP status; 0: there was no answer.
        lost_answer: Whether the request may have been carried out all the same.
        retry_after: The seconds that it asks to wait; None: it does not say.
    """

    def __init__(
        self,
        explanation: Explanation,
        detail: str = "",
        *,
        code: str = "",
        status: int = 0,
        lost_answer: bool = False,
        retry_after: float | None = None,
    ) -> None:
        self.detail = redacted(detail)[:_LONGEST_DETAIL]
        super().__init__(explanation.sentence, explanation.advice or _quoted(self.detail))
        self.code = code
        self.status = status
        self.lost_answer = lost_answer
        self.retry_after = retry_after


@contextmanager
def errors_explained(provider: Provider, key: str = "") -> Iterator[None]:
    """Raise what goes wrong with a service inside the `with` as a `ServiceError` that explains it.

    Args:
        provider: The provider.
        key: The key that was sent, to be taken out of what comes back.

    Raises:
        ServiceError: Something did.
    """
    with importing("httpx2", "openai"):
        import httpx2
        import openai

    try:
        yield
    except (openai.OpenAIError, httpx2.HTTPError, json.JSONDecodeError) as error:
        # Without its cause: a traceback of ours shows neither requests nor answers.
        raise explain(error, provider, key) from None


def explain(error: BaseException, provider: Provider, key: str = "") -> UserError:
    """An error, explained; a `UserError` comes back as it is.

    Args:
        error: Any error of the openai SDK or of its HTTP client.
        provider: The provider that it is about.
        key: The key that was sent, to be taken out of what comes back.
    """
    with importing("httpx2", "openai"):
        import httpx2
        import openai

    if isinstance(error, UserError):
        return error
    lost = is_lost_answer(error)
    host = _host(error)
    if provider.name == "custom" and host:
        # "Another server" is a name for a choice; what answers has one of its own.
        provider = replace(provider, title=host)
    if isinstance(error, openai.APIStatusError):
        code, message = _code_and_message(error)
        moved = error.response.headers.get("location", "") if error.status_code < 400 else ""
        explanation = explain_code(code, message, provider) or explain_status(
            error.status_code, provider, host, has_key=bool(key)
        )
        return ServiceError(
            explanation,
            redacted(moved or message, key),
            code=code,
            status=error.status_code,
            lost_answer=lost,
            retry_after=_retry_after(error.response.headers),
        )
    if isinstance(error, openai.APIResponseValidationError | json.JSONDecodeError):
        status = getattr(error, "status_code", 200)
        explanation = explain_status(status, provider, host)
        return ServiceError(explanation, redacted(str(error), key), status=status, lost_answer=lost)
    if isinstance(error, openai.APIConnectionError | httpx2.HTTPError):
        explanation = _explain_no_answer(error, provider, host)
        return ServiceError(explanation, redacted(_reason(error), key), lost_answer=lost)
    return ServiceError(
        Explanation(_("Something went wrong with {provider}.").format(provider=provider.title), ""),
        redacted(_text(error), key),
        lost_answer=lost,
    )


def explain_job_error(code: str, message: str, provider: Provider) -> ServiceError:
    """What a failed job says of its error, explained."""
    explanation = explain_code(code, message, provider) or Explanation(
        _("The training failed at {provider}.").format(provider=provider.title), ""
    )
    return ServiceError(explanation, message, code=code)


def why_it_failed(error: RunError | None, provider_name: str) -> UserError:
    """Why a run failed, as a sentence and what to do.

    Args:
        error: What its job says of it; None: nothing.
        provider_name: The provider, which an older or a newer Tunedesk may have written.
    """
    # A project of an older Tunedesk may hold what a service said as it was.
    code, message = (error.code, redacted(error.message)) if error else ("", "")
    provider = providers().get(provider_name)
    if provider is None:
        return UserError(_("The training failed."), _("The log may say why."))
    if provider.name == "local" and message and explain_code(code, message, provider) is None:
        # Our own server says it in a plain sentence.
        return UserError(message)
    return explain_job_error(code, message, provider)


def explain_event(event: RunEvent, provider: Provider) -> str:
    """What an error in a job's log means and what to do; empty: it says it plainly, or is none.

    Our own server's errors are sentences already.
    """
    if event.level != "error" or provider.name == "local":
        return ""
    explanation = explain_code(_code_of(event), event.message, provider)
    return " ".join(part for part in explanation if part) if explanation else ""


_ID = re.compile(
    r"""\s*[:(]?\s*["'`]?\b(?:file|ftjob|ftckpt|ftevent|job|upload|org|proj)[-_]
        (?=[\w-]*[\dA-Z])[A-Za-z0-9][\w-]{5,}["'`]?\)?""",
    re.VERBOSE,
)


_VALIDATING = re.compile(
    r"Validating (?P<first>training|validation) file(?P<both> and validation file)?\b"
)
"""How OpenAI, and our server like it, begin the event in which files are checked."""


def without_ids(sentence: str) -> str:
    """What a service says, without the ids of its files and jobs, which tell people nothing.

    That it validates files is said in the words of this program.
    """
    said = _ID.sub("", sentence).strip() or sentence
    found = _VALIDATING.match(said)
    if found is None:
        return said
    if found["both"]:
        words = _("Checking the examples to train on and those held back")
    elif found["first"] == "training":
        words = _("Checking the examples to train on")
    else:
        words = _("Checking the examples held back")
    return words + said[found.end() :]


def _code_of(event: RunEvent) -> str:
    """The code of the error that an event is about, at the services that say it."""
    error = event.data.get("error")
    code = event.data.get("code") or (error.get("code") if isinstance(error, dict) else "")
    return code if isinstance(code, str) else ""


def is_lost_answer(error: BaseException) -> bool:
    """Whether a request that ended in this error may have been carried out all the same.

    True where it was sent and no answer that can be read came back: it timed out, the connection
    broke, the server had a fault (5xx), or the answer is garbage. False where it was never sent,
    or was refused.
    """
    with importing("httpx2", "openai"):
        import httpx2
        import openai

    if isinstance(error, ServiceError):
        return error.lost_answer
    if isinstance(error, openai.APIStatusError):
        return error.status_code >= 500 or error.status_code == 408 or error.status_code < 300
    if isinstance(error, openai.APIResponseValidationError | json.JSONDecodeError):
        return True
    if isinstance(error, openai.APIConnectionError | httpx2.HTTPError):
        never_sent = (
            httpx2.ConnectError,
            httpx2.ConnectTimeout,
            httpx2.PoolTimeout,
            httpx2.ProxyError,
            httpx2.UnsupportedProtocol,
        )
        return not any(isinstance(cause, never_sent) for cause in _causes(error))
    return False


def _quoted(detail: str) -> str:
    if not detail:
        return _("It did not say why. Try again in a few minutes.")
    text = detail if len(detail) <= _LONGEST_ADVICE else f"{detail[:_LONGEST_ADVICE]}…"
    return _("It said: {text}").format(text=text)


def _explain_no_answer(error: BaseException, provider: Provider, host: str) -> Explanation:
    """Why there was no answer, as far as the causes of the error tell."""
    with importing("httpx2"):
        import httpx2

    causes = list(_causes(error))
    where = host or provider.title

    def among(*kinds: type[BaseException]) -> bool:
        return any(isinstance(cause, kinds) for cause in causes)

    if among(httpx2.ProxyError):
        return Explanation(
            _("The proxy of this network did not let the request through."),
            _("Ask whoever looks after the network to allow {host}.").format(host=where),
        )
    if among(socket.gaierror):
        temporary = any(
            isinstance(cause, socket.gaierror) and cause.errno == socket.EAI_AGAIN
            for cause in causes
        )
        if temporary:
            return Explanation(
                _("This computer seems to have no network: {host} could not be looked up.").format(
                    host=where
                ),
                _("Check the network, then try again."),
            )
        return Explanation(
            _("There is no server named {host}, or this computer has no network.").format(
                host=where
            ),
            _("Check the spelling of the address, and the network."),
        )
    if among(ssl.SSLCertVerificationError):
        return Explanation(
            _("{host} could not prove who it is: its certificate is not trusted here.").format(
                host=where
            ),
            _(
                "Nothing was sent. Check the address; in a company, ask whether its own "
                "certificate must be installed on this computer."
            ),
        )
    if among(ssl.SSLError):
        return Explanation(
            _("{host} does not answer in https.").format(host=where),
            _("Nothing was sent. Check the address and the port; some servers speak only http."),
        )
    if provider.name == "local" and among(httpx2.ConnectError):
        return Explanation(
            _("The training server of this computer is not running."),
            _("Tunedesk starts it when it is needed; a run in training then goes on."),
        )
    if among(ConnectionRefusedError):
        return Explanation(
            _("No server is running at {host}, or it takes no connections.").format(host=where),
            _("Start it, or check the address and the port."),
        )
    if among(httpx2.ConnectTimeout):
        return Explanation(
            _("{host} could not be reached in time.").format(host=where),
            _("Check the address and the network, then try again."),
        )
    if among(httpx2.ConnectError):
        return Explanation(
            _("{host} could not be reached.").format(host=where),
            _("Check the network and the address, then try again."),
        )
    if among(httpx2.TimeoutException):
        return Explanation(
            _("{host} did not answer in time.").format(host=where),
            _("It may have done what was asked. Try again in a few minutes."),
        )
    return Explanation(
        _("The connection to {host} broke before its answer was here.").format(host=where),
        _("It may have done what was asked. Try again in a few minutes."),
    )


def _code_and_message(error: Any) -> tuple[str, str]:
    """The code and the text of an answer, whatever its shape.

    OpenAI's is {"error": {…}}; FastAPI's {"detail": …}; Azure's gateway {"error": {"code": "401"}}
    or {"statusCode": …, "message": …}; a proxy's is a page of HTML.
    """
    body = error.body
    if isinstance(body, dict):
        code = body.get("code")
        message = body.get("message") or body.get("detail") or body
        text = message if isinstance(message, str) else json.dumps(message, ensure_ascii=False)
        return (code if isinstance(code, str) and not code.isdigit() else ""), text
    return "", _worth_showing(body if isinstance(body, str) else error.response.text)


def _worth_showing(text: str) -> str:
    """What is worth showing of a text that is not JSON; of a page of HTML, that it is one."""
    text = text.strip()
    if text[:200].casefold().lstrip().startswith(("<!doctype", "<html")):
        return _("The server answered with a web page.")
    return text


def _retry_after(headers: Any) -> float | None:
    """The seconds of the header Retry-After; a date in it is not read."""
    try:
        seconds = float(headers.get("retry-after-ms", "")) / 1000
    except ValueError:
        try:
            seconds = float(headers.get("retry-after", ""))
        except ValueError:
            return None
    return seconds if 0 <= seconds < float("inf") else None


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The error and what led to it, the nearest first."""
    seen: set[int] = set()
    at: BaseException | None = error
    while at is not None and id(at) not in seen:
        seen.add(id(at))
        yield at
        at = at.__cause__ or at.__context__


def _host(error: BaseException) -> str:
    """The host that an error is about; empty: it does not say."""
    try:
        return str(error.request.url.host)  # type: ignore[attr-defined]
    except (AttributeError, RuntimeError):
        return ""


def _reason(error: BaseException) -> str:
    """The text of the deepest cause that has one."""
    return next((text for cause in reversed(list(_causes(error))) if (text := str(cause))), "")


def _text(error: BaseException) -> str:
    return str(error) or type(error).__name__
