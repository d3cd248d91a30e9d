"""The rows of the benchmark and the table that shows them."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple


class Row(NamedTuple):
    """One thing that was measured.

    Attributes:
        work: What was done.
        target: What it shall reach.
        measured: What it came to.
        share: The measured value as a part of the target, 1.0 is just reached; None where there is
            no number to compare.
    """

    work: str
    target: str
    measured: str
    share: float | None = None

    @property
    def verdict(self) -> str:
        """Whether the target is reached, and by how much."""
        if self.share is None:
            return ""
        return f"{self.share:.2f} of it, {'reached' if self.share <= 1 else 'MISSED'}"


TITLES = ("work", "target", "measured", "against the target")


def markdown(rows: Iterable[Row]) -> str:
    """The table of measured rows, as the README beside this has it."""
    return aligned([TITLES, *((row.work, row.target, row.measured, row.verdict) for row in rows)])


def aligned(lines: Sequence[Sequence[str]]) -> str:
    """A Markdown table of cells, the first line its titles, with its columns under each other."""
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    shown = [
        f"| {' | '.join(cell.ljust(width) for cell, width in zip(line, widths, strict=True))} |"
        for line in lines
    ]
    rule = "| " + " | ".join("-" * width for width in widths) + " |"
    return "\n".join([shown[0], rule, *shown[1:]]) + "\n"


def seconds(value: float) -> str:
    """A time that people read, in three digits: 5.12 ms, 84.3 ms, 840 ms, 2.41 s."""
    if value < 0.1:
        return f"{value * 1000:.{2 if value < 0.01 else 1}f} ms"
    return f"{value * 1000:.0f} ms" if value < 1 else f"{value:.2f} s"
