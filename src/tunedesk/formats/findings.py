"""What a check found in some records: sums, not the facts of each record."""

from array import array
from collections.abc import Sequence
from dataclasses import dataclass, field

from tunedesk.checks.facts import Facts
from tunedesk.checks.problem import Problem
from tunedesk.checks.set_rules import SetFacts
from tunedesk.formats.record_batch import RecordBatch


@dataclass
class Findings:
    """What was found, in the order of the file.

    Attributes:
        records: What stands there, readable or not.
        unreadable: How many of them are no JSON object.
        problems: All problems with the line; None for the whole file.
        message_tokens: The sum of the exact tokens.
        tool_tokens: The sum of the estimates for tools.
        image_tokens: The sum of the estimates for images.
        lengths: The tokens of each example.
        set_facts: What the rules for the whole set need; members are lines.
        bytes_read: How far the file has been read.
    """

    records: int = 0
    unreadable: int = 0
    problems: list[tuple[int | None, Problem]] = field(default_factory=list)
    message_tokens: int = 0
    tool_tokens: int = 0
    image_tokens: int = 0
    lengths: "array[int]" = field(default_factory=lambda: array("q"))
    set_facts: SetFacts = field(default_factory=SetFacts)
    bytes_read: int = 0

    def add(self, batch: RecordBatch, facts: Sequence[Facts]) -> None:
        """Take in a batch and the facts of its records."""
        self.records += len(facts)
        found = batch.problems.copy()
        for line, fact in zip(batch.lines, facts, strict=True):
            if fact.problems:
                found += [(line, problem) for problem in fact.problems]
        found.sort(key=lambda place: place[0] or 0)
        self.problems += found
        readable = [fact.tokens for fact in facts if fact.kind != "unreadable"]
        self.unreadable += len(facts) - len(readable)
        self.lengths.extend(readable)
        if any(readable):
            self.message_tokens += sum(fact.message_tokens for fact in facts)
            self.tool_tokens += sum(fact.tool_tokens for fact in facts)
            self.image_tokens += sum(fact.image_tokens for fact in facts)
        self.set_facts.add(batch.lines, facts, batch.texts)
        self.bytes_read = batch.bytes_read
