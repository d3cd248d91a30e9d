"""The five states of review of an example."""

from typing import Literal, get_args

State = Literal["to_review", "draft", "approved", "changes_wanted", "rejected"]

STATES: tuple[State, ...] = get_args(State)
"""In the order of their numbers in the project file: only ever add at the end."""


def state_of(number: int) -> State:
    """The state with a number; one that this Tunedesk does not know is to be reviewed."""
    return STATES[number] if 0 <= number < len(STATES) else STATES[0]


STATE_NUMBERS: dict[str, int] = {state: number for number, state in enumerate(STATES)}
