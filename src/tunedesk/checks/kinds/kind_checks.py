"""What the checks of a kind have to do: name the problems of a record and count its tokens.

A record of a kind that another method of training takes is checked by that method's rules and said
to be one; of forms that no training takes as they are, that alone is said.
"""

from typing import Any, NamedTuple, Protocol

from tunedesk.catalogue.targets import Target
from tunedesk.catalogue.token_encodings import ImageFormula
from tunedesk.checks.problem import Problem
from tunedesk.checks.text_rules import check_text
from tunedesk.checks.token_counter import TokenCounter
from tunedesk.checks.tokens import TokenCounts
from tunedesk.examples.json_text import json_type
from tunedesk.examples.kinds.kind import Kind, says_nothing
from tunedesk.examples.kinds.prompt_completion import PROMPT_COMPLETION


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


class PromptCompletionChecks(KindChecks):
    """Names what is wrong with two plain texts, of which the completion is trained on."""

    def check(self, record: dict[str, Any], settings: CheckSettings) -> Checked:
        """Name the problems of a record and count its tokens."""
        problems: list[Problem] = []
        for key in ("prompt", "completion"):
            text = record[key]
            if not isinstance(text, str):
                type_name = {"reason": key, "type": json_type(text)}
                problems.append(Problem("completion_part_not_text", (key,), type_name))
                continue
            if key == "completion" and says_nothing(text):
                problems.append(Problem("completion_empty", (key,), {}))
            problems += check_text(text, (key,))
        problems.append(Problem("other_training", (), {"kind": PROMPT_COMPLETION.name}))
        return Checked("", tuple(problems), self.count(record, settings))

    def count(self, record: dict[str, Any], settings: CheckSettings) -> TokenCounts | None:
        """Count the tokens of both texts, and the mark at the end that a model here learns."""
        counter = settings.counter
        if counter is None:
            return None
        prompt, completion = (
            counter.count(text) if isinstance(text, str) else 0
            for text in (record["prompt"], record["completion"])
        )
        end = counter.frame.per_answer
        return TokenCounts((prompt, completion), 0, 0, completion + end, per_example=end)
