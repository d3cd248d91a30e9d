"""Prompt and completion: the form of base models that are no chat models."""

from typing import Any


def is_prompt_completion(record: dict[str, Any]) -> bool:
    """Whether the record is a prompt with its completion."""
    return "prompt" in record and "completion" in record
