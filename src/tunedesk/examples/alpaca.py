"""Alpaca records: an `instruction`, perhaps an `input` or `context`, and its answer."""

from typing import Any


def is_alpaca(record: dict[str, Any]) -> bool:
    """Whether the record is an instruction with its answer."""
    return "instruction" in record and ("output" in record or "response" in record)
