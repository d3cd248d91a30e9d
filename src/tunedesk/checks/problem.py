"""One thing that is wrong, stored as a code, a place and parameters, never as a sentence."""

from typing import Any, NamedTuple

from tunedesk.examples.json_path import Path


class Problem(NamedTuple):
    """A problem of one record.

    Attributes:
        code: The rule's stable name in snake_case; see resources/severities.json.
        path: Where in the record: object keys and array indices from the outside in; empty for
            the whole record.
        parameters: The facts that the sentence names (JSON values only).
    """

    code: str
    path: Path
    parameters: dict[str, Any]


class SetProblem(NamedTuple):
    """A problem of the data set as a whole.

    Attributes:
        code: The rule's stable name.
        parameters: The facts that the sentence names.
        members: The identities (whatever the caller gave) of the examples concerned; empty when
            it concerns all.
    """

    code: str
    parameters: dict[str, Any]
    members: tuple[int, ...] = ()
