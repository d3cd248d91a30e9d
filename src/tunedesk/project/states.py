"""The five states of review of an example."""

from typing import Literal, get_args

State = Literal["to_review", "draft", "approved", "changes_wanted", "rejected"]

STATES: tuple[State, ...] = get_args(State)
"""In the order of their numbers in the project file: only ever add at the end."""

STATE_NUMBERS: dict[str, int] = {state: number for number, state in enumerate(STATES)}
