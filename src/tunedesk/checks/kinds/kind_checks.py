"""What the checks of a kind have to do: name the problems of a record and count its tokens.

Of kinds that no target trains yet a record is kept, and said to be one.
"""

from typing import Any, NamedTuple, Protocol

from tunedesk.catalogue.image_tokens import ImageFormula
from tunedesk.catalogue.targets import Target
from tunedesk.checks.problem import Problem
from tunedesk.checks.token_counter import TokenCounter
from tunedesk.checks.tokens import TokenCounts
from tunedesk.examples.kinds.kind import Kind


class CheckSettings(NamedTuple):
    """For what records are checked.

    Attributes:
        target: Where they will be trained.
        token_limit: The tokens of an example beyond which its end is cut off.
        counter: Counts the tokens of texts; None to count none.
        image_formula: The base model's formula for the tokens of an image.
    """

    target: Target
    token_limit: int
    counter: TokenCounter | None
    image_formula: ImageFormula


class Checked(NamedTuple):
    """What was found in a record that could be read.

    Attributes:
        roles: One letter a message, as in `Facts.roles`; empty where there are no messages.
        problems: What is wrong, in the order of the record, but for its JSON.
        counts: Its tokens; None if they were not counted.
    """

    roles: str
    problems: tuple[Problem, ...]
    counts: TokenCounts | None


class KindChecks(Protocol):
    """The checks of one kind of example."""

    def check(self, record: dict[str, Any], settings: CheckSettings) -> Checked:
        """Name the problems of a record and count its tokens."""
        ...

    def count(self, record: dict[str, Any], settings: CheckSettings) -> TokenCounts | None:
        """Count the tokens of a record; None if the settings or the kind ask for no count."""
        ...


class UntrainedChecks(KindChecks):
    """Names the kind as the one thing that is wrong, and counts nothing."""

    def __init__(self, kind: Kind) -> None:
        self._problem = Problem("not_a_chat_example", (), {"kind": kind.name})

    def check(self, record: dict[str, Any], settings: CheckSettings) -> Checked:
        """Name the problems of a record and count its tokens."""
        return Checked("", (self._problem,), self.count(record, settings))

    def count(self, record: dict[str, Any], settings: CheckSettings) -> TokenCounts | None:
        """Count the tokens of a record."""
        del record, settings
        return None
