"""What the checks of a kind have to do: name the problems of a record and count its tokens.

Of kinds that no target trains yet (pairs, prompts with completions) a record is kept, said to be
one, and counted.
"""

from typing import Any, NamedTuple, Protocol

from tunedesk.catalogue.targets import Target
from tunedesk.catalogue.token_encodings import ImageFormula
from tunedesk.checks.problem import Problem
from tunedesk.checks.token_counter import TokenCounter
from tunedesk.checks.tokens import TokenCounts, count_example
from tunedesk.examples.kinds.kind import Kind
from tunedesk.examples.kinds.preference import pair_messages


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


class PreferenceChecks(UntrainedChecks):
    """Counts the prompt and both answers, of which the answers are trained on."""

    def count(self, record: dict[str, Any], settings: CheckSettings) -> TokenCounts | None:
        """Count the tokens of a pair; the prompt once."""
        if settings.counter is None:
            return None
        asked, answers, tools = pair_messages(record)
        count, formula = settings.counter.count, settings.image_formula
        whole = count_example({"messages": [*asked, *answers], "tools": tools}, count, formula)
        trained = count_example({"messages": answers}, count, formula).trained
        return whole._replace(trained=trained)


class PromptCompletionChecks(UntrainedChecks):
    """Counts two plain texts, of which the completion is trained on."""

    def count(self, record: dict[str, Any], settings: CheckSettings) -> TokenCounts | None:
        """Count the tokens of both texts; nothing stands between or around them."""
        if settings.counter is None:
            return None
        prompt, completion = (
            settings.counter.count(text) if isinstance(text, str) else 0
            for text in (record["prompt"], record["completion"])
        )
        return TokenCounts((prompt, completion), 0, 0, completion, per_example=0)
