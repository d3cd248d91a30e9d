"""What services answer, read with care: JSON that may be none, lists that may never end.

The SDK checks no answer (facts 1.8): a page of HTML comes back as a text, a bare array stops it,
and its own loop over pages has no end with a server that ignores `after`. So the SDK sends, and
the answers are read here.
"""

import json
from collections.abc import Callable, Container
from typing import Any, NamedTuple

from tunedesk.fine_tuning.error_words import words_for_status
from tunedesk.fine_tuning.plain_errors import ServiceError
from tunedesk.fine_tuning.providers import Provider

PAGE = 100
"""The rows that are asked for at a time."""

MOST_PAGES = 2000
"""More than this many pages of one list are not read."""


class Listed(NamedTuple):
    """The rows of a list.

    Attributes:
        rows: The rows that are objects, in the service's order.
        is_whole: Whether the list was read to its end, or to the row that is known.
    """

    rows: list[dict[str, Any]]
    is_whole: bool


def value_of(answer: Any, provider: Provider) -> Any:
    """The JSON of a raw answer of the SDK (`with_raw_response`).

    What no database takes and no figure is, NaN and half a letter, is gone from it.

    Raises:
        ServiceError: It is none. What was asked for may be done all the same.
    """
    response = answer.http_response
    try:
        return _storable(json.loads(response.content, parse_constant=lambda _word: None))
    except (ValueError, RecursionError):
        host = response.request.url.host
        shown = response.headers.get("content-type", "") + " " + response.text[:500]
        raise ServiceError(
            words_for_status(200, provider, host),
            shown.strip(),
            status=response.status_code,
            lost_answer=True,
        ) from None


def object_of(answer: Any, provider: Provider) -> dict[str, Any]:
    """The JSON object of a raw answer, such as a job; it has an id.

    Raises:
        ServiceError: It is none, or has no id.
    """
    value = value_of(answer, provider)
    if isinstance(value, dict) and isinstance(value.get("id"), str) and value["id"]:
        return value
    raise ServiceError(
        words_for_status(200, provider, answer.http_response.request.url.host),
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
    """Read a list page by page, newest first, until its end or a row that is known.

    It ends where the service says so, where a page brings nothing new, and at `most_pages`.

    Args:
        page: Returns the JSON of the page after the row with that id; of the first for "".
        known: Ids of rows from which on nothing is read.
        most_pages: The most pages to read.
    """
    rows: list[dict[str, Any]] = []
    seen: set[str] = set()
    after = ""
    for _number in range(most_pages):
        value = page(after)
        new = 0
        last = ""
        for row in rows_of(value):
            name = row.get("id")
            if not isinstance(name, str) or not name:
                rows.append(row)
                continue
            if name in known:
                return Listed(rows, True)
            last = name
            if name not in seen:
                seen.add(name)
                rows.append(row)
                new += 1
        if not new or not _has_more(value):
            return Listed(rows, True)
        after = last
    return Listed(rows, False)


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
