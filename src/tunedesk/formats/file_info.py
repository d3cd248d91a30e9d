"""What is known of a file before its records are read."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from tunedesk.formats.text_encoding import Encoding

FileFormat = Literal[
    "chat",
    "preference",
    "dpo",
    "reinforcement",
    "prompt_completion",
    "sharegpt",
    "alpaca",
    "csv",
    "parquet",
    "xlsx",
    "git_lfs",
    "binary",
    "empty",
    "other",
]
Newline = Literal["lf", "crlf", "cr", "none"]
Container = Literal[
    "jsonl",  # a record a line
    "array",  # one JSON list of all records
    "over_lines",  # records spread over lines, one after the other
    "one_after_another",  # records without line ends between them
    "none",  # no JSON at all
]


@dataclass(frozen=True, slots=True)
class FileInfo:
    """What a file is.

    Attributes:
        path: The file.
        format: What its records are, or what it is if it holds none.
        encoding: Its encoding; empty if it is no text.
        encoding_guessed: Whether nothing in the file says so.
        bom: Whether it begins with a byte order mark.
        newline: How its lines end, judged by the first.
        container: How its records stand in it.
        size: Its size in bytes.
    """

    path: Path
    format: FileFormat
    encoding: str
    encoding_guessed: bool
    bom: bool
    newline: Newline
    container: Container
    size: int

    @property
    def text_encoding(self) -> Encoding:
        """The encoding with the length of its mark, for the readers."""
        marks = {"utf-8": 3, "utf-16-le": 2, "utf-16-be": 2, "utf-32-le": 4, "utf-32-be": 4}
        return Encoding(
            self.encoding, self.encoding_guessed, marks[self.encoding] if self.bom else 0
        )

    @property
    def holds_records(self) -> bool:
        """Whether `read_batches` finds records in it."""
        return self.container != "none"
