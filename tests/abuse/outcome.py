"""What a program of abuse reports: how often it tried, and what went wrong."""

from typing import NamedTuple


class Outcome(NamedTuple):
    """The outcome of a program.

    Attributes:
        tried: How many inputs, kills, flips or races there were.
        failures: What went wrong, a line each, with what is needed to see it again.
    """

    tried: int
    failures: list[str]
