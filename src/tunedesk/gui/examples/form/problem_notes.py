"""The problems of the open example in words, gathered by the message they are about."""

from typing import NamedTuple

from tunedesk.checks.facts import Facts
from tunedesk.checks.messages.sentences import sentence
from tunedesk.checks.problem import Problem, severity
from tunedesk.examples.json_text import Path

_RANKS = {"error": 0, "warning": 1, "hint": 2}


class Note(NamedTuple):
    """A problem as the form shows it.

    Attributes:
        severity: "error", "warning" or "hint".
        words: The sentence.
        path: The value it is about.
        problem: The problem itself, for its spans.
    """

    severity: str
    words: str
    path: Path
    problem: Problem


class Notes:
    """All notes of an example."""

    def __init__(self, facts: Facts | None, target: str) -> None:
        self._by_message: dict[int, list[Note]] = {}
        self.of_example: list[Note] = []
        for problem in facts.problems if facts is not None else ():
            grade = severity(problem.code, target)
            note = Note(grade, sentence(problem), problem.path, problem)
            if len(problem.path) > 1 and problem.path[0] == "messages":
                self._by_message.setdefault(int(problem.path[1]), []).append(note)
            else:
                self.of_example.append(note)
        for notes in (*self._by_message.values(), self.of_example):
            notes.sort(key=lambda note: _RANKS.get(note.severity, 3))

    def of_message(self, index: int) -> tuple[Note, ...]:
        """The notes of a message, the worst first."""
        return tuple(self._by_message.get(index, ()))


def worst(notes: tuple[Note, ...]) -> str:
    """The severity that the frame shows; empty if there is nothing to frame."""
    grades = {note.severity for note in notes}
    return next((grade for grade in ("error", "warning") if grade in grades), "")
