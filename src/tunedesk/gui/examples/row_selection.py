"""The selected rows, taken from Qt once after each change and then asked often."""

from array import array
from bisect import bisect_right

from PySide6.QtCore import QItemSelection


class RowSelection:
    """The selected rows as pieces of neighbours.

    Attributes:
        ranges: First and last row of each piece, in order and apart from each other.
        count: How many rows are selected.
    """

    def __init__(self) -> None:
        self.ranges: list[tuple[int, int]] = []
        self.count = 0

    def take(self, selection: QItemSelection) -> None:
        """Take up what Qt says is selected."""
        self.ranges = []
        for top, bottom in sorted({(piece.top(), piece.bottom()) for piece in selection.toList()}):
            if self.ranges and top <= self.ranges[-1][1] + 1:
                first, last = self.ranges[-1]
                self.ranges[-1] = (first, max(last, bottom))
            else:
                self.ranges.append((top, bottom))
        self.count = sum(bottom - top + 1 for top, bottom in self.ranges)

    def __contains__(self, row: int) -> bool:
        place = bisect_right(self.ranges, (row, row)) - 1
        # A piece that begins in this very row sorts behind (row, row) if it is longer.
        following = place + 1
        if following < len(self.ranges) and self.ranges[following][0] == row:
            return True
        return place >= 0 and row <= self.ranges[place][1]

    def ids(self, ids: "array[int]") -> "array[int]":
        """The selected ones of the ids of all rows."""
        chosen = array("q")
        for top, bottom in self.ranges:
            chosen.extend(ids[top : bottom + 1])
        return chosen
