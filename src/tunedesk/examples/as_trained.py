"""An example as a base model is trained on it: texts, tokens, and what its template keeps of it."""

from dataclasses import dataclass
from typing import Literal, NamedTuple


@dataclass(frozen=True)
class TrainedText:
    """One text that is trained on; some examples make several.

    Attributes:
        text: The text.
        ends: Where each token ends, in characters; it begins where the one before it ends. Empty
            for a starter, which makes its tokens from all examples when a training begins.
        learnt: The numbers of the tokens that are learnt.
        special: The numbers of those that are special marks of the model.
        spans: What is learnt, in characters: start and end; also where there are no tokens.
        is_stopped: Whether each answer ends with a mark that is learnt.
    """

    text: str
    ends: list[int]
    learnt: list[int]
    special: list[int]
    spans: list[tuple[int, int]]
    is_stopped: bool


@dataclass(frozen=True)
class Kept:
    """How many of the parts of a kind that an example has stand in what is trained on.

    Attributes:
        total: How many it has.
        kept: How many of them stand there.
    """

    total: int
    kept: int


@dataclass(frozen=True)
class ExampleAsTrained:
    """What a base model makes of an example.

    Attributes:
        texts: What is trained on.
        context: The most tokens that the model reads.
        system: The system prompts.
        system_is_first: Whether they stand before all else that was written.
        thoughts: The thoughts of answers.
        calls: The calls of tools.
        media: Pictures, sounds and files: a language model reads none.
        added: What the template adds of its own: words, without its marks and roles.
        empty_answers: How many of the answers that are learnt say nothing and call nothing.
    """

    texts: list[TrainedText]
    context: int
    system: Kept
    system_is_first: bool
    thoughts: Kept
    calls: Kept
    media: Kept
    added: list[str]
    empty_answers: int


Refusal = Literal["too_long", "nothing_learned", "template", "checks"]
"""Why an example is not trained on: it is longer than what the model reads, holds nothing to learn,
its chat template refuses it, or the server's checks do."""

Remark = Literal["no_end", "empty_answer", "media", "thoughts", "late_system"]
"""What an example that is trained on loses, or teaches beside what it is meant to."""


class RowAsTrained(NamedTuple):
    """What a base model makes of one of many examples.

    Attributes:
        line: Its line in the file.
        tokens: The tokens of all its texts; 0 if it is refused.
        longest: Those of the longest text.
        learnt: How many are learnt.
        refused: Why it is not trained on; None if it is.
        reason: The same in the server's words; empty if it is trained on.
        remarks: What is to be said of it.
    """

    line: int
    tokens: int
    longest: int
    learnt: int
    refused: Refusal | None
    reason: str
    remarks: list[Remark]
