"""Reading what services answer: bytes that may not be JSON, lists that may never end.

The SDK checks no answer (facts 1.8): a page of HTML comes back as a text, a bare array stops it,
and its own loop over pages has no end with a server that ignores `after`. So the SDK sends, and
the answers are read here.
"""

import json
from collections.abc import Callable, Container
from typing import Any, NamedTuple

from tunedesk.services.error_explanations import explain_status
from tunedesk.services.providers import Provider
from tunedesk.services.redaction import redacted_json
from tunedesk.services.service_errors import ServiceError

PAGE = 100
"""The rows that are asked for at a time."""

MOST_PAGES = 2000
"""More than this many pages of one list are not read."""


class Listed(NamedTuple):
    """The rows of a list.

    Attributes:
        rows: The rows that are objects; the newest first, as far as their times tell.
        is_whole: Whether the list was read to its end, or to the rows that are known.
    """

    rows: list[dict[str, Any]]
    is_whole: bool


def parse_json(answer: Any, provider: Provider) -> Any:
    """The JSON of a raw answer of the SDK (`with_raw_response`).

    NaN, infinities and lone surrogates, which SQLite cannot keep, are gone from it, and so is what
    looks like a key in its sentences; the key itself went before.

    Raises:
        ServiceError: It is none. What was asked for may be done all the same.
    """
    response = answer.http_response
    try:
        value = json.loads(response.content, parse_constant=lambda _word: None)
        return redacted_json(_storable(value))
    except (ValueError, RecursionError):
        host = response.request.url.host
        shown = response.headers.get("content-type", "") + " " + response.text[:500]
        raise ServiceError(
            explain_status(200, provider, host),
            shown.strip(),
            status=response.status_code,
            lost_answer=True,
        ) from None


def parse_object(answer: Any, provider: Provider) -> dict[str, Any]:
    """The JSON object of a raw answer, such as a job; it has an id.

    Raises:
        ServiceError: It is none, or has no id.
    """
    value = parse_json(answer, provider)
    if isinstance(value, dict) and isinstance(value.get("id"), str) and value["id"]:
        return value
    raise ServiceError(
        explain_status(200, provider, answer.http_response.request.url.host),
        json.dumps(value, ensure_ascii=False)[:500],
        status=answer.http_response.status_code,
        lost_answer=True,
    )


def rows_of(value: Any) -> list[dict[str, Any]]:
    """The rows of a list's answer: `{"data": […]}`, or a bare array as some servers have it."""
    rows = value.get("data") if isinstance(value, dict) else value
    return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []


def read_list(
    page: Callable[[str], Any],
    *,
    known: Container[str] = (),
    most_pages: int = MOST_PAGES,
) -> Listed:
    """Read the rows of a list that are not known, page by page; the newest come first.

    It ends where the service says so, where a page brings nothing that was not there before, and
    at `most_pages`; at the first row that is known only if the newest come first there, too:
    Nebius begins with the oldest.

    Args:
        page: Returns the JSON of the page after the row with that id; of the first for "".
        known: Ids of rows that need not be read again.
        most_pages: The most pages to read.
    """
    rows: list[dict[str, Any]] = []
    seen: set[str] = set()
    after = ""
    is_whole = False
    for _number in range(most_pages):
        value = page(after)
        got = rows_of(value)
        newest_first = _newest_first(got)
        new, reached = 0, False
        for row in got:
            name = _name(row)
            if name in seen:
                continue
            if name in known and newest_first:
                reached = True
                break
            if name:
                seen.add(name)
                after = name
                new += 1
            if name not in known:
                rows.append(row)
        if reached or not new or not _has_more(value):
            is_whole = True
            break
    return Listed(rows[::-1] if _newest_first(rows[::-1]) else rows, is_whole)


def _name(row: dict[str, Any]) -> str:
    name = row.get("id")
    return name if isinstance(name, str) else ""


def _newest_first(rows: list[dict[str, Any]]) -> bool:
    """Whether rows certainly begin with the newest, by their times."""
    times = [row.get("created_at") for row in rows]
    numbers = [time for time in times if isinstance(time, int | float)]
    return len(numbers) > 1 and numbers[0] > numbers[-1]


def _has_more(value: Any) -> bool:
    """Whether a page is not the last; where it does not say, whether it is a full one."""
    if not isinstance(value, dict):
        return False  # a bare array is all there is
    more = value.get("has_more")
    if isinstance(more, bool):
        return more
    return len(rows_of(value)) >= PAGE


def _storable(value: Any) -> Any:
    """The value with lone surrogates replaced; it is hardly ever needed."""
    text = json.dumps(value, ensure_ascii=False)
    try:
        text.encode()
    except UnicodeEncodeError:
        return json.loads(text.encode(errors="replace"))
    return value
