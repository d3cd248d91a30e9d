"""What kind of training example a record is, recognised by its keys."""

from typing import Any, Literal

from tunedesk.examples.alpaca import is_alpaca
from tunedesk.examples.preference import is_chosen_rejected, is_openai_preference
from tunedesk.examples.prompt_completion import is_prompt_completion
from tunedesk.examples.reinforcement import is_reinforcement
from tunedesk.examples.sharegpt import is_sharegpt

ExampleKind = Literal[
    "chat",
    "preference",
    "dpo",
    "reinforcement",
    "prompt_completion",
    "sharegpt",
    "alpaca",
    "other",
]


def example_kind(record: dict[str, Any]) -> ExampleKind:
    """The kind of the record; "dpo" are preference pairs as `chosen` and `rejected`."""
    if is_openai_preference(record):
        return "preference"
    if is_chosen_rejected(record):
        return "dpo"
    if "messages" in record:
        return "reinforcement" if is_reinforcement(record) else "chat"
    if is_sharegpt(record):
        return "sharegpt"
    if is_prompt_completion(record):
        return "prompt_completion"
    return "alpaca" if is_alpaca(record) else "other"
