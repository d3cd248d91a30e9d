"""Preference pairs: a prompt with the answer that was preferred and the one that was not.

Two spellings are met: OpenAI's (`input`, `preferred_output`, `non_preferred_output`), and the one
of open tools (`chosen` and `rejected`, with or without a `prompt`).
"""

from typing import Any

_OUTPUTS = (
    ("preferred_output", "non_preferred_output"),
    ("preferred_completion", "non_preferred_completion"),
)


def is_openai_preference(record: dict[str, Any]) -> bool:
    """Whether the record is a preference pair as OpenAI's API takes it."""
    return any(yes in record or no in record for yes, no in _OUTPUTS)


def is_chosen_rejected(record: dict[str, Any]) -> bool:
    """Whether the record is a preference pair as open training tools take it."""
    return "chosen" in record and "rejected" in record
